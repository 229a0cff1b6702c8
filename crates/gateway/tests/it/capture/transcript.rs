//! What was said in a session is shown turn by turn, to those who may read it, with an entry in the trail.

use std::collections::BTreeMap;

use http::Method;
use serde_json::{Value, json};

use super::{ask, keeping, said};
use crate::support::client::Client;
use crate::support::dialect::CHAT;
use crate::support::upstream::ScriptedUpstream;
use crate::support::{TestGateway, virtual_key};

const SECRET: &str = "sk-ant-api03-aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3";
const NAMED: [(&str, &str); 2] = [
    ("x-tollhouse-session", "talk"),
    ("content-type", "application/json"),
];

/// Makes a Messages call of the session, and waits until what it said is stored.
async fn turn(
    gateway: &TestGateway,
    upstream: &ScriptedUpstream,
    headers: &[(&str, &str)],
    messages: Value,
    content: Value,
) {
    let answer = json!({"id":"msg","type":"message","role":"assistant","model":"m","content":content,
        "stop_reason":"end_turn","usage":{"input_tokens":3,"output_tokens":9}});
    upstream.json(200, &answer.to_string());
    let body = json!({"model":"m","max_tokens":9,"system":"Be brief.","messages":messages});
    let headers = [&NAMED[..], headers].concat();
    let client = Client::new(&gateway.url);
    let answer = client
        .post("/v1/messages", &headers, body.to_string())
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    said(gateway).await;
}

async fn session(gateway: &TestGateway) -> String {
    gateway.calls().await[0].session.to_string()
}

/// One part of the transcript.
async fn part(gateway: &TestGateway, query: &str) -> Value {
    let session = session(gateway).await;
    let path = format!("/api/v1/sessions/{session}/transcript{query}");
    let answer = ask(gateway, Method::GET, &path).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

/// What a list of lines says, in short.
fn told(lines: &Value) -> Vec<String> {
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let lines = lines.as_array().unwrap().iter();
    lines
        .map(|line| {
            let rest = ["text", "name", "id"].map(|name| word(&line[name]));
            format!(
                "{} {} {}",
                word(&line["role"]),
                word(&line["kind"]),
                rest.concat()
            )
        })
        .collect()
}

#[tokio::test]
async fn each_turn_is_shown_once() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = keeping(&upstream, "bodies = \"full\"").await;
    let image = json!({"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAECAwQF"}});
    let first = json!({"role":"user","content":[{"type":"text","text":"look"}, image]});
    let call = json!([{"type":"thinking","thinking":"hm","signature":"s"},
        {"type":"tool_use","id":"t1","name":"Read","input":{"path":"a"}}]);
    let result = json!({"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","is_error":true,
        "content":"no such file"}]});
    let said = json!([{"type":"text","text":"gone"}]);
    let second = json!([first, {"role":"assistant","content":call}, result]);
    turn(&gateway, &upstream, &[], json!([first]), call.clone()).await;
    turn(&gateway, &upstream, &[], second, said.clone()).await;
    // A sub-agent has a conversation of its own, and a history can be replaced.
    let agent = [("x-claude-code-agent-id", "helper")];
    let task = json!([{"role":"user","content":"help"}]);
    turn(&gateway, &upstream, &agent, task, said.clone()).await;
    let summary = json!([{"role":"user","content":"in short: nothing there"}]);
    turn(&gateway, &upstream, &[], summary, said).await;

    let whole = part(&gateway, "").await;
    let calls = whole["data"].as_array().unwrap();
    let follows: Vec<_> = calls.iter().map(|call| call["follows"].clone()).collect();
    assert_eq!(follows, ["first", "continues", "first", "apart"]);
    assert!(calls.iter().all(|call| call["state"] == "whole"));
    assert_eq!(told(&calls[0]["asked"]), ["user text look", "user image "]);
    assert_eq!(calls[0]["asked"][1]["bytes"], 6);
    assert_eq!(calls[0]["asked"][1]["media_type"], "image/png");
    assert!(!whole.to_string().contains("AAECAwQF"));
    let answered = ["assistant thought hm", "assistant tool_call Readt1"];
    assert_eq!(told(&calls[0]["answered"]), answered);
    assert_eq!(calls[0]["answered"][1]["input"], r#"{"path":"a"}"#);
    assert_eq!(told(&calls[1]["asked"]), ["user tool_result t1"]);
    assert_eq!(calls[1]["asked"][0]["parts"][0]["text"], "no such file");
    assert_eq!(calls[1]["repeats"], 4);
    assert_eq!(told(&calls[1]["answered"]), ["assistant text gone"]);
    assert_eq!(calls[2]["subagent"], "helper");
    // Instructions are told once.
    let instructed: Vec<_> = calls.iter().map(|call| &call["instructions"]).collect();
    assert_eq!(instructed[0], &json!(["Be brief."]));
    assert!(instructed[1..].iter().all(|given| given.is_null()));
    assert_eq!(
        whole["tools"],
        json!([{"name":"Read","calls":1,"failed":1}])
    );
    assert_eq!(
        (&whole["unread"], &whole["next"]),
        (&json!(0), &Value::Null)
    );

    // In parts it says the same.
    let (mut parts, mut query) = (Vec::new(), "?limit=1".to_owned());
    loop {
        let part = part(&gateway, &query).await;
        parts.extend(part["data"].as_array().unwrap().clone());
        match part["next"].as_str() {
            Some(next) => query = format!("?limit=1&cursor={next}"),
            None => break,
        }
    }
    // But for what it would have to read everything before for.
    for call in &mut parts {
        call.as_object_mut().unwrap().remove("instructions");
    }
    let mut calls = calls.clone();
    calls[0].as_object_mut().unwrap().remove("instructions");
    assert_eq!(parts, calls);
    gateway.stop().await;
}

