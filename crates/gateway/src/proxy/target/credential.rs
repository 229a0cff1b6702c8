//! Who pays.

use std::sync::Arc;

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue};
use tollhouse_domain::credential::{CredentialKind, CredentialSource, Owner};
use tollhouse_domain::id::CredentialId;
use tollhouse_domain::provider::AuthScheme;

use crate::names;
use crate::proxy::own::ClientCredential;
use crate::snapshot::{Endpoint, OpenCredential};

/// What goes upstream to say who pays.
#[derive(Clone)]
pub(crate) enum Credential {
    /// None is sent.
    None,
    /// None but the one that the operator has the provider's endpoints sent with every call.
    Upstream,
    /// The client's own, in the header it came in.
    Client(ClientCredential),
    /// One that is kept here: the user's, the organization's or the platform's.
    Kept(Arc<OpenCredential>),
}

impl Credential {
    pub(crate) fn source(&self) -> Option<CredentialSource> {
        match self {
            Self::None => None,
            Self::Upstream => Some(CredentialSource::Platform),
            Self::Client(_) => Some(CredentialSource::Client),
            Self::Kept(open) => Some(open.owner.source()),
        }
    }

    pub(crate) fn id(&self) -> Option<CredentialId> {
        match self {
            Self::Kept(open) => Some(open.id),
            Self::None | Self::Upstream | Self::Client(_) => None,
        }
    }

    /// What kind it is at an endpoint of this scheme, as far as that is known.
    pub(crate) fn kind(&self, scheme: AuthScheme) -> Option<CredentialKind> {
        match self {
            Self::Kept(open) => Some(open.kind),
            Self::Client(client) => Some(client.kind(scheme)),
            Self::None | Self::Upstream => None,
        }
    }

    pub(crate) fn fingerprint(&self) -> Option<&str> {
        match self {
            Self::Client(client) => Some(client.fingerprint()),
            Self::None | Self::Upstream | Self::Kept(_) => None,
        }
    }

    /// The client's own, if it is that.
    pub(crate) fn clients(&self) -> Option<&ClientCredential> {
        match self {
            Self::Client(client) => Some(client),
            Self::None | Self::Upstream | Self::Kept(_) => None,
        }
    }

    /// The one that is kept here, if it is one.
    pub(crate) fn kept(&self) -> Option<&OpenCredential> {
        match self {
            Self::Kept(open) => Some(open),
            Self::None | Self::Upstream | Self::Client(_) => None,
        }
    }

    /// The account, if it is one, whose token ends and is renewed.
    pub(crate) fn account(&self) -> Option<&Arc<OpenCredential>> {
        match self {
            Self::Kept(open) if open.account.is_some() => Some(open),
            Self::Kept(_) | Self::None | Self::Upstream | Self::Client(_) => None,
        }
    }

    /// Whether it is an account.
    pub(crate) fn is_account(&self) -> bool {
        self.account().is_some()
    }

    pub(in crate::proxy) fn base_url(&self) -> Option<&str> {
        self.kept()?.base_url.as_deref()
    }

    pub(crate) fn is_clients(&self) -> bool {
        matches!(self, Self::Client(_))
    }

    /// Whether the plan behind it is the caller's own: the client's login, an account of the key's own user,
    /// or the operator's where the key is the operator's too.
    pub(crate) fn is_callers(&self) -> bool {
        match self {
            Self::None | Self::Upstream => false,
            Self::Client(_) => true,
            Self::Kept(open) => match open.owner {
                Owner::User(_) => true,
                Owner::Org(_) => false,
                Owner::Platform => open.account.is_some(),
            },
        }
    }

    /// Puts the one credential into headers that hold none, and what the operator has the endpoint sent.
    pub(crate) fn apply(&self, endpoint: &Endpoint, headers: &mut HeaderMap) {
        for (name, value) in endpoint.headers.iter() {
            put(headers, name.clone(), value.clone());
        }
        if let (Self::Kept(open), Some(header)) = (self, &endpoint.account_header) {
            // Whatever account the client believes in, it is this one.
            headers.remove(header);
            let account = open.account.as_ref();
            if let Some(name) = account.and_then(|account| account.name.as_ref()) {
                put(headers, header.clone(), name.clone());
            }
        }
        match (self, endpoint.auth) {
            (Self::Client(client), scheme) => client.apply(scheme, headers),
            (Self::Kept(open), AuthScheme::Bearer) => {
                put(headers, AUTHORIZATION, open.bearer());
            }
            (Self::Kept(open), AuthScheme::XApiKey) => {
                put(headers, names::X_API_KEY, open.plain());
            }
            (Self::Kept(_), AuthScheme::None) | (Self::None | Self::Upstream, _) => {}
        }
    }
}

fn put(headers: &mut HeaderMap, name: HeaderName, value: HeaderValue) {
    headers.insert(name, value);
}

#[cfg(test)]
mod tests {
    use tollhouse_domain::account::Facts;
    use tollhouse_domain::credential::Credential as Meta;
    use tollhouse_domain::id::{OrgId, UserId};
    use tollhouse_domain::time::Timestamp;
    use tollhouse_vault::Secret;
    use uuid::Uuid;

    use super::*;

    fn kept(owner: Owner, kind: CredentialKind) -> Credential {
        let meta = Meta {
            id: CredentialId(Uuid::nil()),
            owner,
            provider: "p".to_owned(),
            name: "n".to_owned(),
            kind,
            fingerprint: String::new(),
            configured_at: Timestamp(0),
            enabled: true,
            base_url: None,
            stale_since: None,
            managed: false,
        };
        let secret = Secret::new("s".to_owned());
        let open = match kind {
            CredentialKind::OauthAccount => {
                OpenCredential::of_account(&meta, Facts::default(), &secret)
            }
            CredentialKind::ApiKey | CredentialKind::Bridge => OpenCredential::new(&meta, &secret),
        };
        Credential::Kept(Arc::new(open.unwrap()))
    }

    #[test]
    fn a_plan_is_the_callers_where_nobody_else_draws_on_it() {
        use CredentialKind::{ApiKey, OauthAccount};
        let (user, org) = (
            Owner::User(UserId(Uuid::nil())),
            Owner::Org(OrgId(Uuid::nil())),
        );
        for (owner, kind, expected) in [
            (user, ApiKey, true),
            (user, OauthAccount, true),
            (org, ApiKey, false),
            (org, OauthAccount, false),
            // The operator's own logins serve the operator's keys; the platform's keys are lent.
            (Owner::Platform, OauthAccount, true),
            (Owner::Platform, ApiKey, false),
        ] {
            let credential = kept(owner, kind);
            assert_eq!(credential.is_callers(), expected, "{owner:?} {kind:?}");
            assert_eq!(credential.kind(AuthScheme::Bearer), Some(kind), "{owner:?}");
        }
        assert!(!Credential::None.is_callers() && !Credential::Upstream.is_callers());
    }
}
