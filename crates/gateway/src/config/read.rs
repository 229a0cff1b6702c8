//! From what was written to what is needed.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tollhouse_domain::address::InvalidNetwork;
use tollhouse_domain::key::LONGEST_SCOPED;
use tollhouse_domain::limits::{Assumptions, Limits};
use tollhouse_domain::provider::Provider;
use tollhouse_store::DatabaseUrl;
use tollhouse_vault::{Secret, SecretError};
use toml::Spanned;

use super::error::{ConfigError, Source};
use super::file::FileConfig;
use super::{
    Bootstrap, CaptureConfig, Config, LimitsConfig, MasterKeySource, Proxies, Storage, TlsFiles,
    UpstreamConfig, accounts, bridges, oidc, tables,
};

const DEFAULT_LISTEN: &str = "127.0.0.1:7878";
const DEFAULT_DATA_DIR: &str = "./tollhouse-data";
const DEFAULT_MAX_BODY: u64 = 32 << 20;
const DEFAULT_MAX_JOURNAL: u64 = 4 << 30;
const DEFAULT_MAX_CONNECTIONS: u32 = 8192;
const DEFAULT_RETENTION_DAYS: u32 = 365;
const DEFAULT_CAPTURE_RETENTION_DAYS: u32 = 30;
const DEFAULT_MAX_CAPTURED: u64 = 1 << 20;
const DEFAULT_MAX_CAPTURING: u64 = 64 << 20;
const SHORTEST_ADMIN_TOKEN: usize = 32;
const DEFAULT_TOKEN: Duration = Duration::from_hours(2);
const SHORTEST_TOKEN: Duration = Duration::from_mins(1);
const DAY: Duration = Duration::from_hours(24);

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

