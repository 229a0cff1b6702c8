//! Accounts at the simulator's own `ChatGPT` backend, which keeps to the rules of the real one: what every
//! client gets for what it asks, and what becomes of what goes wrong.

use std::time::Duration;

use tempfile::TempDir;
use tollhouse_domain::call::Outcome;
use tollhouse_domain::credential::{CredentialKind, Owner};
use tollhouse_sim::{Limit, Sim};
use tollhouse_wire::Protocol;

use crate::support::accounts::{authority, configuration, put_at};
use crate::support::client::{Answer, Client};
use crate::support::dialect::{DIALECTS, Dialect};
use crate::support::{TestGateway, parse};
use crate::translated::{read, request};

/// A model that says what it is told.
const MODEL: &str = "gpt-echo";

/// A gateway in front of the backend, with an account of the operator's for each of `names`.
async fn gateway(sim: &Sim, names: &[&str]) -> TestGateway {
    let data_dir = TempDir::new().unwrap();
    // Under its own name, and so with the rules that the catalog has for it.
    let text = configuration(sim, &data_dir, "").replace("\"plan\"", "\"chatgpt\"");
    let data_dir = TestGateway::from_text(&text, data_dir).await.stop().await;
    put_at(
        "chatgpt",
        &parse(&text),
        sim,
        names,
        Owner::Platform,
        Duration::ZERO,
    )
    .await;
    TestGateway::from_text(&text, data_dir).await
}

async fn ask(client: &Client, caller: &Dialect, streamed: bool) -> Answer {
    let asked = request(caller, streamed).replace("\"asked\"", &format!("\"{MODEL}\""));
    client.post(caller.path, &[], asked).await
}

#[tokio::test]
async fn every_client_gets_its_answer_also_from_a_backend_that_leaves_the_output_out() {
    let sim = authority().await;
    let gateway = gateway(&sim, &["ada"]).await;
    let client = Client::new(&gateway.url);
    let mut made = 0;
    for empty in [false, true] {
        sim.authority().set_empty_output(empty);
        for caller in &DIALECTS {
            for streamed in [true, false] {
                let what = format!("{} {streamed} {empty}", caller.protocol);
                let answer = ask(&client, caller, streamed).await;
                assert_eq!(answer.status, 200, "{what}: {}", answer.text());
                let (text, tokens) = read(caller.protocol, &answer, streamed);
                assert_eq!(text, "hi", "{what}: {}", answer.text());
                assert!(tokens.iter().all(|count| *count > 0), "{what}: {tokens:?}");
                assert_eq!(answer.text().contains(caller.terminal), streamed, "{what}");
                made += 1;
                let call = gateway.calls_when(made).await.remove(0);
                assert_eq!(call.outcome, Outcome::Success, "{what}");
                assert_eq!(call.credential_kind, Some(CredentialKind::OauthAccount));
                assert_eq!(call.usage.output, Some(tokens[1]), "{what}");
            }
        }
    }
    let seen = sim.authority().calls();
    assert_eq!(seen.len(), made);
    for call in seen {
        assert_eq!(call.account.as_deref(), Some("ada"));
        assert_eq!(call.header("chatgpt-account-id"), Some("acct-ada"));
        assert!(call.header("session-id").is_some());
    }
    gateway.stop().await;
}

#[tokio::test]
async fn a_plan_that_is_used_up_is_left_for_the_next_and_then_for_none() {
    for caller in &DIALECTS {
        for streamed in [true, false] {
            let sim = authority().await;
            let gateway = gateway(&sim, &["ada", "bob"]).await;
            let client = Client::new(&gateway.url);
            let what = format!("{} {streamed}", caller.protocol);
            assert_eq!(ask(&client, caller, streamed).await.status, 200, "{what}");
            let first = sim.authority().calls()[0].account.clone().unwrap();
            let limit = Limit::Plan {
                resets_at: None,
                resets_in_seconds: Some(600),
            };
            sim.authority().set_limit(&first, Some(limit));
            let answer = ask(&client, caller, streamed).await;
            assert_eq!(answer.status, 200, "{what}: {}", answer.text());
            assert_eq!(answer.header("x-tollhouse-fallback"), Some("rate_limited"));
            assert_eq!(read(caller.protocol, &answer, streamed).0, "hi", "{what}");

            for name in ["ada", "bob"] {
                sim.authority().set_limit(name, Some(limit));
            }
            // The provider's own word, and then ours.
            for _ in 0..2 {
                let answer = ask(&client, caller, streamed).await;
                assert_eq!(answer.status, 429, "{what}: {}", answer.text());
                let pause: u64 = answer.header("retry-after").unwrap().parse().unwrap();
                assert!((590..=600).contains(&pause), "{what}: {pause}");
            }
            let call = gateway.calls_when(4).await.remove(0);
            assert_eq!(call.error.as_deref(), Some("accounts_cooling"), "{what}");
            // The last one asked nobody.
            assert_eq!(sim.authority().totals().calls, 4, "{what}");
            gateway.stop().await;
        }
    }
}

#[tokio::test]
async fn a_model_at_capacity_inside_a_stream_rests_no_account() {
    let sim = authority().await;
    let gateway = gateway(&sim, &["ada"]).await;
    let client = Client::new(&gateway.url);
    for caller in &DIALECTS {
        for streamed in [true, false] {
            let what = format!("{} {streamed}", caller.protocol);
            sim.authority().set_full(MODEL, true);
            let answer = ask(&client, caller, streamed).await;
            let expected = match (streamed, caller.protocol) {
                (true, _) => 200,
                (false, Protocol::Messages) => 529,
                (false, Protocol::Chat | Protocol::Responses) => 503,
            };
            assert_eq!(answer.status, expected, "{what}: {}", answer.text());
            assert!(
                answer.text().contains("capacity"),
                "{what}: {}",
                answer.text()
            );
            sim.authority().set_full(MODEL, false);
            let answer = ask(&client, caller, streamed).await;
            assert_eq!(answer.status, 200, "{what}: {}", answer.text());
            assert_eq!(read(caller.protocol, &answer, streamed).0, "hi", "{what}");
        }
    }
    gateway.stop().await;
}

#[tokio::test]
async fn a_token_that_is_refused_is_renewed_and_every_client_gets_its_answer() {
    for caller in &DIALECTS {
        for streamed in [true, false] {
            let sim = authority().await;
            let gateway = gateway(&sim, &["ada"]).await;
            let client = Client::new(&gateway.url);
            let what = format!("{} {streamed}", caller.protocol);
            sim.authority().expire_access("ada");
            for fallback in [Some("unauthorized"), None] {
                let answer = ask(&client, caller, streamed).await;
                assert_eq!(answer.status, 200, "{what}: {}", answer.text());
                assert_eq!(read(caller.protocol, &answer, streamed).0, "hi", "{what}");
                assert_eq!(answer.header("x-tollhouse-fallback"), fallback, "{what}");
            }
            let totals = sim.authority().totals();
            assert_eq!((totals.refreshes, totals.refused_calls), (1, 1), "{what}");
            gateway.stop().await;
        }
    }
}
