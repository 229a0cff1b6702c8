//! `check`: what `serve` would do.

use std::path::Path;

use serde::Serialize;
use tollhouse_gateway::Config;
use tollhouse_gateway::config::{ConfiguredBridge, MasterKeySource};
use tollhouse_store::DatabaseUrl;

use crate::args::CheckArgs;
use crate::{output, settings};

#[derive(Serialize)]
struct Report<'a> {
    file: &'a Path,
    listen: String,
    tls: bool,
    public_url: &'a str,
    data_dir: &'a Path,
    database: &'static str,
    master_key: &'static str,
    admin_token: &'static str,
    providers: Vec<Provider<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    bridges: Vec<Bridge<'a>>,
    routes: Vec<Route>,
    keys: Vec<&'a str>,
}

#[derive(Serialize)]
struct Provider<'a> {
    name: &'a str,
    /// Whether the file gives it a credential.
    configured: bool,
    /// Why it gives none although it names one.
    #[serde(skip_serializing_if = "Option::is_none")]
    missing: Option<&'a str>,
    protocols: Vec<&'static str>,
}

#[derive(Serialize)]
struct Bridge<'a> {
    name: &'a str,
    /// What it is a bridge to.
    of: &'a str,
    address: String,
    /// Whether it has to prove that it knows the secret.
    proof: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<&'a str>,
}

#[derive(Serialize)]
struct Route {
    model: String,
    targets: Vec<String>,
}

pub(super) fn run(args: &CheckArgs) -> anyhow::Result<()> {
    let config = settings::load(&args.config)?;
    let file = settings::file(&args.config)?;
    let report = report(&file, &config);
    if args.format.json {
        return output::json(&report);
    }
    let yes = |value: bool| if value { "yes" } else { "no" }.to_owned();
    let mut lines = vec![
        ("file", report.file.display().to_string()),
        ("listen", report.listen.clone()),
        ("tls", yes(report.tls)),
        ("public_url", report.public_url.to_owned()),
        ("data_dir", report.data_dir.display().to_string()),
        ("database", report.database.to_owned()),
        ("master_key", report.master_key.to_owned()),
        ("admin_token", report.admin_token.to_owned()),
    ];
    lines.extend(report.providers.iter().map(|provider| {
        let (protocols, key) = (provider.protocols.join(", "), yes(provider.configured));
        let waits = provider.missing.map(|why| format!(" ({why})"));
        (
            "provider",
            format!(
                "{}: {protocols}; credential configured: {key}{}",
                provider.name,
                waits.unwrap_or_default()
            ),
        )
    }));
    lines.extend(report.bridges.iter().map(|bridge| {
        let owner = bridge.owner.unwrap_or("the operator's");
        let proof = if bridge.proof {
            "has to prove that it knows the secret"
        } else {
            "need not prove anything: whatever takes its port is sent the secret and the prompts"
        };
        let (name, of, address) = (bridge.name, bridge.of, &bridge.address);
        (
            "bridge",
            format!("{name}: {of} at {address}; owner: {owner}; {proof}"),
        )
    }));
    lines.extend(report.routes.iter().map(|route| {
        (
            "route",
            format!("{} -> {}", route.model, route.targets.join(", then ")),
        )
    }));
    lines.extend(report.keys.iter().map(|key| ("key", (*key).to_owned())));
    output::fields(lines)?;
    Ok(())
}

fn report<'a>(file: &'a Path, config: &'a Config) -> Report<'a> {
    Report {
        file,
        listen: config.listen.to_string(),
        tls: config.tls.is_some(),
        public_url: &config.public_url,
        data_dir: &config.data_dir,
        database: match config.database {
            DatabaseUrl::Sqlite(_) => "sqlite",
            DatabaseUrl::Postgres(_) => "postgres",
        },
        master_key: match config.master_key {
            MasterKeySource::Given(_) => "given",
            MasterKeySource::File(_) => "in data_dir",
        },
        admin_token: if config.admin_token.is_some() {
            "given"
        } else {
            "in data_dir"
        },
        providers: config
            .providers
            .iter()
            .map(|configured| Provider {
                name: &configured.provider.name,
                configured: configured.api_key.is_some(),
                missing: configured.missing.as_deref(),
                protocols: configured
                    .provider
                    .endpoints
                    .keys()
                    .map(|p| p.as_str())
                    .collect(),
            })
            .collect(),
        bridges: config.bridges.iter().map(bridge).collect(),
        routes: config
            .routes
            .iter()
            .map(|route| Route {
                model: route.model.to_string(),
                targets: route
                    .targets
                    .iter()
                    .map(|target| match &target.model {
                        Some(model) => format!("{}/{model}", target.provider),
                        None => target.provider.clone(),
                    })
                    .collect(),
            })
            .collect(),
        keys: config.keys.iter().map(|key| key.name.as_str()).collect(),
    }
}

fn bridge(configured: &ConfiguredBridge) -> Bridge<'_> {
    Bridge {
        name: &configured.provider.name,
        of: &configured.known.label,
        address: configured.address.to_string(),
        proof: configured.proves,
        owner: configured.owner.as_deref(),
    }
}
