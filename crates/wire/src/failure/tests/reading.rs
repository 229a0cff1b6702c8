use Protocol::{Chat, Messages, Responses};
use serde_json::json;

use super::*;

/// Protocol, status and body; class, message and code.
type Case = (
    Protocol,
    u16,
    &'static str,
    Class,
    &'static str,
    Option<&'static str>,
);

const SHAPES: &[Case] = &[
    (
        Messages,
        400,
        r#"{"type":"error","error":{"type":"invalid_request_error","message":"m","details":{"error_code":"c"}},"request_id":"r"}"#,
        Class::Invalid,
        "m",
        Some("c"),
    ),
    (
        Messages,
        400,
        r#"{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 210000 tokens > 200000 maximum","details":null}}"#,
        Class::ContextOverflow,
        "prompt is too long: 210000 tokens > 200000 maximum",
        None,
    ),
    (
        Messages,
        400,
        r#"{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low to access the API."}}"#,
        Class::Quota,
        "Your credit balance is too low to access the API.",
        None,
    ),
    (
        Messages,
        529,
        r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
        Class::Overloaded,
        "Overloaded",
        None,
    ),
    (
        Chat,
        401,
        r#"{"error":{"message":"m","type":"invalid_request_error","param":null,"code":"invalid_api_key"}}"#,
        Class::Authentication,
        "m",
        Some("invalid_api_key"),
    ),
    (
        Chat,
        401,
        r#"{"error":{"message":"m","type":"invalid_request_error","param":null,"code":null}}"#,
        Class::Authentication,
        "m",
        None,
    ),
    (
        Chat,
        400,
        r#"{"error":{"message":"m","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}"#,
        Class::ContextOverflow,
        "m",
        Some("context_length_exceeded"),
    ),
    (
        Responses,
        429,
        r#"{"error":{"message":"m","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}"#,
        Class::Quota,
        "m",
        Some("insufficient_quota"),
    ),
    (
        Responses,
        429,
        r#"{"error":{"message":"try again in 1.5s","type":"tokens","param":null,"code":"rate_limit_exceeded"}}"#,
        Class::RateLimited,
        "try again in 1.5s",
        Some("rate_limit_exceeded"),
    ),
    (
        Responses,
        404,
        r#"{"error":{"message":"m","type":"invalid_request_error","code":"model_not_found"}}"#,
        Class::NotFound,
        "m",
        Some("model_not_found"),
    ),
    (
        Responses,
        400,
        r#"{"detail":"Unsupported parameter: metadata"}"#,
        Class::Invalid,
        "Unsupported parameter: metadata",
        None,
    ),
    (
        Responses,
        422,
        r#"{"detail":[{"loc":["body","x"],"msg":"field required","type":"missing"}]}"#,
        Class::Invalid,
        "field required",
        None,
    ),
    (
        Chat,
        400,
        r#"{"detail":{"message":"m","code":"c"}}"#,
        Class::Invalid,
        "m",
        Some("c"),
    ),
    (
        Chat,
        503,
        r#"{"error":"model is loading"}"#,
        Class::Overloaded,
        "model is loading",
        None,
    ),
    (
        Chat,
        413,
        r#"{"message":"too big"}"#,
        Class::TooLarge,
        "too big",
        None,
    ),
    (
        Chat,
        429,
        r#"[{"error":{"code":429,"message":"m","status":"RESOURCE_EXHAUSTED"}}]"#,
        Class::RateLimited,
        "m",
        Some("429"),
    ),
    (
        Chat,
        500,
        r#"{"error":{"type":"NotFoundError","message":"m"}}"#,
        Class::NotFound,
        "m",
        None,
    ),
    (
        Chat,
        400,
        r#"{"error":{"message":"Provider returned error","code":400,"metadata":{"raw":"{\"error\":{\"message\":\"inner\",\"code\":\"context_length_exceeded\"}}","provider_name":"x"}}}"#,
        Class::ContextOverflow,
        "inner",
        Some("context_length_exceeded"),
    ),
    (
        Chat,
        502,
        r#"{"error":{"message":"Provider returned error","code":502,"metadata":{"raw":"<html>","provider_name":"x"}}}"#,
        Class::Server,
        "Provider returned error",
        Some("502"),
    ),
    (
        Chat,
        400,
        r#"{"error":{"type":"api_error","message":"m"}}"#,
        Class::Invalid,
        "m",
        None,
    ),
    (
        Chat,
        429,
        "slow down, please",
        Class::RateLimited,
        "slow down, please",
        None,
    ),
];

