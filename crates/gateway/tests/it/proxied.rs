//! `/proxy/{provider}/…`: any path and method, unchanged, under the same key, policy and record.

use http::Method;
use tollhouse_domain::call::Outcome;

use crate::support::client::Client;
use crate::support::dialect::DIALECTS;
use crate::support::upstream::{ScriptedUpstream, Step, last_chunk, stream};
use crate::support::{TestGateway, UPSTREAM_KEY, configuration, virtual_key};

async fn start(upstream: &str) -> TestGateway {
    let data_dir = tempfile::TempDir::new().unwrap();
    let text = configuration(upstream, data_dir.path(), "")
        + &format!(
            r#"
[[provider]]
name = "second"
endpoints = {{ chat = "{upstream}/second/v1" }}
api_key = "env:UPSTREAM_second"
[[key]]
name = "models"
secret = "env:KEY_models"
models = ["m", "n-*"]
[[key]]
name = "providers"
secret = "env:KEY_providers"
providers = ["second"]
"#
        );
    TestGateway::from_text(&text, data_dir).await
}

#[tokio::test]
async fn any_method_path_query_and_body() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = start(&upstream.url).await;
    let client = Client::new(&gateway.url);
    for (method, path, there) in [
        (
            Method::GET,
            "/proxy/lab/v1/files?a=1&b=%2F%20&c&a=%C3%A9",
            "/v1/files?a=1&b=%2F%20&c&a=%C3%A9",
        ),
        (Method::GET, "/proxy/lab?x", "/?x"),
        (Method::PUT, "/proxy/lab/v1/x%2Fy", "/v1/x%2Fy"),
        (Method::PATCH, "/proxy/lab/v1/x", "/v1/x"),
        (Method::DELETE, "/proxy/lab/v1/x", "/v1/x"),
        (Method::OPTIONS, "/proxy/lab/v1/x", "/v1/x"),
        (
            Method::POST,
            "/proxy/second/v1/audio/speech",
            "/second/v1/audio/speech",
        ),
        (
            Method::POST,
            "/proxy/second/audio/speech",
            "/second/v1/audio/speech",
        ),
    ] {
        upstream.json(207, "not \u{0} JSON");
        let body = if method == Method::GET {
            ""
        } else {
            "\u{0}\u{1} not JSON either"
        };
        let accepts = [
            ("accept-encoding", "gzip, br"),
            ("content-type", "application/x-odd"),
        ];
        let request = client.request(method.clone(), path, &accepts, body);
        let answer = client.whole(request).await;
        assert_eq!(
            (answer.status.as_u16(), answer.text()),
            (207, "not \u{0} JSON".to_owned())
        );
        let seen = upstream.last();
        assert_eq!(seen.line(), format!("{method} {there} HTTP/1.1"));
        assert_eq!(seen.body, body.as_bytes());
        assert_eq!(
            seen.header("accept-encoding"),
            ["gzip, br"],
            "nobody reads this answer here"
        );
        assert_eq!(seen.header("content-type"), ["application/x-odd"]);
        let call = gateway.calls().await.remove(0);
        assert_eq!(
            (call.endpoint.as_str(), call.outcome),
            ("proxy", Outcome::Success)
        );
        assert_eq!((call.protocol, call.status), (None, Some(207)));
        assert!(call.usage.is_empty());
    }
    gateway.stop().await;
}

#[tokio::test]
async fn a_known_path_is_metered() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = start(&upstream.url).await;
    let client = Client::new(&gateway.url);
    for dialect in &DIALECTS {
        let path = format!("/proxy/lab{}?beta=true", dialect.path);
        for streamed in [false, true] {
            if streamed {
                upstream.script(vec![Step::Write(
                    [stream(dialect.events), last_chunk()].concat(),
                )]);
            } else {
                upstream.json(200, dialect.answer);
            }
            let answer = client
                .post(&path, &[], dialect.request("m", streamed))
                .await;
            assert_eq!(answer.status, 200);
            let seen = upstream.last();
            assert_eq!(
                seen.line(),
                format!("POST {}?beta=true HTTP/1.1", dialect.path)
            );
            assert!(seen.head.contains(UPSTREAM_KEY));
            assert_eq!(seen.header("accept-encoding"), ["identity"]);
            let call = gateway.calls().await.remove(0);
            assert_eq!(
                (call.usage.input, call.usage.output),
                (Some(3), Some(9)),
                "{path}"
            );
            assert_eq!(call.protocol, Some(dialect.protocol));
            assert_eq!(call.model_requested.as_deref(), Some("m"));
            assert_eq!(call.stream, streamed);
        }
        // A stream that breaks off is as broken here as on the route of its own.
        upstream.script(vec![Step::Write(stream(&dialect.events[..2])), Step::Close]);
        let request = client.request(Method::POST, &path, &[], dialect.request("m", true));
        let (answer, cut) = client.seen(request).await;
        assert!(cut && answer.text().contains("error"));
    }
    gateway.stop().await;
}

