//! `account`: logins at providers. Tokens go in by a sign-in or a file, and never come out.

mod browser;
mod sign_in;

use std::fs::File;
use std::io::{self, BufRead, IsTerminal, Read};

use anyhow::{Context as _, bail};
use bytes::Bytes;
use http::Method;
use serde::{Deserialize, Serialize};
use tollhouse_vault::Secret;

use super::listing::{Column, moment, print, print_one};
use crate::api::{Api, Query, escape};
use crate::args::{AccountCommand, AccountImport, AccountPlace, AccountWhich, Format};
use crate::output;
use crate::record::Record;
use crate::settings::Usage;

const ACCOUNTS: &str = "/api/v1/accounts";
/// The largest file that is read.
const MOST: u64 = 64 << 10;

pub(super) async fn run(command: AccountCommand) -> anyhow::Result<()> {
    let api = Api::find()?;
    match command {
        AccountCommand::Login(given) => sign_in::run(&api, &given).await,
        AccountCommand::Import(given) => import(&api, &given).await,
        AccountCommand::List(format) => list(&api, format).await,
        AccountCommand::Show(which) => {
            let account: Record = api.get(&path(&id(&api, &which).await?)).await?;
            print_one(&account, which.format)
        }
        AccountCommand::Pause(which) => change(&api, &which, "pause").await,
        AccountCommand::Resume(which) => change(&api, &which, "resume").await,
        AccountCommand::Refresh(which) => change(&api, &which, "refresh").await,
        AccountCommand::Wake(which) => change(&api, &which, "wake").await,
        AccountCommand::Remove(which) => {
            let id = id(&api, &which).await?;
            api.delete(&path(&id)).await?;
            output::line(&format!("{id} is removed"))?;
            Ok(())
        }
    }
}

fn path(id: &str) -> String {
    format!("{ACCOUNTS}/{}", escape(id))
}

/// Whose an account is to be, as the server wants it.
fn owner(place: &AccountPlace) -> &str {
    place.org.as_deref().unwrap_or("me")
}

async fn list(api: &Api, format: Format) -> anyhow::Result<()> {
    let page = api.list(ACCOUNTS, &Query::default(), None).await?;
    let columns: [Column; 11] = [
        ("ID", |row| row.get("id")),
        ("PROVIDER", |row| row.get("provider")),
        ("NAME", |row| row.get("name")),
        ("OWNER", |row| row.inside("owner", "kind")),
        ("HOLDER", |row| row.get("holder")),
        ("PLAN", |row| row.get("plan")),
        ("STATE", |row| row.get("state")),
        ("WHY", |row| row.get("why")),
        ("UNTIL", |row| moment(row, "until")),
        ("USED", used),
        ("LAST ERROR", |row| row.get("last_error")),
    ];
    print(&page, &columns, format)
}

/// How much of a plan is used, by the length of its windows: `5h 42%, 7d 17%`.
fn used(row: &Record) -> Option<String> {
    let windows: Record = row.read("windows")?;
    let of = |name| {
        let window: Record = windows.read(name)?;
        let percent = window.read::<f64>("used_percent")?;
        let span = match window.read::<u64>("minutes").unwrap_or_default() {
            0 => String::new(),
            minutes if minutes % 1440 == 0 => format!("{}d ", minutes / 1440),
            minutes if minutes % 60 == 0 => format!("{}h ", minutes / 60),
            minutes => format!("{minutes}min "),
        };
        Some(format!("{span}{percent:.0}%"))
    };
    let told: Vec<_> = ["primary", "secondary"]
        .into_iter()
        .filter_map(of)
        .collect();
    (!told.is_empty()).then(|| told.join(", "))
}

/// The id of an account that is named by it, or by its provider and name: of several, the caller's own.
async fn id(api: &Api, which: &AccountWhich) -> anyhow::Result<String> {
    let named = &which.account;
    if named.starts_with("cred_") {
        return Ok(named.clone());
    }
    let (provider, name) = named.split_once('/').unwrap_or((named, "default"));
    let page = api.list(ACCOUNTS, &Query::default(), None).await?;
    let is = |row: &&Record| {
        let of = |field| row.get(field).unwrap_or_default();
        of("provider") == provider && of("name") == name
    };
    let found: Vec<_> = page.data.iter().filter(is).collect();
    let one = match found[..] {
        [] => bail!("there is no account {name} of {provider}"),
        [one] => Some(one),
        [..] => {
            let me: Record = api.get("/api/v1/me").await?;
            let user = me.inside("user", "id");
            found.into_iter().find(|row| is_own(row, user.as_deref()))
        }
    };
    let id = one.and_then(|row| row.get("id"));
    id.with_context(|| {
        format!("several people have an account {name} of {provider}: `tollhouse account list` shows their ids")
    })
}

