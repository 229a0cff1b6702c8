//! `demo`: all of it on one machine, with nothing real in it.

mod calls;
mod history;
mod paste;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Serialize;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tollhouse_domain::audit::{Action, Actor, Note, Subject, SubjectKind};
use tollhouse_domain::price::{Price, Rates};
use tollhouse_gateway::config::{self, Overrides};
use tollhouse_gateway::{Config, Gateway, Listening, clock, listen};
use tollhouse_sim::{Sim, SimConfig};
use tollhouse_store::{Store, StoredPrice};
use tollhouse_vault::{Secret, admin_token, new_virtual_key};

use super::{serve, tail};
use crate::api::Api;
use crate::args::{DemoArgs, LogFormat};
use crate::signals::StopRequests;
use crate::{environment, output, profile, settings};

/// The simulated provider's models, each with an exact route so that lists show them.
const MODELS: [&str; 4] = ["sim-coder", "sim-echo", "sim-think", "sim-tool"];

/// Everything that runs for as long as the demo does.
struct Demo {
    directory: TempDir,
    sim: Sim,
    url: String,
    key: Secret,
    admin: Secret,
    tasks: TaskTracker,
    stop: CancellationToken,
    now: CancellationToken,
}

/// What scripts are told.
#[derive(Serialize)]
struct Ready<'a> {
    url: &'a str,
    key: &'a str,
    admin_token: &'a str,
    data_dir: &'a Path,
    provider_url: String,
}

pub(super) async fn run(args: DemoArgs) -> anyhow::Result<()> {
    serve::log(
        environment::variable("TOLLHOUSE_LOG")
            .as_deref()
            .unwrap_or("warn"),
        LogFormat::Text,
    )?;
    let mut signals = StopRequests::listen()?;
    let demo = Demo::start(&args).await?;
    let result = demo.show(&args, &mut signals).await;
    if let Some(path) = &args.ready_file {
        // It names a key and a directory that are about to be gone.
        let _ = std::fs::remove_file(path);
    }
    let now = demo.now.clone();
    tokio::select! {
        () = demo.end() => {}
        () = signals.next() => now.cancel(),
    }
    result
}

impl Demo {
    async fn start(args: &DemoArgs) -> anyhow::Result<Self> {
        let directory = tempfile::Builder::new()
            .prefix("tollhouse-demo-")
            .tempdir()?;
        let provider_key = new_virtual_key();
        let api_key = Some(provider_key.expose().to_owned());
        let sim = Sim::start(SimConfig {
            api_key,
            ..SimConfig::default()
        })
        .await?;
        let (key, admin) = (new_virtual_key(), admin_token());
        let database = settings::database(args.database.as_deref())?;
        let lookup = |name: &str| {
            let secret = match name {
                "PROVIDER_KEY" => &provider_key,
                "KEY" => &key,
                "ADMIN_TOKEN" => &admin,
                // Only what the command line names: the file that is made here names no other.
                _ => return environment::reference(name),
            };
            Some(secret.expose().to_owned())
        };
        // The address is part of what the gateway is told, so it is taken first.
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, args.port));
        let listener = listen(address).await.context("--port 0 picks a free one")?;
        let text = configuration(listener.local_addr()?.port(), &sim.base_url());
        let data_dir = Some(directory.path().join("data"));
        let overrides = Overrides {
            data_dir,
            database,
            ..Overrides::default()
        };
        let config = config::parse("demo", &text, &overrides, &lookup)?;
        let gateway = gateway(&config, if args.once { 0 } else { args.history }).await?;
        let server = Listening::on(listener, &config)?.serve(gateway);
        let (stop, now) = (CancellationToken::new(), CancellationToken::new());
        let tasks = TaskTracker::new();
        tasks.spawn(server.run(stop.clone(), now.clone()));
        tasks.close();
        Ok(Self {
            directory,
            sim,
            url: config.public_url,
            key,
            admin,
            tasks,
            stop,
            now,
        })
    }

    fn api(&self) -> anyhow::Result<Api> {
        Api::new(&self.url, &self.admin)
    }

    async fn show(&self, args: &DemoArgs, signals: &mut StopRequests) -> anyhow::Result<()> {
        if let Some(path) = &args.ready_file {
            self.write_ready(path)?;
        }
        let shown = async {
            if args.once {
                return calls::once(self, args.format).await;
            }
            let events = self.api()?.open("/api/v1/live").await?;
            paste::print(self)?;
            tail::show(events, args.format).await
        };
        tokio::select! {
            shown = shown => shown,
            () = signals.next() => Ok(()),
        }
    }

    fn write_ready(&self, path: &Path) -> anyhow::Result<()> {
        let ready = Ready {
            url: &self.url,
            key: self.key.expose(),
            admin_token: self.admin.expose(),
            data_dir: &self.data_dir(),
            provider_url: self.sim.base_url(),
        };
        let text = format!("{}\n", serde_json::to_string(&ready)?);
        profile::replace(path, &text).with_context(|| path.display().to_string())
    }

    fn data_dir(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    async fn end(self) {
        self.stop.cancel();
        self.tasks.wait().await;
        self.sim.stop().await;
        if let Err(error) = self.directory.close() {
            output::note(&format!("the temporary directory stays: {error}"));
        }
    }
}

