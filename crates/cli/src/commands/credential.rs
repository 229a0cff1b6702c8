//! `credential`: provider credentials of the platform, an organization or whoever asks. A secret comes
//! in by standard input or the terminal, and never goes out.

use std::io::{self, IsTerminal, Read};

use anyhow::{Context as _, bail};
use http::Method;
use serde::Serialize;
use tollhouse_vault::{MAX_SECRET_BYTES, Secret};

use super::listing::{Column, moment, print, print_one, yes_or_no};
use crate::api::{Api, Query, escape};
use crate::args::{CredentialCommand, CredentialName, CredentialOwner, CredentialSet, Format};
use crate::output;
use crate::record::Record;

#[derive(Serialize)]
struct Input<'a> {
    api_key: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    base_url: Option<&'a str>,
}

#[derive(Serialize)]
struct Enabled {
    enabled: bool,
}

pub(super) async fn run(command: CredentialCommand) -> anyhow::Result<()> {
    let api = Api::find()?;
    match command {
        CredentialCommand::Set(given) => set(&api, &given).await,
        CredentialCommand::List(given) => list(&api, &given.owner, given.format).await,
        CredentialCommand::Show(which) => {
            let stored: Record = api.get(&path(&which)).await?;
            print_one(&stored, which.format)
        }
        CredentialCommand::Test(which) => test(&api, &which).await,
        CredentialCommand::Enable(which) => enable(&api, &which, true).await,
        CredentialCommand::Disable(which) => enable(&api, &which, false).await,
        CredentialCommand::Remove(which) => {
            api.delete(&path(&which)).await?;
            output::line(&format!("{} ({}) is removed", which.provider, which.name))?;
            Ok(())
        }
    }
}

/// Where an owner's credentials are.
fn base(owner: &CredentialOwner) -> String {
    match &owner.org {
        Some(org) => format!("/api/v1/orgs/{}/credentials", escape(org)),
        None if owner.me => "/api/v1/me/credentials".to_owned(),
        None => "/api/v1/platform/credentials".to_owned(),
    }
}

fn path(which: &CredentialName) -> String {
    let mut query = Query::default();
    query.add("name", &which.name);
    query.on(&format!(
        "{}/{}",
        base(&which.owner),
        escape(&which.provider)
    ))
}

async fn list(api: &Api, owner: &CredentialOwner, format: Format) -> anyhow::Result<()> {
    let page = api.list(&base(owner), &Query::default(), None).await?;
    let columns: [Column; 6] = [
        ("PROVIDER", |row| row.get("provider")),
        ("NAME", |row| row.get("name")),
        ("STATE", |row| row.get("state")),
        ("FINGERPRINT", |row| row.get("fingerprint")),
        ("SET", |row| moment(row, "configured_at")),
        ("FROM FILE", |row| row.get("managed").map(yes_or_no)),
    ];
    print(&page, &columns, format)
}

async fn set(api: &Api, given: &CredentialSet) -> anyhow::Result<()> {
    let which = &given.which;
    let secret = read_secret(&which.provider)?;
    let input = Input {
        api_key: secret.expose(),
        base_url: given.base_url.as_deref(),
    };
    let stored: Record = api.send(Method::PUT, &path(which), &input).await?;
    print_one(&stored, which.format)
}

/// The id that a credential goes by.
async fn id(api: &Api, which: &CredentialName) -> anyhow::Result<String> {
    let stored: Record = api.get(&path(which)).await?;
    let Some(id) = stored.get("id") else {
        bail!("{} has no credential named {}", which.provider, which.name);
    };
    Ok(id)
}

async fn enable(api: &Api, which: &CredentialName, enabled: bool) -> anyhow::Result<()> {
    let path = format!("/api/v1/credentials/{}", escape(&id(api, which).await?));
    let stored: Record = api.send(Method::PATCH, &path, &Enabled { enabled }).await?;
    print_one(&stored, which.format)
}

async fn test(api: &Api, which: &CredentialName) -> anyhow::Result<()> {
    let id = id(api, which).await?;
    let path = format!("/api/v1/credentials/{}/test", escape(&id));
    let trial: Record = api
        .send_bytes(Method::POST, &path, bytes::Bytes::new())
        .await?;
    print_one(&trial, which.format)?;
    if trial.read("ok") != Some(true) {
        bail!("the provider did not take the credential");
    }
    Ok(())
}

/// From the terminal without echo, or else from standard input.
fn read_secret(provider: &str) -> anyhow::Result<Secret> {
    let text = if io::stdin().is_terminal() {
        rpassword::prompt_password(format!("secret for {provider} (not shown): "))?
    } else {
        let mut text = String::new();
        // Room for surrounding white space; what is longer is refused below.
        let most = u64::try_from(4 * MAX_SECRET_BYTES).unwrap_or(u64::MAX);
        io::stdin().lock().take(most).read_to_string(&mut text)?;
        text
    };
    Secret::parse(&text).context("the secret")
}
