//! Microsoft 365 Copilot.

use hyper::{Method, StatusCode};
use serde_json::{Value, json};
use tollhouse_sim::{Sim, Vendor};

use crate::client::{Seen, send, start};

const ROOT: &str = "/beta/copilot/conversations";

fn login(sim: &Sim, account: &str) -> String {
    let tokens = sim.authority().sign_in(Vendor::Microsoft, account, "app");
    tokens.access_token
}

async fn call(sim: &Sim, path: &str, token: &str, body: &Value) -> Seen {
    let bearer = format!("Bearer {token}");
    let headers = [
        ("authorization", &*bearer),
        ("content-type", "application/json"),
    ];
    send(sim, Method::POST, path, &headers, body.to_string())
        .await
        .unwrap()
}

async fn begin(sim: &Sim, token: &str) -> String {
    let seen = call(sim, ROOT, token, &json!({})).await;
    assert_eq!(seen.status, 201);
    let seen = seen.json();
    assert_eq!(
        (&seen["turnCount"], &seen["status"]),
        (&json!(0), &json!("active"))
    );
    format!("{ROOT}/{}", seen["id"].as_str().unwrap())
}

fn said(text: &str) -> Value {
    json!({"message": {"text": text}, "locationHint": {"timeZone": "Europe/Berlin"}})
}

#[tokio::test]
async fn answers_as_a_whole() {
    let sim = start().await;
    let token = login(&sim, "alice");
    let path = begin(&sim, &token).await;
    for (turn, text) in [(1, "hello there"), (2, "and again")] {
        let seen = call(&sim, &format!("{path}/chat"), &token, &said(text)).await;
        assert_eq!(seen.status, 200);
        let seen = seen.json();
        assert_eq!(
            (&seen["turnCount"], &seen["state"]),
            (&json!(turn), &json!("active"))
        );
        assert_eq!(seen["displayName"], "hello there");
        // The prompt comes back, and then its answer; earlier turns do not.
        let messages = seen["messages"].as_array().unwrap();
        let texts: Vec<_> = messages.iter().map(|message| &message["text"]).collect();
        assert_eq!(texts, [text, text]);
        let kind = "#microsoft.graph.copilotConversationResponseMessage";
        assert_eq!(messages[1]["@odata.type"], kind);
        assert_ne!(messages[0]["id"], messages[1]["id"]);
    }
}

#[tokio::test]
async fn streams_the_whole_text_so_far() {
    let sim = start().await;
    let token = login(&sim, "alice");
    let path = begin(&sim, &token).await;
    let seen = call(
        &sim,
        &format!("{path}/chatOverStream"),
        &token,
        &said("one two three"),
    )
    .await;
    assert!(seen.header("content-type").starts_with("text/event-stream"));
    let text = String::from_utf8(seen.body).unwrap();
    let mut texts = Vec::new();
    for (index, event) in text.split_terminator("\n\n").enumerate() {
        let (data, id) = event.split_once('\n').unwrap();
        assert_eq!(id, format!("id:{index}"));
        let data: Value = serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap();
        let messages = data["messages"].as_array().unwrap();
        let text = messages.last().map(|last| last["text"].as_str().unwrap());
        let name = data["displayName"].as_str().unwrap();
        texts.push((
            messages.len(),
            name.to_owned(),
            text.unwrap_or_default().to_owned(),
        ));
    }
    // Nothing at first, and nothing before the last.
    let nothing = (
        0,
        "Intermediate Conversation Update".to_owned(),
        String::new(),
    );
    assert_eq!(texts.remove(0), nothing);
    let last = texts.pop().unwrap();
    assert_eq!(
        last,
        (2, "one two three".to_owned(), "one two three".to_owned())
    );
    assert_eq!(texts.pop().unwrap(), nothing);
    let steps: Vec<_> = texts
        .iter()
        .map(|(count, _, text)| (*count, text))
        .collect();
    assert!(steps.len() > 1);
    assert!(
        steps
            .windows(2)
            .all(|pair| pair[1].1.starts_with(pair[0].1.as_str()))
    );
    assert_eq!(steps.last().unwrap(), &(1, &"one two three".to_owned()));
}

#[tokio::test]
async fn takes_only_what_is_documented() {
    let sim = start().await;
    let token = login(&sim, "alice");
    let path = begin(&sim, &token).await;
    let chat = format!("{path}/chat");
    let good = json!({
        "message": {"text": "hi"}, "locationHint": {"timeZone": "UTC"},
        "additionalContext": [{"text": "more", "description": "what it is"}],
        "contextualResources": {"webContext": {"isWebEnabled": false}, "files": [{"uri": "https://a/b"}]},
    });
    assert_eq!(call(&sim, &chat, &token, &good).await.status, 200);
    for (path, body) in [
        (ROOT, json!({"model": "x"})),
        (ROOT, json!([])),
        (&*chat, json!({})),
        (&chat, json!({"message": {"text": "hi"}})),
        (
            &chat,
            json!({"message": {"text": " "}, "locationHint": {"timeZone": "UTC"}}),
        ),
        (
            &chat,
            json!({"message": {"text": "hi"}, "locationHint": {"timeZone": ""}}),
        ),
        (
            &chat,
            json!({"message": {"text": "hi"}, "locationHint": {"timeZone": "UTC"}, "tools": []}),
        ),
        (
            &chat,
            json!({"message": {"text": "hi"}, "locationHint": {"timeZone": "UTC"}, "model": "gpt-5"}),
        ),
        (
            &chat,
            json!({"message": {"text": "hi", "role": "user"}, "locationHint": {"timeZone": "UTC"}}),
        ),
        (
            &chat,
            json!({"message": {"text": "hi"}, "locationHint": {"timeZone": "UTC"}, "additionalContext": [{"text": "", "description": "d"}]}),
        ),
        (
            &chat,
            json!({"message": {"text": "hi"}, "locationHint": {"timeZone": "UTC"}, "additionalContext": [{"text": "t", "role": "user"}]}),
        ),
    ] {
        let seen = call(&sim, path, &token, &body).await;
        assert_eq!(seen.status, 400, "{body}");
        assert_eq!(seen.json()["error"]["code"], "BadRequest");
    }
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", &*bearer)];
    let seen = send(&sim, Method::POST, ROOT, &headers, "{}")
        .await
        .unwrap();
    assert_eq!(seen.status, 400);
    let missing = format!("{ROOT}/none/chat");
    assert_eq!(call(&sim, &missing, &token, &said("hi")).await.status, 404);
}

