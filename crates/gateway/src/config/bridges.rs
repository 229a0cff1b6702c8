//! The `[[bridge]]` tables: logins of people's own programs, lent out on loopback.

use std::collections::{BTreeMap, HashSet};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::Range;
use std::time::Duration;

use tollhouse_domain::bridge::proof::SHORTEST_SECRET;
use tollhouse_domain::bridge::{self, Bridge, Holder};
use tollhouse_domain::pattern::Pattern;
use tollhouse_domain::provider::{AuthScheme, Provider, valid_name};
use tollhouse_domain::route::{Route, Target};
use tollhouse_vault::Secret;
use toml::Spanned;

use super::error::ConfigError;
use super::file;
use super::read::Reader;
use super::tables::ConfiguredProvider;

const USUAL_PAUSE: u64 = 60;
/// The pauses between two looks at a bridge that can be asked for.
const PAUSES: std::ops::RangeInclusive<u64> = 5..=3600;

/// A bridge, and the secret that it shares with us.
#[expect(missing_debug_implementations, reason = "holds a secret")]
pub struct ConfiguredBridge {
    /// What is known of it.
    pub known: Bridge,
    /// It as a provider; whose it is is not settled yet.
    pub provider: Provider,
    /// Where it is, which is on loopback.
    pub address: SocketAddr,
    /// What it has to prove to know, and is sent with every call.
    pub secret: Secret,
    /// Whether it has to prove that before it is told anything.
    pub proves: bool,
    /// The models that are offered under names of the bridge's own.
    pub models: Vec<String>,
    /// The e-mail address of whoever logged in, where that is not the operator.
    pub owner: Option<String>,
    /// How long to wait before it is looked at again.
    pub pause: Duration,
}

pub(super) fn read(
    reader: &Reader<'_>,
    tables: &[Spanned<file::Bridge>],
    providers: &[ConfiguredProvider],
) -> Result<Vec<ConfiguredBridge>, ConfigError> {
    let known = bridge::bridges()
        .map_err(|error| ConfigError::file(reader.source.file, error.to_string()))?;
    let mut taken: HashSet<String> = providers
        .iter()
        .map(|configured| configured.provider.name.clone())
        .collect();
    let mut found: Vec<ConfiguredBridge> = Vec::with_capacity(tables.len());
    for table in tables {
        let configured = one(reader, &known, table)?;
        let name = &configured.provider.name;
        if !taken.insert(name.clone()) {
            let message = format!(
                "provider \"{name}\" is written twice; a second bridge of a kind needs a provider \
                 name of its own"
            );
            return Err(reader.error(table.span(), message));
        }
        let address = configured.address;
        if found.iter().any(|other| other.address == address) {
            let message = format!("url: a bridge at {address} is written already");
            return Err(reader.error(table.span(), message));
        }
        found.push(configured);
    }
    Ok(found)
}

