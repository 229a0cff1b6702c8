use std::collections::BTreeSet;

use tollhouse_domain::call::{Attempt, Call, Mode, Outcome};
use tollhouse_domain::capture::Kept;
use tollhouse_domain::credential::{CredentialKind, CredentialSource};
use tollhouse_domain::id::{CallId, CredentialId, KeyId, OrgId, SessionId, UserId};
use tollhouse_domain::time::Timestamp;
use tollhouse_wire::Protocol;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};
use uuid::Uuid;

use super::*;

fn properties<T: PartialSchema + ToSchema>() -> BTreeSet<String> {
    match T::schema() {
        RefOr::T(Schema::Object(object)) => object.properties.keys().cloned().collect(),
        _ => panic!("no object"),
    }
}

fn keys(value: &impl Serialize) -> BTreeSet<String> {
    let value = serde_json::to_value(value).unwrap();
    value.as_object().unwrap().keys().cloned().collect()
}

fn usage() -> Usage {
    let some = Some(1);
    Usage {
        input: some,
        cache_read: some,
        cache_write_5m: some,
        cache_write_1h: some,
        output: some,
        reasoning: some,
    }
}

fn text<T: From<&'static str>>() -> T {
    T::from("x")
}

/// A call of which everything is known.
pub(crate) fn call() -> Call {
    let id = Uuid::nil();
    Call {
        id: CallId(id),
        at: Timestamp(0),
        key: KeyId(id),
        user: Some(UserId(id)),
        org: Some(OrgId(id)),
        agent: Some(text()),
        caller: String::new(),
        session: SessionId(id),
        session_name: Some(text()),
        subagent: Some(text()),
        subagent_type: Some(text()),
        subagent_parent: Some(text()),
        tags: [("a".to_owned(), "b".to_owned())].into(),
        protocol: Some(Protocol::Chat),
        endpoint: String::new(),
        stream: true,
        provider: Some(text()),
        credential_id: Some(CredentialId(id)),
        credential_source: Some(CredentialSource::Platform),
        credential_kind: Some(CredentialKind::ApiKey),
        credential_fingerprint: Some(text()),
        mode: Mode::Translated,
        protocol_sent: Some(Protocol::Responses),
        model_requested: Some(text()),
        model_sent: Some(text()),
        model_served: Some(text()),
        status: Some(200),
        outcome: Outcome::Success,
        error: Some(text()),
        stop_reason: Some(text()),
        usage: usage(),
        usage_raw: Some(text()),
        estimated: false,
        cost_usd: Some(Money(1)),
        charged_usd: Some(Money(2)),
        list_cost_usd: Some(Money(1)),
        ttft_ms: Some(1.0),
        duration_ms: Some(1.0),
        bytes_in: 1,
        bytes_out: 1,
        attempts: 1,
        fallback: Some(text()),
        tried: vec![attempt()],
        losses: vec![text()],
        upstream_request_id: Some(text()),
        upstream_object: Some(text()),
        capture: Some(Kept::Full),
        from: Some("127.0.0.1".parse().unwrap()),
        snapshot_revision: 1,
    }
}

fn attempt() -> Attempt {
    Attempt {
        provider: text(),
        model_sent: Some(text()),
        credential_id: Some(CredentialId(Uuid::nil())),
        credential_source: Some(CredentialSource::User),
        credential_kind: Some(CredentialKind::ApiKey),
        status: Some(429),
        upstream_request_id: Some(text()),
        reason: text(),
        ended_ms: 1.0,
    }
}

#[test]
fn rows_are_described_as_they_print() {
    assert_eq!(keys(&attempt()), properties::<AttemptSchema>());
    assert_eq!(keys(&call()), properties::<CallSchema>());
    assert_eq!(keys(&usage()), properties::<UsageSchema>());
}
