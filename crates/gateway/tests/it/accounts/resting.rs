use tempfile::TempDir;
use tollhouse_domain::account::{CAP, RATE, Why};
use tollhouse_domain::audit::{Action, Actor, Note, Subject, SubjectKind};
use tollhouse_domain::call::Outcome;
use tollhouse_domain::credential::CredentialKind;
use tollhouse_domain::id::CredentialId;
use tollhouse_gateway::clock;
use tollhouse_store::{DatabaseUrl, Store};
use uuid::Uuid;

use super::signed_in::{self, sign_in_at};
use super::{call, conversations, drawn, gateway};
use crate::replicas::Database;
use crate::support::client::Client;
use crate::support::dialect::{DIALECTS, MESSAGES, RESPONSES};
use crate::support::upstream::{ScriptedUpstream, Step, json, last_chunk, stream};
use crate::support::{SOON, TestGateway};

const USED_UP: &str = r#"{"error":{"type":"usage_limit_reached","message":"The usage limit has been reached","resets_in_seconds":7200}}"#;

/// What the store says of the rest of account `n`, once it says anything.
async fn stored_rest(url: &DatabaseUrl, n: u128) -> (u64, Why) {
    let store = Store::open(url).await.unwrap();
    let asking = async {
        loop {
            let found = store.account(CredentialId(Uuid::from_u128(n + 1))).await;
            if let Some((until, why)) = found.unwrap().unwrap().facts.standing.rest {
                return (until.since(clock::now()).as_secs(), why);
            }
        }
    };
    let found = tokio::time::timeout(SOON, asking).await.expect("a rest");
    store.close().await;
    found
}

/// Ends the rest of account `n` by hand.
async fn wake(url: &DatabaseUrl, n: u128) {
    let store = Store::open(url).await.unwrap();
    let subject = Subject::of(SubjectKind::Credential);
    let note = Note::new(clock::now(), Actor::SYSTEM, Action::AccountChange, subject);
    let id = CredentialId(Uuid::from_u128(n + 1));
    assert!(store.noted(note).wake_account(id).await.unwrap());
    store.close().await;
}

fn database(gateway: &TestGateway) -> DatabaseUrl {
    DatabaseUrl::Sqlite(gateway.data_dir.path().join("tollhouse.db"))
}

fn number(account: &str) -> u128 {
    account.parse().unwrap()
}

#[tokio::test]
async fn a_conversation_stays_with_its_account() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = gateway(&upstream.url, 5, "").await;
    let client = Client::new(&gateway.url);
    for n in 0..50 {
        let dialect = &DIALECTS[n % DIALECTS.len()];
        upstream.json(200, dialect.answer);
        let answer = call(&client, dialect, "talk").await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    let accounts = drawn(&upstream);
    assert!(accounts.iter().all(|account| *account == accounts[0]));
    let seen = upstream.last();
    let expected = format!("acc-{}", accounts[0]);
    assert_eq!(seen.header("chatgpt-account-id"), [expected]);
    gateway.stop().await;
}

#[tokio::test]
async fn a_cap_moves_the_conversation_and_is_known_to_the_store() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = gateway(&upstream.url, 3, "").await;
    let client = Client::new(&gateway.url);
    upstream.json(200, RESPONSES.answer);
    call(&client, &RESPONSES, "talk").await;
    upstream.json(429, USED_UP).json(200, RESPONSES.answer);
    let answer = call(&client, &RESPONSES, "talk").await;
    assert_eq!(answer.status, 200, "another of the same owner's");
    assert_eq!(answer.header("x-tollhouse-fallback"), Some("rate_limited"));
    for _ in 0..5 {
        upstream.json(200, RESPONSES.answer);
        assert_eq!(call(&client, &RESPONSES, "talk").await.status, 200);
    }
    let accounts = drawn(&upstream);
    assert_eq!(accounts[0], accounts[1], "it stayed until it was refused");
    assert_ne!(accounts[1], accounts[2]);
    assert!(accounts[2..].iter().all(|account| *account == accounts[2]));
    let (left, why) = stored_rest(&database(&gateway), number(&accounts[0])).await;
    assert!(why == Why::Cap && (7100..=7200).contains(&left), "{left}");

    // A restart knows it too.
    let data_dir = gateway.stop().await;
    let text = signed_in::configuration(&upstream.url, data_dir.path(), "");
    let gateway = TestGateway::from_text(&text, data_dir).await;
    let client = Client::new(&gateway.url);
    let found = conversations(&client, &upstream, &RESPONSES, 2).await;
    assert!(!found.contains_key(&accounts[0]), "{found:?}");
    for n in 0..20 {
        upstream.json(200, RESPONSES.answer);
        call(&client, &RESPONSES, &format!("more-{n}")).await;
    }
    assert!(!drawn(&upstream)[8..].contains(&accounts[0]));
    gateway.stop().await;
}

