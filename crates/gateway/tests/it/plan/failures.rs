//! What the backend refuses, and what fails in the middle of what it says.

use tollhouse_domain::call::Outcome;
use tollhouse_wire::Protocol;

use super::{EVENTS, MODEL, gateway, row, stream};
use crate::support::client::Client;
use crate::support::dialect::{DIALECTS, Dialect};
use crate::support::upstream::{ScriptedUpstream, Step, json};

fn asked(caller: &Dialect, streamed: bool) -> String {
    caller.request(MODEL, streamed)
}

#[tokio::test]
async fn refusals_pass_as_they_came_and_are_told_in_other_protocols() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = gateway(&upstream, "").await;
    let client = Client::new(&gateway.url);
    for (status, body, said) in [
        (
            400,
            r#"{"detail":"Unsupported parameter: x"}"#,
            "Unsupported parameter: x",
        ),
        (
            422,
            r#"{"detail":[{"loc":["body"],"msg":"field required","type":"missing"}]}"#,
            "field required",
        ),
        (403, r#"{"detail":"Forbidden"}"#, "Forbidden"),
    ] {
        for caller in &DIALECTS {
            for streamed in [true, false] {
                upstream.json(status, body);
                let answer = client.post(caller.path, &[], asked(caller, streamed)).await;
                assert_eq!(answer.status, status, "{} {body}", caller.protocol);
                if caller.protocol == Protocol::Responses {
                    assert_eq!(answer.text(), body);
                } else {
                    let told = answer.json();
                    assert_eq!(told["error"]["message"], said, "{told}");
                }
                assert_eq!(answer.header("content-type"), Some("application/json"));
                let call = row(&gateway).await;
                assert_eq!(call.outcome, Outcome::UpstreamError);
                assert_eq!((call.status, call.attempts), (Some(status), 1));
            }
        }
    }
    gateway.stop().await;
}

#[tokio::test]
async fn a_used_up_plan_says_in_a_header_when_it_begins_anew() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = gateway(&upstream, "").await;
    let client = Client::new(&gateway.url);
    let limit = |more: &str| {
        format!(
            r#"{{"error":{{"type":"usage_limit_reached","message":"The usage limit has been reached","plan_type":"plus"{more}}}}}"#
        )
    };
    let full = [
        ("x-codex-primary-used-percent", "100"),
        ("x-codex-primary-reset-after-seconds", "77"),
    ];
    let told = [("retry-after", "5")];
    for (headers, more, expected) in [
        (&[][..], r#","resets_in_seconds":90"#, Some("90")),
        (&full[..], "", Some("77")),
        (&told[..], r#","resets_in_seconds":90"#, Some("5")),
        (&[][..], "", None),
    ] {
        for caller in &DIALECTS {
            let body = limit(more);
            upstream.script(vec![Step::Write(json(429, headers, &body))]);
            let answer = client.post(caller.path, &[], asked(caller, true)).await;
            assert_eq!(answer.status, 429, "{}", caller.protocol);
            assert_eq!(answer.header("retry-after"), expected, "{more}");
            match caller.protocol {
                Protocol::Responses => assert_eq!(answer.text(), body),
                Protocol::Messages => {
                    assert_eq!(answer.json()["error"]["type"], "rate_limit_error");
                }
                Protocol::Chat => {
                    assert_eq!(answer.json()["error"]["code"], "rate_limit_exceeded");
                }
            }
            let call = row(&gateway).await;
            assert_eq!(call.error.as_deref(), Some("usage_limit_reached"));
        }
    }
    // A moment that was named, too.
    let at = tollhouse_gateway::clock::now().as_secs() + 3600;
    let body = limit(&format!(r#","resets_at":{at}"#));
    upstream.script(vec![Step::Write(json(429, &[], &body))]);
    let answer = client
        .post("/v1/responses", &[], asked(&DIALECTS[2], true))
        .await;
    let seconds: i64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((3500..=3600).contains(&seconds), "{seconds}");
    gateway.stop().await;
}

#[tokio::test]
async fn a_full_model_inside_a_stream_is_an_overload() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = gateway(&upstream, "").await;
    let client = Client::new(&gateway.url);
    let failed = |error: &str| {
        format!(
            "event: response.failed\ndata: {{\"type\":\"response.failed\",\"sequence_number\":1,\"response\":{{\"id\":\"resp_1\",\"object\":\"response\",\"model\":\"gpt-5.5\",\"status\":\"failed\",\"error\":{error}}}}}\n\n"
        )
    };
    for error in [
        r#"{"code":"server_is_overloaded","message":"Our servers are currently overloaded. Please try again later."}"#,
        r#"{"code":"model_at_capacity","message":"Selected model is at capacity. Please try a different model."}"#,
        r#"{"code":"server_error","message":"Selected model is at capacity. Please try a different model."}"#,
    ] {
        let event = failed(error);
        for caller in &DIALECTS {
            let events = [EVENTS[0], EVENTS[1], event.as_str()];
            stream(&upstream, &[], &events);
            let answer = client.post(caller.path, &[], asked(caller, true)).await;
            assert_eq!(answer.status, 200);
            let text = answer.text();
            match caller.protocol {
                Protocol::Responses => {
                    assert_eq!(text, events.concat().replace(EVENTS[1], ""));
                }
                Protocol::Messages => {
                    assert!(text.contains("event: error"), "{text}");
                    assert!(text.contains("overloaded_error"), "{text}");
                }
                Protocol::Chat => assert!(text.contains("overloaded"), "{text}"),
            }
            assert_eq!(row(&gateway).await.outcome, Outcome::StreamError);

            stream(&upstream, &[], &events);
            let answer = client.post(caller.path, &[], asked(caller, false)).await;
            let status = if caller.protocol == Protocol::Messages {
                529
            } else {
                503
            };
            assert_eq!(
                answer.status,
                status,
                "{} {}",
                caller.protocol,
                answer.text()
            );
            assert!(answer.json()["error"]["message"].is_string());
            let call = row(&gateway).await;
            assert_eq!(call.outcome, Outcome::UpstreamError);
        }
    }
    gateway.stop().await;
}
