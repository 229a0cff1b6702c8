//! The routes beside the big three: models, counts, embeddings, and what Responses has besides.

use tollhouse_domain::call::Outcome;

use super::{Lab, VERSION};
use crate::support::client::Answer;

#[tokio::test]
async fn models_in_both_shapes_and_only_those_that_the_key_may_use() {
    let lab = Lab::start().await;
    let ids = |answer: &Answer| -> Vec<String> {
        let data = answer.json()["data"].as_array().unwrap().clone();
        data.iter()
            .map(|model| model["id"].as_str().unwrap().to_owned())
            .collect()
    };
    let openai = lab.client.get("/v1/models", &[]).await;
    assert_eq!(openai.json()["object"], "list");
    assert_eq!(ids(&openai), ["m-a", "org/m-b", "second"]);
    assert_eq!(openai.json()["data"][0]["object"], "model");
    let messages = lab.send("GET", "/v1/models", false).await;
    assert_eq!(ids(&messages), ["m-a", "org/m-b", "second"]);
    let body = messages.json();
    assert_eq!(
        (&body["data"][0]["type"], &body["has_more"]),
        (&"model".into(), &false.into())
    );
    assert_eq!(
        (&body["first_id"], &body["last_id"]),
        (&"m-a".into(), &"second".into())
    );
    assert!(messages.header("request-id").is_some() && openai.header("x-request-id").is_some());
    let page = lab
        .send("GET", "/v1/models?limit=1&after_id=m-a", false)
        .await;
    assert_eq!(
        (ids(&page), &page.json()["has_more"]),
        (vec!["org/m-b".into()], &true.into())
    );
    assert_eq!(
        lab.send("GET", "/v1/models?limit=0", false).await.status,
        400
    );
    assert_eq!(ids(&lab.send("GET", "/v1/models", true).await), ["m-a"]);
    assert_eq!(
        lab.send("GET", "/v1/models/m-a", true).await.json()["id"],
        "m-a"
    );
    assert_eq!(lab.send("GET", "/v1/models/second", true).await.status, 404);
    for path in ["/v1/models/org/m-b", "/v1/models/org%2Fm-b"] {
        assert_eq!(
            lab.client.get(path, &[]).await.json()["id"],
            "org/m-b",
            "{path}"
        );
    }
    let unknown = lab.send("GET", "/v1/models/nobody-heard-of", true).await;
    assert_eq!(
        (
            unknown.status.as_u16(),
            unknown.json()["error"]["type"].clone()
        ),
        (404, "not_found_error".into())
    );
    assert_eq!(lab.sim.stats().requests, 0, "we know by ourselves");
    lab.gateway.stop().await;
}

#[tokio::test]
async fn thirty_counts_at_once() {
    let lab = Lab::start().await;
    let body = r#"{"model":"sim-echo","messages":[{"role":"user","content":"count me"}]}"#;
    let count = || {
        lab.client
            .post("/v1/messages/count_tokens", &[VERSION], body)
    };
    let answers = futures_util::future::join_all((0..30).map(|_| count())).await;
    assert!(
        answers
            .iter()
            .all(|answer| answer.json()["input_tokens"].is_u64())
    );
    let calls = lab.gateway.calls().await;
    assert_eq!(calls.len(), 30);
    for call in calls {
        assert_eq!(
            (call.outcome, call.endpoint.as_str()),
            (Outcome::Success, "messages.count_tokens")
        );
        assert_eq!(
            (call.cost_usd, call.estimated),
            (None, false),
            "counting costs nothing"
        );
    }
    lab.gateway.stop().await;
}

#[tokio::test]
async fn embeddings_and_the_smaller_responses_routes() {
    let lab = Lab::start().await;
    let input = r#"{"model":"sim-echo","input":"some text"}"#;
    for (path, endpoint) in [
        ("/v1/embeddings", "embeddings"),
        ("/v1/responses/input_tokens", "responses.input_tokens"),
        ("/v1/responses/compact", "responses.compact"),
    ] {
        let answer = lab.client.post(path, &[], input).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        assert_eq!(lab.sim.requests().last().unwrap().target(), path);
        assert_eq!(lab.sim.requests().last().unwrap().body, input);
        let call = lab.gateway.calls().await.remove(0);
        assert_eq!(
            (call.endpoint.as_str(), call.outcome),
            (endpoint, Outcome::Success)
        );
        assert_eq!(
            call.usage.input.is_some(),
            path != "/v1/responses/input_tokens",
            "{path}"
        );
    }
    lab.gateway.stop().await;
}
