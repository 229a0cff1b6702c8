//! Calls to the backend behind a `ChatGPT` plan: what it is sent, and what becomes of what it says.

mod bodies;
mod failures;
mod windows;

use tempfile::TempDir;
use tollhouse_domain::call::{Call, Outcome};
use tollhouse_domain::money::Money;
use tollhouse_wire::Protocol;

use crate::support::client::Client;
use crate::support::dialect::{DIALECTS, Dialect};
use crate::support::upstream::{ScriptedUpstream, Step, chunk, last_chunk};
use crate::support::{TestGateway, configuration};
use crate::translated::{read, request};

/// A model of the plan, with a list price.
const MODEL: &str = "gpt-5.5";

/// "hello wide world" as the backend says it: always a stream, with the state of the plan in between, and
/// no output in its last event.
const EVENTS: [&str; 6] = [
    "event: response.created\ndata: {\"type\":\"response.created\",\"sequence_number\":0,\"response\":{\"id\":\"resp_1\",\"object\":\"response\",\"model\":\"gpt-5.5\",\"status\":\"in_progress\",\"output\":[]}}\n\n",
    "event: codex.rate_limits\ndata: {\"type\":\"codex.rate_limits\",\"plan_type\":\"plus\",\"rate_limits\":{\"allowed\":true,\"primary\":{\"used_percent\":42.5,\"window_minutes\":300,\"reset_after_seconds\":60}}}\n\n",
    "event: response.output_item.added\ndata: {\"type\":\"response.output_item.added\",\"sequence_number\":1,\"output_index\":0,\"item\":{\"id\":\"msg_1\",\"type\":\"message\",\"status\":\"in_progress\",\"role\":\"assistant\",\"content\":[]}}\n\n",
    "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"sequence_number\":2,\"item_id\":\"msg_1\",\"output_index\":0,\"content_index\":0,\"delta\":\"hello wide world\"}\n\n",
    "event: response.output_item.done\ndata: {\"type\":\"response.output_item.done\",\"sequence_number\":3,\"output_index\":0,\"item\":{\"id\":\"msg_1\",\"type\":\"message\",\"status\":\"completed\",\"role\":\"assistant\",\"phase\":\"final_answer\",\"content\":[{\"type\":\"output_text\",\"annotations\":[],\"text\":\"hello wide world\"}]}}\n\n",
    "event: response.completed\ndata: {\"type\":\"response.completed\",\"sequence_number\":4,\"response\":{\"id\":\"resp_1\",\"object\":\"response\",\"model\":\"gpt-5.5\",\"status\":\"completed\",\"output\":[],\"x_new\":1e0,\"usage\":{\"input_tokens\":3,\"output_tokens\":9}}}\n\n",
];

const ITEM: &str = r#"{"id":"msg_1","type":"message","status":"completed","role":"assistant","phase":"final_answer","content":[{"type":"output_text","annotations":[],"text":"hello wide world"}]}"#;

/// A gateway whose one provider is the backend; `extra` are lines of its key.
async fn gateway(upstream: &ScriptedUpstream, extra: &str) -> TestGateway {
    let data_dir = TempDir::new().unwrap();
    let base = &upstream.url;
    let endpoints = format!(
        "endpoints = {{ messages = \"{base}\", chat = \"{base}/v1\", responses = \"{base}/v1\" }}"
    );
    let backend = format!("endpoints = {{ responses = \"{base}/backend-api/codex\" }}");
    let text = configuration(base, data_dir.path(), "")
        .replace(&endpoints, &backend)
        .replace("lab", "chatgpt")
        .replace(
            "secret = \"env:KEY\"",
            &format!("secret = \"env:KEY\"\n{extra}"),
        );
    TestGateway::from_text(&text, data_dir).await
}

/// The next request is answered with these events.
fn stream(upstream: &ScriptedUpstream, headers: &[(&str, &str)], events: &[&str]) {
    let mut head =
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n"
            .to_owned();
    for (name, value) in headers {
        head.extend([name, ": ", value, "\r\n"]);
    }
    head.push_str("\r\n");
    let chunks = events.iter().flat_map(|event| chunk(event.as_bytes()));
    let bytes: Vec<u8> = head.bytes().chain(chunks).chain(last_chunk()).collect();
    upstream.script(vec![Step::Write(bytes)]);
}