#[tokio::test]
async fn a_conversation_does_not_go_back_when_its_account_does() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = gateway(&upstream.url, 2, "").await;
    let client = Client::new(&gateway.url);
    upstream.json(429, USED_UP);
    for _ in 0..2 {
        upstream.json(200, MESSAGES.answer);
        assert_eq!(call(&client, &MESSAGES, "talk").await.status, 200);
    }
    let before = drawn(&upstream);
    assert!(before[0] != before[1] && before[1] == before[2]);
    let url = database(&gateway);
    stored_rest(&url, number(&before[0])).await;
    wake(&url, number(&before[0])).await;
    signed_in::heed(&gateway).await;
    // New conversations find it, as soon as it is back.
    let waiting = async {
        for n in 0.. {
            upstream.json(200, MESSAGES.answer);
            call(&client, &MESSAGES, &format!("other-{n}")).await;
            if drawn(&upstream)[3..].contains(&before[0]) {
                break;
            }
        }
    };
    tokio::time::timeout(SOON, waiting)
        .await
        .expect("it to return");
    upstream.json(200, MESSAGES.answer);
    call(&client, &MESSAGES, "talk").await;
    assert_eq!(drawn(&upstream).pop(), Some(before[1].clone()));
    gateway.stop().await;
}

#[tokio::test]
async fn all_resting_is_told_in_every_protocol_and_nobody_is_asked() {
    for dialect in &DIALECTS {
        let upstream = ScriptedUpstream::start().await;
        let gateway = gateway(&upstream.url, 2, "").await;
        let client = Client::new(&gateway.url);
        // One until its plan begins anew, the other for as long as too many calls are worth.
        upstream.json(429, USED_UP);
        let refused = r#"{"error":{"message":"slower"}}"#;
        upstream.json(429, refused);
        let answer = call(&client, dialect, "talk").await;
        assert_eq!(
            (answer.status.as_u16(), answer.text()),
            (429, refused.to_owned())
        );
        let answer = call(&client, dialect, "talk").await;
        assert_eq!(answer.status, 429);
        let pause: u64 = answer.header("retry-after").unwrap().parse().unwrap();
        assert!((290..=RATE.as_secs()).contains(&pause), "{pause}");
        let body = answer.text();
        let expected = match dialect.protocol {
            tollhouse_wire::Protocol::Messages => r#""type":"rate_limit_error""#,
            _ => r#""code":"rate_limit_exceeded""#,
        };
        assert!(body.contains(expected), "{body}");
        assert_eq!(upstream.seen().len(), 2);
        let mut rows = gateway.calls().await;
        let drew = rows.pop().unwrap();
        assert_eq!(drew.credential_kind, Some(CredentialKind::OauthAccount));
        let row = rows.remove(0);
        assert_eq!((row.outcome, row.credential_kind), (Outcome::Refused, None));
        assert_eq!(row.error.as_deref(), Some("accounts_cooling"));
        gateway.stop().await;
    }
}

