//! Refreshing: once for all who wait, whatever happens to them, and never for nothing.

use std::time::Duration;

use http::{Method, StatusCode};
use tokio::task::JoinSet;
use tollhouse_domain::credential::Owner;
use tollhouse_sim::{Outage, Sim, TokenAnswer, Vendor};

use crate::replicas::Database;
use crate::support::accounts::{self, LIFE, authority, put, put_github, start, start_with};
use crate::support::client::{Answer, Client};
use crate::support::{SOON, TestGateway, parse};

/// Longer ago than tokens live.
const LONG_AGO: Duration = Duration::from_hours(2);
/// A body that the backend takes.
const BODY: &str = r#"{"model":"gpt-echo","stream":true,"store":false,"instructions":"","input":[{"type":"message","role":"user","content":[{"type":"input_text","text":"hello"}]}]}"#;

async fn call(client: &Client) -> Answer {
    let request = client.request(Method::POST, "/v1/responses", &[], BODY);
    client.whole(request).await
}

/// Accounts that nobody refreshes but calls: their tokens are not due yet when they end early.
async fn gateway(sim: &Sim, names: &[&str]) -> TestGateway {
    start(sim, names, Duration::ZERO).await
}

async fn renewed(sim: &Sim, count: u64) {
    let done = sim.authority().wait_for(|totals| totals.refreshes >= count);
    tokio::time::timeout(SOON, done).await.expect("a refresh");
}

#[tokio::test]
async fn a_thousand_calls_on_one_ended_token_are_one_refresh() {
    let sim = authority().await;
    sim.authority().hold();
    let gateway = start(&sim, &["ada"], LONG_AGO).await;
    let client = Client::new(&gateway.url);
    let mut calls = JoinSet::new();
    for _ in 0..1000 {
        let client = client.clone();
        calls.spawn(async move { call(&client).await.status });
    }
    renewed(&sim, 1).await;
    sim.authority().release();
    while let Some(status) = calls.join_next().await {
        assert_eq!(status.unwrap(), StatusCode::OK);
    }
    let totals = sim.authority().totals();
    assert_eq!((totals.refreshes, totals.reuses), (1, 0));
    assert_eq!((totals.calls, totals.refused_calls), (1000, 0));
    for call in sim.authority().calls() {
        assert_eq!(call.account.as_deref(), Some("ada"));
        assert_eq!(call.header("chatgpt-account-id"), Some("acct-ada"));
    }
    gateway.stop().await;
}

#[tokio::test]
async fn a_token_that_its_provider_refuses_is_refreshed_and_the_call_goes_on() {
    let sim = authority().await;
    let gateway = gateway(&sim, &["ada"]).await;
    let client = Client::new(&gateway.url);
    assert_eq!(call(&client).await.status, StatusCode::OK);
    sim.authority().expire_access("ada");
    let answer = call(&client).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert_eq!(answer.header("x-tollhouse-fallback"), Some("unauthorized"));
    let totals = sim.authority().totals();
    assert_eq!((totals.refreshes, totals.refused_calls), (1, 1));
    // Twenty that were under way with the old token do not each bring a new one.
    sim.authority().expire_access("ada");
    let mut calls = JoinSet::new();
    for _ in 0..20 {
        let client = client.clone();
        calls.spawn(async move { call(&client).await.status });
    }
    let statuses = calls.join_all().await;
    assert!(sim.authority().totals().refreshes <= 2, "{statuses:?}");
    gateway.stop().await;
}

#[tokio::test]
async fn it_goes_on_when_whoever_wanted_it_is_gone() {
    let sim = authority().await;
    let gateway = gateway(&sim, &["ada"]).await;
    sim.authority().expire_access("ada");
    sim.authority().hold();
    let client = Client::new(&gateway.url);
    let mut gone = JoinSet::new();
    gone.spawn(async move { call(&client).await.status });
    renewed(&sim, 1).await;
    gone.shutdown().await;
    sim.authority().release();
    let client = Client::new(&gateway.url);
    assert_eq!(call(&client).await.status, StatusCode::OK);
    let totals = sim.authority().totals();
    assert_eq!((totals.refreshes, totals.reuses), (1, 0));
    gateway.stop().await;
}

