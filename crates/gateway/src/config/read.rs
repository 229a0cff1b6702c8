//! From what was written to what is needed.

mod allowed;
mod kept;
mod reference;
mod server;

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tollhouse_domain::provider::Provider;

use self::kept::{DEFAULT_MAX_JOURNAL, DEFAULT_RETENTION_DAYS, data_dir, days};
pub(super) use self::reference::Reference;
use self::server::DEFAULT_MAX_BODY;
use super::error::{ConfigError, Source};
use super::file::FileConfig;
use super::{
    Config, MasterKeySource, Storage, TlsFiles, UpstreamConfig, accounts, bridges, file, oidc,
    tables,
};

/// What flags and `TOLLHOUSE_*` variables put in place of the file's settings.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// `--listen`, `TOLLHOUSE_LISTEN`.
    pub listen: Option<String>,
    /// `--data-dir`, `TOLLHOUSE_DATA_DIR`.
    pub data_dir: Option<PathBuf>,
    /// `--database`, `TOLLHOUSE_DATABASE`.
    pub database: Option<String>,
    /// `--public-url`, `TOLLHOUSE_PUBLIC_URL`.
    pub public_url: Option<String>,
}

/// The process environment, or a test's.
pub(crate) type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Reads a configuration file.
pub fn load(
    path: &Path,
    overrides: &Overrides,
    environment: Environment<'_>,
) -> Result<Config, ConfigError> {
    let Text { file, text } = Text::read(path)?;
    parse(&file, &text, overrides, environment)
}

/// Configuration text, for whoever needs no more than where the data is: nothing else in it is looked
/// up, so that a secret of the server's, which only the server has, does not stop them.
#[derive(Debug, Clone, Default)]
pub struct Text {
    file: String,
    text: String,
}

impl Text {
    /// Reads a configuration file.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let file = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|error| ConfigError::file(&file, format!("cannot be read: {error}")))?;
        Ok(Self { file, text })
    }

    /// Where everything is kept.
    pub fn storage(
        &self,
        overrides: &Overrides,
        environment: Environment<'_>,
    ) -> Result<Storage, ConfigError> {
        let (reader, written) = self.reader(environment)?;
        let data_dir = data_dir(&written, overrides);
        let database = reader.database(written.server.database.as_ref(), overrides, &data_dir)?;
        Ok(Storage { data_dir, database })
    }

    /// The vault's master key.
    pub fn master_key(
        &self,
        overrides: &Overrides,
        environment: Environment<'_>,
    ) -> Result<MasterKeySource, ConfigError> {
        let (reader, written) = self.reader(environment)?;
        let data_dir = data_dir(&written, overrides);
        reader.master_key(written.vault.master_key.as_ref(), &data_dir)
    }

    fn reader<'a>(
        &'a self,
        environment: Environment<'a>,
    ) -> Result<(Reader<'a>, FileConfig), ConfigError> {
        let (file, text) = (self.file.as_str(), self.text.as_str());
        let source = Source { file, text };
        let written = toml::from_str(text).map_err(|error| ConfigError::toml(&source, &error))?;
        Ok((
            Reader {
                source,
                environment,
            },
            written,
        ))
    }
}

/// Reads configuration text; `file` is what errors call it.
pub fn parse(
    file: &str,
    text: &str,
    overrides: &Overrides,
    environment: Environment<'_>,
) -> Result<Config, ConfigError> {
    let source = Source { file, text };
    let written: FileConfig =
        toml::from_str(text).map_err(|error| ConfigError::toml(&source, &error))?;
    Reader {
        source,
        environment,
    }
    .config(&written, overrides)
}

/// Looks things up and says where they were asked for.
pub(super) struct Reader<'a> {
    pub(super) source: Source<'a>,
    environment: Environment<'a>,
}

impl Reader<'_> {
    fn config(&self, written: &FileConfig, overrides: &Overrides) -> Result<Config, ConfigError> {
        let server = &written.server;
        let listen = self.listen(server, overrides)?;
        let data_dir = data_dir(written, overrides);
        let accounts = accounts::read(self, &written.accounts)?;
        let providers = tables::providers(self, &written.provider, &accounts.authorities)?;
        let bridges = bridges::read(self, &written.bridge, &providers)?;
        let known: Vec<Provider> = providers
            .iter()
            .map(|configured| &configured.provider)
            .chain(bridges.iter().map(|bridge| &bridge.provider))
            .cloned()
            .collect();
        let mut routes = tables::routes(self, &written.route, &known)?;
        bridges::add_routes(&bridges, &mut routes);
        let ledger = &written.ledger;
        let public_url = self.public_url(server, overrides, listen)?;
        let said = overrides.public_url.is_some() || server.public_url.is_some();
        Ok(Config {
            accounts,
            oidc: oidc::read(self, written.oidc.as_ref(), said.then_some(&public_url))?,
            public_url,
            tls: server.tls.as_ref().map(|tls| TlsFiles {
                certificate: tls.certificate.clone(),
                key: tls.key.clone(),
            }),
            database: self.database(server.database.as_ref(), overrides, &data_dir)?,
            proxies: self.proxies(server)?,
            max_body: self.size(server.max_body.as_ref(), DEFAULT_MAX_BODY)?,
            max_connections: self.connections(server.max_connections.as_ref())?,
            drain: Duration::from_secs(server.drain_seconds.unwrap_or(30)),
            admin_token: self.admin_token(written.admin.token.as_ref())?,
            master_key: self.master_key(written.vault.master_key.as_ref(), &data_dir)?,
            durability: ledger.durability.unwrap_or_default(),
            retention: days(ledger.retention_days.unwrap_or(DEFAULT_RETENTION_DAYS)),
            rollup_retention: ledger.rollup_days.and_then(days),
            max_journal: self.size(ledger.max_journal.as_ref(), DEFAULT_MAX_JOURNAL)?,
            capture: self.capture(&written.capture)?,
            upstream: upstream(&written.upstream),
            limits: self.limits(&written.limits)?,
            bootstrap: self.bootstrap(&written.bootstrap)?,
            keys: tables::keys(self, &written.key)?,
            routes,
            providers,
            bridges,
            listen,
            data_dir,
        })
    }

    pub(super) fn error(&self, span: Range<usize>, message: impl Into<String>) -> ConfigError {
        ConfigError::at(&self.source, span, message)
    }
}

fn upstream(written: &file::Upstream) -> UpstreamConfig {
    UpstreamConfig {
        connect_timeout: seconds(written.connect_seconds, 10),
        idle_timeout: seconds(written.idle_seconds, 600),
        system_roots: written.system_roots.unwrap_or(false),
    }
}

fn seconds(written: Option<u64>, default: u64) -> Duration {
    Duration::from_secs(written.unwrap_or(default).max(1))
}
