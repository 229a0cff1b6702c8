//! Stored responses.

use super::Lab;

#[tokio::test]
async fn stored_responses_are_found_again_by_the_key_that_made_them() {
    let lab = Lab::start().await;
    let body = r#"{"model":"sim-echo","input":"remember this","store":true}"#;
    let made = lab.client.post("/v1/responses", &[], body).await.json();
    let path = format!("/v1/responses/{}", made["id"].as_str().unwrap());
    let streamed = r#"{"model":"sim-echo","input":"this too","store":true,"stream":true}"#;
    let streamed = lab.client.post("/v1/responses", &[], streamed).await.text();
    let id = streamed
        .split("\"id\":\"resp_")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    // At once, with no time for the ledger to settle.
    assert_eq!(
        lab.send("GET", &format!("/v1/responses/resp_{id}"), false)
            .await
            .status,
        200
    );
    let lab = lab.restarted().await;
    assert_eq!(lab.send("GET", &path, false).await.json()["id"], made["id"]);
    let items = lab.send("GET", &format!("{path}/input_items"), false).await;
    assert_eq!(items.json()["object"], "list");
    for (method, path) in [
        ("GET", path.clone()),
        ("DELETE", path.clone()),
        ("POST", format!("{path}/cancel")),
    ] {
        let answer = lab.send(method, &path, true).await;
        assert_eq!(answer.status, 404, "another key's response: {method}");
        assert_eq!(answer.json()["error"]["code"], "not_found");
    }
    assert_eq!(
        lab.send("GET", "/v1/responses/resp_unheard_of", false)
            .await
            .status,
        404
    );
    assert_eq!(lab.send("DELETE", &path, false).await.status, 200);
    lab.gateway.stop().await;
}
