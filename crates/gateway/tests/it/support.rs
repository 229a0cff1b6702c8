//! Three lines to start a story: an upstream, a gateway, a client.

pub(crate) mod accounts;
pub(crate) mod client;
pub(crate) mod dialect;
pub(crate) mod idp;
pub(crate) mod raw;
pub(crate) mod upstream;

use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tollhouse_gateway::config::{self, Overrides};
use tollhouse_gateway::{Config, Gateway, Listening};

/// The virtual key of every test gateway.
pub(crate) const KEY: &str = "th-test-key-0123456789abcdefghijklmnop";
/// The platform's credential for the upstream.
pub(crate) const UPSTREAM_KEY: &str = "upstream-secret-canary-5b1f";
/// The administrator's token.
pub(crate) const ADMIN: &str = "admin-token-canary-0123456789abcdefghij";

/// How long a test waits for what must happen at once.
pub(crate) const SOON: Duration = Duration::from_secs(20);

/// The virtual key that configuration text calls `env:KEY_name`.
pub(crate) fn virtual_key(name: &str) -> String {
    format!("th-key-of-{name}-0123456789abcdefghijklmnop")
}

/// The upstream credential that configuration text calls `env:UPSTREAM_name`.
pub(crate) fn upstream_key(name: &str) -> String {
    format!("upstream-secret-of-{name}")
}

/// The vault's master key, where configuration text names `env:MASTER`.
pub(crate) const MASTER_KEY: &str = "bWFzdGVyLWtleS1jYW5hcnktMDEyMzQ1Njc4OWFiY2Q=";

/// A gateway on a free port with a store of its own.
pub(crate) struct TestGateway {
    pub(crate) url: String,
    pub(crate) gateway: Gateway,
    pub(crate) data_dir: TempDir,
    stop: CancellationToken,
    now: CancellationToken,
    tasks: JoinSet<()>,
}

/// The configuration of a gateway with one provider, `lab`, at `upstream`.
pub(crate) fn configuration(upstream: &str, data_dir: &Path, extra: &str) -> String {
    format!(
        r#"
[server]
listen = "127.0.0.1:0"
data_dir = "{}"
{extra}
[admin]
token = "env:ADMIN"
[[provider]]
name = "lab"
endpoints = {{ messages = "{upstream}", chat = "{upstream}/v1", responses = "{upstream}/v1" }}
api_key = "env:UPSTREAM"
[[key]]
name = "test"
secret = "env:KEY"
[[route]]
model = "*"
targets = [ {{ provider = "lab" }} ]
"#,
        data_dir.display()
    )
}

/// Reads configuration text with the test's secrets as its environment.
pub(crate) fn parse(text: &str) -> Config {
    let environment = |name: &str| match name {
        "ADMIN" => Some(ADMIN.to_owned()),
        "UPSTREAM" => Some(UPSTREAM_KEY.to_owned()),
        "KEY" => Some(KEY.to_owned()),
        "MASTER" => Some(MASTER_KEY.to_owned()),
        other => other
            .strip_prefix("KEY_")
            .map(virtual_key)
            .or_else(|| other.strip_prefix("UPSTREAM_").map(upstream_key)),
    };
    config::parse("test.toml", text, &Overrides::default(), &environment)
        .unwrap_or_else(|error| panic!("{error}"))
}

impl TestGateway {
    /// A gateway in front of `upstream`; everything goes to it.
    pub(crate) async fn start(upstream: &str) -> Self {
        Self::start_with(upstream, "").await
    }

    /// The same with more lines in its `[server]` table, or tables after it.
    pub(crate) async fn start_with(upstream: &str, extra: &str) -> Self {
        let data_dir = TempDir::new().unwrap();
        let text = configuration(upstream, data_dir.path(), extra);
        Self::from_text(&text, data_dir).await
    }

    /// A gateway from configuration text of the test's own.
    pub(crate) async fn from_text(text: &str, data_dir: TempDir) -> Self {
        let config = parse(text);
        let listening = Listening::bind(&config).await.unwrap();
        let gateway = Gateway::start(&config)
            .await
            .unwrap_or_else(|error| panic!("{error}"));
        let server = listening.serve(gateway.clone());
        let url = format!("http://{}", server.address().unwrap());
        let (stop, now) = (CancellationToken::new(), CancellationToken::new());
        let mut tasks = JoinSet::new();
        tasks.spawn(server.run(stop.clone(), now.clone()));
        Self {
            url,
            gateway,
            data_dir,
            stop,
            now,
            tasks,
        }
    }

    /// Asks the gateway to stop, and waits until it has.
    pub(crate) async fn stop(mut self) -> TempDir {
        self.stop.cancel();
        while let Some(ended) = self.tasks.join_next().await {
            ended.unwrap();
        }
        self.data_dir
    }

    /// Begins a graceful stop without waiting for its end.
    pub(crate) fn drain(&self) {
        self.stop.cancel();
    }

    /// Ends everything at once.
    pub(crate) fn cut(&self) {
        self.stop.cancel();
        self.now.cancel();
    }

    /// The ledger's rows, newest first, once everything that ended is in it.
    pub(crate) async fn calls(&self) -> Vec<tollhouse_domain::call::Call> {
        self.gateway.recorded().await
    }

    /// The same, as soon as there are at least `count`: for calls that end a moment after their
    /// client has seen or caused the end.
    pub(crate) async fn calls_when(&self, count: usize) -> Vec<tollhouse_domain::call::Call> {
        let waiting = async {
            loop {
                let calls = self.calls().await;
                if calls.len() >= count {
                    return calls;
                }
            }
        };
        tokio::time::timeout(SOON, waiting)
            .await
            .expect("rows that never came")
    }
}