fn data_dir(written: &FileConfig, overrides: &Overrides) -> PathBuf {
    let given = overrides.data_dir.clone();
    given
        .or_else(|| written.server.data_dir.clone())
        .unwrap_or_else(|| PathBuf::from(DEFAULT_DATA_DIR))
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

/// What a reference leads to.
pub(super) enum Reference {
    /// A secret.
    Secret(Secret),
    /// Nothing: no such variable, no such file, or nothing in it. In words.
    Nothing(String),
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
        let retention = written
            .ledger
            .retention_days
            .unwrap_or(DEFAULT_RETENTION_DAYS);
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
            durability: written.ledger.durability.unwrap_or_default(),
            retention: (retention > 0).then(|| DAY * retention),
            rollup_retention: written
                .ledger
                .rollup_days
                .filter(|days| *days > 0)
                .map(|days| DAY * days),
            max_journal: self.size(written.ledger.max_journal.as_ref(), DEFAULT_MAX_JOURNAL)?,
            capture: self.capture(&written.capture)?,
            upstream: UpstreamConfig {
                connect_timeout: seconds(written.upstream.connect_seconds, 10),
                idle_timeout: seconds(written.upstream.idle_seconds, 600),
                system_roots: written.upstream.system_roots.unwrap_or(false),
            },
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

    /// A variable of the environment.
    pub(super) fn variable(&self, name: &str) -> Option<String> {
        (self.environment)(name)
    }

    /// A secret by reference that has to be there: `env:NAME` or `file:PATH`.
    pub(super) fn secret(&self, span: Range<usize>, text: &str) -> Result<Secret, ConfigError> {
        match self.reference(span.clone(), text)? {
            Reference::Secret(secret) => Ok(secret),
            Reference::Nothing(why) => Err(self.error(span, why)),
        }
    }

    /// What a reference leads to. Whether nothing will do is for the caller to say; what is there and
    /// cannot be a secret never does.
    pub(super) fn reference(
        &self,
        span: Range<usize>,
        text: &str,
    ) -> Result<Reference, ConfigError> {
        let value = if let Some(name) = text.strip_prefix("env:") {
            match (self.environment)(name) {
                Some(value) => value,
                None => return Ok(Reference::Nothing(format!("{name} is not set"))),
            }
        } else if let Some(path) = text.strip_prefix("file:") {
            match std::fs::read_to_string(path) {
                Ok(value) => value,
                Err(error) => {
                    let message = format!("{path} cannot be read: {error}");
                    return match error.kind() {
                        ErrorKind::NotFound => Ok(Reference::Nothing(message)),
                        _ => Err(self.error(span, message)),
                    };
                }
            }
        } else {
            let message = "a secret is written as a reference: \"env:NAME\" or \"file:PATH\"";
            return Err(self.error(span, message));
        };
        match Secret::parse(&value) {
            Ok(secret) => Ok(Reference::Secret(secret)),
            Err(error @ SecretError::Empty) => Ok(Reference::Nothing(format!("{text}: {error}"))),
            Err(error) => Err(self.error(span, format!("{text}: {error}"))),
        }
    }

    fn listen(
        &self,
        server: &super::file::Server,
        overrides: &Overrides,
    ) -> Result<SocketAddr, ConfigError> {
        let written = server
            .listen
            .as_ref()
            .map(|l| (l.span(), l.get_ref().as_str()));
        let (span, text) = match (&overrides.listen, written) {
            (Some(text), _) => (0..0, text.as_str()),
            (None, Some(written)) => written,
            (None, None) => (0..0, DEFAULT_LISTEN),
        };
        let address: SocketAddr = text.parse().map_err(|_| {
            self.error(
                span.clone(),
                format!("listen: expected \"ADDRESS:PORT\", such as \"{DEFAULT_LISTEN}\""),
            )
        })?;
        let protected = server.tls.is_some() || server.behind_proxy == Some(true);
        if !address.ip().is_loopback() && !protected {
            let message = "listen: an address other than loopback would carry keys in the clear; \
                 add [server.tls] with certificate and key, or set behind_proxy = true when \
                 something in front of it terminates TLS";
            return Err(self.error(span, message));
        }
        Ok(address)
    }

    fn proxies(&self, server: &super::file::Server) -> Result<Proxies, ConfigError> {
        let behind = server.behind_proxy == Some(true);
        let Some(written) = &server.trusted_proxies else {
            return Ok(Proxies::new(behind, Vec::new()));
        };
        let error = |message: String| self.error(written.span(), message);
        if !behind {
            let message = "trusted_proxies: there are none without behind_proxy = true";
            return Err(error(message.to_owned()));
        }
        let read = |text: &String| {
            let wrong = |why: InvalidNetwork| error(format!("trusted_proxies: \"{text}\": {why}"));
            text.parse().map_err(wrong)
        };
        let trusted = written
            .get_ref()
            .iter()
            .map(read)
            .collect::<Result<_, _>>()?;
        Ok(Proxies::new(behind, trusted))
    }

    fn public_url(
        &self,
        server: &super::file::Server,
        overrides: &Overrides,
        listen: SocketAddr,
    ) -> Result<String, ConfigError> {
        let written = server
            .public_url
            .as_ref()
            .map(|u| (u.span(), u.get_ref().clone()));
        let given = overrides
            .public_url
            .clone()
            .map(|url| (0..0, url))
            .or(written);
        let Some((span, url)) = given else {
            let scheme = if server.tls.is_some() {
                "https"
            } else {
                "http"
            };
            return Ok(format!("{scheme}://{listen}"));
        };
        let web = url.starts_with("http://") || url.starts_with("https://");
        if !web || url.parse::<http::Uri>().is_err() {
            return Err(self.error(span, "public_url: expected an http:// or https:// address"));
        }
        Ok(url.trim_end_matches('/').to_owned())
    }

    fn database(
        &self,
        written: Option<&Spanned<String>>,
        overrides: &Overrides,
        data_dir: &Path,
    ) -> Result<DatabaseUrl, ConfigError> {
        let written = written.map(|w| (w.span(), w.get_ref().as_str()));
        let (span, text) = match (&overrides.database, written) {
            (Some(text), _) => (0..0, text.as_str()),
            (None, Some(written)) => written,
            (None, None) => (0..0, "sqlite"),
        };
        let resolved = match text.strip_prefix("env:") {
            Some(name) => (self.environment)(name)
                .ok_or_else(|| self.error(span.clone(), format!("{name} is not set")))?,
            None => text.to_owned(),
        };
        if resolved == "sqlite" {
            return Ok(DatabaseUrl::Sqlite(data_dir.join("tollhouse.db")));
        }
        if resolved.starts_with("postgres://") || resolved.starts_with("postgresql://") {
            return Ok(DatabaseUrl::Postgres(resolved));
        }
        let message = "database: expected \"sqlite\", \"postgres://…\" or \"env:NAME\" holding one";
        Err(self.error(span, message))
    }

    fn admin_token(
        &self,
        written: Option<&Spanned<String>>,
    ) -> Result<Option<Secret>, ConfigError> {
        let Some(written) = written else {
            return Ok(None);
        };
        let token = self.secret(written.span(), written.get_ref())?;
        if token.expose().len() < SHORTEST_ADMIN_TOKEN {
            let message = format!("token: at least {SHORTEST_ADMIN_TOKEN} characters are needed");
            return Err(self.error(written.span(), message));
        }
        Ok(Some(token))
    }

    fn master_key(
        &self,
        written: Option<&Spanned<String>>,
        data_dir: &Path,
    ) -> Result<MasterKeySource, ConfigError> {
        match written {
            Some(written) => Ok(MasterKeySource::Given(
                self.secret(written.span(), written.get_ref())?,
            )),
            None => Ok(MasterKeySource::File(data_dir.join("master.key"))),
        }
    }

    fn size(&self, written: Option<&Spanned<String>>, default: u64) -> Result<u64, ConfigError> {
        let Some(written) = written else {
            return Ok(default);
        };
        bytes(written.get_ref()).ok_or_else(|| {
            self.error(
                written.span(),
                "expected a size such as \"32MiB\", \"4GiB\" or \"1048576\"",
            )
        })
    }

    fn connections(&self, written: Option<&Spanned<u32>>) -> Result<u32, ConfigError> {
        match written {
            Some(written) if *written.get_ref() == 0 => {
                Err(self.error(written.span(), "max_connections: at least 1 is needed"))
            }
            Some(written) => Ok(*written.get_ref()),
            None => Ok(DEFAULT_MAX_CONNECTIONS),
        }
    }

    fn limits(&self, written: &super::file::Limits) -> Result<LimitsConfig, ConfigError> {
        let usual = LimitsConfig::default();
        let positive = |written: &Option<Spanned<u32>>, name, usual| match written {
            Some(written) if *written.get_ref() == 0 => {
                Err(self.error(written.span(), format!("{name}: at least 1 is needed")))
            }
            Some(written) => Ok(*written.get_ref()),
            None => Ok(usual),
        };
        let (bytes, sessions) = (&written.bytes_per_token, &written.sessions);
        let assumed = usual.assumed;
        Ok(LimitsConfig {
            global: Limits {
                rpm: written.rpm,
                tpm: written.tpm,
                concurrency: written.concurrency,
            },
            key: written.key,
            assumed: Assumptions {
                bytes_per_token: positive(bytes, "bytes_per_token", assumed.bytes_per_token)?,
                output_tokens: written
                    .assumed_output_tokens
                    .unwrap_or(assumed.output_tokens),
                input_tokens: written.assumed_input_tokens.unwrap_or(assumed.input_tokens),
            },
            sessions: positive(sessions, "sessions", usual.sessions)?,
            keys_per_owner: positive(
                &written.keys_per_owner,
                "keys_per_owner",
                usual.keys_per_owner,
            )?,
            keys_per_org: positive(&written.keys_per_org, "keys_per_org", usual.keys_per_org)?,
            credentials_per_provider: positive(
                &written.credentials_per_provider,
                "credentials_per_provider",
                usual.credentials_per_provider,
            )?,
        })
    }

    fn bootstrap(&self, written: &super::file::Bootstrap) -> Result<Bootstrap, ConfigError> {
        let token = match &written.token_seconds {
            None => DEFAULT_TOKEN,
            Some(seconds) => {
                let token = Duration::from_secs(*seconds.get_ref());
                if token < SHORTEST_TOKEN || token > LONGEST_SCOPED {
                    let message = "token_seconds: expected 60 (a minute) to 604800 (seven days)";
                    return Err(self.error(seconds.span(), message));
                }
                token
            }
        };
        Ok(Bootstrap {
            platform: written.platform.unwrap_or(false),
            token,
        })
    }

    fn capture(&self, written: &super::file::Capture) -> Result<CaptureConfig, ConfigError> {
        let days = written
            .retention_days
            .unwrap_or(DEFAULT_CAPTURE_RETENTION_DAYS);
        Ok(CaptureConfig {
            bodies: written.bodies.unwrap_or_default(),
            retention: (days > 0).then(|| DAY * days),
            max_body: self.size(written.max_body.as_ref(), DEFAULT_MAX_CAPTURED)?,
            max_memory: self.size(written.max_memory.as_ref(), DEFAULT_MAX_CAPTURING)?,
        })
    }
}

fn seconds(written: Option<u64>, default: u64) -> Duration {
    Duration::from_secs(written.unwrap_or(default).max(1))
}

/// Reads a size: whole bytes, or a whole number of KiB, MiB or GiB.
fn bytes(text: &str) -> Option<u64> {
    let text = text.trim();
    let units = [("KiB", 10), ("MiB", 20), ("GiB", 30), ("", 0)];
    let (number, shift) = units
        .iter()
        .find_map(|(unit, shift)| Some((text.strip_suffix(unit)?, *shift)))?;
    let number: u64 = number.trim().parse().ok()?;
    number.checked_mul(1 << shift).filter(|bytes| *bytes > 0)
}
