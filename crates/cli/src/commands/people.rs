//! `org`, `user`, `member`, `token` and `budgets`: who there is and what they may use.

use http::Method;
use serde::Serialize;

use super::key::{Budget, Limits, budgets};
use super::listing::{Column, moment, print, print_one};
use super::password;
use crate::api::{Api, Query, escape};
use crate::args::{
    Format, LimitsOf, MemberCommand, MemberOf, OrgCommand, TokenCommand, TokenCreate, UserCommand,
    UserCreate,
};
use crate::output;
use crate::record::Record;

#[derive(Serialize)]
struct NewOrg<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<&'a str>,
}

#[derive(Serialize)]
struct Name<'a> {
    name: &'a str,
}

#[derive(Serialize)]
struct Disabled {
    disabled: bool,
}

#[derive(Serialize)]
struct NewUser<'a> {
    name: &'a str,
    kind: &'a str,
    admin: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    org: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'a str>,
}

#[derive(Serialize)]
struct Role<'a> {
    role: &'a str,
}

#[derive(Serialize)]
struct NewToken<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_in: Option<&'a str>,
}

/// What somebody may use: null lifts what was there.
#[derive(Serialize)]
struct Allowance<'a> {
    limits: Option<Limits>,
    budget: Option<Vec<Budget<'a>>>,
}

const ORGS: [Column; 4] = [
    ("ID", |row| row.get("id")),
    ("NAME", |row| row.get("name")),
    ("YOU ARE", |row| row.get("role")),
    ("OFF SINCE", |row| moment(row, "disabled_at")),
];
const USERS: [Column; 5] = [
    ("ID", |row| row.get("id")),
    ("NAME", |row| row.get("name")),
    ("KIND", |row| row.get("kind")),
    ("ADDRESS", |row| row.get("email")),
    ("OFF SINCE", |row| moment(row, "disabled_at")),
];
const MEMBERS: [Column; 4] = [
    ("USER", |row| row.get("user")),
    ("NAME", |row| row.get("name")),
    ("ROLE", |row| row.get("role")),
    ("SINCE", |row| moment(row, "since")),
];
const TOKENS: [Column; 6] = [
    ("ID", |row| row.get("id")),
    ("NAME", |row| row.get("name")),
    ("TOKEN", |row| {
        row.get("prefix").map(|prefix| format!("{prefix}…"))
    }),
    ("SCOPE", |row| row.get("scope")),
    ("ACTIVE", |row| row.get("active")),
    ("LAST USED", |row| moment(row, "last_used_at")),
];

pub(super) async fn org(command: OrgCommand) -> anyhow::Result<()> {
    let api = Api::find()?;
    match command {
        OrgCommand::Create(args) => {
            let org = NewOrg {
                name: &args.name,
                owner: args.owner.as_deref(),
            };
            let made: Record = api.send(Method::POST, "/api/v1/orgs", &org).await?;
            print_one(&made, args.format)
        }
        OrgCommand::List(format) => list(&api, "/api/v1/orgs", &ORGS, format).await,
        OrgCommand::Show(args) => show(&api, &at_org(&args.name), args.format).await,
        OrgCommand::Rename(args) => {
            let new = Name { name: &args.to };
            let path = at_org(&args.name);
            let changed: Record = api.send(Method::PATCH, &path, &new).await?;
            print_one(&changed, args.format)
        }
        OrgCommand::Disable(args) => turn(&api, &at_org(&args.name), true, args.format).await,
        OrgCommand::Enable(args) => turn(&api, &at_org(&args.name), false, args.format).await,
        OrgCommand::Limits(args) => limit(&api, &at_org(&args.whose), &args).await,
    }
}

pub(super) async fn user(command: UserCommand) -> anyhow::Result<()> {
    let api = Api::find()?;
    match command {
        UserCommand::Create(args) => create_user(&api, &args).await,
        UserCommand::List(format) => list(&api, "/api/v1/users", &USERS, format).await,
        UserCommand::Show(args) => show(&api, &at_user(&args.id), args.format).await,
        UserCommand::Disable(args) => turn(&api, &at_user(&args.id), true, args.format).await,
        UserCommand::Enable(args) => turn(&api, &at_user(&args.id), false, args.format).await,
        UserCommand::Password(args) => password::give(&api, &at_user(&args.id), &args.id).await,
        UserCommand::Limits(args) => limit(&api, &at_user(&args.whose), &args).await,
    }
}

