//! `tollhouse-bench`: measures what the gateway costs, against a bare pass-through built on
//! the same HTTP library.
//!
//! One binary with four roles (mock upstream, pass-through, load generator, orchestrator) so
//! that the expected bytes are computed by one piece of code. Refuses to know the gateway's
//! inside: it starts the released command as a user would.

mod clock;
mod hist;
mod load;
mod mock;
mod net;
mod passthrough;
mod payload;
mod proc;
mod run;
mod units;

use std::io::Write as _;
use std::net::SocketAddr;

use clap::{Parser, Subcommand};
use tokio::runtime::{Builder, Runtime};

#[derive(Debug, Parser)]
#[command(version, about = "Measures the gateway against a bare pass-through")]
struct Cli {
    #[command(subcommand)]
    role: Role,
}

#[derive(Debug, Subcommand)]
enum Role {
    /// Answer as a provider would, with fixed bytes
    Mock {
        /// Loopback address to listen on
        #[arg(long)]
        listen: SocketAddr,
    },
    /// Forward to one upstream, doing nothing else: the bound
    Passthrough {
        /// Loopback address to listen on
        #[arg(long)]
        listen: SocketAddr,
        /// The server to forward to
        #[arg(long)]
        upstream: SocketAddr,
    },
    /// Generate load, compare every answer, print a report as JSON
    Load(load::Plan),
    /// Start everything, compare the targets, print one table per scenario
    Run(run::Options),
}

fn main() -> anyhow::Result<()> {
    match Cli::parse().role {
        Role::Mock { listen } => {
            runtime()?.block_on(async { mock::run(net::listen(listen)?).await })
        }
        Role::Passthrough { listen, upstream } => {
            runtime()?.block_on(async { passthrough::run(net::listen(listen)?, upstream).await })
        }
        Role::Load(plan) => {
            let report = runtime()?.block_on(load::run(plan))?;
            let text = serde_json::to_string_pretty(&report)?;
            writeln!(std::io::stdout().lock(), "{text}")?;
            Ok(())
        }
        Role::Run(options) => run::run(options),
    }
}

/// One thread: every role has one core, and a second thread would only add wake-ups.
fn runtime() -> std::io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}
