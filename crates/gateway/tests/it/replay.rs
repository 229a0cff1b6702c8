//! A process that dies: its directory, copied while it runs, is all that the next one gets.

use std::path::Path;
use std::sync::Arc;

use http_body_util::BodyExt;
use tempfile::TempDir;
use tokio::sync::Notify;
use tollhouse_domain::call::Outcome;

use crate::support::client::Client;
use crate::support::dialect::{DIALECTS, MESSAGES};
use crate::support::upstream::{ScriptedUpstream, Step, stream};
use crate::support::{TestGateway, configuration};

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

/// The copy of a running gateway's directory.
fn image(gateway: &TestGateway) -> TempDir {
    let image = TempDir::new().unwrap();
    copy(gateway.data_dir.path(), image.path());
    image
}

async fn start(upstream: &ScriptedUpstream, data_dir: TempDir) -> TestGateway {
    let text = configuration(&upstream.url, data_dir.path(), "");
    TestGateway::from_text(&text, data_dir).await
}

#[tokio::test]
async fn every_call_is_found_once_however_often_the_journal_is_replayed() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = TestGateway::start(&upstream.url).await;
    let client = Client::new(&gateway.url);
    // An open call keeps the journal from being released, so that what ended is there as well.
    let gone = Arc::new(Notify::new());
    let begun = stream(&MESSAGES.events[..2]);
    upstream.script(vec![
        Step::Write(begun),
        Step::AwaitClose(Arc::clone(&gone)),
    ]);
    let body = MESSAGES.request("m", true);
    let request = client.request(http::Method::POST, MESSAGES.path, &[], body);
    let mut open = client.send(request).await.into_body();
    open.frame().await.unwrap().unwrap();
    for dialect in &DIALECTS {
        upstream.json(200, dialect.answer);
        client
            .post(dialect.path, &[], dialect.request("m", false))
            .await;
    }
    let ended = gateway.calls().await;
    assert_eq!(ended.len(), 3);
    let mut image = image(&gateway);
    for start_number in 1..=3 {
        let next = start(&upstream, image).await;
        let calls = next.calls_when(4).await;
        assert_eq!(calls.len(), 4, "start {start_number}");
        let (interrupted, whole): (Vec<_>, Vec<_>) = calls
            .into_iter()
            .partition(|call| call.outcome == Outcome::Interrupted);
        assert_eq!(whole, ended, "unchanged by the replay");
        assert_eq!(interrupted.len(), 1);
        assert_eq!(interrupted[0].model_requested.as_deref(), Some("m"));
        // Killed again, and at last stopped in peace: the journal says the same or less.
        let again = TempDir::new().unwrap();
        copy(next.data_dir.path(), again.path());
        next.stop().await;
        image = again;
    }
    drop((open, client));
    gone.notified().await;
    gateway.stop().await;
}

#[tokio::test]
async fn an_answer_that_a_client_saw_whole_is_in_what_a_dead_process_leaves() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = TestGateway::start(&upstream.url).await;
    let client = Client::new(&gateway.url);
    for (n, dialect) in DIALECTS.iter().enumerate() {
        upstream.script(vec![Step::Write(
            [stream(dialect.events), b"0\r\n\r\n".to_vec()].concat(),
        )]);
        let answer = client
            .post(dialect.path, &[], dialect.request("m", true))
            .await;
        assert_eq!(answer.text(), dialect.stream());
        // At this very moment: nothing has waited for the store.
        let next = start(&upstream, image(&gateway)).await;
        let calls = next.calls_when(n + 1).await;
        assert_eq!(calls.len(), n + 1);
        assert!(
            calls.iter().all(|call| call.outcome == Outcome::Success),
            "{calls:?}"
        );
        assert!(calls.iter().all(|call| call.usage.output == Some(9)));
        next.stop().await;
    }
    gateway.stop().await;
}

#[tokio::test]
async fn a_torn_last_record_costs_only_itself() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = TestGateway::start(&upstream.url).await;
    let client = Client::new(&gateway.url);
    for dialect in &DIALECTS {
        upstream.json(200, dialect.answer);
        client
            .post(dialect.path, &[], dialect.request("m", false))
            .await;
    }
    let image = image(&gateway);
    gateway.stop().await;
    let journal = image.path().join("journal");
    let mut segments: Vec<_> = std::fs::read_dir(&journal)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.metadata().unwrap().len() > 100)
        .collect();
    segments.sort();
    let last = std::fs::OpenOptions::new()
        .append(true)
        .open(segments.last().unwrap())
        .unwrap();
    std::io::Write::write_all(&mut &last, b"half a rec").unwrap();
    let next = start(&upstream, image).await;
    assert_eq!(next.calls_when(3).await.len(), 3);
    // And it goes on from there.
    upstream.json(200, MESSAGES.answer);
    let client = Client::new(&next.url);
    client
        .post(MESSAGES.path, &[], MESSAGES.request("m", false))
        .await;
    assert_eq!(next.calls().await.len(), 4);
    next.stop().await;
}
