//! `serve`: the gateway until it is told to stop.

use std::net::SocketAddr;
use std::path::absolute;

use anyhow::Context as _;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tollhouse_gateway::{Config, Gateway, Listening};
use tracing::warn;
use tracing_subscriber::EnvFilter;

use crate::args::{LogFormat, ServeArgs};
use crate::output;
use crate::profile::{self, Profile};
use crate::settings::{self, Usage};
use crate::signals::StopRequests;

pub(super) async fn run(args: ServeArgs) -> anyhow::Result<()> {
    log(&args.log, args.log_format)?;
    let config = settings::load(&args.config)?;
    let signals = StopRequests::listen()?;
    let listening = Listening::bind(&config).await?;
    let server = listening.serve(Gateway::start(&config).await?);
    let address = server.address()?;
    if address.ip().is_loopback()
        && let Err(error) = write_profile(&config, address)
    {
        let error = format!("{error:#}");
        warn!(error, "the profile for this user's commands is not written");
    }
    let scheme = if config.tls.is_some() {
        "https"
    } else {
        "http"
    };
    output::line(&format!("listening on {scheme}://{address}"))?;
    let (stop, now) = (CancellationToken::new(), CancellationToken::new());
    let tasks = TaskTracker::new();
    tasks.spawn(signals.escalate(stop.clone(), now.clone()));
    server.run(stop, now).await;
    Ok(())
}

/// Log lines go to standard error.
pub(super) fn log(filter: &str, format: LogFormat) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(filter)
        .map_err(|error| Usage(format!("--log (TOLLHOUSE_LOG): {error}")))?;
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    let colors = std::io::IsTerminal::is_terminal(&std::io::stderr());
    match format {
        LogFormat::Text => subscriber.with_ansi(colors).try_init(),
        LogFormat::Json => subscriber.json().flatten_event(true).try_init(),
    }
    .map_err(|error| anyhow::anyhow!("the log does not start: {error}"))
}

/// Tells this user's other commands where the server is.
fn write_profile(config: &Config, address: SocketAddr) -> anyhow::Result<()> {
    // A certificate is made out to the public name, not to the address.
    let url = if config.tls.is_some() {
        config.public_url.clone()
    } else {
        format!("http://{address}")
    };
    let token_file = match &config.admin_token {
        Some(_) => None,
        None => Some(absolute(config.data_dir.join("admin.token")).context("data_dir")?),
    };
    profile::write(&Profile {
        url,
        token_file,
        token_id: None,
    })
}