fn one(
    reader: &Reader<'_>,
    known: &[Bridge],
    table: &Spanned<file::Bridge>,
) -> Result<ConfiguredBridge, ConfigError> {
    let (span, written) = (table.span(), table.get_ref());
    let error = |message: String| reader.error(span.clone(), message);
    let Some(known) = known.iter().find(|known| known.id == written.name) else {
        let names: Vec<_> = known.iter().map(|known| known.id.as_str()).collect();
        return Err(error(format!(
            "bridge name: expected one of {}",
            names.join(", ")
        )));
    };
    let name = written.provider.as_ref().unwrap_or(&known.provider);
    if !valid_name(name) {
        return Err(error(
            "provider: expected 1 to 64 of a-z, 0-9, '-' and '_'".to_owned(),
        ));
    }
    let address = place(reader, span.clone(), known, written)?;
    let Some(reference) = &written.secret else {
        return Err(error(format!(
            "secret: a bridge and the gateway share one; `tollhouse bridge {}` says where its is",
            known.id
        )));
    };
    let secret = reader.secret(span.clone(), reference)?;
    let proves = written.proof.unwrap_or(true);
    if proves && secret.expose().len() < SHORTEST_SECRET {
        return Err(error(format!(
            "secret: expected at least {SHORTEST_SECRET} characters: everybody on this machine may ask the \
             bridge for proofs, and try guesses on them"
        )));
    }
    let models = written.models.clone().unwrap_or_else(|| {
        let names = known.models.iter().map(|model| model.name.clone());
        names.collect()
    });
    if models
        .iter()
        .any(|model| model.is_empty() || model.ends_with('*'))
    {
        return Err(error("models: expected whole names".to_owned()));
    }
    let pause = written.probe_seconds.unwrap_or(USUAL_PAUSE);
    if !PAUSES.contains(&pause) {
        return Err(error("probe_seconds: expected 5 to 3600".to_owned()));
    }
    let owner = written
        .owner
        .as_ref()
        .map(|owner| owner.trim().to_ascii_lowercase());
    if owner.as_ref().is_some_and(|owner| !owner.contains('@')) {
        return Err(error(
            "owner: expected the e-mail address of a user".to_owned(),
        ));
    }
    Ok(ConfiguredBridge {
        provider: Provider {
            name: name.clone(),
            endpoints: BTreeMap::from([(known.protocol, format!("http://{address}/v1"))]),
            auth: Some(AuthScheme::Bearer),
            open: Some(false),
            upstream_auth: false,
            account: None,
            headers: BTreeMap::new(),
            protocols: Vec::new(),
            bridge: Some(match owner {
                Some(_) => Holder::Nobody,
                None => Holder::Platform,
            }),
            key_prefix: None,
            models: Vec::new(),
            quirks: Vec::new(),
            managed: true,
        },
        known: known.clone(),
        address,
        secret,
        proves,
        models,
        owner,
        pause: Duration::from_secs(pause),
    })
}

/// Where the bridge is: as it is written, else as its variable says, else where it usually is.
fn place(
    reader: &Reader<'_>,
    span: Range<usize>,
    known: &Bridge,
    written: &file::Bridge,
) -> Result<SocketAddr, ConfigError> {
    let (text, what) = match (&written.url, reader.variable(&known.url_variable)) {
        (Some(text), _) => (text.clone(), "url"),
        (None, Some(text)) => (text, known.url_variable.as_str()),
        (None, None) => return Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, known.port))),
    };
    on_loopback(&text).ok_or_else(|| {
        let message = format!(
            "{what}: expected an http:// address of this machine, such as \"{}\": a bridge lends out \
             a login, and nothing of that crosses a network",
            known.usual_url()
        );
        reader.error(span, message)
    })
}

/// An address of loopback as a literal, so that nobody looks up what it stands for.
fn on_loopback(text: &str) -> Option<SocketAddr> {
    let uri: http::Uri = text.parse().ok()?;
    let plain = uri.scheme_str() == Some("http")
        && uri.path().trim_end_matches('/').is_empty()
        && uri.query().is_none()
        && !text.contains(['@', '#']);
    let host = uri.host().filter(|_| plain)?;
    let address = if host.eq_ignore_ascii_case("localhost") {
        IpAddr::V4(Ipv4Addr::LOCALHOST)
    } else {
        let bare = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'));
        bare.unwrap_or(host).parse().ok()?
    };
    let port = uri.port_u16()?;
    address
        .is_loopback()
        .then(|| SocketAddr::new(address, port))
}

/// A route for each model of a bridge, unless one is written for that name.
pub(super) fn add_routes(bridges: &[ConfiguredBridge], routes: &mut Vec<Route>) {
    for bridge in bridges {
        for model in &bridge.models {
            let name = Pattern::Exact(format!("{}/{model}", bridge.provider.name));
            if routes.iter().all(|route| route.model != name) {
                routes.push(Route {
                    model: name,
                    targets: vec![Target {
                        provider: bridge.provider.name.clone(),
                        model: Some(model.clone()),
                        protocol: None,
                    }],
                    managed: true,
                });
            }
        }
    }
}

#[cfg(test)]
mod tests;
