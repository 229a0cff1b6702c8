//! `key`: virtual keys.

use http::Method;
use serde::Serialize;

use super::listing::{Column, moment, print, print_one};
use crate::api::{Api, Query, escape};
use crate::args::{KeyCommand, KeyCreate};
use crate::output;
use crate::record::Record;

/// A key to be made, as the control plane takes it.
#[derive(Serialize, Default)]
pub(super) struct NewKey<'a> {
    pub(super) name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) agent: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) kind: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) models: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) providers: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) expires_in: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) strict: bool,
}

pub(super) async fn run(command: KeyCommand) -> anyhow::Result<()> {
    let api = Api::find()?;
    match command {
        KeyCommand::Create(args) => create(&api, &args).await,
        KeyCommand::List(format) => {
            let page = api.list("/api/v1/keys", &Query::default(), None).await?;
            let columns: [Column; 7] = [
                ("ID", |row| row.get("id")),
                ("NAME", |row| row.get("name")),
                ("KEY", |row| {
                    row.get("prefix").map(|prefix| format!("{prefix}…"))
                }),
                ("KIND", |row| row.get("kind")),
                ("STATE", |row| row.get("state")),
                ("EXPIRES", |row| moment(row, "expires_at")),
                ("LAST USED", |row| moment(row, "last_used_at")),
            ];
            print(&page, &columns, format)
        }
        KeyCommand::Show(args) => {
            let key: Record = api.get(&path(&args.id)).await?;
            print_one(&key, args.format)
        }
        KeyCommand::Revoke { id } => {
            api.delete(&path(&id)).await?;
            output::line(&format!("{id} is revoked"))?;
            Ok(())
        }
    }
}

pub(super) fn path(id: &str) -> String {
    format!("/api/v1/keys/{}", escape(id))
}

async fn create(api: &Api, args: &KeyCreate) -> anyhow::Result<()> {
    let some = |list: &'_ [String]| !list.is_empty();
    let new = NewKey {
        name: &args.name,
        agent: args.agent.as_deref(),
        kind: None,
        models: some(&args.model).then_some(&args.model),
        providers: some(&args.provider).then_some(&args.provider),
        expires_in: args.expires.as_deref(),
        strict: args.strict,
    };
    let key: Record = api.send(Method::POST, "/api/v1/keys", &new).await?;
    if args.format.json {
        return output::json(&key);
    }
    output::line(&key.get("secret").unwrap_or_default())?;
    let id = key.get("id").unwrap_or_default();
    output::note(&format!("{id} ({}); the key is shown this once", args.name));
    Ok(())
}
