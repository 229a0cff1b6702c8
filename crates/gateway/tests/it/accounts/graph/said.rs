//! What is said and answered.

use super::*;
use crate::capture::{ask, said};

#[tokio::test]
async fn callers_of_every_protocol_are_answered_whole_and_streamed() {
    let sim = authority().await;
    let gateway = gateway(&sim).await;
    let client = Client::new(&gateway.url);
    for dialect in &DIALECTS {
        for stream in [false, true] {
            let what = format!("{} {stream}", dialect.path);
            let before = sent(&sim).len();
            let answer = call(&client, dialect, stream).await;
            assert_eq!(answer.status, StatusCode::OK, "{what}: {}", answer.text());
            assert!(
                answer.text().contains(r#""hi""#),
                "{what}: {}",
                answer.text()
            );
            assert!(answer.text().contains("microsoft-365-copilot"), "{what}");
            let terminal = answer.text().contains(dialect.terminal);
            assert_eq!(terminal, stream, "{what}: {}", answer.text());
            assert_eq!(answer.header("x-tollhouse-mode"), Some("translated"));
            assert_eq!(
                answer.header("x-tollhouse-protocol"),
                None,
                "it is none of the three"
            );
            let provider = Some("microsoft-365-copilot");
            assert_eq!(answer.header("x-tollhouse-provider"), provider);

            let requests = sent(&sim);
            let [begun, said] = &requests[before..] else {
                panic!("{what}: {requests:?}");
            };
            assert_eq!(
                (begun.uri.path(), &begun.body[..]),
                (CONVERSATIONS, &b"{}"[..])
            );
            let action = if stream { "chatOverStream" } else { "chat" };
            let place = said.uri.path().strip_prefix(CONVERSATIONS).unwrap();
            assert!(place.ends_with(&format!("/{action}")), "{place}");
            let body: Value = serde_json::from_slice(&said.body).unwrap();
            let plain = json!({"message": {"text": "hi"}, "locationHint": {"timeZone": "UTC"}});
            assert_eq!(body, plain, "{what}");
            for request in [begun, said] {
                assert_eq!(request.method, Method::POST);
                let tokens: Vec<_> = request.headers.get_all("authorization").iter().collect();
                assert_eq!(tokens, [begun.headers.get("authorization").unwrap()]);
                assert!(
                    request
                        .header("authorization")
                        .unwrap()
                        .starts_with("Bearer ")
                );
                assert_eq!(request.header("x-api-key"), None);
                assert_eq!(request.header("content-type"), Some("application/json"));
            }
        }
    }
    let calls = gateway.calls_when(6).await;
    assert_eq!(calls.len(), 6);
    for row in &calls {
        assert!(is_unknown(row), "{row:?}");
        assert_eq!((row.outcome, row.status), (Outcome::Success, Some(200)));
        assert_eq!((row.mode, row.protocol_sent), (Mode::Translated, None));
        assert_eq!(row.provider.as_deref(), Some("microsoft-365-copilot"));
        assert_eq!(row.credential_source, Some(CredentialSource::Platform));
        assert!(row.credential_id.is_some() && row.upstream_request_id.is_some());
        assert_eq!((row.attempts, row.fallback.as_deref()), (1, None));
        assert_eq!(row.model_sent.as_deref(), Some("m365"));
    }
    // Everybody is who they are, also at the Graph.
    for call in sim.authority().calls() {
        assert_eq!(call.account.as_deref(), Some("ada"));
    }
    gateway.stop().await;
}

/// Every call is a conversation of its own there, and one session here.
#[tokio::test]
async fn a_conversation_goes_on_by_being_told_anew() {
    let sim = authority().await;
    let gateway = gateway_with(&sim, "[capture]\nbodies = \"full\"").await;
    let client = Client::new(&gateway.url);
    let session = [("x-tollhouse-session", "talk")];
    let turns = json!([
        {"role": "user", "content": "first"},
        {"role": "assistant", "content": "first"},
        {"role": "user", "content": "second"},
    ]);
    for messages in [json!([turns[0]]), turns] {
        let body =
            json!({"model": "m365", "max_tokens": 99, "system": "Be brief.", "messages": messages});
        let answer = client
            .post("/v1/messages", &session, body.to_string())
            .await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        let losses = answer.header("x-tollhouse-loss").unwrap();
        assert!(losses.contains("context"), "{losses}");
        said(&gateway).await;
    }
    let requests = sent(&sim);
    assert_eq!(requests.len(), 4);
    assert_ne!(requests[1].uri.path(), requests[3].uri.path());
    let body: Value = serde_json::from_slice(&requests[3].body).unwrap();
    assert_eq!(body["message"]["text"], "second");
    let context = body["additionalContext"].as_array().unwrap();
    let texts: Vec<_> = context.iter().map(|one| &one["text"]).collect();
    let earlier = "<user>\nfirst\n</user>\n\n<assistant>\nfirst\n</assistant>";
    assert_eq!(texts, ["Be brief.", earlier]);

    let calls = gateway.calls_when(2).await;
    assert_eq!(calls[0].session, calls[1].session);
    assert_eq!(calls[0].session_name.as_deref(), Some("talk"));
    assert!(
        calls[0].losses.contains(&"context".to_owned()),
        "{:?}",
        calls[0].losses
    );
    let path = format!("/api/v1/sessions/{}/transcript", calls[0].session);
    let transcript = ask(&gateway, Method::GET, &path).await.json();
    let told = |call: &Value| {
        let both = ["asked", "answered"].map(|part| call[part].as_array().unwrap().clone());
        let lines = both.concat();
        let texts = lines
            .iter()
            .map(|line| line["text"].as_str().unwrap().to_owned());
        (
            call["follows"].as_str().unwrap().to_owned(),
            texts.collect::<Vec<_>>(),
        )
    };
    let all = transcript["data"].as_array().unwrap().iter().map(told);
    let turn = |follows: &str, text: &str| (follows.to_owned(), vec![text.to_owned(); 2]);
    let expected = [turn("first", "first"), turn("continues", "second")];
    assert_eq!(all.collect::<Vec<_>>(), expected);
    gateway.stop().await;
}

#[tokio::test]
async fn a_model_is_listed_and_counted_for_and_serves_nothing_else() {
    let sim = authority().await;
    let gateway = gateway(&sim).await;
    let client = Client::new(&gateway.url);
    let listed = client.get("/v1/models", &[]).await.json();
    let names: Vec<_> = listed["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["id"])
        .collect();
    assert_eq!(names, ["m365"]);
    let body = json!({"model": "m365", "messages": [{"role": "user", "content": "how long am I"}]});
    let counted = client
        .post("/v1/messages/count_tokens", &[], body.to_string())
        .await;
    assert_eq!(counted.status, StatusCode::OK, "{}", counted.text());
    assert_eq!(counted.header("x-tollhouse-loss"), Some("token_count"));
    assert!(counted.json()["input_tokens"].as_u64().unwrap() > 0);
    let body = json!({"model": "m365", "input": "hi"}).to_string();
    for (path, body, status) in [
        ("/v1/embeddings", &*body, 400),
        ("/v1/responses/compact", &body, 400),
        ("/proxy/microsoft-365-copilot/conversations", "{}", 403),
        ("/proxy/microsoft-365-copilot/me/messages", "", 403),
        ("/proxy/microsoft-365-copilot/chat/completions", &body, 403),
    ] {
        let answer = client.post(path, &[], body.to_owned()).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text());
    }
    assert!(sent(&sim).is_empty() && sim.authority().calls().is_empty());
    gateway.stop().await;
}
