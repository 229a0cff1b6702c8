//! Budgets: reserved before, settled after, never overdrawn; and how clients are told.

use tokio::task::JoinSet;
use tollhouse_domain::limits::{Budget, BudgetWindow};
use tollhouse_domain::money::Money;

use super::{Lab, MESSAGES, answer, request};
use crate::support::upstream::{Step, json};

/// What the calls on record were charged.
async fn charged(lab: &Lab, calls: usize) -> Money {
    let calls = lab.gateway.calls_when(calls).await;
    calls.iter().map(tollhouse_domain::call::Call::charge).sum()
}

#[tokio::test]
async fn sixty_four_callers_never_overdraw_what_is_left() {
    let lab = Lab::start().await;
    // A dollar is a thousand tokens: enough for ten calls of a hundred, whoever is first.
    let key = lab.budgeted("1", BudgetWindow::Total).await;
    for _ in 0..64 {
        lab.upstream.json(200, &answer(100));
    }
    let mut callers = JoinSet::new();
    for _ in 0..64 {
        let (client, key) = (lab.client.clone(), key.clone());
        callers.spawn(async move {
            let headers = [("x-api-key", key.as_str())];
            let mut heard = Vec::new();
            // As long as it is told to come back; how long it waits is no matter here.
            loop {
                let answer = client.post(MESSAGES, &headers, request("m", 100)).await;
                heard.push(answer.status.as_u16());
                let again = answer.status == 429 && answer.header("x-should-retry").is_none();
                if !again {
                    return heard;
                }
            }
        });
    }
    let heard: Vec<u16> = callers.join_all().await.into_iter().flatten().collect();
    let through = heard.iter().filter(|status| **status == 200).count();
    assert_eq!(through, 10, "all of it, and no more");
    assert_eq!(charged(&lab, heard.len()).await.to_string(), "1");
    assert_eq!(lab.upstream.seen().len(), 10);
    lab.gateway.stop().await;
}

#[tokio::test]
async fn what_a_call_did_not_use_is_free_for_the_next() {
    let lab = Lab::start().await;
    let key = lab.budgeted("1", BudgetWindow::Day).await;
    for n in 1..=3 {
        lab.upstream.json(200, &answer(100));
        let told = lab.post(&key, MESSAGES, &request("m", 700)).await;
        assert_eq!(told.status, 200, "{n}: {}", told.text());
        lab.gateway.calls_when(n).await;
    }
    let dear = lab.post(&key, MESSAGES, &request("m", 701)).await;
    assert_eq!(dear.status, 429);
    let message = dear.json()["error"]["message"].as_str().unwrap().to_owned();
    for word in ["0.7 USD left", "0.701 USD", "lower max_tokens", "UTC"] {
        assert!(message.contains(word), "{message}");
    }
    assert_eq!(dear.header("x-should-retry"), Some("false"));
    lab.gateway.stop().await;
}

#[tokio::test]
async fn a_messages_client_is_told_in_its_own_headers() {
    let lab = Lab::start().await;
    let key = lab.budgeted("1", BudgetWindow::Day).await;
    let header = |answer: &crate::support::client::Answer, name: &str| {
        let name = format!("anthropic-ratelimit-unified-{name}");
        answer.header(&name).map(str::to_owned)
    };
    let first = [("anthropic-ratelimit-unified-status", "rejected")];
    lab.upstream
        .script(vec![Step::Write(json(200, &first, &answer(800)))]);
    let allowed = lab.post(&key, MESSAGES, &request("m", 1000)).await;
    assert_eq!(allowed.status, 200);
    assert_eq!(
        header(&allowed, "status").unwrap(),
        "allowed",
        "not the upstream's"
    );
    assert_eq!(header(&allowed, "overage-utilization").unwrap(), "0.00");
    assert_eq!(header(&allowed, "representative-claim").unwrap(), "overage");
    assert_eq!(header(&allowed, "overage-surpassed-threshold"), None);
    lab.gateway.calls_when(1).await;
    lab.upstream.json(200, &answer(200));
    let warned = lab.post(&key, MESSAGES, &request("m", 200)).await;
    assert_eq!(header(&warned, "status").unwrap(), "allowed_warning");
    assert_eq!(header(&warned, "overage-utilization").unwrap(), "0.80");
    assert_eq!(
        header(&warned, "overage-surpassed-threshold").unwrap(),
        "0.75"
    );
    lab.gateway.calls_when(2).await;
    let spent = lab.post(&key, MESSAGES, &request("m", 1)).await;
    assert_eq!(spent.status, 429);
    assert_eq!(spent.json()["error"]["type"], "billing_error");
    for (name, value) in [
        ("status", "rejected"),
        ("overage-utilization", "1.00"),
        ("overage-surpassed-threshold", "1"),
        ("overage-period", "daily"),
        ("overage-disabled-reason", "org_spend_cap_reached"),
    ] {
        assert_eq!(header(&spent, name).as_deref(), Some(value), "{name}");
    }
    // With either of these the client would hide the message.
    assert_eq!(header(&spent, "representative-claim"), None);
    assert_eq!(header(&spent, "overage-status"), None);
    let reset = header(&spent, "reset").unwrap();
    assert_eq!(header(&spent, "overage-reset").unwrap(), reset);
    assert_eq!(reset.parse::<i64>().unwrap() % 86_400, 0);
    let chat = r#"{"model":"m","max_tokens":1,"messages":[]}"#;
    let chat = lab.post(&key, "/v1/chat/completions", chat).await;
    assert_eq!(chat.json()["error"]["code"], "insufficient_quota");
    assert_eq!(header(&chat, "status"), None, "another protocol's client");
    let metrics = lab.client.get("/metrics", &[]).await.text();
    assert!(metrics.contains("tollhouse_budget_alerts_total 1"), "once");
    lab.gateway.stop().await;
}