/// Whether an account is the user's, or the operator's where it is the operator who asks.
fn is_own(account: &Record, user: Option<&str>) -> bool {
    let owner = |field| account.inside("owner", field);
    match user {
        Some(user) => owner("id").as_deref() == Some(user),
        None => owner("kind").as_deref() == Some("platform"),
    }
}

async fn change(api: &Api, which: &AccountWhich, deed: &str) -> anyhow::Result<()> {
    let path = format!("{}/{deed}", path(&id(api, which).await?));
    let account: Record = api.send_bytes(Method::POST, &path, Bytes::new()).await?;
    print_one(&account, which.format)
}

#[derive(Serialize)]
struct Import<'a> {
    provider: &'a str,
    name: &'a str,
    owner: &'a str,
    auth_json: &'a str,
    consent: bool,
}

#[derive(Deserialize)]
struct Imported {
    account: Record,
    notices: Vec<String>,
}

async fn import(api: &Api, given: &AccountImport) -> anyhow::Result<()> {
    let file = read(given)?;
    let mut import = Import {
        provider: &given.place.provider,
        name: &given.place.name,
        owner: owner(&given.place),
        auth_json: "{}",
        consent: false,
    };
    if !given.yes && !agreed(api, &import).await? {
        bail!("nothing was imported");
    }
    (import.auth_json, import.consent) = (file.expose(), true);
    let path = format!("{ACCOUNTS}/import");
    let imported: Imported = api.send(Method::POST, &path, &import).await?;
    for notice in &imported.notices {
        output::note(&output::printable(notice));
    }
    print_one(&imported.account, given.format)
}

/// The login: from a file, or from standard input.
fn read(given: &AccountImport) -> anyhow::Result<Secret> {
    let mut text = String::new();
    match &given.file {
        Some(path) => {
            let what = || path.display().to_string();
            let file = File::open(path).with_context(what)?;
            file.take(MOST)
                .read_to_string(&mut text)
                .with_context(what)?;
        }
        None if io::stdin().is_terminal() => {
            let message = "which login? give its file with --file PATH, or on standard input";
            return Err(Usage(message.to_owned()).into());
        }
        None => {
            io::stdin().lock().take(MOST).read_to_string(&mut text)?;
        }
    }
    Ok(Secret::new(text))
}

/// Whether whoever is at the terminal goes on, once they know what the server says about it. It is asked
/// without the login.
async fn agreed(api: &Api, import: &Import<'_>) -> anyhow::Result<bool> {
    if !io::stdin().is_terminal() {
        let message = "this takes over the login of another program: say so with --yes";
        return Err(Usage(message.to_owned()).into());
    }
    let path = format!("{ACCOUNTS}/import");
    let body = Bytes::from(serde_json::to_vec(import)?);
    let (status, said) = api.ask(Method::POST, &path, body).await?;
    output::note(&output::printable(&crate::api::refusal(status, &said)));
    output::note("Go on? [y/N]");
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    Ok(matches!(line.trim(), "y" | "Y" | "yes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_of_a_plan_is_told_by_the_length_of_its_windows() {
        for (windows, expected) in [
            (
                r#"{"primary":{"used_percent":41.6,"minutes":300},"secondary":{"used_percent":7,"minutes":10080}}"#,
                Some("5h 42%, 7d 7%"),
            ),
            (
                r#"{"primary":{"used_percent":100,"minutes":90}}"#,
                Some("90min 100%"),
            ),
            (
                r#"{"secondary":{"used_percent":0,"minutes":null}}"#,
                Some("0%"),
            ),
            ("{}", None),
        ] {
            let row = format!(r#"{{"windows":{windows}}}"#);
            let row: Record = serde_json::from_str(&row).unwrap();
            assert_eq!(used(&row).as_deref(), expected, "{windows}");
        }
    }
}