/// What a body breaks of the backend's rules.
fn broken(body: &[u8]) -> Vec<&'static str> {
    let body: serde_json::Value = serde_json::from_slice(body).unwrap();
    let refused = [
        "previous_response_id",
        "prompt_cache_retention",
        "safety_identifier",
        "stream_options",
        "max_output_tokens",
        "metadata",
        "temperature",
        "top_p",
        "user",
    ];
    let mut broken: Vec<_> = refused
        .into_iter()
        .filter(|name| body.get(name).is_some())
        .collect();
    let included = &body["include"][0];
    for (name, kept) in [
        ("store", body["store"] == false),
        ("stream", body["stream"] == true),
        ("instructions", body["instructions"].is_string()),
        ("input", body["input"].is_array()),
        ("include", included == "reasoning.encrypted_content"),
    ] {
        if !kept {
            broken.push(name);
        }
    }
    broken
}

async fn row(gateway: &TestGateway) -> Call {
    gateway.calls().await.remove(0)
}

#[tokio::test]
async fn every_client_gets_the_answer_in_the_form_it_asked_for() {
    for caller in &DIALECTS {
        let upstream = ScriptedUpstream::start().await;
        let gateway = gateway(&upstream, "").await;
        let client = Client::new(&gateway.url);
        for (n, streamed) in [true, false].into_iter().enumerate() {
            stream(&upstream, &[("x-request-id", "req-up")], &EVENTS);
            let asked = request(caller, streamed).replace("\"asked\"", &format!("\"{MODEL}\""));
            let answer = client.post(caller.path, &[], asked).await;
            let what = format!("{} {streamed}", caller.protocol);
            assert_eq!(answer.status, 200, "{what}: {}", answer.text());
            let (text, tokens) = read(caller.protocol, &answer, streamed);
            assert_eq!(
                (text.as_str(), tokens),
                ("hello wide world", [3, 9]),
                "{what}"
            );
            assert_eq!(answer.text().contains(caller.terminal), streamed, "{what}");
            let content = answer.header("content-type").unwrap();
            assert_eq!(content.starts_with("text/event-stream"), streamed, "{what}");

            let seen = upstream.last();
            assert_eq!(seen.line(), "POST /backend-api/codex/responses HTTP/1.1");
            assert_eq!(broken(&seen.body), [""; 0], "{what}");
            assert_eq!(seen.header("accept"), expected_accept(caller, streamed));
            let body: serde_json::Value = serde_json::from_slice(&seen.body).unwrap();
            let session = body["prompt_cache_key"].as_str().unwrap();
            assert_eq!(seen.header("session-id"), [session], "{what}");

            let calls = gateway.calls_when(n + 1).await;
            assert_eq!(calls.len(), n + 1, "one row for each");
            let call = &calls[0];
            assert_eq!(call.outcome, Outcome::Success, "{what}");
            assert_eq!((call.stream, call.attempts), (streamed, 1));
            assert_eq!(
                (call.usage.total_input(), call.usage.output),
                (Some(3), Some(9))
            );
            assert_eq!(call.bytes_out, answer.body.len() as u64);
            assert_eq!(call.upstream_object.as_deref(), Some("resp_1"));
            // The plan pays; the list says what it would have cost.
            assert_eq!(call.cost_usd, Some(Money::ZERO));
            assert!(call.list_cost_usd.is_some_and(|cost| cost > Money::ZERO));
        }
        gateway.stop().await;
    }
}

/// A client of the protocol itself says what it takes, unless it is to be given something else.
fn expected_accept(caller: &Dialect, streamed: bool) -> &'static [&'static str] {
    if caller.protocol == Protocol::Responses && streamed {
        &[]
    } else {
        &["text/event-stream"]
    }
}

#[tokio::test]
async fn a_call_that_costs_nothing_needs_no_money() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = gateway(
        &upstream,
        "budget = { usd = \"0.000001\", window = \"day\" }",
    )
    .await;
    let client = Client::new(&gateway.url);
    for _ in 0..2 {
        stream(&upstream, &[], &EVENTS);
        let body = format!(r#"{{"model":"{MODEL}","input":"x","stream":true}}"#);
        let answer = client.post("/v1/responses", &[], body).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    assert_eq!(row(&gateway).await.charged_usd, None);
    gateway.stop().await;
}

#[tokio::test]
async fn models_of_the_plan_are_listed_and_counted_here() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = gateway(&upstream, "").await;
    let client = Client::new(&gateway.url);
    let listed = client.get("/v1/models", &[]).await.json();
    let names: Vec<_> = listed["data"].as_array().unwrap().iter().collect();
    assert!(names.iter().any(|model| model["id"] == MODEL), "{listed}");
    // It has no counter, and is not asked in vain.
    let body = format!(r#"{{"model":"{MODEL}","messages":[{{"role":"user","content":"hi"}}]}}"#);
    let counted = client.post("/v1/messages/count_tokens", &[], body).await;
    assert!(counted.json()["input_tokens"].as_u64() > Some(0));
    assert_eq!(counted.header("x-tollhouse-loss"), Some("token_count"));
    assert!(upstream.seen().is_empty());
    gateway.stop().await;
}
