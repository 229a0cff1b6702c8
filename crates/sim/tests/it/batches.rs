use hyper::Method;
use serde_json::{Value, json};

use crate::client::{get, post, requests, send, start};

const PATH: &str = "/v1/messages/batches";

fn batch() -> Value {
    let params = &requests("sim-echo", false)[0].1;
    json!({"requests": [{"custom_id": "good", "params": params},
        {"custom_id": "bad", "params": {"model": "sim-echo"}}]})
}

#[tokio::test]
async fn a_batch_runs_to_its_results() {
    let sim = start().await;
    let created = post(&sim, PATH, "", &batch()).await.json();
    assert_eq!(created["processing_status"], "in_progress");
    assert_eq!(created["results_url"], Value::Null);
    let own = format!("{PATH}/{}", created["id"].as_str().unwrap());
    assert_eq!(get(&sim, &format!("{own}/results")).await.status, 404);

    let ended = get(&sim, &own).await.json();
    assert_eq!(ended["processing_status"], "ended");
    assert_eq!(ended["request_counts"]["succeeded"], 1);
    assert_eq!(ended["request_counts"]["errored"], 1);
    let url = ended["results_url"].as_str().unwrap();
    let results = get(&sim, url.strip_prefix(&sim.base_url()).unwrap()).await;
    let lines: Vec<Value> = std::str::from_utf8(&results.body)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let result =
        |id: &str| lines.iter().find(|line| line["custom_id"] == id).unwrap()["result"].clone();
    assert_eq!(result("good")["type"], "succeeded");
    assert_eq!(
        result("good")["message"]["content"][0]["text"],
        "hello wide world"
    );
    assert_eq!(result("bad")["type"], "errored");
    assert_eq!(result("bad")["error"]["type"], "error");

    let deleted = send(
        &sim,
        Method::DELETE,
        &own,
        &[("anthropic-version", "1")],
        "",
    )
    .await
    .unwrap();
    assert_eq!(deleted.json()["type"], "message_batch_deleted");
    assert_eq!(get(&sim, &own).await.status, 404);
}

#[tokio::test]
async fn a_batch_can_be_canceled_and_listed() {
    let sim = start().await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        let created = post(&sim, PATH, "", &batch()).await.json();
        ids.push(created["id"].as_str().unwrap().to_owned());
    }
    let own = format!("{PATH}/{}", ids[0]);
    let canceling = post(&sim, &format!("{own}/cancel"), "", &json!({}))
        .await
        .json();
    assert_eq!(canceling["processing_status"], "canceling");
    assert_eq!(
        get(&sim, &own).await.json()["request_counts"]["canceled"],
        2
    );

    let page = get(&sim, &format!("{PATH}?limit=2")).await.json();
    assert_eq!(
        (&page["first_id"], &page["has_more"]),
        (&json!(ids[2]), &json!(true))
    );
    let rest = get(&sim, &format!("{PATH}?limit=2&after_id={}", ids[1]))
        .await
        .json();
    assert_eq!(
        (&rest["last_id"], &rest["has_more"]),
        (&json!(ids[0]), &json!(false))
    );
}
