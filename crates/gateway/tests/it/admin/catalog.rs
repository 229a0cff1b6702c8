//! Providers, routes, models and prices.

use http::{Method, StatusCode};

use super::{refusal, started};
use crate::support::KEY;

#[tokio::test]
async fn routes_are_replaced_around_the_files() {
    let (upstream, gateway, api) = started().await;
    let listed = api.get("/api/v1/routes").await;
    assert_eq!(listed["data"][0]["model"], "*");
    assert_eq!(listed["data"][0]["managed"], true);
    let taken = r#"{"data":[{"model":"*","targets":[{"provider":"lab"}]}]}"#;
    assert_eq!(
        refusal(&api.put("/api/v1/routes", taken).await).1,
        "conflict"
    );

    let renamed = r#"{"data":[{"model":"fast","targets":[{"provider":"lab","model":"lab-1"}]}]}"#;
    let put = api.put("/api/v1/routes", renamed).await;
    assert_eq!(put.status, StatusCode::OK, "{}", put.text());
    assert_eq!(api.call(&upstream, KEY, "fast").await, StatusCode::OK);
    let sent = String::from_utf8(upstream.last().body).unwrap();
    assert!(sent.contains(r#""model":"lab-1""#), "{sent}");

    // What was answered can be put back, and changes nothing.
    let before = api.get("/api/v1/routes").await;
    let back = api.put("/api/v1/routes", &before.to_string()).await;
    assert_eq!((back.status, back.json()), (StatusCode::OK, before));
    let models = api.all("/api/v1/models", 100).await;
    let fast = models.iter().find(|row| row["name"] == "fast").unwrap();
    assert_eq!(
        (&fast["routed"], &fast["targets"][0]),
        (&true.into(), &"lab".into())
    );
    gateway.stop().await;
}

#[tokio::test]
async fn routes_that_somebody_changed_are_not_replaced_unseen() {
    let (_upstream, gateway, api) = started().await;
    let of = |model: &str| {
        format!(r#"{{"data":[{{"model":"{model}","targets":[{{"provider":"lab"}}]}}]}}"#)
    };
    let put = async |tag: &str, body: String| {
        let headers = [
            ("authorization", api.authorization.as_str()),
            ("content-type", "application/json"),
            ("if-match", tag),
        ];
        let request = api
            .client
            .request(Method::PUT, "/api/v1/routes", &headers, body);
        api.client.whole(request).await
    };
    let read = api.send(Method::GET, "/api/v1/routes", "").await;
    let read = read.header("etag").unwrap().to_owned();
    let first = put(&read, of("first")).await;
    assert_eq!(first.status, StatusCode::OK, "{}", first.text());
    let trail = api.get("/api/v1/audit/head").await;
    let late = put(&read, of("late")).await;
    assert_eq!(refusal(&late), (412, "changed".into(), None));
    assert_eq!(api.get("/api/v1/routes").await, first.json());
    assert_eq!(
        api.get("/api/v1/audit/head").await,
        trail,
        "nothing was done"
    );
    // What was answered says what there is now; and who does not ask is not asked.
    let again = put(first.header("etag").unwrap(), of("second")).await;
    assert_eq!(again.status, StatusCode::OK, "{}", again.text());
    assert_eq!(put("*", of("third")).await.status, StatusCode::OK);
    let plain = api.put("/api/v1/routes", &of("fourth")).await;
    assert_eq!(plain.status, StatusCode::OK);
    gateway.stop().await;
}

#[tokio::test]
async fn a_price_is_taken_back_to_the_catalogs() {
    let (_upstream, gateway, api) = started().await;
    let find = async |provider: &str| {
        let prices = api.all("/api/v1/prices", 1000).await;
        let of = |row: &&serde_json::Value| {
            row["model"] == "claude-sonnet-4-5" && row["provider"] == provider
        };
        prices.iter().find(of).cloned()
    };
    let listed = find("anthropic").await.unwrap();
    assert_eq!(listed["imported"], false);
    let own = |provider: &str| {
        format!(
            r#"{{"prices":[{{"model":"claude-sonnet-4-5","provider":"{provider}",
            "usd_per_million":{{"input":"1"}},"source":"s"}}]}}"#
        )
    };
    for provider in ["anthropic", "lab"] {
        let put = api.put("/api/v1/prices", &own(provider)).await;
        assert_eq!(put.status, StatusCode::OK, "{}", put.text());
        assert_eq!(find(provider).await.unwrap()["imported"], true);
    }
    let path =
        |provider: &str| format!("/api/v1/prices?model=claude-sonnet-4-5&provider={provider}");
    for provider in ["anthropic", "lab"] {
        let gone = api.delete(&path(provider)).await;
        assert_eq!(gone.status, StatusCode::NO_CONTENT, "{}", gone.text());
        // The catalog's are nobody's to take.
        let again = api.delete(&path(provider)).await;
        assert_eq!(refusal(&again).0, 404);
    }
    assert_eq!(find("anthropic").await.unwrap(), listed);
    assert_eq!(find("lab").await, None);
    let unnamed = api.delete("/api/v1/prices").await;
    assert_eq!(refusal(&unnamed).2.as_deref(), Some("model"));
    gateway.stop().await;
}