#[tokio::test]
async fn an_only_account_that_is_used_up_answers_at_once() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = gateway(&upstream.url, 1, "").await;
    let client = Client::new(&gateway.url);
    let gzip = {
        use std::io::Write;
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder
            .write_all(br#"{"error":{"type":"usage_limit_reached"}}"#)
            .unwrap();
        encoder.finish().unwrap()
    };
    let head = format!(
        "HTTP/1.1 429 Status\r\ncontent-type: application/json\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n",
        gzip.len()
    );
    let whole = [head.into_bytes(), gzip.clone()].concat();
    upstream.script(vec![Step::Write(whole)]);
    let answer = call(&client, &RESPONSES, "talk").await;
    // What was looked at arrives as it was sent.
    assert_eq!((answer.status.as_u16(), &*answer.body), (429, &*gzip));
    let answer = call(&client, &RESPONSES, "talk").await;
    let pause: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((CAP.as_secs() - 10..=CAP.as_secs()).contains(&pause));
    assert_eq!(upstream.seen().len(), 1);
    gateway.stop().await;
}

#[tokio::test]
async fn a_plan_that_is_used_up_rests_until_its_window_begins_anew() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = gateway(&upstream.url, 1, "").await;
    let client = Client::new(&gateway.url);
    let headers = [
        ("x-codex-primary-used-percent", "100"),
        ("x-codex-primary-reset-after-seconds", "600"),
        ("x-codex-secondary-used-percent", "40"),
        ("x-codex-secondary-reset-after-seconds", "90000"),
    ];
    let refused = json(429, &headers, r#"{"error":{"type":"usage_limit_reached"}}"#);
    upstream.script(vec![Step::Write(refused)]);
    // The provider's own word, and then ours.
    for _ in 0..2 {
        let answer = call(&client, &RESPONSES, "talk").await;
        assert_eq!(answer.status, 429);
        let pause: u64 = answer.header("retry-after").unwrap().parse().unwrap();
        assert!((590..=600).contains(&pause), "{pause}");
    }
    assert_eq!(upstream.seen().len(), 1);
    gateway.stop().await;
}

#[tokio::test]
async fn refusals_pass_unchanged_however_they_are_cut() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = gateway(&upstream.url, 1, "").await;
    let client = Client::new(&gateway.url);
    // Longer than what is looked at, in pieces, and with a length or without.
    let long = format!(r#"{{"error":{{"message":"{}"}}}}"#, "x".repeat(300_000));
    let (one, two) = long.split_at(70_000);
    let chunked = String::from_utf8(stream(&[one, two]))
        .unwrap()
        .replace("200 OK", "400 Bad Request")
        .replace("text/event-stream", "application/json");
    upstream.script(vec![
        Step::Write(chunked.into_bytes()),
        Step::Write(last_chunk()),
    ]);
    upstream.json(500, &long);
    upstream.json(404, "");
    for (status, body) in [(400, &*long), (500, &*long), (404, "")] {
        let answer = call(&client, &MESSAGES, "talk").await;
        assert_eq!(answer.status, status);
        assert!(
            answer.text() == body,
            "{status}: {} bytes",
            answer.body.len()
        );
    }
    // One that breaks off breaks off.
    upstream.script(vec![
        Step::Write(b"HTTP/1.1 400 Bad\r\ncontent-length: 100\r\n\r\nhalf".to_vec()),
        Step::Close,
    ]);
    let body = MESSAGES.request("m", false);
    let request = client.request(http::Method::POST, MESSAGES.path, &[], body);
    let (answer, cut) = client.seen(request).await;
    assert!(cut && answer.text() == "half", "{}", answer.text());
    gateway.stop().await;
}

#[tokio::test]
async fn what_says_nothing_of_the_account_changes_nothing() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = gateway(&upstream.url, 2, "").await;
    let client = Client::new(&gateway.url);
    let busy = r#"{"error":{"code":"model_at_capacity"}}"#;
    for (status, body) in [(429, busy), (503, busy), (500, "{}"), (400, "{}")] {
        upstream.json(status, body);
        let answer = call(&client, &MESSAGES, "talk").await;
        assert_eq!(
            (answer.status.as_u16(), answer.text()),
            (status, body.to_owned())
        );
    }
    upstream.json(200, MESSAGES.answer);
    assert_eq!(call(&client, &MESSAGES, "talk").await.status, 200);
    let accounts = drawn(&upstream);
    assert_eq!(accounts.len(), 5, "none was tried with the other account");
    assert!(accounts.iter().all(|account| *account == accounts[0]));
    gateway.stop().await;
}

