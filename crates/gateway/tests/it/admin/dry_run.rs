//! What would happen to a request is what then happens to it, and saying so changes nothing.

use http::StatusCode;
use serde_json::{Value, json};

use super::credentials::people::{made, shared, somebody};
use super::{Api, started};
use crate::support::TestGateway;
use crate::support::client::Answer;
use crate::support::dialect::{CHAT, DIALECTS, MESSAGES};
use crate::support::upstream::ScriptedUpstream;

/// A second provider that speaks Chat alone, routes to both, and prices.
async fn laid_out(api: &Api, upstream: &ScriptedUpstream) {
    let url = &upstream.url;
    let provider = format!(r#"{{"endpoints":{{"chat":"{url}/v1"}}}}"#);
    let routes = r#"{"data":[
        {"model":"two","targets":[{"provider":"chatty","model":"small"},{"provider":"lab"}]},
        {"model":"far","targets":[{"provider":"chatty"}]},
        {"model":"bare","targets":[{"provider":"bare"},{"provider":"chatty"}]}]}"#;
    let price = r#"{"prices":[{"model":"m","usd_per_million":{"input":"0","output":"1000"},"source":"s"}]}"#;
    let bare = format!(r#"{{"endpoints":{{"chat":"{url}/v1"}}}}"#);
    for (path, body) in [
        ("/api/v1/providers/chatty", provider.as_str()),
        ("/api/v1/providers/bare", bare.as_str()),
        (
            "/api/v1/platform/credentials/chatty?name=first",
            r#"{"api_key":"sk-chatty-one"}"#,
        ),
        (
            "/api/v1/platform/credentials/chatty?name=second",
            r#"{"api_key":"sk-chatty-two"}"#,
        ),
        ("/api/v1/routes", routes),
        ("/api/v1/prices", price),
    ] {
        let answer = api.put(path, body).await;
        assert!(answer.status.is_success(), "{path}: {}", answer.text());
    }
}

async fn dry(api: &Api, input: &Value) -> Value {
    let answer = api.post("/api/v1/routes/dry-run", &input.to_string()).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert!(!answer.text().contains("sk-chatty"), "{}", answer.text());
    answer.json()
}

/// A refusal without what names the one call it is about.
fn nameless(text: &str) -> Value {
    let mut body: Value = serde_json::from_str(text).unwrap();
    body.as_object_mut().unwrap().remove("request_id");
    body
}

/// Whether a call went as its dry run said.
fn agrees(told: &Value, answer: &Answer, case: &str) {
    if let Some(refusal) = told.get("refusal") {
        assert_eq!(
            refusal["status"],
            answer.status.as_u16(),
            "{case}: {}",
            answer.text()
        );
        let said = refusal["body"].as_str().unwrap();
        assert_eq!(nameless(said), nameless(&answer.text()), "{case}");
        let pause = answer.header("retry-after").map(str::to_owned);
        let told_pause = refusal["retry_after"]
            .as_u64()
            .map(|seconds| seconds.to_string());
        assert_eq!(told_pause.is_some(), pause.is_some(), "{case}");
        assert_eq!(told["first"], Value::Null, "{case}");
        return;
    }
    assert_eq!(answer.status, 200, "{case}: {}", answer.text());
    let first = usize::try_from(told["first"].as_u64().unwrap()).unwrap();
    let target = &told["targets"][first];
    for (field, header) in [
        (&target["provider"], "x-tollhouse-provider"),
        (&target["model"], "x-tollhouse-model"),
        (&target["mode"], "x-tollhouse-mode"),
        (&target["credential"]["source"], "x-tollhouse-credential"),
    ] {
        assert_eq!(field.as_str(), answer.header(header), "{case}: {header}");
    }
    let losses = target["losses"].as_array().unwrap();
    let losses: Vec<&str> = losses.iter().filter_map(Value::as_str).collect();
    let losses = Some(losses.join(",")).filter(|losses| !losses.is_empty());
    assert_eq!(
        losses.as_deref(),
        answer.header("x-tollhouse-loss"),
        "{case}"
    );
}

