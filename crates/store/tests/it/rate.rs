//! How fast the ledger takes calls. A measurement, run by hand on a quiet machine:
//! `scripts/with-postgres.sh cargo test --release -p tollhouse-store rate -- --ignored --nocapture`.

use std::time::Duration;
use tollhouse_domain::credential::CredentialSource;
use tollhouse_domain::id::CredentialId;

use futures_util::TryStreamExt as _;
use sqlx::PgConnection;
use tollhouse_domain::money::Money;
use tollhouse_wire::Protocol;
use tollhouse_wire::usage::Usage;

use crate::support::{Place, key_id, metered, session_id, uuid};

const BATCHES: u128 = 50;
/// What each key and credential leave in the audit trail is one entry for a batch.
const USUAL_KEYS: u128 = 20;

#[tokio::test]
#[ignore = "a measurement"]
async fn sqlite_rate() {
    measure(Place::sqlite(), USUAL_KEYS).await;
}

#[tokio::test]
#[ignore = "a measurement"]
async fn sqlite_rate_of_many_keys() {
    measure(Place::sqlite(), u128::MAX).await;
}

#[tokio::test]
#[ignore = "a measurement"]
async fn postgres_rate_of_many_keys() {
    if let Some(place) = Place::postgres().await {
        measure(place, u128::MAX).await;
    }
}

#[tokio::test]
#[ignore = "a measurement"]
async fn postgres_rate() {
    if let Some(place) = Place::postgres().await {
        measure(place, USUAL_KEYS).await;
    }
}

/// The same rows by a plain COPY into a table with the same indexes: the most that the server takes.
#[tokio::test]
#[ignore = "a measurement"]
#[expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]
async fn postgres_rate_beside_copy() {
    const ROWS: u128 = 96_000;
    let Some(place) = Place::postgres().await else {
        return;
    };
    let store = place.open().await;
    let mut connection = place.connect().await;
    // Not ours: the server's process that takes the COPY.
    let copying: i32 = sqlx::query_scalar("SELECT pg_backend_pid()")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    place
        .execute("CREATE TABLE tollhouse.copied (LIKE tollhouse.calls INCLUDING ALL)")
        .await;
    let mut next = 0;
    for (keys, batch_rows) in [(1, 2_000), (1_000, 2_000), (1_000, 4_000), (1_000, 8_000)] {
        let batches = ROWS / batch_rows;
        let (mut ours, mut copied) = (Duration::ZERO, Duration::ZERO);
        // Of this process and of the server's for it, in that order, while the ledger writes.
        let mut worked = [Duration::ZERO; 2];
        for _ in 0..batches {
            let calls: Vec<_> = (0..batch_rows)
                .map(|_| {
                    next += 1;
                    typical(next, keys)
                })
                .collect();
            let servers = servers(&mut connection, copying).await;
            let before = [cpu(&["self".to_owned()]), cpu(&servers)];
            let start = std::time::Instant::now();
            store.insert_calls(&calls).await.unwrap();
            ours += start.elapsed();
            let after = [cpu(&["self".to_owned()]), cpu(&servers)];
            for (worked, (after, before)) in worked.iter_mut().zip(after.iter().zip(before)) {
                *worked += after.saturating_sub(before);
            }
            let first = calls[0].id.0;
            let out = format!("COPY (SELECT * FROM calls WHERE id >= '{first}') TO STDOUT");
            let mut rows = connection.copy_out_raw(&out).await.unwrap();
            let mut text = Vec::new();
            while let Some(bytes) = rows.try_next().await.unwrap() {
                text.extend_from_slice(&bytes);
            }
            drop(rows);
            let start = std::time::Instant::now();
            let copy = connection.copy_in_raw("COPY copied FROM STDIN").await;
            let mut copy = copy.unwrap();
            copy.send(text).await.unwrap();
            assert_eq!(u128::from(copy.finish().await.unwrap()), batch_rows);
            copied += start.elapsed();
        }
        let rows = f64::from(u32::try_from(ROWS).unwrap());
        let (ours, copied) = (rows / ours.as_secs_f64(), rows / copied.as_secs_f64());
        let [client, server] = worked.map(|worked| 1e6 * worked.as_secs_f64() / rows);
        println!(
            "{keys} keys, {batch_rows} rows at a time: the ledger {ours:.0} rows/s ({client:.1} µs of CPU a \
             row here, {server:.1} in the server), a plain COPY {copied:.0} rows/s"
        );
    }
    store.close().await;
}