#[tokio::test]
async fn an_error_inside_a_stream_is_the_accounts_too() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = gateway(&upstream.url, 2, "").await;
    let client = Client::new(&gateway.url);
    let failed = |code: &str| {
        format!(
            "event: response.failed\ndata: {{\"type\":\"response.failed\",\"sequence_number\":1,\"response\":{{\"id\":\"r\",\"status\":\"failed\",\"error\":{{\"code\":\"{code}\",\"message\":\"m\",\"resets_in_seconds\":600}}}}}}\n\n"
        )
    };
    for (code, moves) in [
        ("server_is_overloaded", false),
        ("usage_limit_reached", true),
    ] {
        let events = failed(code);
        upstream.script(vec![
            Step::Write(stream(&[events.as_str()])),
            Step::Write(last_chunk()),
        ]);
        let headers = [("x-tollhouse-session", "talk")];
        let body = RESPONSES.request("m", true);
        let answer = client.post(RESPONSES.path, &headers, body).await;
        assert_eq!(answer.text(), events);
        upstream.json(200, RESPONSES.answer);
        assert_eq!(call(&client, &RESPONSES, "talk").await.status, 200);
        let accounts = drawn(&upstream);
        let [.., before, after] = accounts.as_slice() else {
            panic!("{accounts:?}");
        };
        assert_eq!(before != after, moves, "{code}");
    }
    let refused = drawn(&upstream)[2].clone();
    let (left, why) = stored_rest(&database(&gateway), number(&refused)).await;
    assert!(why == Why::Cap && (500..=600).contains(&left), "{left}");
    gateway.stop().await;
}

#[tokio::test]
async fn a_refused_token_is_no_rest() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = gateway(&upstream.url, 2, "").await;
    let client = Client::new(&gateway.url);
    upstream.json(401, "{}").json(200, MESSAGES.answer);
    let answer = call(&client, &MESSAGES, "talk").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("x-tollhouse-fallback"), Some("unauthorized"));
    gateway.stop().await;
}

#[tokio::test]
async fn another_replica_hears_of_it_and_of_its_end() {
    let Some(database) = Database::new("accounts") else {
        return;
    };
    let upstream = ScriptedUpstream::start().await;
    let replica = async || {
        let data_dir = TempDir::new().unwrap();
        let extra = format!("database = \"{}\"", database.url());
        let text = signed_in::configuration(&upstream.url, data_dir.path(), &extra);
        TestGateway::from_text(&text, data_dir).await
    };
    let (one, two) = (replica().await, replica().await);
    let url = DatabaseUrl::Postgres(database.url());
    sign_in_at(&url, 0..1).await;
    signed_in::heed(&one).await;
    let (here, there) = (Client::new(&one.url), Client::new(&two.url));
    let until = async |status: u16, scripted: bool| {
        let asking = async {
            loop {
                if scripted {
                    upstream.json(200, MESSAGES.answer);
                }
                if call(&there, &MESSAGES, "talk").await.status == status {
                    break;
                }
            }
        };
        tokio::time::timeout(SOON, asking).await.expect("to hear");
    };
    until(200, true).await;
    upstream.json(429, USED_UP);
    // What was scripted for calls that were never made comes first.
    while call(&here, &MESSAGES, "talk").await.status == 200 {}
    until(429, true).await;
    let pause = call(&there, &MESSAGES, "talk").await;
    let pause: u64 = pause.header("retry-after").unwrap().parse().unwrap();
    assert!((7100..=7200).contains(&pause), "{pause}");
    // Ended by hand, it is over at both.
    wake(&url, 0).await;
    until(200, true).await;
    let asking = async { while call(&here, &MESSAGES, "talk").await.status != 200 {} };
    tokio::time::timeout(SOON, asking).await.expect("to hear");
    one.stop().await;
    two.stop().await;
    drop(database);
}
