use serde_json::{Value, json};

use super::place;
use crate::Protocol;
use crate::answer::{Answer, Content, Malformed, StopReason};
use crate::dialect::{Dialect, Quirk};
use crate::failure::{self, Class};
use crate::loss::Loss;
use crate::translate::{Finished, Occasion, Prepared, Unfit, prepare};

mod answers;
mod requests;

fn target() -> Dialect {
    Dialect::new(Protocol::Chat, "microsoft-365-copilot").with([Quirk::GraphConversations])
}

fn prepared(caller: Protocol, body: &Value) -> Result<Prepared, Unfit> {
    let occasion = Occasion {
        model: None,
        session: "ses",
        id: "0a1b",
        request: "call",
        now: 1_700_000_000,
    };
    prepare(caller, body.to_string().as_bytes(), &target(), &occasion)
}

fn sent(caller: Protocol, body: &Value) -> (Value, String) {
    let prepared = prepared(caller, body).unwrap();
    let body = serde_json::from_slice(&prepared.body).unwrap();
    (body, prepared.losses.to_string())
}

#[test]
fn a_conversation_is_named_as_one_segment_of_a_path() {
    let at = |id: &str| {
        place(
            json!({"id": id, "state": "active"}).to_string().as_bytes(),
            true,
        )
    };
    for id in [
        "d0f6bffa-49d4-43c6-b93b-e7183f92b765",
        "19:x_1@thread.v2",
        "a==",
    ] {
        assert_eq!(at(id), Ok(format!("/{id}/chatOverStream")));
    }
    assert_eq!(place(br#"{"id":"a"}"#, false), Ok("/a/chat".to_owned()));
    for id in [
        "",
        ".",
        "..",
        "a/b",
        "a?b",
        "a#b",
        "a%2fb",
        "a b",
        "ä",
        &"x".repeat(513),
    ] {
        at(id).unwrap_err();
    }
    for answer in ["", "[]", "{}", r#"{"id":null}"#, r#"{"id":7}"#] {
        place(answer.as_bytes(), true).unwrap_err();
    }
}

#[test]
fn the_graphs_errors_are_understood() {
    for (status, code, class) in [
        (400, "BadRequest", Class::Invalid),
        (401, "InvalidAuthenticationToken", Class::Authentication),
        (403, "Forbidden", Class::Permission),
        (403, "accessDenied", Class::Permission),
        (404, "NotFound", Class::NotFound),
        (404, "ErrorItemNotFound", Class::NotFound),
        (429, "TooManyRequests", Class::RateLimited),
        (429, "activityLimitReached", Class::RateLimited),
        (500, "InternalServerError", Class::Server),
        (500, "generalException", Class::Server),
        (503, "ServiceUnavailable", Class::Overloaded),
        (504, "GatewayTimeout", Class::Timeout),
    ] {
        let inner = json!({"date": "2026-11-22T12:00:00", "request-id": "r"});
        let error = json!({"code": code, "message": "No.", "innerError": inner});
        let body = json!({"error": error}).to_string();
        let failure = failure::read(Protocol::Chat, status, body.as_bytes());
        assert_eq!(failure.class, class, "{status} {code}");
        assert_eq!(&*failure.message, "No.");
    }
}