#[tokio::test]
async fn a_login_that_is_gone_is_found_out_once() {
    for lose in [
        (|sim: &Sim| sim.authority().revoke("ada")) as fn(&Sim),
        |sim| {
            sim.authority().expire_access("ada");
            sim.authority().close("ada");
        },
        |sim| {
            sim.authority().expire_access("ada");
            sim.authority().expire_refresh("ada");
        },
    ] {
        let sim = authority().await;
        let gateway = gateway(&sim, &["ada"]).await;
        let client = Client::new(&gateway.url);
        lose(&sim);
        assert_eq!(call(&client).await.status, StatusCode::UNAUTHORIZED);
        for _ in 0..20 {
            let status = call(&client).await.status;
            assert!(status.is_client_error(), "{status}");
        }
        assert_eq!(sim.authority().totals().refused_refreshes, 1);
        gateway.stop().await;
    }
}

#[tokio::test]
async fn an_authority_that_is_away_is_left_alone_for_a_while() {
    let sim = authority().await;
    sim.authority().set_outage(Vendor::OpenAi, Outage::Down);
    let gateway = start(&sim, &["ada"], LONG_AGO).await;
    let client = Client::new(&gateway.url);
    for _ in 0..20 {
        let answer = call(&client).await;
        assert_eq!(answer.status, StatusCode::BAD_GATEWAY);
        assert!(answer.header("retry-after").is_some());
    }
    let count = r#"{"model":"gpt-echo","messages":[{"role":"user","content":"hi"}]}"#;
    let count = client.post("/v1/messages/count_tokens", &[], count).await;
    assert_eq!(count.status, StatusCode::BAD_GATEWAY, "{}", count.text());
    assert_eq!(sim.authority().totals().calls, 0);
    // It is a way off, and nobody else's affair.
    let ready = client.request(Method::GET, "/readyz", &[], "");
    assert_eq!(client.whole(ready).await.status, StatusCode::OK);
    gateway.stop().await;
}

#[tokio::test]
async fn whose_token_has_ended_and_is_not_renewed_is_stood_in_for() {
    let sim = authority().await;
    let data_dir = tempfile::TempDir::new().unwrap();
    let text = accounts::configuration(&sim, &data_dir, "");
    let data_dir = TestGateway::from_text(&text, data_dir).await.stop().await;
    for (name, ago) in [("ada", LONG_AGO), ("bob", Duration::ZERO)] {
        put(&parse(&text), &sim, &[name], Owner::Platform, ago).await;
    }
    sim.authority().set_outage(Vendor::OpenAi, Outage::Down);
    let gateway = TestGateway::from_text(&text, data_dir).await;
    let client = Client::new(&gateway.url);
    for n in 0..20 {
        let session = format!("talk-{n}");
        let headers = [("x-tollhouse-session", session.as_str())];
        let request = client.request(Method::POST, "/v1/responses", &headers, BODY);
        let answer = client.whole(request).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    }
    for call in sim.authority().calls() {
        assert_eq!(call.account.as_deref(), Some("bob"));
    }
    gateway.stop().await;
}

#[tokio::test]
async fn an_authority_that_hangs_holds_up_nobody_else() {
    let sim = authority().await;
    let hang = TokenAnswer {
        hang: true,
        ..TokenAnswer::default()
    };
    for _ in 0..4 {
        sim.authority()
            .next_token_answer(Vendor::OpenAi, hang.clone());
    }
    let base = sim.base_url();
    let other = format!(
        "[[provider]]\nname = \"lab\"\nendpoints = {{ responses = \"{base}/v1\" }}\napi_key = \"env:UPSTREAM\"\n\
         [[route]]\nmodel = \"lab-*\"\ntargets = [ {{ provider = \"lab\" }} ]\n"
    );
    let gateway = start_with(&sim, &["ada"], LONG_AGO, &other).await;
    let client = Client::new(&gateway.url);
    let mut waits = JoinSet::new();
    let waiting = client.clone();
    waits.spawn(async move { call(&waiting).await.status });
    for _ in 0..20 {
        let body = r#"{"model":"lab-echo","input":"hello"}"#;
        let request = client.request(Method::POST, "/v1/responses", &[], body);
        assert_eq!(client.whole(request).await.status, StatusCode::OK);
        let ready = client.request(Method::GET, "/readyz", &[], "");
        assert_eq!(client.whole(ready).await.status, StatusCode::OK);
    }
    assert!(waits.try_join_next().is_none());
    waits.shutdown().await;
    gateway.stop().await;
}

