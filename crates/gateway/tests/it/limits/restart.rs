//! What was spent outlives the process, however it ends.

use std::path::Path;
use std::sync::Arc;

use http_body_util::BodyExt;
use tempfile::TempDir;
use tokio::sync::Notify;
use tollhouse_domain::call::Outcome;
use tollhouse_domain::limits::BudgetWindow;
use tollhouse_domain::money::Money;

use super::{Lab, MESSAGES, answer, request};
use crate::support::client::Client;
use crate::support::upstream::{Step, stream};
use crate::support::{TestGateway, configuration, dialect};

async fn again(lab: Lab, data_dir: TempDir) -> Lab {
    let text = configuration(&lab.upstream.url, data_dir.path(), "");
    let gateway = TestGateway::from_text(&text, data_dir).await;
    Lab {
        client: Client::new(&gateway.url),
        gateway,
        upstream: lab.upstream,
    }
}

#[tokio::test]
async fn what_was_spent_is_known_at_the_next_start() {
    let mut lab = Lab::start().await;
    for window in BudgetWindow::ALL {
        let key = lab.budgeted("0.3", window).await;
        lab.upstream.json(200, &answer(200));
        let first = lab.post(&key, MESSAGES, &request("m", 200)).await;
        assert_eq!(first.status, 200);
        let (upstream, gateway) = (lab.upstream, lab.gateway);
        let data_dir = gateway.stop().await;
        let gone = Lab {
            upstream,
            client: lab.client,
            gateway: TestGateway::start("http://127.0.0.1:9").await,
        };
        lab = again(gone, data_dir).await;
        let dear = lab.post(&key, MESSAGES, &request("m", 101)).await;
        assert_eq!(dear.status, 429, "{window:?}: {}", dear.text());
        assert!(dear.text().contains("0.1 USD left"), "{}", dear.text());
        lab.upstream.json(200, &answer(100));
        let last = lab.post(&key, MESSAGES, &request("m", 100)).await;
        assert_eq!(last.status, 200, "{window:?}: {}", last.text());
        lab.gateway.calls().await;
        let spent = lab.post(&key, MESSAGES, &request("m", 1)).await;
        assert_eq!(spent.status, 429, "{window:?}");
    }
    lab.gateway.stop().await;
}

/// Everything in a directory, as a dead process would leave it.
fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            std::fs::create_dir(&target).unwrap();
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), &target).unwrap();
        }
    }
}

#[tokio::test]
async fn a_call_that_was_open_when_the_process_died_counts_as_it_was_held() {
    let lab = Lab::start().await;
    let key = lab.budgeted("1", BudgetWindow::Month).await;
    lab.upstream.json(200, &answer(100));
    lab.post(&key, MESSAGES, &request("m", 100)).await;
    let gone = Arc::new(Notify::new());
    lab.upstream.script(vec![
        Step::Write(stream(&dialect::MESSAGES.events[..2])),
        Step::AwaitClose(Arc::clone(&gone)),
    ]);
    let body = r#"{"model":"m","max_tokens":700,"stream":true,"messages":[]}"#;
    let headers = [("x-api-key", key.as_str())];
    let sent = lab
        .client
        .request(http::Method::POST, MESSAGES, &headers, body);
    let mut open = lab.client.send(sent).await.into_body();
    open.frame().await.unwrap().unwrap();
    let image = TempDir::new().unwrap();
    copy(lab.gateway.data_dir.path(), image.path());
    // The same journal three times over, as processes do that die at their start.
    let mut image = Some(image);
    let text = |dir: &TempDir| configuration(&lab.upstream.url, dir.path(), "");
    for start in 1..=3 {
        let dir = image.take().unwrap();
        let next = TestGateway::from_text(&text(&dir), dir).await;
        let client = Client::new(&next.url);
        let headers = [("x-api-key", key.as_str())];
        let dear = client.post(MESSAGES, &headers, request("m", 201)).await;
        assert_eq!(dear.status, 429, "start {start}: {}", dear.text());
        assert!(
            dear.text().contains("0.2 USD left"),
            "{start}: {}",
            dear.text()
        );
        let calls = next.calls_when(2).await;
        let interrupted: Vec<_> = calls
            .iter()
            .filter(|call| call.outcome == Outcome::Interrupted)
            .collect();
        assert_eq!(interrupted.len(), 1);
        assert_eq!(interrupted[0].charged_usd, Some(Money(700_000_000)));
        let copied = TempDir::new().unwrap();
        copy(next.data_dir.path(), copied.path());
        image = Some(copied);
        next.stop().await;
    }
    lab.gateway.cut();
}