#[tokio::test]
async fn providers_say_how_they_are() {
    let (upstream, gateway, api) = started().await;
    let find = |rows: Vec<serde_json::Value>, name: &str| {
        rows.into_iter().find(|row| row["name"] == name).unwrap()
    };
    let lab = find(api.all("/api/v1/providers", 1).await, "lab");
    assert_eq!(
        (&lab["managed"], &lab["state"]),
        (&true.into(), &"ready".into())
    );
    // A failing endpoint is left alone for a while; the others are not.
    upstream.json(500, "{}");
    let body = r#"{"model":"m","messages":[]}"#;
    let headers = [("content-type", "application/json")];
    let answer = api
        .client
        .post("/v1/chat/completions", &headers, body)
        .await;
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    let lab = find(api.all("/api/v1/providers", 1).await, "lab");
    assert_eq!(lab["state"], "degraded");

    assert_eq!(
        refusal(&api.put("/api/v1/providers/lab", "{}").await)
            .2
            .as_deref(),
        Some("endpoints")
    );
    let taken = r#"{"endpoints":{"chat":"http://127.0.0.1:1"}}"#;
    assert_eq!(
        refusal(&api.put("/api/v1/providers/lab", taken).await).1,
        "conflict"
    );
    assert_eq!(
        refusal(&api.delete("/api/v1/providers/lab").await).1,
        "conflict"
    );
    let open = r#"{"endpoints":{"chat":"http://127.0.0.1:1"},"auth":"none"}"#;
    let open = api.put("/api/v1/providers/open", open).await.json();
    assert_eq!(
        (&open["configured"], &open["state"]),
        (&true.into(), &"ready".into())
    );
    gateway.stop().await;
}

#[tokio::test]
async fn imported_prices_are_what_calls_cost_from_then_on() {
    let (upstream, gateway, api) = started().await;
    assert_eq!(api.call(&upstream, KEY, "lab-model").await, StatusCode::OK);
    let list = r#"{
        "sample_spec":{"litellm_provider":"one of many","input_cost_per_token":0},
        "lab/lab-model":{"litellm_provider":"lab","input_cost_per_token":1.5e-06,
            "output_cost_per_token":2e-06,"mode":"chat"},
        "picture":{"litellm_provider":"lab","output_cost_per_image":0.04}}"#;
    let path = "/api/v1/prices/import?source=list.json&dated=2026-11-20";
    let imported = api.post(path, list).await;
    assert_eq!(imported.status, StatusCode::OK, "{}", imported.text());
    let expected = serde_json::json!({"imported": 2, "skipped": 2, "unchanged": 0});
    assert_eq!(imported.json(), expected);
    let again = serde_json::json!({"imported": 0, "skipped": 2, "unchanged": 2});
    assert_eq!(api.post(path, list).await.json(), again);

    assert_eq!(api.call(&upstream, KEY, "lab-model").await, StatusCode::OK);
    let calls = api.get("/api/v1/calls").await;
    assert_eq!(calls["data"][0]["cost_usd"], "0.0017");
    assert!(
        calls["data"][1].get("cost_usd").is_none(),
        "unknown then, and not zero now"
    );

    let prices = api.all("/api/v1/prices", 1000).await;
    let price = prices
        .iter()
        .find(|row| row["model"] == "lab-model")
        .unwrap();
    assert_eq!(
        price["usd_per_million"],
        serde_json::json!({"input": "1.5", "output": "2"})
    );
    assert_eq!(
        (&price["source"], &price["dated"]),
        (&"list.json".into(), &"2026-11-20".into())
    );
    let usage = api.get("/api/v1/usage?group_by=model").await;
    assert_eq!(usage["totals"]["cost_usd"], "0.0017");
    assert_eq!(usage["totals"]["calls_without_cost"], 1);
    gateway.stop().await;
}

#[tokio::test]
async fn prices_can_be_stated_one_by_one() {
    let (upstream, gateway, api) = started().await;
    let body = r#"{"prices":[{"model":"lab-model","provider":"lab",
        "usd_per_million":{"input":"1","output":"10"},"source":"contract"}]}"#;
    let put = api.put("/api/v1/prices", body).await;
    assert_eq!(put.json()["imported"], 1, "{}", put.text());
    assert_eq!(api.call(&upstream, KEY, "lab-model").await, StatusCode::OK);
    assert_eq!(
        api.get("/api/v1/calls").await["data"][0]["cost_usd"],
        "0.002"
    );
    let wrong = r#"{"prices":[{"model":"m","usd_per_million":{"input":1}}]}"#;
    let wrong = refusal(&api.put("/api/v1/prices", wrong).await);
    assert_eq!(wrong.2.as_deref(), Some("prices[0].usd_per_million.input"));
    for list in ["[]", "{", "\"x\""] {
        let refused = refusal(&api.post("/api/v1/prices/import", list).await);
        assert_eq!(refused, (400, "invalid_request".into(), None), "{list}");
    }
    let dated = api.post("/api/v1/prices/import?dated=today", "{}").await;
    assert_eq!(refusal(&dated).2.as_deref(), Some("dated"));
    gateway.stop().await;
}

#[tokio::test]
async fn the_proxy_says_where_it_is() {
    let (_upstream, gateway, api) = started().await;
    let info = api.send(Method::GET, "/api/v1/proxy-info", "").await.json();
    assert!(
        info["url"]
            .as_str()
            .unwrap()
            .starts_with("http://127.0.0.1:")
    );
    assert_eq!(
        info["protocols"],
        serde_json::json!(["messages", "chat", "responses"])
    );
    let clients: Vec<_> = info["clients"].as_array().unwrap().iter().collect();
    let codex = clients.iter().find(|row| row["client"] == "codex").unwrap();
    assert!(codex["args"].to_string().contains("wire_api"));
    gateway.stop().await;
}
