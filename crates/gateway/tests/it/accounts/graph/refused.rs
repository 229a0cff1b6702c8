//! What cannot be carried, what the Graph turns down, and logins that do not work.

use tollhouse_store::{DatabaseUrl, Store};

use super::*;
use crate::admin::accounts::due;
use crate::capture::ask;
use crate::support::{ADMIN, virtual_key};

#[tokio::test]
async fn tools_are_refused_by_name_and_nobody_is_called() {
    let sim = authority().await;
    let gateway = gateway(&sim).await;
    let client = Client::new(&gateway.url);
    let tools = [
        json!({"name": "f", "input_schema": {"type": "object"}}),
        json!({"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}),
        json!({"type": "function", "name": "f", "parameters": {"type": "object"}}),
    ];
    for (dialect, tool) in DIALECTS.iter().zip(tools) {
        let mut body: Value = serde_json::from_str(&dialect.request("m365", true)).unwrap();
        body["tools"] = json!([tool]);
        let answer = client.post(dialect.path, &[], body.to_string()).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.text());
        let message = answer.json()["error"]["message"]
            .as_str()
            .unwrap()
            .to_owned();
        assert!(message.starts_with("`tools`:"), "{message}");
    }
    assert!(sent(&sim).is_empty());
    for row in gateway.calls_when(3).await {
        assert_eq!((row.outcome, row.attempts), (Outcome::Refused, 0));
    }
    gateway.stop().await;
}

#[tokio::test]
async fn a_strict_key_takes_no_loss_and_one_with_a_budget_no_unknown_price() {
    let sim = authority().await;
    let keys = r#"
[[key]]
name = "strict"
secret = "env:KEY_strict"
strict = true
[[key]]
name = "budgeted"
secret = "env:KEY_budgeted"
budget = { usd = "5", window = "day" }
"#;
    let gateway = gateway_with(&sim, keys).await;
    let client = Client::new(&gateway.url);
    for (key, dialect, status, word) in [
        // This protocol always asks for a limit, which nobody here can keep to.
        ("strict", &DIALECTS[0], 400, "max_output_tokens"),
        ("strict", &DIALECTS[1], 200, ""),
        ("strict", &DIALECTS[2], 200, ""),
        ("budgeted", &DIALECTS[1], 403, "price"),
    ] {
        let secret = virtual_key(key);
        let headers = [("x-tollhouse-key", secret.as_str())];
        let body = dialect.request("m365", false);
        let answer = client.post(dialect.path, &headers, body).await;
        let what = format!("{key} {}: {}", dialect.path, answer.text());
        assert_eq!(answer.status, status, "{what}");
        assert!(answer.text().contains(word), "{what}");
    }
    gateway.stop().await;
}

/// Whichever of the two requests is turned down, that is the call's answer in its caller's envelope.
#[tokio::test]
async fn what_the_graph_says_no_to_is_told_in_the_callers_words() {
    let sim = authority().await;
    let gateway = gateway(&sim).await;
    let client = Client::new(&gateway.url);
    let mut count = 0;
    for (script, status, messages, openai) in [
        ("status=400", 400, "invalid_request_error", None),
        ("status=403", 403, "permission_error", Some("Forbidden")),
        (
            "status=404",
            404,
            "not_found_error",
            Some("model_not_found"),
        ),
        ("status=503", 503, "overloaded_error", Some("overloaded")),
        ("status=500", 500, "api_error", Some("InternalServerError")),
    ] {
        for dialect in &DIALECTS {
            for stream in [false, true] {
                for first in [true, false] {
                    if first {
                        sim.script_next(script.parse().unwrap());
                    } else {
                        second(&sim, script);
                    }
                    let before = sent(&sim).len();
                    let answer = call(&client, dialect, stream).await;
                    let what = format!("{script} {} {stream} {first}", dialect.path);
                    assert_eq!(answer.status, status, "{what}: {}", answer.text());
                    if dialect.path == "/v1/messages" {
                        assert_eq!(answer.json()["error"]["type"], messages, "{what}");
                    } else if let Some(code) = openai {
                        assert_eq!(answer.json()["error"]["code"], code, "{what}");
                    }
                    assert!(
                        answer.text().contains("the script asked for this"),
                        "{what}"
                    );
                    let made = sent(&sim).len() - before;
                    assert_eq!(made, if first { 1 } else { 2 }, "{what}");
                    count += 1;
                }
            }
        }
    }
    for row in gateway.calls_when(count).await {
        assert!(is_unknown(&row), "{row:?}");
        assert_eq!(row.outcome, Outcome::UpstreamError);
        assert!(row.error.is_some());
    }
    gateway.stop().await;
}

#[tokio::test]
async fn without_a_licence_it_is_a_403_and_the_account_stays() {
    let sim = authority().await;
    let gateway = gateway(&sim).await;
    let client = Client::new(&gateway.url);
    sim.authority().set_licensed("ada", false);
    let answer = call(&client, &DIALECTS[1], true).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(answer.text().contains("license"), "{}", answer.text());
    sim.authority().set_licensed("ada", true);
    assert_eq!(
        call(&client, &DIALECTS[1], true).await.status,
        StatusCode::OK
    );
    assert_eq!(sim.authority().totals().refreshes, 0);
    gateway.stop().await;
}

#[tokio::test]
async fn a_limit_rests_the_account() {
    let sim = authority().await;
    let gateway = gateway(&sim).await;
    let client = Client::new(&gateway.url);
    second(&sim, "status=429;retry_after=40");
    let answer = call(&client, &DIALECTS[0], true).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(answer.header("retry-after"), Some("40"));
    assert_eq!(answer.json()["error"]["type"], "rate_limit_error");
    // Nobody is asked again before that.
    let before = sent(&sim).len();
    let answer = call(&client, &DIALECTS[0], true).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    let pause: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((30..=40).contains(&pause), "{pause}");
    assert_eq!(sent(&sim).len(), before);
    gateway.stop().await;
}

#[tokio::test]
async fn a_token_that_is_refused_is_refreshed_once_whichever_request_it_came_with() {
    let sim = authority().await;
    let gateway = gateway(&sim).await;
    let client = Client::new(&gateway.url);
    sim.authority().expire_access("ada");
    let answer = call(&client, &DIALECTS[2], true).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert_eq!(answer.header("x-tollhouse-fallback"), Some("unauthorized"));
    let totals = sim.authority().totals();
    assert_eq!((totals.refreshes, totals.refused_calls), (1, 1));
    let tokens = |from: usize| -> Vec<String> {
        let requests = sent(&sim);
        let token = |request: &Recorded| request.header("authorization").unwrap().to_owned();
        requests[from..].iter().map(token).collect()
    };
    // One was refused, and what comes after has the other, both times.
    let [old, new, again] = tokens(0).try_into().unwrap();
    assert!(old != new && new == again);
    gateway.stop().await;

    let sim = authority().await;
    let gateway = self::gateway(&sim).await;
    let client = Client::new(&gateway.url);
    second(&sim, "status=401");
    let answer = call(&client, &DIALECTS[0], false).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert_eq!(sim.authority().totals().refreshes, 1);
    // The conversation is begun anew with the new token.
    let requests = sent(&sim);
    assert_eq!(requests.len(), 4);
    let token = |index: usize| requests[index].header("authorization");
    assert!(token(0) == token(1) && token(2) == token(3) && token(1) != token(2));
    gateway.stop().await;
}

#[tokio::test]
async fn a_login_that_is_gone_has_to_be_renewed() {
    let sim = authority().await;
    let gateway = gateway(&sim).await;
    let client = Client::new(&gateway.url);
    sim.authority().revoke("ada");
    let answer = call(&client, &DIALECTS[1], false).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{}", answer.text());
    let before = sent(&sim).len();
    let answer = call(&client, &DIALECTS[1], false).await;
    assert_eq!(answer.status, StatusCode::FAILED_DEPENDENCY);
    assert!(answer.text().contains("sign in again"), "{}", answer.text());
    assert_eq!(sent(&sim).len(), before);
    gateway.stop().await;
}

#[tokio::test]
async fn nothing_is_called_until_somebody_signs_in() {
    let sim = authority().await;
    let data_dir = TempDir::new().unwrap();
    let database = DatabaseUrl::Sqlite(data_dir.path().join("tollhouse.db"));
    let text = configuration(&sim, &data_dir, "");
    let gateway = TestGateway::from_text(&text, data_dir).await;
    let client = Client::new(&gateway.url);
    for dialect in &DIALECTS {
        let answer = call(&client, dialect, true).await;
        let what = answer.text();
        assert_eq!(answer.status, StatusCode::FAILED_DEPENDENCY, "{what}");
    }
    assert!(sim.requests().is_empty());
    let providers = ask(&gateway, Method::GET, "/api/v1/providers").await.json();
    let row = &providers["data"][0];
    assert_eq!(row["name"], "microsoft-365-copilot");
    assert_eq!(row["state"], "auth_required", "{row}");

    // What the catalog asks the authority for is all that the Graph wants.
    let bearer = format!("Bearer {ADMIN}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
    ];
    let body = r#"{"provider":"microsoft-365-copilot"}"#;
    let begun = client.post("/api/v1/accounts/login", &headers, body).await;
    let begun = begun.json();
    let code = begun["user_code"].as_str().unwrap();
    assert!(sim.authority().approve(code, "ada"));
    let store = Store::open(&database).await.unwrap();
    due(&store, &begun).await;
    let done = ask(&gateway, Method::GET, begun["poll"].as_str().unwrap()).await;
    assert_eq!(done.json()["state"], "done", "{}", done.text());
    store.close().await;
    for dialect in &DIALECTS {
        let answer = call(&client, dialect, true).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    }
    gateway.stop().await;
}
