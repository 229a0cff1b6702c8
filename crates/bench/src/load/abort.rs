//! A client that leaves in the middle of a stream: how long until the upstream is aborted?

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, bail};
use http_body_util::BodyExt as _;

use super::Plan;
use super::conn::Call;
use super::tally::Tally;
use super::upstream::stats;
use crate::clock;

/// Longest wait for the mock to notice one client that left.
const LIMIT: Duration = Duration::from_secs(5);

/// Opens `plan.conns` streams one after the other, leaves each after its third chunk and asks
/// the mock when it noticed.
pub(crate) async fn run(plan: &Plan, call: &Call, tally: &Tally) -> anyhow::Result<()> {
    let mock = plan.mock.context("--mode abort needs --mock")?;
    for _ in 0..plan.conns {
        let before = stats(mock).await?.aborted;
        tally.counts().begun += 1;
        let mut conn = call.connect().await?;
        let mut body = call.send(&mut conn).await?;
        for _ in 0..3 {
            body.frame().await.context("the stream ended early")??;
        }
        drop(body);
        drop(conn);
        let left = clock::now_ns();
        let noticed = tokio::time::timeout(LIMIT, noticed(mock, before)).await;
        let Ok(noticed) = noticed else {
            bail!("the upstream was still sending {LIMIT:?} after its client had left");
        };
        let mut counts = tally.counts();
        counts.calls += 1;
        counts.abort.record(noticed?.saturating_sub(left));
    }
    Ok(())
}

async fn noticed(mock: SocketAddr, before: u64) -> anyhow::Result<u64> {
    loop {
        let stats = stats(mock).await?;
        if stats.aborted > before {
            return Ok(stats.last_abort_ns);
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}