#[test]
fn every_shape_is_read() {
    for (protocol, status, body, class, message, code) in SHAPES {
        let failure = read(*protocol, *status, body.as_bytes());
        assert_eq!(failure.class, *class, "{body}");
        assert_eq!(failure.message, *message, "{body}");
        assert_eq!(failure.code.as_deref(), *code, "{body}");
    }
    let param = read(
        Chat,
        400,
        br#"{"error":{"message":"m","param":"tools[0]"}}"#,
    )
    .param;
    assert_eq!(param.as_deref(), Some("tools[0]"));
}

#[test]
fn what_is_no_error_object_is_told_by_its_status_and_never_quoted() {
    let long = format!("x{}", "y".repeat(600));
    for body in [
        "",
        "  ",
        "<html><body>secret</body></html>",
        "{",
        "{}",
        "[]",
        "null",
        "7",
        "{\"a\":\"secret\"}",
        &long,
    ] {
        for (status, class) in [
            (429, Class::RateLimited),
            (502, Class::Server),
            (404, Class::NotFound),
        ] {
            let failure = read(Chat, status, body.as_bytes());
            assert_eq!(failure.class, class, "{body}");
            assert_eq!(
                failure.message,
                format!("The provider answered with status {status} and no explanation.")
            );
        }
    }
    assert_eq!(read(Chat, 500, b"\xff\xfe").class, Class::Server);
}

#[test]
fn words_without_a_status_tell_the_class() {
    for (error, class) in [
        (
            r#"{"type":"overloaded_error","message":"m"}"#,
            Class::Overloaded,
        ),
        (
            r#"{"type":"error","error":{"type":"rate_limit_error","message":"m"}}"#,
            Class::RateLimited,
        ),
        (r#"{"code":"server_error","message":"m"}"#, Class::Server),
        (r#"{"code":503,"message":"m"}"#, Class::Overloaded),
        (r#"{"code":200,"message":"m"}"#, Class::Server),
        (r#"{"code":"invalid_prompt","message":"m"}"#, Class::Invalid),
        (
            r#"{"message":"Your input exceeds the context window of this model."}"#,
            Class::ContextOverflow,
        ),
        (r#""just words""#, Class::Server),
        ("nonsense", Class::Server),
    ] {
        assert_eq!(in_band(error.as_bytes()).class, class, "{error}");
    }
    let failure = from_code(Some("rate_limit_exceeded"), "try again in 2s");
    assert_eq!(
        (failure.class, &*failure.message),
        (Class::RateLimited, "try again in 2s")
    );
    assert_eq!(from_code(Some("anything"), "").class, Class::Server);
    assert!(!from_code(None, "").message.is_empty());
}

#[test]
fn long_messages_are_cut_between_characters() {
    for filler in ["é", "漢", "😀", "x"] {
        let body = json!({"error": {"message": filler.repeat(9000)}}).to_string();
        let message = read(Chat, 400, body.as_bytes()).message;
        assert!(
            message.len() <= 8 * 1024 && message.len() > 8 * 1024 - 8,
            "{}",
            message.len()
        );
        assert!(message.ends_with('…'));
    }
}

#[test]
fn nothing_said_is_printed() {
    let failure = read(
        Chat,
        400,
        br#"{"error":{"message":"secret","code":"secret"}}"#,
    );
    assert_eq!(format!("{failure:?}"), "Failure { class: Invalid, .. }");
}
