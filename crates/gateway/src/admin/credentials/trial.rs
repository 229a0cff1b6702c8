//! Trying a credential out: one cheap request that its provider answers only to a valid one.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Json;
use axum::http::{HeaderValue, Request, StatusCode, header};
use serde::Serialize;
use tollhouse_domain::id::CredentialId;
use tollhouse_domain::provider::AuthScheme;
use tollhouse_store::CredentialRecord;
use tollhouse_vault::Sealed;
use tollhouse_wire::Protocol;
use utoipa::ToSchema;

use super::{Admin, ApiError, ErrorBody, Nothing, OpenCredential, Query, Refused};
use crate::admin::input::Id;
use crate::chunks::{ChunkBody, Chunks};
use crate::snapshot::Endpoint;
use crate::start::place;
use crate::upstream::UpstreamError;
use crate::{clock, names};

/// The longest that a provider may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// A credential is tried out at most this often: vendors count failed attempts.
const PAUSE: Duration = Duration::from_secs(5);
/// The version that Anthropic's clients name; without one the answer is an error.
const ANTHROPIC_VERSION: HeaderValue = HeaderValue::from_static("2023-06-01");

/// When credentials were last tried out.
#[derive(Default)]
pub(crate) struct Tests {
    last: Mutex<HashMap<CredentialId, Instant>>,
}

impl Tests {
    /// Takes note of a try at `now`, unless the last one is too fresh.
    fn begin(&self, id: CredentialId, now: Instant) -> Result<(), ApiError> {
        // A panic elsewhere leaves the map whole: every change is one insert or retain.
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.retain(|_, at| now.duration_since(*at) < PAUSE);
        if let Some(at) = last.get(&id) {
            return Err(ApiError::TooSoon(
                PAUSE.saturating_sub(now.duration_since(*at)),
            ));
        }
        last.insert(id, now);
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
        (status = 409, description = "Its provider is gone", body = ErrorBody),
        (status = 429, description = "Tried out a moment ago", body = ErrorBody),
        Refused,
    ),
)]
pub(in crate::admin) async fn test(
    admin: Admin,
    Id(id): Id<CredentialId>,
    Query(Nothing {}): Query<Nothing>,
) -> Result<Json<Trial>, ApiError> {
    let stored = admin.store().sealed_credentials().await?;
    let record = stored.into_iter().find(|record| record.meta.id == id);
    let record = record.ok_or_else(|| ApiError::missing("There is no credential with this id."))?;
    let request = request(&admin, record)?;
    let started = clock::monotonic();
    admin.control().tests.begin(id, started)?;
    let answer = tokio::time::timeout(PATIENCE, admin.upstream().send(request)).await;
    let took = clock::monotonic().duration_since(started);
    let latency_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    let status = match &answer {
        Ok(Ok(response)) => Some(response.status()),
        Ok(Err(_)) | Err(_) => None,
    };
    let error = match answer {
        Ok(Ok(response)) => complaint(response.status()),
        Ok(Err(UpstreamError::Unreachable(_))) => Some("The provider cannot be reached."),
        Ok(Err(UpstreamError::Broken(_))) => Some("The connection ended before an answer."),
        Ok(Err(UpstreamError::Silent)) | Err(_) => Some("The provider did not answer in time."),
    };
    let status = status.map(|status| status.as_u16());
    Ok(Json(Trial {
        ok: error.is_none(),
        status,
        latency_ms,
        error,
    }))
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

/// The request for the models of the provider's first endpoint.
fn request(admin: &Admin, record: CredentialRecord) -> Result<Request<ChunkBody>, ApiError> {
    let (meta, sealed) = (record.meta, record.sealed);
    let sealed = Sealed::from_bytes(sealed).map_err(ApiError::internal)?;
    let secret = admin
        .vault()
        .open_secret(&sealed, &place(&meta))
        .map_err(ApiError::internal)?;
    let unusable = || ApiError::Conflict("This credential cannot be sent; set it anew.".to_owned());
    let open = OpenCredential::new(meta.id, &secret).ok_or_else(unusable)?;
    let snapshot = admin.snapshot();
    let endpoint = Protocol::ALL
        .into_iter()
        .find_map(|protocol| snapshot.endpoint(&meta.provider, protocol));
    let gone = || ApiError::Conflict("The provider of this credential is gone.".to_owned());
    let endpoint: &Endpoint = endpoint.ok_or_else(gone)?;
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
    admin.upstream().tell(&meta.provider, None, &mut request);
    Ok(request)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_is_tried_once_in_a_while_and_others_do_not_wait() {
        let (tests, start) = (Tests::default(), clock::monotonic());
        let [a, b] = [1, 2].map(|n| CredentialId(uuid::Uuid::from_u128(n)));
        tests.begin(a, start).unwrap();
        tests.begin(b, start).unwrap();
        let soon = start + Duration::from_secs(2);
        match tests.begin(a, soon) {
            Err(ApiError::TooSoon(pause)) => assert_eq!(pause, Duration::from_secs(3)),
            _ => panic!("was let through"),
        }
        tests.begin(a, start + PAUSE).unwrap();
    }
}
