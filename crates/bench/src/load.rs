//! The load generator: one process, one thread, closed or open loop, every answer compared
//! with the bytes the mock must have sent, or with the text in them where a target translates.
//!
//! Knows calls and streams, never which target it talks to.

mod abort;
mod check;
mod conn;
mod drive;
mod headers;
mod judge;
mod plan;
mod reading;
mod tally;
#[cfg(test)]
mod tests;
mod upstream;

use std::sync::Arc;
use std::time::Duration;

pub(crate) use self::plan::{Mode, Plan, Verify};
pub(crate) use self::tally::Report;
use self::tally::Tally;
use crate::{clock, proc};

/// Longest wait for calls that are under way when the time is over, beyond the length a stream
/// has by its own schedule.
const GRACE: Duration = Duration::from_secs(10);

/// Runs the plan to its end and reports. Bounded by the plan's own length plus a grace period;
/// what has not finished by then is counted as unfinished.
pub(crate) async fn run(plan: Plan) -> anyhow::Result<Report> {
    let limit = plan.length() + GRACE;
    let tally = Arc::new(Tally::default());
    let call = Arc::new(conn::Call::new(&plan)?);
    if let Some(mock) = plan.mock {
        upstream::tell(mock, headers::told(&plan)).await?;
    }
    let started = clock::now_ns();
    let work = async {
        match plan.mode {
            Mode::Closed => drive::closed(&plan, &call, &tally).await,
            Mode::Open => drive::open(&plan, &call, &tally).await,
            Mode::Abort => abort::run(&plan, &call, &tally).await,
        }
    };
    let cut = tokio::time::timeout(limit, work).await;
    let elapsed = clock::now_ns() - started;
    if let Ok(result) = cut {
        result?;
    }
    Ok(tally.report(elapsed, proc::cpu_us(std::process::id()).unwrap_or(0)))
}
