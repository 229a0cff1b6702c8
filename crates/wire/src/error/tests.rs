use super::*;

#[test]
fn the_table_of_the_contract() {
    use ErrorKind::{
        AccountsCooling, BudgetSpent, CredentialMissing, ExpiredKey, Internal, InvalidKey,
        InvalidRequest, ModelNotFound, NotFound, Overloaded, OwnCredentialRefused,
        PermissionDenied, RateLimited, RequestTooLarge, UpstreamBroken, UpstreamTimeout,
        UpstreamUnreachable,
    };
    let table = [
        (InvalidKey, 401, "authentication_error", "invalid_api_key"),
        (ExpiredKey, 401, "authentication_error", "invalid_api_key"),
        (
            PermissionDenied,
            403,
            "permission_error",
            "permission_denied",
        ),
        (ModelNotFound, 404, "not_found_error", "model_not_found"),
        (NotFound, 404, "not_found_error", "not_found"),
        (
            InvalidRequest,
            400,
            "invalid_request_error",
            "invalid_request",
        ),
        (
            RequestTooLarge,
            413,
            "request_too_large",
            "request_too_large",
        ),
        (BudgetSpent, 429, "billing_error", "insufficient_quota"),
        (RateLimited, 429, "rate_limit_error", "rate_limit_exceeded"),
        (CredentialMissing, 424, "api_error", "credential_missing"),
        (
            OwnCredentialRefused,
            401,
            "authentication_error",
            "invalid_api_key",
        ),
        (
            AccountsCooling,
            429,
            "rate_limit_error",
            "rate_limit_exceeded",
        ),
        (
            UpstreamUnreachable,
            502,
            "api_error",
            "upstream_unreachable",
        ),
        (UpstreamBroken, 502, "api_error", "upstream_broken"),
        (UpstreamTimeout, 504, "timeout_error", "upstream_timeout"),
        (Overloaded, 503, "overloaded_error", "overloaded"),
        (Internal, 500, "api_error", "internal_error"),
    ];
    assert_eq!(table.map(|row| row.0), ErrorKind::ALL);
    for (kind, status, messages_type, code) in table {
        assert_eq!(kind.status(Protocol::Chat), status);
        assert_eq!(kind.status(Protocol::Responses), status);
        let in_messages = if kind == Overloaded { 529 } else { status };
        assert_eq!(kind.status(Protocol::Messages), in_messages);
        assert_eq!(
            (kind.messages_type(), kind.openai_code()),
            (messages_type, code)
        );
    }
    let mut labels = ErrorKind::ALL.map(ErrorKind::label).to_vec();
    labels.sort_unstable();
    labels.dedup();
    assert_eq!(labels.len(), ErrorKind::ALL.len());
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

#[test]
fn bodies_are_the_protocols_own_envelopes() {
    let body = |protocol, param| {
        text(error_body(
            protocol,
            ErrorKind::ModelNotFound,
            "No \"x\"\n",
            "req_1",
            param,
        ))
    };
    assert_eq!(
        body(Protocol::Messages, None),
        r#"{"type":"error","error":{"type":"not_found_error","message":"No \"x\"\n"},"request_id":"req_1"}"#
    );
    assert_eq!(
        body(Protocol::Chat, Some("model")),
        r#"{"error":{"message":"No \"x\"\n","type":"invalid_request_error","param":"model","code":"model_not_found"}}"#
    );
    assert_eq!(
        body(Protocol::Responses, None),
        r#"{"error":{"message":"No \"x\"\n","type":"invalid_request_error","param":null,"code":"model_not_found"}}"#
    );
}

#[test]
fn a_long_rest_is_written_as_codex_reads_it() {
    assert_eq!(
        text(resting_body(
            ErrorKind::AccountsCooling,
            "later",
            1_796_000_000
        )),
        r#"{"error":{"message":"later","type":"usage_limit_reached","param":null,"code":"rate_limit_exceeded","resets_at":1796000000}}"#
    );
}

#[test]
fn events_end_a_stream_without_claiming_success() {
    let kind = ErrorKind::UpstreamBroken;
    let event = |protocol| text(error_event(protocol, kind, "cut", "req_1", Some(7)));
    assert_eq!(
        event(Protocol::Messages),
        "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"cut\"},\"request_id\":\"req_1\"}\n\n"
    );
    assert_eq!(
        event(Protocol::Chat),
        "data: {\"error\":{\"message\":\"cut\",\"type\":\"server_error\",\"param\":null,\"code\":\"upstream_broken\"}}\n\n"
    );
    assert_eq!(
        event(Protocol::Responses),
        "event: response.failed\ndata: {\"type\":\"response.failed\",\"sequence_number\":7,\"response\":{\"id\":\"req_1\",\
         \"object\":\"response\",\"status\":\"failed\",\"error\":{\"code\":\"upstream_broken\",\"message\":\"cut\"},\
         \"incomplete_details\":null,\"model\":null,\"output\":[],\"usage\":null}}\n\n"
    );
    let tail = StreamTail {
        upstream_id: Some("resp_1".into()),
        model: Some("gpt".into()),
        ..StreamTail::default()
    };
    let event = text(error_event_after(
        Protocol::Responses,
        kind,
        "cut",
        "req_1",
        &tail,
    ));
    assert!(
        event.contains(r#""sequence_number":0,"response":{"id":"resp_1""#),
        "{event}"
    );
    assert!(event.contains(r#""model":"gpt""#), "{event}");
}

#[test]
fn our_own_meter_reads_our_own_errors() {
    for protocol in Protocol::ALL {
        for kind in ErrorKind::ALL {
            let mut meter = crate::Meter::stream(protocol);
            meter.push(&error_event(protocol, kind, "why", "req_1", None));
            let metered = meter.finish();
            assert_eq!(metered.terminal, protocol == Protocol::Responses);
            assert_eq!(metered.error.unwrap().message.as_deref(), Some("why"));

            let mut meter = crate::Meter::whole(protocol);
            meter.push(&error_body(protocol, kind, "why", "req_1", None));
            let metered = meter.finish();
            assert!(metered.terminal && metered.usage.is_empty());
            assert_eq!(metered.error.unwrap().message.as_deref(), Some("why"));
        }
    }
}