#[tokio::test]
async fn the_keys_limits_hold() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = start(&upstream.url).await;
    let client = Client::new(&gateway.url);
    let models = virtual_key("models");
    let limited = [("x-api-key", models.as_str())];
    for body in [
        r#"{"model":"forbidden"}"#,
        r#"{"no":"model"}"#,
        r#"{"model":"m","model":"forbidden"}"#,
        r#"{"metadata":{"model":"m"}}"#,
        "model=m",
    ] {
        for path in ["/proxy/lab/v1/messages", "/proxy/lab/v1/unheard_of"] {
            let answer = client.post(path, &limited, body).await;
            assert_eq!(answer.status, 403, "{path} {body}");
            assert_eq!(
                answer.json()["error"]["code"].is_null(),
                path.ends_with("messages")
            );
        }
    }
    assert!(upstream.seen().is_empty());
    for body in [r#"{"model":"m"}"#, r#"{"model":"n-1"}"#] {
        upstream.json(200, "{}");
        assert_eq!(
            client
                .post("/proxy/lab/v1/messages", &limited, body)
                .await
                .status,
            200
        );
    }
    upstream.json(200, "{}");
    assert_eq!(
        client.get("/proxy/lab/v1/models", &limited).await.status,
        200
    );
    let providers = virtual_key("providers");
    let limited = [("x-api-key", providers.as_str())];
    let answer = client
        .post("/proxy/lab/v1/messages", &limited, r#"{"model":"m"}"#)
        .await;
    assert_eq!(answer.status, 403);
    upstream.json(200, "{}");
    let answer = client.post("/proxy/second/v1/x", &limited, "").await;
    assert_eq!((answer.status.as_u16(), upstream.seen().len()), (200, 4));
    gateway.stop().await;
}

#[tokio::test]
async fn no_detour_leads_to_objects_of_other_keys() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = start(&upstream.url).await;
    let client = Client::new(&gateway.url);
    for path in [
        "/proxy/lab/v1/messages/batches",
        "/proxy/lab/messages/batches/msgbatch_1/results",
        "/proxy/lab/v1/messages%2Fbatches/msgbatch_1",
        "/proxy/lab/v1/responses/resp_1",
        "/proxy/lab/responses/resp_1/input_items",
    ] {
        assert_eq!(client.get(path, &[]).await.status, 403, "{path}");
    }
    assert!(upstream.seen().is_empty());
    gateway.stop().await;
}

#[tokio::test]
async fn models_count_wherever_they_are_named() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = start(&upstream.url).await;
    let client = Client::new(&gateway.url);
    let models = virtual_key("models");
    let limited = [("x-api-key", models.as_str())];
    let asked = |method: Method, path: &str, body: &str| {
        let path = format!("/proxy/lab{path}");
        client.request(method, &path, &limited, body.to_owned())
    };
    for (method, path, body) in [
        (Method::POST, "/v1beta/models/forbidden:generateContent", ""),
        (
            Method::POST,
            "/v1beta/models/forbidden:generateContent",
            r#"{"contents":[]}"#,
        ),
        (
            Method::POST,
            "/v1beta/models/forbidden:generateContent",
            r#"{"model":"m"}"#,
        ),
        (
            Method::POST,
            "/v1beta//mod%65ls/forbidden:generateContent",
            r#"{"model":"m"}"#,
        ),
        (
            Method::POST,
            "/v1beta/models/m:generateContent",
            r#"{"model":"forbidden"}"#,
        ),
        (
            Method::POST,
            "/openai/deployments/forbidden/chat/completions",
            r#"{"model":"m"}"#,
        ),
        (
            Method::POST,
            "/v1/realtime?model=forbidden",
            r#"{"model":"m"}"#,
        ),
        (Method::GET, "/v1/models/forbidden", ""),
        (Method::POST, "/v1/unheard_of", ""),
        (Method::DELETE, "/v1/unheard_of", ""),
    ] {
        let answer = client.whole(asked(method.clone(), path, body)).await;
        assert_eq!(answer.status, 403, "{method} {path} {body}");
    }
    assert!(upstream.seen().is_empty());
    for (method, path, body) in [
        (
            Method::POST,
            "/v1beta/models/m:generateContent",
            r#"{"contents":[]}"#,
        ),
        (Method::POST, "/v1beta/models/n-1:countTokens", ""),
        (Method::GET, "/v1/models/m", ""),
    ] {
        upstream.json(200, "{}");
        let answer = client.whole(asked(method, path, body)).await;
        assert_eq!(answer.status, 200, "{path} {body}");
    }
    gateway.stop().await;
}

