use proptest::prelude::*;
use tollhouse_domain::call::Attempt;
use tollhouse_wire::{Protocol, Usage};

use super::*;

fn full() -> Call {
    let id = Uuid::from_u128;
    let some = |text: &str| Some(text.to_owned());
    Call {
        user: Some(UserId(id(4))),
        org: Some(OrgId(id(5))),
        agent: some("agent"),
        caller: "claude-code".into(),
        session_name: some("name é"),
        subagent: some("sub"),
        subagent_type: some("Explore"),
        subagent_parent: some("above"),
        tags: [
            ("repo".into(), "a/b".into()),
            ("empty".into(), String::new()),
        ]
        .into(),
        protocol: Some(Protocol::Responses),
        endpoint: "responses".into(),
        stream: true,
        provider: some("lab"),
        credential_id: Some(CredentialId(id(6))),
        credential_source: Some(CredentialSource::Org),
        credential_kind: Some(CredentialKind::OauthAccount),
        credential_fingerprint: some("abcd"),
        mode: Mode::Translated,
        model_requested: some("m"),
        protocol_sent: Some(Protocol::Responses),
        model_sent: some("n"),
        model_served: some("o"),
        status: Some(529),
        outcome: Outcome::StreamError,
        error: some("overloaded_error"),
        stop_reason: some("end_turn"),
        usage: Usage {
            input: Some(0),
            cache_read: Some(2),
            cache_write_5m: Some(3),
            cache_write_1h: Some(4),
            output: Some(u64::MAX),
            reasoning: Some(6),
        },
        usage_raw: some("{}"),
        estimated: true,
        cost_usd: Some(Money(-1)),
        charged_usd: Some(Money(7)),
        list_cost_usd: Some(Money(i64::MAX)),
        ttft_ms: Some(0.125),
        duration_ms: Some(1e9),
        bytes_in: 7,
        bytes_out: 8,
        attempts: 2,
        fallback: some("unreachable"),
        tried: vec![Attempt {
            provider: "lab".to_owned(),
            model_sent: some("n"),
            credential_id: Some(CredentialId(id(7))),
            credential_source: Some(CredentialSource::User),
            credential_kind: Some(CredentialKind::OauthAccount),
            status: Some(429),
            upstream_request_id: some("req_0"),
            reason: "rate_limited".to_owned(),
            ended_ms: 12.5,
        }],
        losses: vec!["a".into(), "b".into()],
        upstream_request_id: some("req"),
        upstream_object: some("resp"),
        from: Some("2001:db8::1".parse().unwrap()),
        capture: Some(Kept::Dropped),
        snapshot_revision: -9,
        ..Call::opened(CallId(id(1)), Timestamp(-5), KeyId(id(2)), SessionId(id(3)))
    }
}

#[test]
fn every_field_survives() {
    let call = full();
    let record = encode(&call);
    assert_eq!(id(&record), Some(call.id));
    assert_eq!(decode(&record), Ok(call));
}

#[test]
fn absent_stays_absent() {
    let nobody = Uuid::nil();
    let call = Call::opened(
        CallId(nobody),
        Timestamp(1),
        KeyId(nobody),
        SessionId(nobody),
    );
    assert_eq!(decode(&encode(&call)), Ok(call));
}

#[test]
fn fields_of_a_newer_release_are_passed_over() {
    let mut record = encode(&full());
    record.extend_from_slice(&[200, 2, 0, 1, 2]);
    assert_eq!(decode(&record), Ok(full()));
}

#[test]
fn a_record_from_before_kinds_were_told_of_reads_without_one() {
    // As a release wrote it that knew no more: the call's id, and whose credential it was.
    let mut record = Uuid::from_u128(1).as_bytes().to_vec();
    record.extend_from_slice(&[16, 3, 0]);
    record.extend_from_slice(b"org");
    let call = decode(&record).unwrap();
    assert_eq!(call.credential_source, Some(CredentialSource::Org));
    assert_eq!(call.credential_kind, None);
}

proptest! {
    #[test]
    fn nothing_panics_on_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = decode(&bytes);
    }

    #[test]
    fn a_cut_record_reads_in_part_or_not_at_all(cut in 0usize..600) {
        let record = encode(&full());
        let _ = decode(&record[..cut.min(record.len())]);
    }

    #[test]
    fn texts_survive(text in "\\PC{0,300}", n in any::<u64>()) {
        let mut call = full();
        call.error = Some(text);
        call.usage.input = Some(n);
        prop_assert_eq!(decode(&encode(&call)), Ok(call));
    }
}