/// What is asked: of a key, at a path, for a model, and how the body ends.
type Case = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn cases() -> Vec<Case> {
    vec![
        ("passthrough", "", MESSAGES.path, "m", "}"),
        (
            "its own protocol comes first",
            "",
            MESSAGES.path,
            "two",
            "}",
        ),
        ("the route's first, renamed", "", CHAT.path, "two", "}"),
        ("translated", "", MESSAGES.path, "far", "}"),
        (
            "translated with a loss",
            "",
            MESSAGES.path,
            "far",
            ",\"top_k\":5}",
        ),
        (
            "strict",
            ",\"strict\":true",
            MESSAGES.path,
            "far",
            ",\"top_k\":5}",
        ),
        (
            "what cannot be carried",
            "",
            MESSAGES.path,
            "far",
            ",\"mcp_servers\":[{\"type\":\"url\",\"url\":\"https://x.example\",\"name\":\"x\"}]}",
        ),
        (
            "a provider without a credential is passed over",
            "",
            CHAT.path,
            "bare",
            "}",
        ),
        (
            "no such model is allowed",
            ",\"models\":[\"claude-*\"]",
            CHAT.path,
            "m",
            "}",
        ),
        (
            "no such route is allowed",
            ",\"routes\":[\"two\"]",
            CHAT.path,
            "far",
            "}",
        ),
        (
            "no such provider is allowed",
            ",\"providers\":[\"lab\"]",
            CHAT.path,
            "far",
            "}",
        ),
        (
            "a rate of tokens",
            ",\"limits\":{\"tpm\":1}",
            CHAT.path,
            "m",
            "}",
        ),
        (
            "too dear",
            ",\"budget\":{\"usd\":\"0.001\",\"window\":\"day\"}",
            CHAT.path,
            "m",
            "}",
        ),
        (
            "unpriced",
            ",\"budget\":{\"usd\":\"1\",\"window\":\"day\"}",
            CHAT.path,
            "nobody-knows",
            "}",
        ),
        (
            "a background response under a budget",
            ",\"budget\":{\"usd\":\"1\",\"window\":\"day\"}",
            "/v1/responses",
            "m",
            ",\"background\":true}",
        ),
    ]
}