/// A form with one field, `model`.
const FORM: &str =
    "--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nforbidden\r\n--b--\r\n";

#[tokio::test]
async fn no_body_hides_a_model_from_the_keys_limits() {
    const CHAT: &str = "/openai/v1/chat/completions";
    const DEPLOYED: &str = "/openai/deployments/m/chat/completions";
    const JSON: Option<&str> = Some("application/json");
    const MULTIPART: Option<&str> = Some("multipart/form-data; boundary=b");
    let upstream = ScriptedUpstream::start().await;
    let gateway = start(&upstream.url).await;
    let client = Client::new(&gateway.url);
    let models = virtual_key("models");
    let given_twice = r#"{"model":"forbidden","stream":false,"stream":false}"#;
    let nested = r#"{"session":{"model":"forbidden"}}"#;
    let both = r#"{"model":"m","session":{"model":"forbidden"}}"#;
    let form_in_json = r#"{"model":"m","a":"&model=forbidden&"}"#;
    let cases = [
        (CHAT, JSON, given_twice),
        (CHAT, JSON, r#"{"model":"m","model":"forbidden"}"#),
        (CHAT, JSON, r#"[{"model":"forbidden"}]"#),
        (CHAT, JSON, r#"{"model":"forbidden""#),
        (CHAT, JSON, nested),
        (CHAT, JSON, both),
        (CHAT, None, " "),
        (CHAT, MULTIPART, FORM),
        (CHAT, None, FORM),
        (
            CHAT,
            Some("application/x-www-form-urlencoded"),
            form_in_json,
        ),
        (CHAT, Some("text/plain"), form_in_json),
    ];
    for (path, content_type, body) in cases {
        // A parameter says nothing about a body, and a path nothing about one that cannot be read.
        let unread = body != nested;
        let paths = [path, "/openai/v1/chat/completions?model=m"].into_iter();
        for path in paths.chain(unread.then_some(DEPLOYED)) {
            let mut headers = vec![("x-api-key", models.as_str())];
            headers.extend(content_type.map(|value| ("content-type", value)));
            let path = format!("/proxy/lab{path}");
            let answer = client.post(&path, &headers, body).await;
            assert_eq!(answer.status, 403, "{path} {content_type:?} {body}");
        }
    }
    assert!(upstream.seen().is_empty());
    for (path, content_type, body) in [
        (DEPLOYED, JSON, r#"{"messages":[]}"#),
        (DEPLOYED, None, r#"{"messages":[]}"#),
        ("/v1/realtime?model=m", None, ""),
        (
            CHAT,
            Some("Application/JSON; charset=utf-8"),
            r#"{"model":"m"}"#,
        ),
        (CHAT, JSON, r#"{"model":"m","session":"s-1"}"#),
        (CHAT, JSON, r#"{"model":"m","session":{"model":"n-1"}}"#),
    ] {
        upstream.json(200, "{}");
        let mut headers = vec![("x-api-key", models.as_str())];
        headers.extend(content_type.map(|value| ("content-type", value)));
        let path = format!("/proxy/lab{path}");
        let answer = client.post(&path, &headers, body).await;
        assert_eq!(answer.status, 200, "{path} {content_type:?} {body}");
    }
    gateway.stop().await;
}