#[tokio::test]
async fn what_cannot_be_shown_is_said_call_by_call() {
    let upstream = ScriptedUpstream::start().await;
    let keys = ["off", "redacted", "full"].map(|mode| {
        format!("[[key]]\nname = \"{mode}\"\nsecret = \"env:KEY_{mode}\"\ncapture = \"{mode}\"\n")
    });
    let gateway = keeping(&upstream, &format!("max_body = \"400\"\n{}", keys.concat())).await;
    let client = Client::new(&gateway.url);
    let ask_with = async |mode: &str, body: String| {
        upstream.json(200, CHAT.answer);
        let secret = virtual_key(mode);
        let headers = [("x-api-key", secret.as_str()), NAMED[0], NAMED[1]];
        let answer = client.post(CHAT.path, &headers, body).await;
        assert_eq!(answer.status, 200);
        if mode != "off" {
            said(&gateway).await;
        }
        part(&gateway, "").await
    };
    let plain = || CHAT.request("m", false);
    let shown = ask_with("off", plain()).await;
    assert_eq!(shown["data"][0]["state"], "not_kept");
    assert!(
        shown["data"][0]["why"]
            .as_str()
            .unwrap()
            .contains("Nothing was to be kept")
    );
    assert_eq!(shown["unread"], 1);
    let shown = ask_with("redacted", plain().replace("hi", SECRET)).await;
    assert_eq!(shown["data"][0]["redacted"], true);
    assert_eq!(
        shown["data"][0]["asked"][0]["text"],
        "[redacted:provider_key]"
    );
    // Too long, and what the decoder does not know.
    let long = plain().replace("hi", &"x".repeat(500));
    let strange = plain().replace("\"hi\"", r#"[{"type":"smell","smell":"tar"}]"#);
    ask_with("full", long).await;
    let shown = ask_with("full", strange).await;
    let expected: BTreeMap<usize, &str> =
        [(0, "too long to be kept"), (1, "does not read here")].into();
    for (at, why) in expected {
        let call = &shown["data"][at];
        assert_eq!(call["state"], "partial", "{call}");
        assert!(call["why"].as_str().unwrap().contains(why), "{call}");
        assert_eq!(call["follows"], Value::Null);
        // The answer can be read all the same.
        assert_eq!(call["answered"][0]["role"], "assistant", "{call}");
    }
    assert_eq!(shown["unread"], 2);
    assert!(!shown.to_string().contains("tar"));
    gateway.stop().await;
}

#[tokio::test]
async fn of_a_request_that_was_too_long_the_turns_before_the_cut_are_shown() {
    let upstream = ScriptedUpstream::start().await;
    let settings = "bodies = \"redacted\"\nmax_body = \"600\"";
    let gateway = keeping(&upstream, settings).await;
    let user = |text: &str| json!({"role":"user","content":text});
    let heard = json!([{"type":"text","text":"b"}]);
    let model = json!({"role":"assistant","content":heard});
    let long = "x".repeat(600);
    // The second call repeats the first and is cut behind it; so is the third, which is longer.
    let first = json!([user(SECRET)]);
    let second = json!([user(SECRET), model, user(&long)]);
    let third = json!([user(SECRET), model, user(&long), model, user("more")]);
    for messages in [&first, &second, &third] {
        turn(&gateway, &upstream, &[], messages.clone(), heard.clone()).await;
    }
    let shown = part(&gateway, "").await;
    let calls = shown["data"].as_array().unwrap();
    assert_eq!(
        (&calls[0]["state"], &calls[0]["cut"]),
        (&json!("whole"), &Value::Null)
    );
    for (call, messages) in calls[1..].iter().zip([&second, &third]) {
        let body = json!({"model":"m","max_tokens":9,"system":"Be brief.","messages":messages});
        let bytes = body.to_string().len();
        assert_eq!(call["state"], "partial");
        let why = "The request was too long to be kept whole; its first 2 turns were.";
        assert_eq!(call["why"], why);
        let cut = &call["cut"];
        assert_eq!((&cut["turns"], &cut["more"]), (&json!(2), &json!(true)));
        assert_eq!(cut["bytes"], bytes, "{cut}");
        assert!(cut["kept"].as_u64().unwrap() < 600, "{cut}");
        // What it repeats is known, and is no other history.
        assert_eq!(
            (&call["follows"], &call["repeats"]),
            (&json!("continues"), &json!(2))
        );
        assert_eq!(call["asked"], json!([]));
        assert_eq!(told(&call["answered"]), ["assistant text b"]);
    }
    assert_eq!(shown["unread"], 2);
    // Without the calls before it, its turns are shown for the first time.
    let session = session(&gateway).await;
    for call in calls[..1].iter().map(|call| call["call"].as_str().unwrap()) {
        let path = format!("/api/v1/calls/{call}/capture");
        assert_eq!(ask(&gateway, Method::DELETE, &path).await.status, 204);
    }
    let path = format!("/api/v1/sessions/{session}/transcript");
    let shown = ask(&gateway, Method::GET, &path).await.json();
    let call = &shown["data"][1];
    assert_eq!(call["follows"], "first");
    let asked = ["user text [redacted:provider_key]", "assistant text b"];
    assert_eq!(told(&call["asked"]), asked);
    assert_eq!(call["instructions"], Value::Null);
    gateway.stop().await;
}

#[tokio::test]
async fn who_reads_it_is_in_the_trail_call_by_call() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = keeping(&upstream, "bodies = \"full\"").await;
    let words = json!([{"type":"text","text":"b"}]);
    for text in ["a", "c", "e"] {
        let messages = json!([{"role":"user","content":text}]);
        turn(&gateway, &upstream, &[], messages, words.clone()).await;
    }
    let read = async || {
        let answer = ask(
            &gateway,
            Method::GET,
            "/api/v1/audit?action=capture.read&limit=1000",
        )
        .await;
        let entries = answer.json()["data"].as_array().unwrap().clone();
        entries
            .into_iter()
            .map(|entry| entry["subject"]["id"].clone())
            .collect::<Vec<_>>()
    };
    let before = read().await.len();
    let shown = part(&gateway, "?limit=2").await;
    let mut entries = read().await;
    entries.truncate(entries.len() - before);
    entries.reverse();
    let calls: Vec<_> = shown["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|call| call["call"].clone())
        .collect();
    assert_eq!(entries, calls);
    // What is only compared with is not shown, and not in the trail.
    let next = shown["next"].as_str().unwrap();
    part(&gateway, &format!("?limit=2&cursor={next}")).await;
    assert_eq!(read().await.len(), before + 3);
    gateway.stop().await;
}

#[tokio::test]
async fn a_session_that_is_not_there_has_no_transcript() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = keeping(&upstream, "bodies = \"full\"").await;
    let path = "/api/v1/sessions/ses_01890a5d7c4e8d1f8a3b000000000000/transcript";
    let answer = ask(&gateway, Method::GET, path).await;
    assert_eq!(answer.status, 404);
    gateway.stop().await;
}
