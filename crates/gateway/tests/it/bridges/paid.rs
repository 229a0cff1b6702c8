//! Who pays for a bridge's calls: the plan of whoever logged in.

use super::*;

/// An answer of a model that has a list price.
const ANSWER: &str = r#"{"id":"c","object":"chat.completion","created":1,"model":"claude-opus-4-5","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1000000,"completion_tokens":0,"total_tokens":1000000}}"#;

#[tokio::test]
async fn a_budget_neither_blocks_a_bridge_nor_is_charged_by_it() {
    let upstream = upstream(READY).await;
    let more = format!(
        r#"
[[provider]]
name = "lab"
endpoints = {{ chat = "{}/v1" }}
auth = "none"
open = true
[[route]]
model = "unheard-of"
targets = [{{ provider = "lab" }}]
[[key]]
name = "thrifty"
secret = "env:KEY_thrifty"
budget = {{ usd = "0.000001", window = "day" }}
"#,
        upstream.url
    );
    let gateway = start(&upstream.url, &more).await;
    let client = Client::new(&gateway.url);
    let thrifty = virtual_key("thrifty");
    let key = [("x-api-key", thrifty.as_str())];
    upstream.always(COMPLETIONS, json(200, &[], ANSWER));
    for _ in 0..3 {
        let answer = client.post(COMPLETIONS, &key, ASK).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    // What nobody knows the price of is refused as ever: the budget holds.
    let unpriced = ASK.replace("claude-bridge/opus", "unheard-of");
    let answer = client.post(COMPLETIONS, &key, unpriced).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", answer.text());
    let rows = gateway.calls().await;
    let bridged = rows.iter().filter(|row| row.outcome == Outcome::Success);
    let costs: Vec<_> = bridged
        .map(|row| (row.cost_usd, row.list_cost_usd.map(|list| list.to_string())))
        .collect();
    let free = (Some(Money::ZERO), Some("5".to_owned()));
    assert_eq!(costs, [free.clone(), free.clone(), free]);
    gateway.stop().await;
}
