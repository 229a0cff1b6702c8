//! Which kinds of credentials a provider takes, and how one comes to them.

use serde::Serialize;
use tollhouse_domain::account::authority::Flow;
use tollhouse_domain::account::sign_in::Way;
use tollhouse_domain::credential::CredentialKind;
use tollhouse_domain::provider::{AuthScheme, Provider};
use utoipa::ToSchema;

use crate::accounts::Accounts;

/// A kind of credential that a provider takes.
#[derive(Serialize, ToSchema)]
#[schema(as = TakenKind)]
pub(super) struct TakenView {
    /// `api_key`, `oauth_account` or `bridge`.
    #[schema(value_type = String)]
    kind: CredentialKind,
    /// Who issues the tokens of its accounts, where one signs in.
    #[serde(skip_serializing_if = "Option::is_none")]
    authority: Option<String>,
    /// How one signs in there: `device`, `browser`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>)]
    flows: Vec<Way>,
    /// Whether a login is also taken over from the file of another program.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    import: bool,
    /// Names of headers by which calls with an account say what program makes them: none is made before the
    /// provider's `headers` have all of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    identity: Vec<String>,
    /// Why nobody can sign in at the moment, and what to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    missing: Option<String>,
}

impl TakenView {
    const fn of(kind: CredentialKind) -> Self {
        Self {
            kind,
            authority: None,
            flows: Vec::new(),
            import: false,
            identity: Vec::new(),
            missing: None,
        }
    }

    fn account(provider: &Provider, accounts: &Accounts) -> Self {
        let mut view = Self::of(CredentialKind::OauthAccount);
        view.missing = accounts.ready(provider).err();
        if let Some(scheme) = &provider.account {
            view.identity.clone_from(&scheme.identity);
        }
        let Some(authority) = accounts.authority(provider) else {
            return view;
        };
        view.authority = Some(authority.name.clone());
        view.flows = vec![Way::Device];
        if authority.authorize.is_some() {
            view.flows.push(Way::Browser);
        }
        view.import = authority.flow == Flow::Codex;
        view
    }
}

/// Every kind that `provider` takes.
pub(super) fn taken(provider: &Provider, accounts: &Accounts) -> Vec<TakenView> {
    if provider.bridge.is_some() {
        return vec![TakenView::of(CredentialKind::Bridge)];
    }
    if provider.auth == Some(AuthScheme::None) {
        return Vec::new();
    }
    let account = provider.account.as_ref();
    let account = account.map(|_| TakenView::account(provider, accounts));
    account
        .into_iter()
        .chain([TakenView::of(CredentialKind::ApiKey)])
        .collect()
}
