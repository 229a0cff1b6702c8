//! `bootstrap`: a token for a client, and everything the client has to be told.

use std::collections::BTreeMap;
use std::fs::{DirBuilder, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Component, Path};

use anyhow::{Context as _, bail};
use clap::ValueEnum as _;
use http::Method;
use serde::{Deserialize, Serialize};

use super::env;
use crate::api::{Api, escape};
use crate::args::BootstrapArgs;
use crate::output;
use crate::record::Record;

/// What is asked for, as the control plane takes it.
#[derive(Serialize)]
struct Ask<'a> {
    client: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    org: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<&'a str>,
    platform: bool,
}

/// A file of the answer.
#[derive(Deserialize)]
struct File {
    path: String,
    mode: String,
    content: String,
}

pub(super) async fn run(args: &BootstrapArgs) -> anyhow::Result<()> {
    let api = Api::find()?;
    let client = args.client.to_possible_value();
    let client = client.as_ref().map_or("", |value| value.get_name());
    let agent = args.agent.as_deref().unwrap_or(client);
    let ask = Ask {
        client,
        org: args.org.as_deref(),
        model: args.model.as_deref(),
        platform: args.platform,
    };
    let path = format!("/api/v1/agents/{}/bootstrap", escape(agent));
    let answer: Record = api.send(Method::POST, &path, &ask).await?;
    let files: Vec<File> = answer.read("files").unwrap_or_default();
    if let Some(root) = &args.write {
        for file in &files {
            write(root, file)?;
        }
    }
    if args.format.json {
        return output::json(&answer);
    }
    let env: BTreeMap<String, String> = answer
        .read("env")
        .context("the server's answer has no variables")?;
    let unset: Vec<String> = answer.read("unset").unwrap_or_default();
    for name in &unset {
        output::line(&env::unset(args.shell, name))?;
    }
    for (name, value) in &env {
        let quoted = env::quote(args.shell, value);
        output::line(&env::set(args.shell, name, &quoted))?;
    }
    let of = |name| answer.get(name).unwrap_or_default();
    output::note(&format!(
        "{}: {} credentials, until {}",
        of("id"),
        of("credential_source"),
        of("expires_at")
    ));
    if args.write.is_none() && !files.is_empty() {
        output::note("the client also reads files: take them with --write DIR, or --json");
    }
    Ok(())
}

/// Writes one file, new and with its mode, in directories for its owner alone.
fn write(root: &Path, file: &File) -> anyhow::Result<()> {
    let below = Path::new(&file.path);
    let plain = below
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    let mode = u32::from_str_radix(&file.mode, 8).ok();
    let (true, Some(mode)) = (plain && !file.path.is_empty(), mode) else {
        bail!("the server names a file that cannot be: {}", file.path);
    };
    let path = root.join(below);
    let directory = path.parent().unwrap_or(root);
    let mut builder = DirBuilder::new();
    builder.recursive(true).mode(0o700);
    builder
        .create(directory)
        .with_context(|| directory.display().to_string())?;
    let mut new = OpenOptions::new();
    new.write(true).create_new(true).mode(mode & 0o700);
    let opened = new.open(&path);
    let written = opened.and_then(|mut to| to.write_all(file.content.as_bytes()));
    written.with_context(|| path.display().to_string())
}
