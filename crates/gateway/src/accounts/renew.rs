//! One refresh at the authority, and the notes of what became of an account.

use http::{HeaderMap, HeaderName, HeaderValue};
use tollhouse_domain::account::Lost;
use tollhouse_domain::account::authority::Authority;
use tollhouse_domain::account::refresh::{Failed, refusal};
use tollhouse_domain::audit::{Action, Actor, Note, Subject, SubjectKind};
use tollhouse_domain::id::CredentialId;
use tollhouse_domain::provider::Provider;
use tollhouse_store::{Mark, Store};
use tracing::{info, warn};

use super::ask::{AskError, Question, Said, ask};
use super::grant::Grant;
use super::tokens::Tokens;
use crate::clock;
use crate::patience::{PATIENCE, within};
use crate::state::Gateway;
use crate::upstream::Upstream;

/// Why there are no new tokens, in words for whoever looks at the account.
pub(super) struct NotRenewed {
    pub(super) failed: Failed,
    pub(super) error: String,
}

/// Gets new tokens for `before`.
pub(super) async fn renew(
    upstream: &Upstream,
    authority: &Authority,
    provider: &Provider,
    before: &Tokens,
) -> Result<Grant, NotRenewed> {
    let Some(refresh) = before.refresh.as_deref() else {
        return Err(NotRenewed {
            failed: Failed::For(Lost::NoRefreshToken),
            error: "there is nothing to renew it with".to_owned(),
        });
    };
    match authority.exchange_at() {
        Some(address) => {
            let said = exchange(upstream, &address, refresh, identity(provider)).await?;
            let elsewhere = authority.calls.as_deref();
            judge(&said, |body| {
                Grant::exchanged(body, before, elsewhere, clock::now())
            })
        }
        None => {
            let client_id = authority.client_id.as_deref().unwrap_or_default();
            let form = [
                ("grant_type", "refresh_token"),
                ("client_id", client_id),
                ("refresh_token", refresh),
                ("scope", &authority.scope),
            ];
            let address = authority.at(&authority.token);
            let said = ask(upstream, &address, Question::Form(&form)).await?;
            judge(&said, |body| Grant::read(body, before, clock::now()))
        }
    }
}

/// What the operator has calls say of the program that makes them, of which this is one.
pub(super) fn identity(provider: &Provider) -> HeaderMap {
    let names = provider.account.iter().flat_map(|scheme| &scheme.identity);
    let written = names.filter_map(|name| Some((name, provider.headers.get(name)?)));
    let read = written.filter_map(|(name, value)| Some((name.parse().ok()?, value.parse().ok()?)));
    read.collect::<Vec<(HeaderName, HeaderValue)>>()
        .into_iter()
        .collect()
}

/// Exchanges a login for the short token that calls are made with.
async fn exchange(
    upstream: &Upstream,
    address: &str,
    login: &str,
    identity: HeaderMap,
) -> Result<Said, NotRenewed> {
    let proof = zeroize::Zeroizing::new(format!("token {login}"));
    let proof = proof.parse().map_err(|_| NotRenewed {
        failed: Failed::For(Lost::Refused),
        error: "the login cannot stand in a header".to_owned(),
    })?;
    let mut said = ask(upstream, address, Question::Get(proof, identity)).await?;
    // It has no codes of its own: a login that is refused here is one that was taken back, or has no
    // subscription.
    if matches!(said.status, 401 | 404) {
        said.body = br#"{"error":"token_revoked"}"#.as_slice().into();
    }
    Ok(said)
}

fn judge(said: &Said, read: impl FnOnce(&[u8]) -> Option<Grant>) -> Result<Grant, NotRenewed> {
    if said.status != 200 {
        return Err(NotRenewed {
            failed: refusal(said.status, said.retry_after, &said.body),
            error: format!("the authority answered {}", said.status),
        });
    }
    read(&said.body).ok_or_else(|| NotRenewed {
        failed: Failed::ForNow(said.retry_after),
        error: "the authority's answer holds no token".to_owned(),
    })
}

impl From<AskError> for NotRenewed {
    fn from(error: AskError) -> Self {
        Self {
            failed: Failed::ForNow(None),
            error: error.to_string(),
        }
    }
}

/// The store, told that an account changed by itself.
pub(super) fn noted(gateway: &Gateway, id: CredentialId, what: &'static str, how: &str) -> Store {
    let subject = Subject::id(SubjectKind::Credential, id);
    let note = Note::new(clock::now(), Actor::SYSTEM, Action::AccountChange, subject);
    gateway.store().noted(note.with(what, how))
}

/// Notes that a login no longer works.
pub(super) async fn give_up(gateway: &Gateway, id: CredentialId, generation: i64, why: Lost) {
    let store = noted(gateway, id, "lost", why.as_str());
    let mark = Mark::Lost(clock::now(), why);
    match within(PATIENCE, store.mark_account(id, generation, mark)).await {
        Ok(true) => {
            info!(account = %id, why = why.as_str(), "an account's login no longer works");
            if let Err(error) = within(PATIENCE * 2, gateway.refresh()).await {
                warn!(%error, "a change cannot be read yet");
            }
        }
        Ok(false) => {}
        Err(error) => warn!(%error, account = %id, "that a login is lost could not be stored"),
    }
}