async fn create_user(api: &Api, args: &UserCreate) -> anyhow::Result<()> {
    let user = NewUser {
        name: &args.name,
        kind: if args.service { "service" } else { "person" },
        admin: args.admin,
        email: args.email.as_deref(),
        org: args.org.as_deref(),
        role: args.role.as_deref(),
    };
    let made: Record = api.send(Method::POST, "/api/v1/users", &user).await?;
    print_one(&made, args.format)
}

pub(super) async fn member(command: MemberCommand) -> anyhow::Result<()> {
    let api = Api::find()?;
    match command {
        MemberCommand::List(args) => {
            let path = format!("{}/members", at_org(&args.name));
            list(&api, &path, &MEMBERS, args.format).await
        }
        MemberCommand::Set(args) => {
            let role = Role { role: &args.role };
            let path = at_member(&args.of);
            let member: Record = api.send(Method::PUT, &path, &role).await?;
            print_one(&member, args.format)
        }
        MemberCommand::Remove(args) => {
            api.delete(&at_member(&args)).await?;
            output::line(&format!("{} is not in {} any more", args.user, args.org))?;
            Ok(())
        }
    }
}

pub(super) async fn token(command: TokenCommand) -> anyhow::Result<()> {
    let api = Api::find()?;
    match command {
        TokenCommand::Create(args) => create_token(&api, &args).await,
        TokenCommand::List(args) => {
            let path = format!("{}/tokens", at_user(&args.id));
            list(&api, &path, &TOKENS, args.format).await
        }
        TokenCommand::Revoke(args) => {
            let user = at_user(&args.user);
            let path = format!("{user}/tokens/{}", escape(&args.token));
            api.delete(&path).await?;
            output::line(&format!("{} is revoked", args.token))?;
            Ok(())
        }
    }
}

/// Prints the secret alone, for a variable or a file, like `key create`.
async fn create_token(api: &Api, args: &TokenCreate) -> anyhow::Result<()> {
    let token = NewToken {
        name: &args.name,
        scope: args.scope.as_deref(),
        expires_in: args.expires.as_deref(),
    };
    let path = format!("{}/tokens", at_user(&args.user));
    let made: Record = api.send(Method::POST, &path, &token).await?;
    if args.format.json {
        return output::json(&made);
    }
    output::line(&made.get("secret").unwrap_or_default())?;
    output::note(&format!(
        "{}: keep it; it is not shown again",
        made.get("id").unwrap_or_default()
    ));
    Ok(())
}

/// How every budget stands that whoever asks may see.
pub(super) async fn standings(format: Format) -> anyhow::Result<()> {
    let columns: [Column; 6] = [
        ("OF", |row| row.get("scope")),
        ("NAME", |row| row.get("name")),
        ("WINDOW", |row| row.get("window")),
        ("BUDGET", |row| row.get("usd")),
        ("SPENT", |row| row.get("spent_usd")),
        ("RESETS", |row| moment(row, "resets_at")),
    ];
    list(&Api::find()?, "/api/v1/budgets", &columns, format).await
}

async fn list(api: &Api, path: &str, columns: &[Column], format: Format) -> anyhow::Result<()> {
    let page = api.list(path, &Query::default(), None).await?;
    print(&page, columns, format)
}

async fn show(api: &Api, path: &str, format: Format) -> anyhow::Result<()> {
    let found: Record = api.get(path).await?;
    print_one(&found, format)
}

async fn turn(api: &Api, path: &str, disabled: bool, format: Format) -> anyhow::Result<()> {
    let changed: Record = api
        .send(Method::PATCH, path, &Disabled { disabled })
        .await?;
    print_one(&changed, format)
}

async fn limit(api: &Api, path: &str, args: &LimitsOf) -> anyhow::Result<()> {
    let limits = Limits {
        rpm: args.rpm,
        tpm: args.tpm,
        concurrency: args.concurrency,
    };
    let budget = budgets(&args.budget)?;
    let allowance = Allowance {
        limits: limits.is_any().then_some(limits),
        budget: (!budget.is_empty()).then_some(budget),
    };
    let path = format!("{path}/limits");
    let changed: Record = api.send(Method::PUT, &path, &allowance).await?;
    print_one(&changed, args.format)
}

fn at_org(name: &str) -> String {
    format!("/api/v1/orgs/{}", escape(name))
}

fn at_user(id: &str) -> String {
    format!("/api/v1/users/{}", escape(id))
}

fn at_member(of: &MemberOf) -> String {
    format!("{}/members/{}", at_org(&of.org), escape(&of.user))
}
