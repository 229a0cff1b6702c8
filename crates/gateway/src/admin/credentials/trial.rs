//! Trying a credential out: one cheap request that its provider answers only to a valid one.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Json;
use axum::http::{HeaderValue, Request, StatusCode, header};
use serde::Serialize;
use tollhouse_domain::audit::{Action, Subject, SubjectKind};
use tollhouse_domain::credential::CredentialKind;
use tollhouse_domain::id::{CredentialId, UserId};
use tollhouse_domain::provider::AuthScheme;
use tollhouse_domain::tenancy::Role;
use tollhouse_store::CredentialRecord;
use tollhouse_wire::Protocol;
use utoipa::ToSchema;

use super::one::find;
use crate::admin::auth::Signed;
use crate::admin::error::{ApiError, ErrorBody, Refused};
use crate::admin::input::{Id, Nothing, Query};
use crate::chunks::{ChunkBody, Chunks};
use crate::snapshot::credentials::unseal;
use crate::snapshot::{Endpoint, OpenCredential};
use crate::upstream::{Untold, UpstreamError};
use crate::{clock, names};

/// The longest that a provider may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// A credential is tried out at most this often: vendors count failed attempts.
const PAUSE: Duration = Duration::from_secs(5);
const MINUTE: Duration = Duration::from_mins(1);
/// So many tries of one caller in a minute, over all credentials.
const MOST_IN_A_MINUTE: usize = 20;
/// The version that Anthropic's clients name; without one the answer is an error.
const ANTHROPIC_VERSION: HeaderValue = HeaderValue::from_static("2023-06-01");

/// When credentials were last tried out, and by whom.
#[derive(Default)]
pub(crate) struct Tests {
    tried: Mutex<Vec<Try>>,
}

struct Try {
    credential: CredentialId,
    /// Absent for whoever holds the administrator's token.
    caller: Option<UserId>,
    at: Instant,
}

impl Tests {
    /// Takes note of a try at `now`, unless the last one of this credential is too fresh, or this caller
    /// makes too many: whoever may test credentials could otherwise find out which keys are good.
    pub(in crate::admin) fn begin(
        &self,
        credential: CredentialId,
        caller: Option<UserId>,
        now: Instant,
    ) -> Result<(), ApiError> {
        // A panic elsewhere leaves the list whole: every change is one retain or push.
        let mut tried = self.tried.lock().unwrap_or_else(PoisonError::into_inner);
        let age = |made: &Try| now.duration_since(made.at);
        tried.retain(|made| age(made) < MINUTE);
        let last = tried
            .iter()
            .rev()
            .find(|made| made.credential == credential);
        if let Some(made) = last.filter(|made| age(made) < PAUSE) {
            return Err(ApiError::TooSoon(PAUSE.saturating_sub(age(made))));
        }
        let mut theirs = tried.iter().filter(|made| made.caller == caller);
        if theirs.clone().count() >= MOST_IN_A_MINUTE {
            let oldest = theirs.next().map_or(Duration::ZERO, age);
            return Err(ApiError::TooSoon(MINUTE.saturating_sub(oldest)));
        }
        tried.push(Try {
            credential,
            caller,
            at: now,
        });
        Ok(())
    }
}

/// What came of it.
#[derive(Serialize, ToSchema)]
pub(in crate::admin) struct Trial {
    /// Whether the provider took the credential.
    ok: bool,
    /// The provider's HTTP status, when it answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    /// How long the answer took.
    latency_ms: u64,
    /// What went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
}

/// Asks the provider for its list of models with this credential. At most once in five seconds.
#[utoipa::path(
    post, path = "/credentials/{id}/test", tag = "credentials", operation_id = "test_credential", params(("id" = String, Path)),
    responses(
        (status = 200, body = Trial),
        (status = 404, body = ErrorBody),
        (status = 409, description = "Its provider is gone, or it is an account", body = ErrorBody),
        (status = 429, description = "Tried out a moment ago", body = ErrorBody),
        Refused,
    ),
)]
pub(in crate::admin) async fn test(
    signed: Signed,
    Id(id): Id<CredentialId>,
    Query(Nothing {}): Query<Nothing>,
) -> Result<Json<Trial>, ApiError> {
    let record = find(&signed, id, Role::Admin).await?;
    if record.meta.kind == CredentialKind::OauthAccount {
        let message = "An account is not tried out: it is renewed by itself, and GET /api/v1/accounts/{id} says \
             how it stands.";
        return Err(ApiError::Conflict(message.to_owned()));
    }
    let (request, endpoint) = request(&signed, &record)?;
    let started = clock::monotonic();
    let caller = signed.user().map(|user| user.id);
    signed.control().tests.begin(id, caller, started)?;
    let calling = signed.upstream().call(&endpoint, request);
    let answer = tokio::time::timeout(PATIENCE, calling).await;
    let took = clock::monotonic().duration_since(started);
    let latency_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    let status = match &answer {
        Ok(Ok(response)) => Some(response.status()),
        Ok(Err(_)) | Err(_) => None,
    };
    let error = match answer {
        Ok(Ok(response)) => complaint(response.status()),
        Ok(Err(UpstreamError::Unreachable(_))) => Some("The provider cannot be reached."),
        Ok(Err(UpstreamError::Untold(Untold::NotProven))) => {
            Some("What is at the bridge's address did not prove that it knows this secret.")
        }
        Ok(Err(UpstreamError::Untold(_))) => Some("The bridge does not answer."),
        Ok(Err(UpstreamError::Forbidden(_))) => {
            Some("The address that the credential names may not be called.")
        }
        Ok(Err(UpstreamError::Broken(_) | UpstreamError::Unreadable(_))) => {
            Some("The connection ended before an answer.")
        }
        Ok(Err(UpstreamError::Silent)) | Err(_) => Some("The provider did not answer in time."),
    };
    let status = status.map(|status| status.as_u16());
    judge(&signed, id, status).await?;
    Ok(Json(Trial {
        ok: error.is_none(),
        status,
        latency_ms,
        error,
    }))
}

