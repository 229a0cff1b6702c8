//! `key`: virtual keys.

use std::collections::BTreeMap;

use http::Method;
use serde::{Serialize, Serializer};

use super::listing::{Column, moment, print, print_one};
use crate::api::{Api, Query, escape};
use crate::args::{Bodies, Clearable, Format, KeyCommand, KeyCreate, KeyEdit, KeyPolicy};
use crate::output;
use crate::record::Record;
use crate::settings::Usage;

/// A key to be made or changed, as the control plane takes it.
#[derive(Serialize, Default)]
pub(super) struct KeyFields<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    #[serde(skip_serializing_if = "Field::is_kept")]
    agent: Field<&'a str>,
    #[serde(skip_serializing_if = "Field::is_kept")]
    owner: Field<&'a str>,
    #[serde(skip_serializing_if = "Field::is_kept")]
    org: Field<&'a str>,
    #[serde(skip_serializing_if = "Field::is_kept")]
    models: Field<&'a [String]>,
    #[serde(skip_serializing_if = "Field::is_kept")]
    providers: Field<&'a [String]>,
    #[serde(skip_serializing_if = "Field::is_kept")]
    routes: Field<&'a [String]>,
    #[serde(skip_serializing_if = "Field::is_kept")]
    expires_in: Field<&'a str>,
    #[serde(skip_serializing_if = "Field::is_kept")]
    limits: Field<Limits>,
    #[serde(skip_serializing_if = "Field::is_kept")]
    budget: Field<Vec<Budget<'a>>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    credentials: BTreeMap<&'a str, bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    strict: Option<bool>,
    #[serde(skip_serializing_if = "Field::is_kept")]
    capture: Field<&'static str>,
}

/// What is said of a field.
#[derive(Default)]
enum Field<T> {
    /// Nothing.
    #[default]
    Kept,
    /// That it is to be empty.
    Cleared,
    /// What it is to be.
    Set(T),
}

impl<T> Field<T> {
    fn is_kept(&self) -> bool {
        matches!(self, Self::Kept)
    }
}

impl<T> From<Option<T>> for Field<T> {
    fn from(given: Option<T>) -> Self {
        given.map_or(Self::Kept, Self::Set)
    }
}

impl<T: Serialize> Serialize for Field<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Kept | Self::Cleared => serializer.serialize_none(),
            Self::Set(value) => value.serialize(serializer),
        }
    }
}

#[derive(Serialize)]
pub(super) struct Limits {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rpm: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tpm: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) concurrency: Option<u32>,
}

impl Limits {
    /// Whether anything is limited.
    pub(super) const fn is_any(&self) -> bool {
        self.rpm.is_some() || self.tpm.is_some() || self.concurrency.is_some()
    }
}

#[derive(Serialize)]
pub(super) struct Budget<'a> {
    window: &'a str,
    usd: &'a str,
}

/// How a key gets a new secret, as the control plane takes it.
#[derive(Serialize)]
struct Rotation<'a> {
    grace: Option<&'a str>,
}

/// How a key gets more time, as the control plane takes it.
#[derive(Serialize)]
pub(super) struct Renewal<'a> {
    pub(super) expires_in: &'a str,
}

impl<'a> KeyFields<'a> {
    /// A key for one run of a client.
    pub(super) fn scoped(name: &'a str, expires_in: &'a str) -> Self {
        Self {
            name: Some(name),
            kind: Some("scoped"),
            expires_in: Field::Set(expires_in),
            ..Self::default()
        }
    }

    /// The same for a client that brings its own credential: it draws on nobody else's.
    pub(super) fn beside(self) -> Self {
        let sources = ["user", "org", "platform"].map(|source| (source, false));
        Self {
            credentials: [("client", true)].into_iter().chain(sources).collect(),
            ..self
        }
    }

