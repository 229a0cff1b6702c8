//! Requests that cannot be carried out, and what is said of them.

use http::{Method, StatusCode};

use super::{refusal, started};

/// Stands for the path of a key that there is.
const KEY: &str = "/the/key";

/// Requests, and the field that each is refused for.
const WRONG: [(&str, &str, &str, Option<&str>); 53] = [
    ("POST", "/api/v1/keys", "{", None),
    ("POST", "/api/v1/keys", "[]", None),
    ("POST", "/api/v1/keys", "\u{0}", None),
    ("POST", "/api/v1/keys", "{}", Some("name")),
    ("POST", "/api/v1/keys", r#"{"name":7}"#, Some("name")),
    (
        "POST",
        "/api/v1/keys",
        r#"{"name":"a","nmae":"b"}"#,
        Some("nmae"),
    ),
    (
        "POST",
        "/api/v1/keys",
        r#"{"name":"a","kind":"other"}"#,
        Some("kind"),
    ),
    (
        "POST",
        "/api/v1/keys",
        r#"{"name":"a","models":["a*b"]}"#,
        Some("models[0]"),
    ),
    (
        "POST",
        "/api/v1/keys",
        r#"{"name":"a","providers":["x"]}"#,
        Some("providers[0]"),
    ),
    (
        "POST",
        "/api/v1/keys",
        r#"{"name":"a","expires_in":"soon"}"#,
        Some("expires_in"),
    ),
    (
        "POST",
        "/api/v1/keys",
        r#"{"name":"a","expires_in":0}"#,
        Some("expires_in"),
    ),
    (
        "POST",
        "/api/v1/keys",
        r#"{"name":"a","expires_in":-5}"#,
        Some("expires_in"),
    ),
    (
        "POST",
        "/api/v1/keys",
        r#"{"name":"a","credentials":{"plattform":true}}"#,
        Some("credentials.plattform"),
    ),
    (
        "POST",
        "/api/v1/keys",
        r#"{"name":"a","owner":"user_1"}"#,
        Some("owner"),
    ),
    (
        "POST",
        "/api/v1/keys",
        r#"{"name":"a","limits":{"rps":1}}"#,
        Some("limits.rps"),
    ),
    (
        "POST",
        "/api/v1/keys",
        r#"{"name":"a","budget":{"usd":"1"}}"#,
        Some("budget.window"),
    ),
    (
        "POST",
        "/api/v1/keys",
        r#"{"name":"a","budget":[{"usd":"1","window":"hour"}]}"#,
        Some("budget[0].window"),
    ),
    (
        "POST",
        "/api/v1/keys",
        r#"{"name":"a","budget":{"usd":"much","window":"day"}}"#,
        Some("budget.usd"),
    ),
    (
        "POST",
        "/api/v1/keys",
        r#"{"name":"a","budget":7}"#,
        Some("budget"),
    ),
    (
        "POST",
        "/api/v1/keys",
        r#"{"name":"a","routes":["nowhere-*"]}"#,
        Some("routes[0]"),
    ),
    (
        "POST",
        "/api/v1/keys",
        r#"{"name":"a","kind":"scoped","expires_in":"8d"}"#,
        Some("expires_in"),
    ),
    (
        "POST",
        "/api/v1/keys",
        r#"{"name":"a","capture":"all"}"#,
        Some("capture"),
    ),
    ("PATCH", KEY, r#"{"name":""}"#, Some("name")),
    ("PATCH", KEY, r#"{"kind":"scoped"}"#, Some("kind")),
    ("GET", "/api/v1/keys?limit=0", "", Some("limit")),
    ("GET", "/api/v1/keys?limit=1001", "", Some("limit")),
    ("GET", "/api/v1/keys?limit=x", "", Some("limit")),
    ("GET", "/api/v1/keys?cursor=nonsense!", "", Some("cursor")),
    ("GET", "/api/v1/keys?cursor=bm9uc2Vuc2U", "", Some("cursor")),
    ("GET", "/api/v1/keys?cursor=a&cursor=b", "", Some("cursor")),
    ("GET", "/api/v1/keys?order=name", "", Some("order")),
    ("GET", "/api/v1/calls?outcome=fine", "", Some("outcome")),
    ("GET", "/api/v1/calls?key=ses_1", "", Some("key")),
    ("GET", "/api/v1/calls?from=yesterday", "", Some("from")),
    ("GET", "/api/v1/calls?status=many", "", Some("status")),
    ("GET", "/api/v1/usage?group_by=mood", "", Some("group_by")),
    (
        "GET",
        "/api/v1/usage?group_by=model,model",
        "",
        Some("group_by"),
    ),
    (
        "GET",
        "/api/v1/usage?group_by=model,day",
        "",
        Some("group_by"),
    ),
    (
        "GET",
        "/api/v1/usage?group_by=model,key,user",
        "",
        Some("group_by"),
    ),
    ("GET", "/api/v1/usage?group_by=tag:", "", Some("group_by")),
    (
        "GET",
        "/api/v1/usage?group_by=day&interval=hour",
        "",
        Some("group_by"),
    ),
    ("GET", "/api/v1/usage?interval=week", "", Some("interval")),
    ("GET", "/api/v1/usage?compare=next", "", Some("compare")),
    ("GET", "/api/v1/usage?compare=previous", "", Some("from")),
    // Microseconds, where seconds are meant.
    (
        "GET",
        "/api/v1/usage?from=1795320000000000",
        "",
        Some("from"),
    ),
    ("GET", "/api/v1/usage?latency=perhaps", "", Some("latency")),
    ("GET", "/api/v1/calls?tag=repo", "", Some("tag")),
    ("GET", "/api/v1/calls?id=call_xyz", "", Some("id")),
    (
        "GET",
        "/api/v1/calls?min_cost_usd=cheap",
        "",
        Some("min_cost_usd"),
    ),
    ("GET", "/api/v1/live?since=now", "", Some("since")),
    (
        "PUT",
        "/api/v1/routes",
        r#"{"data":[{"model":"m","targets":[{"provider":"lab"},{"provider":"x"}]}]}"#,
        Some("data[0].targets[1].provider"),
    ),
    ("PUT", "/api/v1/providers/Lab%20", "{}", Some("name")),
    (
        "PUT",
        "/api/v1/providers/mine",
        r#"{"endpoints":{"grpc":"http://h"}}"#,
        Some("endpoints.grpc"),
    ),
];

#[tokio::test]
async fn wrong_input_is_refused_with_the_name_of_the_field() {
    let (_upstream, gateway, api) = started().await;
    let (key, _) = api.key(r#"{"name":"a"}"#).await;
    let key = format!("/api/v1/keys/{key}");
    for (method, path, body, field) in WRONG {
        let path = if path == KEY { &key } else { path };
        let answer = api.send(method.parse().unwrap(), path, body).await;
        let expected = (400, "invalid_request".to_owned(), field.map(str::to_owned));
        assert_eq!(
            refusal(&answer),
            expected,
            "{method} {path} {body}: {}",
            answer.text()
        );
    }
    gateway.stop().await;
}

#[tokio::test]
async fn a_body_must_be_json_and_of_bearable_size() {
    let (_upstream, gateway, api) = started().await;
    let client = &api.client;
    let auth = ("authorization", api.authorization.as_str());
    for headers in [vec![auth], vec![auth, ("content-type", "text/plain")]] {
        let answer = client
            .post("/api/v1/keys", &headers, r#"{"name":"a"}"#)
            .await;
        assert_eq!(refusal(&answer), (400, "invalid_request".into(), None));
    }
    let headers = [auth, ("content-type", "application/json")];
    let long = format!(r#"{{"name":"{}"}}"#, "x".repeat(1 << 20));
    let answer = client.post("/api/v1/keys", &headers, long.clone()).await;
    assert_eq!(refusal(&answer), (413, "request_too_large".into(), None));
    let pieces = vec![long.into_bytes()];
    let answer = client
        .post_pieces("/api/v1/keys", &headers, pieces, false)
        .await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    gateway.stop().await;
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let (_upstream, gateway, api) = started().await;
    let id = "0".repeat(32);
    for path in [
        format!("/api/v1/keys/key_{id}"),
        format!("/api/v1/keys/call_{id}"),
        "/api/v1/keys/%ff".to_owned(),
        format!("/api/v1/calls/call_{id}"),
        format!("/api/v1/sessions/ses_{id}"),
        "/api/v1/platform/credentials/nobody".to_owned(),
    ] {
        let answer = api.send(Method::GET, &path, "").await;
        assert_eq!(refusal(&answer), (404, "not_found".into(), None), "{path}");
    }
    let answer = api.delete(&format!("/api/v1/keys/key_{id}")).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    let answer = api
        .post(&format!("/api/v1/credentials/cred_{id}/test"), "")
        .await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    gateway.stop().await;
}