#[tokio::test]
async fn counts_that_cannot_be_are_charged_as_reserved() {
    let lab = Lab::start().await;
    let key = lab.budgeted("1", BudgetWindow::Total).await;
    let corrupt = [
        r#"{"input_tokens":3,"output_tokens":999999999999999}"#,
        r#"{"input_tokens":3,"output_tokens":18446744073709551615}"#,
        r#"{"input_tokens":3,"output_tokens":-5}"#,
        r#"{"input_tokens":3,"output_tokens":"many"}"#,
        r#"{"input_tokens":3}"#,
        "{}",
    ];
    for (n, usage) in corrupt.iter().enumerate() {
        let body = format!(
            r#"{{"id":"msg_1","type":"message","model":"m-1","content":[],"stop_reason":"end_turn","usage":{usage}}}"#
        );
        lab.upstream.json(200, &body);
        let answer = lab.post(&key, MESSAGES, &request("m", 100)).await;
        assert_eq!(answer.status, 200, "{usage}: {}", answer.text());
        let row = lab.gateway.calls_when(n + 1).await.remove(0);
        assert!(
            row.charge() <= Money(100_000_000),
            "{usage}: {:?}",
            row.charge()
        );
        assert!(row.charge() >= Money::ZERO, "{usage}");
        let doubtful = n < 2;
        if doubtful {
            assert_eq!(row.cost_usd, None, "{usage}");
            assert_eq!(row.charged_usd, Some(Money(100_000_000)), "{usage}");
            assert_eq!(row.error.as_deref(), Some("impossible_usage"), "{usage}");
        }
    }
    lab.gateway.stop().await;
}

#[tokio::test]
async fn a_session_has_a_budget_of_its_own() {
    let lab = Lab::start().await;
    let key = lab.budgeted("0.1", BudgetWindow::Session).await;
    let ask = async |session: &str| {
        lab.upstream.json(200, &answer(100));
        let headers = [
            ("x-api-key", key.as_str()),
            ("x-tollhouse-session", session),
        ];
        let answer = lab.client.post(MESSAGES, &headers, request("m", 100)).await;
        lab.gateway.calls().await;
        answer
    };
    assert_eq!(ask("one").await.status, 200);
    let spent = ask("one").await;
    assert_eq!(spent.status, 429);
    assert!(spent.text().contains("this session"), "{}", spent.text());
    assert_eq!(spent.header("retry-after"), None, "it never comes back");
    assert_eq!(ask("two").await.status, 200);
    lab.gateway.stop().await;
}

#[tokio::test]
async fn the_dearest_target_counts_and_free_models_are_free() {
    let lab = Lab::start().await;
    let key = lab
        .key(|key| {
            let usd = Money::ZERO;
            let window = BudgetWindow::Month;
            key.budgets = vec![Budget { usd, window }];
        })
        .await;
    lab.upstream.json(200, &answer(5).replace("m-1", "free"));
    let free = lab.post(&key, MESSAGES, &request("free", 1000)).await;
    assert_eq!(free.status, 200, "{}", free.text());
    // Twice as many answers as there is money for.
    let two = lab.budgeted("1", BudgetWindow::Total).await;
    let body = r#"{"model":"m","max_tokens":600,"n":2,"messages":[]}"#;
    let answer = lab.post(&two, "/v1/chat/completions", body).await;
    assert_eq!(answer.status, 429, "{}", answer.text());
    lab.gateway.stop().await;
}