    fn of(policy: &'a KeyPolicy) -> anyhow::Result<Self> {
        let some = |list: &'a [String]| (!list.is_empty()).then_some(list).into();
        let limits = Limits {
            rpm: policy.rpm,
            tpm: policy.tpm,
            concurrency: policy.concurrency,
        };
        let budgets = budgets(&policy.budget)?;
        let credentials = policy.credentials.iter().map(|text| {
            let example = "platform=true";
            let (source, said) = pair(text, "--credentials", example)?;
            let wrong = |_| wrong("--credentials", example);
            Ok((source, said.parse().map_err(wrong)?))
        });
        Ok(Self {
            name: None,
            kind: None,
            agent: policy.agent.as_deref().into(),
            owner: policy.owner.as_deref().into(),
            org: policy.org.as_deref().into(),
            models: some(&policy.model),
            providers: some(&policy.provider),
            routes: some(&policy.route),
            expires_in: policy.expires.as_deref().into(),
            limits: limits.is_any().then_some(limits).into(),
            budget: (!budgets.is_empty()).then_some(budgets).into(),
            credentials: credentials.collect::<Result<_, Usage>>()?,
            strict: policy.strict,
            capture: policy.capture.map(bodies).into(),
        })
    }

    fn clear(&mut self, field: Clearable) {
        match field {
            Clearable::Agent => self.agent = Field::Cleared,
            Clearable::Models => self.models = Field::Cleared,
            Clearable::Providers => self.providers = Field::Cleared,
            Clearable::Routes => self.routes = Field::Cleared,
            Clearable::ExpiresIn => self.expires_in = Field::Cleared,
            Clearable::Limits => self.limits = Field::Cleared,
            Clearable::Budget => self.budget = Field::Cleared,
            Clearable::Owner => self.owner = Field::Cleared,
            Clearable::Org => self.org = Field::Cleared,
            Clearable::Capture => self.capture = Field::Cleared,
        }
    }
}

/// Budgets as they are typed: a window and dollars each.
pub(super) fn budgets(typed: &[String]) -> Result<Vec<Budget<'_>>, Usage> {
    let budget = |text| {
        let (window, usd) = pair(text, "--budget", "day=5")?;
        Ok(Budget { window, usd })
    };
    typed.iter().map(|text| budget(text)).collect()
}

/// What is kept of bodies, as the control plane takes it.
const fn bodies(bodies: Bodies) -> &'static str {
    match bodies {
        Bodies::Off => "off",
        Bodies::Redacted => "redacted",
        Bodies::Full => "full",
    }
}

fn wrong(flag: &str, example: &str) -> Usage {
    Usage(format!("{flag}: expected something such as {example}"))
}

fn pair<'a>(text: &'a str, flag: &str, example: &str) -> Result<(&'a str, &'a str), Usage> {
    text.split_once('=').ok_or_else(|| wrong(flag, example))
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
        KeyCommand::Edit(args) => edit(&api, &args).await,
        KeyCommand::Rotate(args) => {
            let rotation = Rotation {
                grace: (args.grace != "0").then_some(&args.grace),
            };
            let path = format!("{}/rotate", path(&args.id));
            let key: Record = api.send(Method::POST, &path, &rotation).await?;
            secret(&key, args.format)
        }
        KeyCommand::Renew(args) => {
            let renewal = Renewal {
                expires_in: &args.expires,
            };
            let path = format!("{}/renew", path(&args.id));
            let key: Record = api.send(Method::POST, &path, &renewal).await?;
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
    let new = KeyFields {
        name: Some(&args.name),
        kind: args.scoped.then_some("scoped"),
        ..KeyFields::of(&args.policy)?
    };
    let key: Record = api.send(Method::POST, "/api/v1/keys", &new).await?;
    secret(&key, args.format)
}

async fn edit(api: &Api, args: &KeyEdit) -> anyhow::Result<()> {
    let mut change = KeyFields {
        name: args.name.as_deref(),
        ..KeyFields::of(&args.policy)?
    };
    for field in &args.clear {
        change.clear(*field);
    }
    let key: Record = api.send(Method::PATCH, &path(&args.id), &change).await?;
    print_one(&key, args.format)
}

/// Prints a secret for the only time.
fn secret(key: &Record, format: Format) -> anyhow::Result<()> {
    if format.json {
        return output::json(key);
    }
    let of = |name| key.get(name).unwrap_or_default();
    output::line(&of("secret"))?;
    let (id, name) = (of("id"), of("name"));
    output::note(&format!("{id} ({name}); the key is shown this once"));
    Ok(())
}