/// Takes note of what a test says of the credential: taken ends a refusal, refused begins one.
async fn judge(signed: &Signed, id: CredentialId, status: Option<u16>) -> Result<(), ApiError> {
    let since = match status {
        Some(200..=299) => None,
        Some(401) => Some(clock::now()),
        Some(_) | None => return Ok(()),
    };
    let subject = Subject::id(SubjectKind::Credential, id);
    let note = signed.note(Action::CredentialChange, subject);
    let store = signed.store().noted(note.with("refused", since.is_some()));
    let telling = signed.pools().telling().await;
    let changed = store.mark_credential(id, since).await?;
    signed.pools().forget(id);
    drop(telling);
    if changed {
        signed.refresh().await?;
    }
    Ok(())
}

/// What a status says about the credential; `None` when it was taken.
fn complaint(status: StatusCode) -> Option<&'static str> {
    match status.as_u16() {
        200..=299 => None,
        401 | 403 => Some("The provider refuses this credential."),
        404 | 405 => Some("The provider has no list of models to try the credential on."),
        429 => Some("The provider is limiting the rate; the credential was not judged."),
        300..=399 => Some("The provider answers with a redirect; check the endpoint."),
        500..=599 => Some("The provider has trouble of its own; the credential was not judged."),
        _ => Some("The provider answers with an unexpected status."),
    }
}

/// The request for the models of the provider's first endpoint, and that.
fn request(
    signed: &Signed,
    record: &CredentialRecord,
) -> Result<(Request<ChunkBody>, Arc<Endpoint>), ApiError> {
    let meta = &record.meta;
    let secret = unseal(signed.vault(), record).map_err(ApiError::internal)?;
    let unusable = || ApiError::Conflict("This credential cannot be sent; set it anew.".to_owned());
    let open = OpenCredential::new(meta, &secret).ok_or_else(unusable)?;
    let snapshot = signed.snapshot();
    let endpoint = Protocol::ALL
        .into_iter()
        .find_map(|protocol| snapshot.endpoint(&meta.provider, protocol));
    let gone = || ApiError::Conflict("The provider of this credential is gone.".to_owned());
    let listed = endpoint.ok_or_else(gone)?;
    let endpoint = match &meta.base_url {
        Some(base_url) => Arc::new(listed.at(base_url).ok_or_else(unusable)?),
        None => Arc::clone(listed),
    };
    let suffix = match endpoint.protocol {
        Protocol::Messages => "/v1/models",
        Protocol::Chat | Protocol::Responses => "/models",
    };
    let uri = endpoint.uri(suffix, None).ok_or_else(gone)?;
    let mut request = Request::new(ChunkBody::from(Chunks::default()));
    *request.uri_mut() = uri;
    let headers = request.headers_mut();
    let agent = concat!("tollhouse/", env!("CARGO_PKG_VERSION"));
    headers.insert(header::USER_AGENT, HeaderValue::from_static(agent));
    headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    match endpoint.auth {
        AuthScheme::Bearer => {
            headers.insert(header::AUTHORIZATION, open.bearer());
        }
        AuthScheme::XApiKey => {
            headers.insert(names::X_API_KEY, open.plain());
        }
        AuthScheme::None => {}
    }
    match endpoint.protocol {
        Protocol::Messages => {
            headers.insert(names::ANTHROPIC_VERSION, ANTHROPIC_VERSION);
        }
        Protocol::Chat | Protocol::Responses => {}
    }
    if !endpoint.guarded {
        signed.upstream().tell(&meta.provider, None, &mut request);
    }
    Ok((request, endpoint))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_is_tried_once_in_a_while_and_others_do_not_wait() {
        let (tests, start) = (Tests::default(), clock::monotonic());
        let [a, b] = [1, 2].map(|n| CredentialId(uuid::Uuid::from_u128(n)));
        tests.begin(a, None, start).unwrap();
        tests.begin(b, None, start).unwrap();
        let soon = start + Duration::from_secs(2);
        match tests.begin(a, None, soon) {
            Err(ApiError::TooSoon(pause)) => assert_eq!(pause, Duration::from_secs(3)),
            _ => panic!("was let through"),
        }
        tests.begin(a, None, start + PAUSE).unwrap();
    }

    #[test]
    fn nobody_tries_many_keys() {
        let (tests, start) = (Tests::default(), clock::monotonic());
        let credential = |n: usize| CredentialId(uuid::Uuid::from_u128(n as u128));
        let user = |n| Some(UserId(uuid::Uuid::from_u128(n)));
        for n in 0..MOST_IN_A_MINUTE {
            tests.begin(credential(n), user(1), start).unwrap();
        }
        let later = start + Duration::from_secs(10);
        match tests.begin(credential(99), user(1), later) {
            Err(ApiError::TooSoon(pause)) => assert_eq!(pause, Duration::from_secs(50)),
            _ => panic!("was let through"),
        }
        tests.begin(credential(99), user(2), later).unwrap();
        tests
            .begin(credential(98), user(1), start + MINUTE)
            .unwrap();
    }
}