/// A gateway whose store has a past.
async fn gateway(config: &Config, history: u32) -> anyhow::Result<Gateway> {
    std::fs::create_dir_all(&config.data_dir)?;
    let store = Store::open(&config.database).await?;
    let subject = Subject::of(SubjectKind::Prices);
    let note = Note::new(clock::now(), Actor::SYSTEM, Action::PricesPut, subject);
    let put = store.noted(note).put_prices(&prices()).await;
    store.close().await;
    put?;
    let gateway = Gateway::start(config).await?;
    if history > 0 {
        // The gateway has put the key there that the calls were made with.
        let store = Store::open(&config.database).await?;
        let written = history::write(&store, rates(), clock::now(), history).await;
        store.close().await;
        written?;
    }
    Ok(gateway)
}

/// Made up, so that costs can be seen.
const fn rates() -> Rates {
    Rates {
        input: Some(3_000_000_000),
        cache_read: Some(300_000_000),
        cache_write_5m: Some(3_750_000_000),
        cache_write_1h: Some(6_000_000_000),
        output: Some(15_000_000_000),
    }
}

/// The rates as prices, marked as made up wherever prices are shown.
fn prices() -> Vec<StoredPrice> {
    let dated = clock::now()
        .to_string()
        .chars()
        .take("2026-11-22".len())
        .collect::<String>();
    let price = |model: &str| StoredPrice {
        model: model.to_owned(),
        provider: Some("sim".to_owned()),
        price: Price {
            rates: rates(),
            long_context: None,
        },
        source: "simulated: made up by `tollhouse demo`".to_owned(),
        dated: dated.clone(),
    };
    MODELS.map(price).to_vec()
}

fn configuration(port: u16, provider: &str) -> String {
    let mut text = format!(
        r#"[server]
listen = "127.0.0.1:{port}"
drain_seconds = 5

[admin]
token = "env:ADMIN_TOKEN"

[bootstrap]
platform = true

[[provider]]
name = "sim"
endpoints = {{ messages = "{provider}", chat = "{provider}/v1", responses = "{provider}/v1" }}
api_key = "env:PROVIDER_KEY"

[[key]]
name = "demo"
secret = "env:KEY"
"#
    );
    for model in MODELS.iter().chain(&["*"]) {
        let route =
            format!("\n[[route]]\nmodel = \"{model}\"\ntargets = [{{ provider = \"sim\" }}]\n");
        text.push_str(&route);
    }
    // The same provider, asked in one protocol whatever the caller's: calls of the others are translated.
    for model in ["sim-coder", "sim-echo"] {
        for protocol in ["messages", "chat", "responses"] {
            let route = format!(
                "\n[[route]]\nmodel = \"{model}-via-{protocol}\"\n\
                 targets = [{{ provider = \"sim\", model = \"{model}\", protocol = \"{protocol}\" }}]\n"
            );
            text.push_str(&route);
        }
    }
    text
}