#[tokio::test]
async fn what_is_due_is_refreshed_without_a_call() {
    let sim = authority().await;
    let ago = LIFE.mul_f64(0.95);
    let gateway = start(&sim, &["ada", "eve"], ago).await;
    renewed(&sim, 2).await;
    assert_eq!(sim.authority().counters("eve").refreshes, 1);
    gateway.stop().await;
}

#[tokio::test]
async fn many_logins_of_an_authority_that_hangs_do_not_keep_those_of_others_from_being_renewed() {
    let sim = authority().await;
    // Takes connections, and says nothing.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let api = format!("http://{}", silent.local_addr().unwrap());
    let base = sim.base_url();
    let data_dir = tempfile::TempDir::new().unwrap();
    let github = format!(
        "[accounts.authority.github]\nbase = \"{base}\"\napi = \"{api}\"\nclient_id = \"Iv1.acme\"\n\
         [[provider]]\nname = \"github-copilot\"\nendpoints = {{ chat = \"{base}/x\" }}\n\
         headers = {{ editor-version = \"acme/1\", copilot-integration-id = \"acme\" }}\n"
    );
    let text = accounts::configuration(&sim, &data_dir, "") + &github;
    let data_dir = TestGateway::from_text(&text, data_dir).await.stop().await;
    for n in 0..60 {
        put_github(&parse(&text), &sim, &format!("git-{n}"), Duration::ZERO).await;
    }
    put(&parse(&text), &sim, &["ada"], Owner::Platform, LONG_AGO).await;
    let gateway = TestGateway::from_text(&text, data_dir).await;
    renewed(&sim, 1).await;
    assert_eq!(sim.authority().counters("ada").refreshes, 1);
    // Five seconds for those that have begun. All of them one after another would take eight times as long.
    let stopped = tokio::time::timeout(SOON, gateway.stop()).await;
    stopped.expect("nothing more is begun");
}

#[tokio::test]
async fn accounts_that_are_switched_off_are_neither_used_nor_refreshed() {
    let sim = authority().await;
    let off = "[accounts]\nenabled = false\n";
    let gateway = start_with(&sim, &["ada"], LONG_AGO, off).await;
    let client = Client::new(&gateway.url);
    let answer = call(&client).await;
    assert_eq!(answer.status, StatusCode::FAILED_DEPENDENCY);
    assert_eq!(
        sim.authority().totals(),
        tollhouse_sim::Counters {
            sign_ins: 1,
            ..Default::default()
        }
    );
    gateway.stop().await;
}

#[tokio::test]
async fn two_replicas_refresh_once_between_them() {
    let Some(database) = Database::new("refresh") else {
        return;
    };
    let sim = authority().await;
    let extra = format!("database = \"{}\"", database.url());
    let data_dirs = [
        tempfile::TempDir::new().unwrap(),
        tempfile::TempDir::new().unwrap(),
    ];
    let [one, two] = data_dirs;
    let text = accounts::configuration(&sim, &one, &extra);
    let one = TestGateway::from_text(&text, one).await.stop().await;
    let names = ["ada", "bob", "cyd", "dan", "eve"];
    put(&parse(&text), &sim, &names, Owner::Platform, Duration::ZERO).await;
    let first = TestGateway::from_text(&text, one).await;
    let text = accounts::configuration(&sim, &two, &extra);
    let second = TestGateway::from_text(&text, two).await;
    for name in names {
        sim.authority().expire_access(name);
    }
    let mut calls = JoinSet::new();
    for n in 0..200 {
        let client = Client::new(if n % 2 == 0 { &first.url } else { &second.url });
        calls.spawn(async move {
            let session = format!("s-{}", n / 2);
            let headers = [("x-tollhouse-session", session.as_str())];
            let request = client.request(Method::POST, "/v1/responses", &headers, BODY);
            client.whole(request).await.status
        });
    }
    let statuses = calls.join_all().await;
    assert!(
        statuses.iter().all(|status| *status == StatusCode::OK),
        "{statuses:?}"
    );
    let totals = sim.authority().totals();
    assert_eq!((totals.reuses, totals.refused_refreshes), (0, 0));
    for name in names {
        assert!(sim.authority().counters(name).refreshes <= 1, "{name}");
    }
    first.stop().await;
    second.stop().await;
}