#[tokio::test]
async fn what_is_said_is_what_happens() {
    let (upstream, gateway, api) = started().await;
    laid_out(&api, &upstream).await;
    let platform = r#""credentials":{"platform":true}"#;
    let plain = "{\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],\"max_tokens\":9";
    for (case, key, path, model, rest) in cases() {
        let (id, secret) = api
            .key(&format!(r#"{{"name":"{case}",{platform}{key}}}"#))
            .await;
        let body = format!("{plain},\"model\":\"{model}\"{rest}");
        let dialect = DIALECTS
            .iter()
            .find(|dialect| dialect.path == path)
            .unwrap();
        let body: Value = serde_json::from_str(&body).unwrap();
        let input = json!({"key": id, "protocol": dialect.protocol.as_str(), "body": body});
        let told = dry(&api, &input).await;
        let translated = told["targets"].as_array().and_then(|targets| {
            let first = usize::try_from(told["first"].as_u64()?).ok()?;
            Some(targets[first]["mode"] == "translated")
        });
        let answer = if translated == Some(true) {
            CHAT.answer
        } else {
            dialect.answer
        };
        upstream.json(200, answer);
        let headers = [
            ("x-api-key", secret.as_str()),
            ("content-type", "application/json"),
        ];
        let answer = api.client.post(path, &headers, body.to_string()).await;
        agrees(&told, &answer, case);
    }
    gateway.stop().await;
}

#[tokio::test]
async fn the_way_is_told_stop_by_stop() {
    let (upstream, gateway, api) = started().await;
    laid_out(&api, &upstream).await;
    let told = dry(
        &api,
        &json!({"protocol": "chat", "model": "bare", "tools": true}),
    )
    .await;
    assert_eq!(told["route"]["model"], "bare");
    assert_eq!(told["left_out"][0]["target"]["provider"], "bare");
    let why = told["left_out"][0]["why"].as_str().unwrap();
    assert!(why.contains("No credential"), "{why}");
    assert_eq!(told["first"], 0);
    let credential = |told: &Value| {
        let drawn = &told["targets"][0]["credential"];
        assert_eq!(drawn["fingerprint"].as_str().unwrap().len(), 8);
        drawn["name"].as_str().unwrap().to_owned()
    };
    assert!(told["targets"][0]["spare"]["name"].is_string());
    // The same session draws on the same credential, and some other one on another.
    let mut names = std::collections::BTreeSet::new();
    for n in 0..20 {
        let input = json!({"protocol": "chat", "model": "far", "session": n.to_string()});
        let first = credential(&dry(&api, &input).await);
        assert_eq!(credential(&dry(&api, &input).await), first);
        names.insert(first);
    }
    assert_eq!(names.into_iter().collect::<Vec<_>>(), ["first", "second"]);
    // A model that no route leads to, a body that names none, and a key that is at its end.
    api.put("/api/v1/routes", r#"{"data":[]}"#).await;
    let (id, _) = api
        .key(r#"{"name":"old","credentials":{"platform":true}}"#)
        .await;
    api.delete(&format!("/api/v1/keys/{id}")).await;
    for (input, status, kind) in [
        (
            json!({"protocol": "chat", "body": {}}),
            400,
            "invalid_request",
        ),
        (
            json!({"protocol": "chat", "body": "no"}),
            400,
            "invalid_request",
        ),
        (
            json!({"protocol": "chat", "model": "m", "key": id}),
            401,
            "invalid_key",
        ),
    ] {
        let told = dry(&api, &input).await;
        let said = (&told["refusal"]["status"], &told["refusal"]["kind"]);
        assert_eq!(said, (&json!(status), &json!(kind)), "{told}");
    }
    let nobody = r#"{"protocol":"chat","model":"m","key":"key_01890a5d7c4e7d1f8a3b000000000000"}"#;
    let answer = api.post("/api/v1/routes/dry-run", nobody).await;
    assert_eq!(answer.status, 404);
    gateway.stop().await;
}

#[tokio::test]
async fn routes_that_nobody_saved_are_tried_as_if_somebody_had() {
    let (upstream, gateway, api) = started().await;
    laid_out(&api, &upstream).await;
    let draft = json!([
        {"model":"two","targets":[{"provider":"chatty","model":"small"}]},
        {"model":"draft-*","targets":[{"provider":"bare"},{"provider":"chatty","model":"large"},{"provider":"lab"}]}]);
    let tight = r#"{"name":"tight","credentials":{"platform":true},"providers":["lab"]}"#;
    let (tight, _) = api.key(tight).await;
    let (named, _) = api
        .key(r#"{"name":"named","credentials":{"platform":true},"routes":["two"]}"#)
        .await;
    let before = traces(&gateway, &api).await;
    let held = api.get("/api/v1/routes").await;
    let inputs = [
        json!({"protocol": "chat", "model": "draft-1"}),
        json!({"protocol": "messages", "model": "draft-1", "tools": true}),
        // Keys are held to what they may use, on routes that are not there yet, too.
        json!({"protocol": "chat", "model": "draft-1", "key": tight}),
        json!({"protocol": "chat", "model": "draft-1", "key": named}),
        json!({"protocol": "messages", "model": "two", "key": tight}),
        // What the draft takes away is gone.
        json!({"protocol": "chat", "model": "far"}),
    ];
    let tried = async |routes: Option<&Value>| {
        let mut told = Vec::new();
        for input in &inputs {
            let mut input = input.clone();
            if let Some(routes) = routes {
                input["routes"] = routes.clone();
            }
            let mut one = dry(&api, &input).await;
            if let Some(body) = one["refusal"]["body"].as_str().map(nameless) {
                one["refusal"]["body"] = body;
            }
            told.push(one);
        }
        told
    };
    let drafted = tried(Some(&draft)).await;
    assert_eq!(drafted[0]["route"]["model"], "draft-*");
    assert_eq!(drafted[0]["targets"][0]["model"], "large");
    assert_eq!(drafted[0]["left_out"][0]["target"]["provider"], "bare");
    let allowed = drafted[2]["targets"].as_array().unwrap();
    assert!(allowed.iter().all(|target| target["provider"] == "lab"));
    assert_eq!(drafted[3]["refusal"]["status"], 403, "{}", drafted[3]);
    assert_eq!(drafted[4]["refusal"]["status"], 403, "{}", drafted[4]);
    assert_ne!(tried(None).await, drafted);
    assert_eq!(api.get("/api/v1/routes").await, held);
    assert_eq!(traces(&gateway, &api).await, before);
    assert!(upstream.seen().is_empty());
    // Saved, they do what was said of them.
    let whole = json!({"data": draft}).to_string();
    assert!(api.put("/api/v1/routes", &whole).await.status.is_success());
    assert_eq!(tried(None).await, drafted);
    gateway.stop().await;
}

#[tokio::test]
async fn routes_that_could_not_be_saved_are_refused_in_the_same_words() {
    let (_upstream, gateway, api) = started().await;
    let before = api.get("/api/v1/routes").await;
    let managed = before["data"].as_array().unwrap().iter();
    let managed = managed.filter(|route| route["managed"] == true);
    let managed: Vec<String> = managed.map(|route| route["model"].to_string()).collect();
    assert!(!managed.is_empty(), "{before}");
    let stated = format!(
        r#"[{{"model":{},"targets":[{{"provider":"lab"}}]}}]"#,
        managed[0]
    );
    for (routes, status) in [
        (r#"[{"model":"a","targets":[]}]"#, 400),
        (r#"[{"model":"a","targets":[{"provider":"nobody"}]}]"#, 400),
        (
            r#"[{"model":"a","targets":[{"provider":"lab"}]},{"model":"a","targets":[{"provider":"lab"}]}]"#,
            400,
        ),
        (stated.as_str(), 409),
    ] {
        let input = format!(r#"{{"protocol":"chat","model":"m","routes":{routes}}}"#);
        let tried = api.post("/api/v1/routes/dry-run", &input).await;
        let saved = api
            .put("/api/v1/routes", &format!(r#"{{"data":{routes}}}"#))
            .await;
        assert_eq!(
            (tried.status.as_u16(), saved.status.as_u16()),
            (status, status),
            "{routes}"
        );
        let (mut tried, saved) = (tried.json(), saved.json());
        if let Some(field) = tried["error"]["field"].as_str() {
            tried["error"]["field"] = field.replacen("routes", "data", 1).into();
        }
        assert_eq!(tried, saved, "{routes}");
    }
    assert_eq!(api.get("/api/v1/routes").await, before);
    gateway.stop().await;
}

#[tokio::test]
async fn whoever_has_a_key_asks_of_it_and_is_named_no_credential_of_others() {
    let (upstream, gateway, root) = started().await;
    made(&root, "/api/v1/orgs", r#"{"name":"acme"}"#).await;
    let ann = somebody(&gateway, &root, "ann", &[("acme", "member")]).await;
    let bob = somebody(&gateway, &root, "bob", &[("acme", "member")]).await;
    let eve = somebody(&gateway, &root, "eve", &[("acme", "admin")]).await;
    shared(&root, &upstream).await;
    let key = made(
        &ann.api,
        "/api/v1/keys",
        r#"{"name":"laptop","org":"acme"}"#,
    )
    .await;
    let (id, secret) = (key["id"].as_str().unwrap(), key["secret"].as_str().unwrap());
    let ask = json!({"protocol": "chat", "model": "shared-1", "key": id});
    let told = dry(&ann.api, &ask).await;
    let headers = [("x-api-key", secret)];
    let body = r#"{"model":"shared-1","messages":[]}"#;
    let answer = ann.api.client.post(CHAT.path, &headers, body).await;
    assert_eq!(answer.status, 424);
    agrees(&told, &answer, "nothing to draw on");
    let drawn = async |api: &Api| {
        let told = dry(api, &ask).await;
        told["targets"][0]["credential"].clone()
    };
    for (path, name, own, admins) in [
        (
            "/api/v1/orgs/acme/credentials/shared?name=the-orgs",
            "the-orgs",
            true,
            true,
        ),
        (
            "/api/v1/me/credentials/shared?name=anns",
            "anns",
            true,
            false,
        ),
    ] {
        let api = if admins { &eve.api } else { &ann.api };
        let put = api
            .put(path, &format!(r#"{{"api_key":"sk-{name}"}}"#))
            .await;
        assert_eq!(put.status, 200, "{}", put.text());
        for (who, seen) in [(&ann, own), (&eve, admins)] {
            let credential = drawn(&who.api).await;
            assert_eq!(credential["name"] == name, seen, "{credential}");
            let fields = credential.as_object().unwrap().len();
            assert_eq!(fields, if seen { 4 } else { 1 }, "{credential}");
        }
        assert_eq!(drawn(&root).await["name"], name);
    }
    let used = drawn(&ann.api).await["id"].as_str().unwrap().to_owned();
    says_no_more(
        &ask,
        &used,
        &ann.api,
        [(&ann.api, true), (&root, true), (&eve.api, false)],
    )
    .await;
    let text = ask.to_string();
    let theirs = bob.api.post("/api/v1/routes/dry-run", &text).await;
    assert_eq!(theirs.status, 403, "another member's: {}", theirs.text());
    for change in [json!({"key": null}), json!({"routes": []})] {
        let mut ask = ask.clone();
        let (field, value) = change.as_object().unwrap().iter().next().unwrap();
        ask[field] = value.clone();
        let answer = ann
            .api
            .post("/api/v1/routes/dry-run", &ask.to_string())
            .await;
        assert_eq!(answer.status, 403, "{change}");
        assert!(
            answer.text().contains(&format!("`{field}`")),
            "{}",
            answer.text()
        );
    }
    gateway.stop().await;
}

/// What is said of Ann's own credential, once it is out of use, names it to whom it is named elsewhere.
async fn says_no_more(ask: &Value, id: &str, ann: &Api, asking: [(&Api, bool); 3]) {
    let path = format!("/api/v1/credentials/{id}");
    let off = ann.patch(&path, r#"{"enabled":false}"#).await;
    assert_eq!(off.status, 200, "{}", off.text());
    for (api, named) in asking {
        let told = dry(api, ask).await;
        let message = told["refusal"]["message"].as_str().unwrap();
        assert!(message.contains("switched off"), "{told}");
        assert_eq!(told.to_string().contains("anns"), named, "{told}");
    }
}

/// Everything that a call leaves behind.
async fn traces(gateway: &TestGateway, api: &Api) -> Vec<Value> {
    let mut found = Vec::new();
    for path in [
        "/api/v1/calls?limit=1000",
        "/api/v1/audit?limit=1000",
        "/api/v1/audit/head",
        "/api/v1/budgets",
        "/api/v1/usage",
        "/api/v1/keys",
        "/api/v1/platform/credentials",
        "/api/v1/providers",
    ] {
        found.push(api.get(path).await);
    }
    let metrics = api
        .client
        .get("/metrics", &[("authorization", &api.authorization)])
        .await;
    let lines = metrics.text();
    let ours = lines.lines().filter(|line| {
        // Of what counts requests of the control plane, and what the process takes, there is more.
        let of_calls = [
            "calls", "refus", "tokens", "cost", "limit", "budget", "capture", "upstream",
        ];
        of_calls.iter().any(|word| line.contains(word))
    });
    found.push(ours.collect::<Vec<_>>().into());
    found.push(gateway.calls().await.len().into());
    found
}

#[tokio::test]
async fn saying_it_changes_nothing() {
    let (upstream, gateway, api) = started().await;
    laid_out(&api, &upstream).await;
    let (id, secret) = api
        .key(
            r#"{"name":"tight","credentials":{"platform":true},"limits":{"rpm":1,"concurrency":1,"tpm":100000},
            "budget":[{"usd":"1.5","window":"day"},{"usd":"1.5","window":"session"}]}"#,
        )
        .await;
    let before = traces(&gateway, &api).await;
    for n in 0..30 {
        let session = format!("s{}", n % 3);
        let body = json!({"model": "m", "max_tokens": 1000, "messages": []});
        for input in [
            json!({"key": id, "protocol": "chat", "session": session, "body": body}),
            json!({"key": id, "protocol": "messages", "model": "far", "session": session}),
            json!({"key": id, "protocol": "chat", "model": "nowhere"}),
        ] {
            let told = dry(&api, &input).await;
            if input["body"].is_object() {
                // A dollar of the dollar and a half, and the one call of this minute: again and again.
                assert_eq!(told["limits"]["admitted"], true, "{told}");
                assert_eq!(told["limits"]["cost_usd"], "1");
                assert_eq!(told["limits"]["scopes"].as_array().unwrap().len(), 2);
            }
        }
    }
    assert_eq!(traces(&gateway, &api).await, before);
    assert!(upstream.seen().is_empty());
    // And there is still all the room that there was: for one call, and not for two.
    let body = json!({"model": "m", "max_tokens": 1000, "messages": []});
    let headers = [
        ("x-api-key", secret.as_str()),
        ("content-type", "application/json"),
    ];
    for expected in [200, 429] {
        upstream.json(200, CHAT.answer);
        let call = api.client.post(CHAT.path, &headers, body.to_string());
        assert_eq!(call.await.status, expected);
    }
    let told = dry(&api, &json!({"key": id, "protocol": "chat", "body": body})).await;
    assert_eq!(told["refusal"]["kind"], "rate_limited", "{told}");
    assert_eq!(told["limits"]["admitted"], false);
    gateway.stop().await;
}