/// The server's processes that serve this test, but for the one that copies.
async fn servers(connection: &mut PgConnection, copying: i32) -> Vec<String> {
    let sql = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> $1";
    let pids: Vec<i32> = sqlx::query_scalar(sql)
        .bind(copying)
        .fetch_all(connection)
        .await
        .unwrap();
    pids.iter().map(ToString::to_string).collect()
}

/// What these processes of this machine have worked so far. Wall time says little where others work too.
fn cpu(pids: &[String]) -> Duration {
    let nanos = pids.iter().flat_map(|pid| {
        let threads = std::fs::read_dir(format!("/proc/{pid}/task"));
        threads.into_iter().flatten().flatten().map(|thread| {
            let text = std::fs::read_to_string(thread.path().join("schedstat")).unwrap_or_default();
            let first = text.split(' ').next().and_then(|text| text.parse().ok());
            first.unwrap_or(0_u64)
        })
    });
    Duration::from_nanos(nanos.sum())
}

#[expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]
#[expect(clippy::print_stdout, reason = "and says what it saw")]
async fn measure(place: Place, keys: u128) {
    let store = place.open().await;
    for batch in [1, 20, 200, 2_000] {
        let mut next = 1_000_000_000 * batch;
        let batches: Vec<Vec<_>> = (0..BATCHES)
            .map(|_| {
                (0..batch)
                    .map(|_| {
                        next += 1;
                        typical(next, keys)
                    })
                    .collect()
            })
            .collect();
        let start = std::time::Instant::now();
        for calls in &batches {
            store.insert_calls(calls).await.unwrap();
        }
        let rows = f64::from(u32::try_from(BATCHES * batch).unwrap());
        let rate = rows / start.elapsed().as_secs_f64();
        println!(
            "{}: {batch} rows a transaction: {rate:.0} rows/s",
            store.kind()
        );
    }
    store.close().await;
}

/// One call of `keys` that take turns; with very many of them, each makes one.
fn typical(n: u128, keys: u128) -> tollhouse_domain::call::Call {
    let mut call = metered(n, "claude-sonnet-4-6", 512, 7_000_000);
    call.session = session_id(n / 40);
    call.key = key_id(n % keys);
    call.credential_id = Some(CredentialId(uuid(1)));
    call.credential_source = Some(CredentialSource::Platform);
    call.from = Some([10, 0, 0, 1].into());
    call.session_name = Some("5f2a7c1e-8a43-4a55-b0c5-7d1b2c7e9f00".to_owned());
    call.protocol = Some(Protocol::Messages);
    call.model_sent.clone_from(&call.model_requested);
    call.stop_reason = Some("tool_use".to_owned());
    call.usage = Usage {
        input: Some(12),
        cache_read: Some(48_000),
        cache_write_5m: Some(900),
        cache_write_1h: Some(0),
        output: Some(512),
        reasoning: None,
    };
    call.usage_raw = Some(r#"{"input_tokens":12,"cache_read_input_tokens":48000}"#.to_owned());
    call.list_cost_usd = Some(Money(7_000_000));
    call.ttft_ms = Some(812.25);
    call.duration_ms = Some(9_312.75);
    call.bytes_in = 210_000;
    call.bytes_out = 9_000;
    call.attempts = 1;
    call.upstream_request_id = Some("req_011CUbtVJYsjEs6rZXrqGVzF".to_owned());
    call.upstream_object = Some(format!("msg_{n:024}"));
    call
}