#[tokio::test]
async fn lets_in_whom_a_conversation_belongs_to() {
    let sim = start().await;
    let authority = sim.authority();
    let (alice, bob) = (login(&sim, "alice"), login(&sim, "bob"));
    let path = format!("{}/chat", begin(&sim, &alice).await);
    assert_eq!(call(&sim, &path, &bob, &said("hi")).await.status, 404);
    assert_eq!(call(&sim, &path, "nonsense", &said("hi")).await.status, 401);
    let openai = authority
        .sign_in(Vendor::OpenAi, "alice", "app")
        .access_token;
    let seen = call(&sim, &path, &openai, &said("hi")).await;
    assert_eq!(seen.json()["error"]["code"], "InvalidAuthenticationToken");
    authority.expire_access("alice");
    assert_eq!(call(&sim, &path, &alice, &said("hi")).await.status, 401);
    let calls = authority.calls();
    let whose: Vec<_> = calls.iter().map(|call| call.account.as_deref()).collect();
    assert_eq!(
        whose,
        [Some("alice"), Some("bob"), None, None, Some("alice")]
    );
}

#[tokio::test]
async fn wants_all_of_its_scopes() {
    let sim = start().await;
    let scopes = "https://graph.microsoft.com/Sites.Read.All Mail.Read People.Read.All \
                  OnlineMeetingTranscript.Read.All Chat.Read ChannelMessage.Read.All ExternalItem.Read.All";
    for (scope, status) in [(scopes, 201), (&scopes.replace("Mail.Read ", ""), 403)] {
        let fields = [("client_id", "app"), ("scope", scope)];
        let path = "/tenant/oauth2/v2.0/devicecode";
        let offer = crate::accounts::form(&sim, path, &fields).await.json();
        let text = |name: &str| offer[name].as_str().unwrap().to_owned();
        assert!(sim.authority().approve(&text("user_code"), "alice"));
        let code = text("device_code");
        let fields = [
            ("client_id", "app"),
            ("grant_type", "device_code"),
            ("device_code", &*code),
        ];
        let tokens = crate::accounts::form(&sim, "/tenant/oauth2/v2.0/token", &fields)
            .await
            .json();
        // Neither was asked for.
        assert!(tokens["refresh_token"].is_null() && tokens["id_token"].is_null());
        let seen = call(
            &sim,
            ROOT,
            tokens["access_token"].as_str().unwrap(),
            &json!({}),
        )
        .await;
        assert_eq!(seen.status, status);
    }
}

#[tokio::test]
async fn errors_by_script_have_its_shape() {
    let sim = start().await;
    let token = login(&sim, "alice");
    let path = format!("{}/chat", begin(&sim, &token).await);
    for (script, status, code) in [
        ("status=429;retry_after=9", 429, "TooManyRequests"),
        ("status=503", 503, "ServiceUnavailable"),
        ("status=500", 500, "InternalServerError"),
    ] {
        sim.script_next(script.parse().unwrap());
        let seen = call(&sim, &path, &token, &said("hi")).await;
        assert_eq!(
            (seen.status.as_u16(), &seen.json()["error"]["code"]),
            (status, &json!(code))
        );
    }
}

#[tokio::test]
async fn serves_nobody_without_a_licence() {
    let sim = start().await;
    let token = login(&sim, "alice");
    let path = format!("{}/chat", begin(&sim, &token).await);
    sim.authority().set_licensed("alice", false);
    for path in [ROOT, &path] {
        let seen = call(&sim, path, &token, &json!({})).await;
        let seen = (seen.status, seen.json()["error"]["code"].clone());
        assert_eq!(seen, (StatusCode::FORBIDDEN, json!("Forbidden")));
    }
    // It says nothing of anybody else.
    begin(&sim, &login(&sim, "bob")).await;
    let fields = json!({"account": "alice", "on": true});
    crate::accounts::control(&sim, "licensed", &fields).await;
    assert_eq!(call(&sim, &path, &token, &said("hi")).await.status, 200);
}

#[tokio::test]
async fn a_stream_breaks_by_script() {
    let sim = start().await;
    let token = login(&sim, "alice");
    let path = format!("{}/chatOverStream", begin(&sim, &token).await);
    sim.script_next("inband_error=2".parse().unwrap());
    let seen = call(&sim, &path, &token, &said("one two three")).await;
    assert_eq!(seen.status, 200);
    let text = String::from_utf8(seen.body).unwrap();
    let last = text.trim_end().rsplit("\n\n").next().unwrap();
    assert!(last.contains(r#""code":"ServiceUnavailable""#), "{text}");
    assert_eq!(text.matches("data: ").count(), 3);
}
