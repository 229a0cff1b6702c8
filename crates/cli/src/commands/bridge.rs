//! `bridge`: this machine's own login of a subscription, lent to the gateway on this machine.
//!
//! What a request asks, what a program's lines mean and who may knock is decided in `domain::bridge`.

mod answer;
mod complete;
mod group;
mod handle;
mod list;
mod machine;
mod program;
mod refusal;
mod secret;
mod server;
mod stream;
mod watch;

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::Context as _;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tollhouse_domain::bridge::{Bridge, bridge};

use self::handle::Served;
use crate::args::{BridgeArgs, BridgeCommand};
use crate::output;
use crate::settings::Usage;
use crate::signals::StopRequests;

pub(super) async fn run(command: BridgeCommand) -> anyhow::Result<()> {
    match command {
        BridgeCommand::List(format) => list::run(format).await,
        BridgeCommand::Claude(args) => serve("claude", &args).await,
        BridgeCommand::Codex(args) => serve("codex", &args).await,
    }
}

async fn serve(id: &str, args: &BridgeArgs) -> anyhow::Result<()> {
    let known = bridge(id)?.with_context(|| format!("{id} is no bridge that is known here"))?;
    let address = address(&known, args.listen.as_deref())?;
    let (secret, reference) = secret::find(id, args.secret.as_deref())?;
    let signals = StopRequests::listen()?;
    let listener = match server::bind(address).await {
        Ok(listener) => listener,
        Err(error) => {
            let who = list::who_is_at(address, &secret).await;
            return Err(error).with_context(|| format!("{address} cannot be listened on: {who}"));
        }
    };
    let address = listener.local_addr()?;
    if let Some(terms) = &known.terms {
        output::note(terms.trim());
    }
    output::note(&format!(
        "In the configuration of the gateway on this machine:\n\n    {}\n",
        table(&known, address, &reference).replace('\n', "\n    ")
    ));
    let (stop, now) = (CancellationToken::new(), CancellationToken::new());
    let tasks = TaskTracker::new();
    tasks.spawn(signals.escalate(stop.clone(), now));
    let served = Served::new(
        known,
        &secret,
        args.concurrency,
        Duration::from_secs(args.timeout),
        stop.clone(),
    );
    output::line(&format!("bridge {id} at http://{address}"))?;
    server::run(listener, served, stop).await;
    Ok(())
}

/// Where to listen, which is on this machine and nowhere else.
fn address(known: &Bridge, listen: Option<&str>) -> Result<SocketAddr, Usage> {
    let Some(text) = listen else {
        return Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, known.port)));
    };
    let example = SocketAddr::from((Ipv4Addr::LOCALHOST, known.port));
    let address: SocketAddr = text.parse().map_err(|_| {
        Usage(format!(
            "--listen: expected ADDRESS:PORT, such as {example}"
        ))
    })?;
    if address.ip().is_loopback() {
        return Ok(address);
    }
    Err(Usage(format!(
        "--listen: {} is not of this machine alone; a login is lent out on loopback only, such as \
         {example}",
        address.ip()
    )))
}

/// What the gateway is told.
fn table(known: &Bridge, address: SocketAddr, reference: &str) -> String {
    let id = &known.id;
    let url = format!("http://{address}");
    let place = if url == known.usual_url() {
        String::new()
    } else {
        format!("\nurl = \"{url}\"")
    };
    format!("[[bridge]]\nname = \"{id}\"\nsecret = \"{reference}\"{place}")
}
