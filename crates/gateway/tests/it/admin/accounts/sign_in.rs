//! From a code to an account that calls draw on, at each authority.

use http::{Method, StatusCode};
use serde_json::json;
use tollhouse_domain::account::sign_in::Status;
use tollhouse_sim::{Outage, TokenAnswer, Vendor};

use super::{LOGIN, World, begin, call, poll, refusal, trail};
use crate::support::SOON;
use crate::support::client::Client;

#[tokio::test]
async fn a_code_is_typed_and_calls_draw_on_the_account() {
    let world = World::new().await;
    let (api, authority) = (&world.api, world.sim.authority());
    let begun = world.begin(api, "mine").await;
    let address = format!("{}/codex/device", world.sim.base_url());
    assert_eq!(begun["verification_uri"], address);
    assert_eq!(
        (&begun["flow"], &begun["interval"]),
        (&json!("device"), &json!(5))
    );
    assert!(begun["expires_in"].as_u64().unwrap() <= 900);
    assert!(
        begun["notices"][0]
            .as_str()
            .unwrap()
            .contains("began this sign-in yourself")
    );
    let code = begun["user_code"].as_str().unwrap();
    assert_eq!(authority.user_codes(), [code]);

    // Before the interval is over the authority is not asked, so that this one counts for nothing.
    assert!(authority.approve(code, "ada"));
    let early = poll(api, &begun).await;
    assert_eq!(early["state"], "pending");
    assert!(
        (1..=5).contains(&early["retry_in"].as_u64().unwrap()),
        "{early}"
    );
    world.due(&begun).await;
    let done = poll(api, &begun).await;
    assert_eq!(done["state"], "done", "{done}");
    let account = &done["account"];
    assert_eq!(account["holder"], "ada@example.com");
    assert_eq!(
        (&account["plan"], &account["state"], &account["name"]),
        (&json!("plus"), &json!("ready"), &json!("mine"))
    );
    assert_eq!(account["owner"], json!({ "kind": "platform" }));
    assert_eq!(
        (&account["models"], &account["missing"]),
        (&json!(["plan-*"]), &json!(null))
    );
    assert_eq!(authority.counters("ada").sign_ins, 1);
    assert_eq!(poll(api, &begun).await, done, "it is over");

    let (_, key) = api.key(r#"{"name":"k"}"#).await;
    assert_eq!(call(&world, &key).await.status, StatusCode::OK);
    let seen = world.upstream.last();
    assert_eq!(seen.header("chatgpt-account-id"), ["acct-ada"]);
    let bearer = seen.header("authorization")[0].to_owned();
    assert!(
        bearer.starts_with("Bearer ey"),
        "a token and not what is sealed"
    );

    let trail = trail(api).await;
    let (_, put) = trail
        .iter()
        .find(|(action, _)| action == "account.put")
        .unwrap();
    assert_eq!(put["method"], "device");
    assert_eq!(put["fingerprint"], account["fingerprint"]);
    world.gateway.stop().await;
}

#[tokio::test]
async fn an_account_is_shown_paused_resumed_and_removed() {
    let world = World::new().await;
    let api = &world.api;
    let account = world.sign_in(api, "default", "ada").await;
    let path = format!("/api/v1/accounts/{}", account["id"].as_str().unwrap());
    assert_eq!(api.get("/api/v1/accounts").await["data"], json!([account]));
    assert_eq!(api.get(&path).await, account);
    let (_, key) = api.key(r#"{"name":"k"}"#).await;
    assert_eq!(call(&world, &key).await.status, StatusCode::OK);

    for _ in 0..2 {
        let paused = api.post(&format!("{path}/pause"), "").await.json();
        assert_eq!(
            (&paused["state"], &paused["why"]),
            (&json!("cooling"), &json!("paused"))
        );
        assert_eq!(
            call(&world, &key).await.status,
            StatusCode::FAILED_DEPENDENCY
        );
    }
    let resumed = api.post(&format!("{path}/resume"), "").await.json();
    assert_eq!(resumed["state"], "ready");
    assert_eq!(call(&world, &key).await.status, StatusCode::OK);
    assert_eq!(
        api.post(&format!("{path}/wake"), "").await.json()["state"],
        "ready"
    );
    let refreshed = api.post(&format!("{path}/refresh"), "").await.json();
    assert_eq!(refreshed["state"], "ready");
    assert!(refreshed["refreshed_at"].is_string(), "{refreshed}");
    assert_eq!(world.sim.authority().counters("ada").refreshes, 1);
    let again = api.post(&format!("{path}/refresh"), "").await;
    assert_eq!(refusal(&again).0, 429);
    // Who asked for it is on record, and not only that it was done.
    let changes = api.get("/api/v1/audit?action=account.change").await;
    let entries = changes["data"].as_array().unwrap().iter();
    let by_hand = entries.filter(|entry| entry["detail"]["refresh"] == "by hand");
    let actors: Vec<_> = by_hand.map(|entry| &entry["actor"]["kind"]).collect();
    assert_eq!(actors, ["operator"]);

    // As a credential it says what kind it is, is not tried out as a key, and no key takes its place.
    let credentials = api.get("/api/v1/platform/credentials").await;
    let kinds: Vec<_> = credentials["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| &row["kind"])
        .collect();
    assert_eq!(kinds, ["api_key", "oauth_account"]);
    let test = path.replace("accounts", "credentials") + "/test";
    let seen = world.upstream.seen().len();
    assert_eq!(refusal(&api.post(&test, "").await).0, 409);
    assert_eq!(world.upstream.seen().len(), seen, "it was sent nowhere");
    let put = api
        .put("/api/v1/platform/credentials/plan", r#"{"api_key":"k"}"#)
        .await;
    assert_eq!(refusal(&put).0, 409);
    assert!(put.text().contains("of another kind"), "{}", put.text());

    assert_eq!(api.delete(&path).await.status, StatusCode::NO_CONTENT);
    assert_eq!(api.get("/api/v1/accounts").await["data"], json!([]));
    assert_eq!(refusal(&api.delete(&path).await).0, 404);
    assert_eq!(
        call(&world, &key).await.status,
        StatusCode::FAILED_DEPENDENCY
    );
    let key = api.get("/api/v1/platform/credentials").await["data"][0]["id"].clone();
    let path = format!("/api/v1/accounts/{}", key.as_str().unwrap());
    assert_eq!(refusal(&api.delete(&path).await).0, 404, "no account");
    let actions: Vec<_> = trail(api)
        .await
        .into_iter()
        .map(|(action, _)| action)
        .collect();
    for action in ["account.put", "credential.change", "credential.delete"] {
        assert!(actions.iter().any(|known| known == action), "{action}");
    }
    world.gateway.stop().await;
}

#[tokio::test]
async fn a_code_that_came_is_redeemed_after_an_outage_and_not_asked_for_again() {
    let world = World::new().await;
    let (api, authority) = (&world.api, world.sim.authority());
    let begun = world.begin(api, "default").await;
    let code = begun["user_code"].as_str().unwrap();
    authority.set_outage(Vendor::OpenAi, Outage::Down);
    world.due(&begun).await;
    assert_eq!(
        poll(api, &begun).await["state"],
        "pending",
        "an outage is no end"
    );
    authority.set_outage(Vendor::OpenAi, Outage::Off);
    authority.approve(code, "ada");
    let trouble = TokenAnswer {
        status: Some(503),
        ..TokenAnswer::default()
    };
    authority.next_token_answer(Vendor::OpenAi, trouble);
    world.due(&begun).await;
    // The authority knows no code any more: what came of it is kept until it can be redeemed.
    assert_eq!(poll(api, &begun).await["state"], "pending");
    assert_eq!(authority.counters("ada").sign_ins, 0);
    world.due(&begun).await;
    let done = poll(api, &begun).await;
    assert_eq!(done["state"], "done", "{done}");
    assert_eq!(authority.counters("ada").sign_ins, 1);
    world.gateway.stop().await;
}

#[tokio::test]
async fn a_code_is_written_down_before_it_is_redeemed_and_a_caller_may_leave() {
    let world = World::new().await;
    let (api, authority) = (&world.api, world.sim.authority());
    let begun = world.begin(api, "default").await;
    authority.approve(begun["user_code"].as_str().unwrap(), "ada");
    world.due(&begun).await;
    let id = begun["id"].as_str().unwrap().parse().unwrap();
    let kept = async || world.store.sign_in(id).await.unwrap().unwrap();
    let before = kept().await.sealed;
    // The tokens are granted, and nobody has heard of it yet.
    authority.hold();
    tokio::select! {
        _ = poll(api, &begun) => panic!("answered without tokens"),
        _ = authority.wait_for(|counters| counters.sign_ins == 1) => {}
    }
    assert_ne!(
        kept().await.sealed,
        before,
        "the code is there to go on with"
    );
    authority.release();
    let done = async {
        while kept().await.status == Status::Pending {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(SOON, done).await.unwrap();
    let done = poll(api, &begun).await;
    assert_eq!(done["state"], "done", "{done}");
    assert_eq!(done["account"]["holder"], "ada@example.com");
    world.gateway.stop().await;
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table of what comes back")]
async fn a_browser_comes_back_with_a_code() {
    let world = World::new().await;
    let (api, authority) = (&world.api, world.sim.authority());
    let begun = begin(api, &json!({ "provider": "plan", "flow": "browser" })).await;
    assert_eq!(begun["redirect_uri"], "http://localhost:1455/auth/callback");
    assert_eq!(begun["user_code"], json!(null));
    let url = begun["authorize_url"].as_str().unwrap().to_owned();
    let path = url.strip_prefix(&world.sim.base_url()).unwrap();
    let browse = async || {
        let client = Client::new(&world.sim.base_url());
        let answer = client
            .whole(client.request(Method::GET, path, &[], ""))
            .await;
        answer.header("location").unwrap().to_owned()
    };
    authority.set_browser(Some("ada"));
    let back = browse().await;
    let code = format!("{}/code", begun["poll"].as_str().unwrap());
    let post = async |body: serde_json::Value| api.post(&code, &body.to_string()).await;

    // Asking goes on with nothing here: there is no question to ask.
    world.due(&begun).await;
    assert_eq!(poll(api, &begun).await["state"], "pending");
    let other = back.replace("state=", "state=x");
    for (body, field) in [
        (json!({ "callback_url": other }), "code"),
        (json!({ "code": "ac_1#elsewhere" }), "code"),
        (json!({ "code": "ac_1" }), "code"),
        (
            json!({ "callback_url": "http://localhost:1455/" }),
            "callback_url",
        ),
        (json!({}), "callback_url"),
        (
            json!({ "callback_url": back, "code": "a#b" }),
            "callback_url",
        ),
    ] {
        let refused = refusal(&post(body.clone()).await);
        assert_eq!(
            (refused.0, refused.2.as_deref()),
            (400, Some(field)),
            "{body}"
        );
    }
    let answer = post(json!({ "callback_url": back })).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert_eq!(answer.json()["state"], "done", "{}", answer.text());
    assert_eq!(answer.json()["account"]["holder"], "ada@example.com");
    assert_eq!(refusal(&post(json!({ "callback_url": back })).await).0, 409);
    let (_, put) = trail(api)
        .await
        .into_iter()
        .find(|(action, _)| action == "account.put")
        .unwrap();
    assert_eq!(put["method"], "browser");

    // A code and its state in one, as some pages show it; and a no.
    authority.set_browser(Some("bob"));
    let begun = begin(
        api,
        &json!({ "provider": "plan", "name": "second", "flow": "browser" }),
    )
    .await;
    let url = begun["authorize_url"].as_str().unwrap().to_owned();
    let path = url.strip_prefix(&world.sim.base_url()).unwrap();
    let client = Client::new(&world.sim.base_url());
    let back = client
        .whole(client.request(Method::GET, path, &[], ""))
        .await;
    let back = back.header("location").unwrap().to_owned();
    let pairs: Vec<_> = form_urlencoded::parse(back.split_once('?').unwrap().1.as_bytes())
        .into_owned()
        .collect();
    let of = |name: &str| &pairs.iter().find(|(known, _)| known == name).unwrap().1;
    let path = format!("{}/code", begun["poll"].as_str().unwrap());
    let body = json!({ "code": format!("{}#{}", of("code"), of("state")) });
    assert_eq!(
        api.post(&path, &body.to_string()).await.json()["state"],
        "done"
    );
    let begun = begin(
        api,
        &json!({ "provider": "plan", "name": "third", "flow": "browser" }),
    )
    .await;
    let path = format!("{}/code", begun["poll"].as_str().unwrap());
    let body = json!({ "callback_url": "http://localhost:1455/auth/callback?error=access_denied" });
    assert_eq!(
        api.post(&path, &body.to_string()).await.json()["state"],
        "denied"
    );
    world.gateway.stop().await;
}

#[tokio::test]
async fn github_gives_a_login_that_is_exchanged_for_what_calls_are_made_with() {
    let world = World::new().await;
    let (api, authority) = (&world.api, world.sim.authority());
    let begun = begin(api, &json!({ "provider": "copilot" })).await;
    assert!(
        begun["verification_uri"]
            .as_str()
            .unwrap()
            .starts_with("http")
    );
    authority.approve(begun["user_code"].as_str().unwrap(), "ada");
    // In trouble once: the login is kept, as it was given for good.
    world.upstream.json(500, "{}");
    world.due(&begun).await;
    assert_eq!(poll(api, &begun).await["state"], "pending");
    let login = world.upstream.last().header("authorization")[0].to_owned();
    assert!(login.starts_with("token "), "{login}");
    let ends = super::seconds() + 1500;
    let short = format!(r#"{{"token":"short-token","expires_at":{ends},"refresh_in":1200}}"#);
    world.upstream.json(200, &short);
    world.due(&begun).await;
    let done = poll(api, &begun).await;
    assert_eq!(done["state"], "done", "{done}");
    let seen = world.upstream.last();
    assert_eq!(seen.line(), "GET /copilot_internal/v2/token HTTP/1.1");
    assert_eq!(seen.header("authorization"), [login]);

    // One that has no plan is turned away for good.
    let begun = begin(api, &json!({ "provider": "copilot", "name": "second" })).await;
    authority.approve(begun["user_code"].as_str().unwrap(), "bob");
    world.upstream.json(403, r#"{"message":"no plan"}"#);
    world.due(&begun).await;
    let refused = poll(api, &begun).await;
    assert_eq!(refused["state"], "refused");
    assert_eq!(refused["why"], "the authority gave no tokens for it");
    let browser = api
        .post(LOGIN, r#"{"provider":"copilot","flow":"browser"}"#)
        .await;
    assert_eq!(refusal(&browser).0, 409);
    world.gateway.stop().await;
}

#[tokio::test]
async fn microsoft_gives_tokens_at_once_to_an_application_of_the_operators() {
    let world = World::new().await;
    let (api, authority) = (&world.api, world.sim.authority());
    let begun = begin(api, &json!({ "provider": "graph" })).await;
    world.due(&begun).await;
    assert_eq!(poll(api, &begun).await["state"], "pending");
    authority.approve(begun["user_code"].as_str().unwrap(), "ada");
    world.due(&begun).await;
    let done = poll(api, &begun).await;
    assert_eq!(done["state"], "done", "{done}");
    world.gateway.stop().await;

    let line = "client_id = \"application-of-the-operator\"";
    let world = World::edited(line, "").await;
    let refused = world.api.post(LOGIN, r#"{"provider":"graph"}"#).await;
    assert_eq!(refusal(&refused).0, 409);
    let text = refused.text();
    assert!(text.contains("[accounts.authority.microsoft]"), "{text}");
    let refused = world.api.post(LOGIN, r#"{"provider":"lab"}"#).await;
    assert_eq!(refusal(&refused).0, 409);
    assert!(refused.text().contains("account = {"), "{}", refused.text());
    let refused = world.api.post(LOGIN, r#"{"provider":"nobody"}"#).await;
    assert_eq!(refusal(&refused).0, 404);
    world.gateway.stop().await;
}

/// Signing in was told to fail for a provider that is not there, and done where nothing led to the account.
#[tokio::test]
async fn whoever_signs_in_is_told_what_is_missing_before_a_call_gets_there() {
    let world = World::new().await;
    let api = &world.api;
    for (provider, expected) in [
        ("chatgpt", "[[provider]] with name = \"chatgpt\""),
        (
            "github-copilot",
            "its `headers` (editor-version, copilot-integration-id)",
        ),
        ("nobodys", "There is no such provider"),
    ] {
        let body = json!({ "provider": provider }).to_string();
        let refused = api.post(LOGIN, &body).await;
        assert_eq!(refused.status, StatusCode::NOT_FOUND);
        let told = refused.text();
        let words = refused.json()["error"]["message"]
            .as_str()
            .unwrap()
            .to_owned();
        assert!(words.contains(expected), "{told}");
    }
    let begun = begin(api, &json!({ "provider": "graph" })).await;
    let code = begun["user_code"].as_str().unwrap();
    assert!(world.sim.authority().approve(code, "grace"));
    world.due(&begun).await;
    let account = poll(api, &begun).await["account"].clone();
    assert_eq!(account["models"], json!([]));
    let missing = account["missing"].as_str().unwrap();
    assert!(
        missing.starts_with("No model leads to `graph` yet"),
        "{missing}"
    );
    let route = json!({ "data": [{ "model": "fast", "targets": [{ "provider": "graph" }] }] });
    let put = api.put("/api/v1/routes", &route.to_string()).await;
    assert_eq!(put.status, StatusCode::OK, "{}", put.text());
    let path = format!("/api/v1/accounts/{}", account["id"].as_str().unwrap());
    let account = api.get(&path).await;
    assert_eq!(
        (&account["models"], &account["missing"]),
        (&json!(["fast"]), &json!(null))
    );
    world.gateway.stop().await;
}
