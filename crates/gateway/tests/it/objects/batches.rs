//! Message batches: made, asked after, fetched, canceled, deleted, by the key that made them.

use tollhouse_domain::call::Outcome;

use super::{Lab, VERSION};

#[tokio::test]
async fn the_life_of_a_message_batch() {
    let lab = Lab::start().await;
    let made = lab.batch(&["sim-echo", "sim-echo"], &[]).await;
    assert_eq!(made.status, 200, "{}", made.text());
    let made = made.json();
    let id = made["id"].as_str().unwrap();
    assert_eq!(
        (&made["processing_status"], &made["results_url"]),
        (&"in_progress".into(), &().into())
    );
    let path = format!("/v1/messages/batches/{id}");
    // What was made where survives a restart.
    let lab = lab.restarted().await;
    let ended = lab.send("GET", &path, false).await.json();
    assert_eq!(ended["processing_status"], "ended");
    let url = ended["results_url"].as_str().unwrap();
    let results = url
        .strip_prefix("http://gateway.example:1")
        .expect("our address, not theirs");
    let lines = lab.send("GET", results, false).await;
    assert_eq!(lines.status, 200);
    assert_eq!(lines.text().lines().count(), 2);
    for (method, path) in [
        ("GET", path.clone()),
        ("GET", results.to_owned()),
        ("DELETE", path.clone()),
    ] {
        let answer = lab.send(method, &path, true).await;
        assert_eq!(answer.status, 404, "another key's batch: {method} {path}");
        assert_eq!(answer.json()["error"]["type"], "not_found_error");
    }
    assert_eq!(lab.send("DELETE", &path, false).await.status, 200);
    assert_eq!(lab.send("GET", &path, false).await.status, 404);
    let second = lab.batch(&["sim-echo"], &[]).await.json();
    let cancel = format!(
        "/v1/messages/batches/{}/cancel",
        second["id"].as_str().unwrap()
    );
    assert_eq!(lab.send("POST", &cancel, true).await.status, 404);
    assert_eq!(
        lab.send("POST", &cancel, false).await.json()["processing_status"],
        "canceling"
    );
    assert_eq!(
        lab.send("GET", "/v1/messages/batches", false).await.status,
        404,
        "no list"
    );
    let calls = lab.gateway.calls().await;
    assert!(calls.iter().all(|call| call.endpoint == "messages.batches"));
    let with = |outcome| calls.iter().filter(|call| call.outcome == outcome).count();
    assert_eq!(
        with(Outcome::Success),
        6,
        "two made, one looked at, fetched, deleted, canceled"
    );
    assert_eq!(
        with(Outcome::Refused),
        5,
        "another key's, and what was deleted"
    );
    assert_eq!(calls.len(), 11);
    lab.gateway.stop().await;
}

#[tokio::test]
async fn a_batch_is_held_to_the_same_policy_as_its_calls() {
    let lab = Lab::start().await;
    let before = lab.sim.stats().requests;
    let mixed = lab.batch(&["sim-echo", "second"], &[]).await;
    assert_eq!(mixed.status, 400);
    assert!(
        mixed.text().contains("requests[1].params.model"),
        "{}",
        mixed.text()
    );
    let forbidden = lab
        .batch(&["m-a", "sim-echo"], &[("x-api-key", lab.other.as_str())])
        .await;
    assert_eq!(forbidden.status, 403);
    assert!(
        forbidden.text().contains("requests[1].params.model"),
        "{}",
        forbidden.text()
    );
    for body in [
        "{}",
        "[]",
        "{\"requests\":[]}",
        "{\"requests\":[{\"params\":{}}]}",
        "{\"requests\":",
    ] {
        let answer = lab
            .client
            .post("/v1/messages/batches", &[VERSION], body)
            .await;
        assert_eq!(answer.status, 400, "{body}");
        assert_eq!(answer.json()["error"]["type"], "invalid_request_error");
    }
    assert_eq!(lab.sim.stats().requests, before);
    assert_eq!(
        lab.batch(&["second"], &[])
            .await
            .header("x-tollhouse-provider"),
        Some("second")
    );
    lab.gateway.stop().await;
}
