//! `login`, `logout` and `whoami`: being somebody to a server.

mod told;

use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use bytes::Bytes;
use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use tollhouse_vault::Secret;

use self::told::{Told, judge};
use super::listing::yes_or_no;
use crate::api::{Api, escape, refusal};
use crate::args::{Format, LoginArgs, LogoutArgs};
use crate::profile::{self, Profile};
use crate::record::Record;
use crate::settings::Usage;
use crate::{environment, output};

/// The longest pause between two questions, whatever a server says or however long it is away.
const LONGEST: Duration = Duration::from_mins(1);
/// How much longer to wait after having been too quick.
const SLOWER: Duration = Duration::from_secs(5);

#[derive(Serialize)]
struct Ask<'a> {
    name: &'a str,
}

#[derive(Deserialize)]
struct Codes {
    device_code: String,
    user_code: String,
    verification_uri: String,
    verification_uri_complete: String,
    expires_in: u64,
    interval: u64,
}

/// What somebody has to do, for programs.
#[derive(Serialize)]
struct Waiting<'a> {
    verification_uri: &'a str,
    verification_uri_complete: &'a str,
    user_code: &'a str,
    expires_in: u64,
}

#[derive(Serialize)]
struct Question<'a> {
    device_code: &'a str,
}

/// What came of it, for programs.
#[derive(Serialize)]
struct SignedIn<'a> {
    url: &'a str,
    token_id: &'a str,
    scope: &'a str,
    expires_in: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<Record>,
}

pub(super) async fn run(args: LoginArgs) -> anyhow::Result<()> {
    let before = profile::read()?;
    let url = args.url.or_else(|| environment::variable("TOLLHOUSE_URL"));
    let url = url.or_else(|| before.as_ref().map(|profile| profile.url.clone()));
    let no_server = || Usage("which server? give its address with --url URL".to_owned());
    let stranger = Api::stranger(&url.ok_or_else(no_server)?)?;
    let no_home = || Usage("there is no HOME to keep a token in; set it".to_owned());
    let token_file = profile::token_path().ok_or_else(no_home)?;
    let name = args.name.unwrap_or_else(machine);
    let ask = Ask { name: &name };
    let codes: Codes = stranger
        .send(Method::POST, "/api/v1/device/code", &ask)
        .await?;
    announce(&codes, args.format)?;
    let life = Duration::from_secs(codes.expires_in);
    let waited = tokio::time::timeout(life, wait(&stranger, &codes)).await;
    let late = |_| anyhow!("nobody typed the code in time; run `tollhouse login` again");
    let token = waited.map_err(late)??;

    profile::replace(&token_file, token.secret.expose())
        .with_context(|| token_file.display().to_string())?;
    profile::write(&Profile {
        url: stranger.url().to_owned(),
        token_file: Some(token_file),
        token_id: Some(token.id.clone()),
    })?;
    let api = Api::new(stranger.url(), &token.secret)?;
    retire(&api, before).await;
    // The token is there; not hearing whose it is does not undo that.
    let me: Option<Record> = api.get("/api/v1/me").await.ok();
    let user: Option<Record> = me.and_then(|me| me.read("user"));
    if args.format.json {
        return output::json(&SignedIn {
            url: api.url(),
            token_id: &token.id,
            scope: &token.scope,
            expires_in: token.expires_in,
            user,
        });
    }
    let who = user.and_then(|user| user.get("name"));
    let who = who.map_or(String::new(), |name| format!(" as {name}"));
    let days = token.expires_in / (24 * 3600);
    output::fields([(
        "signed in",
        format!(
            "to {}{who}, for {days} days, with the scope {}",
            api.url(),
            token.scope
        ),
    )])?;
    Ok(())
}

/// Says what somebody has to do.
fn announce(codes: &Codes, format: Format) -> anyhow::Result<()> {
    if format.json {
        return output::json(&Waiting {
            verification_uri: &codes.verification_uri,
            verification_uri_complete: &codes.verification_uri_complete,
            user_code: &codes.user_code,
            expires_in: codes.expires_in,
        });
    }
    let safe = |text: &str| text.replace(char::is_control, "\u{fffd}");
    output::note(&format!(
        "Open {} and type the code\n\n    {}\n\nor open {}\nWaiting until somebody does (Ctrl-C to give up) …",
        safe(&codes.verification_uri),
        safe(&codes.user_code),
        safe(&codes.verification_uri_complete),
    ));
    Ok(())
}

/// Asks until the server says yes or no. A server that is away, or in trouble, is asked again.
async fn wait(api: &Api, codes: &Codes) -> anyhow::Result<told::Token> {
    let question = Question {
        device_code: &codes.device_code,
    };
    let question = Bytes::from(serde_json::to_vec(&question)?);
    let second = Duration::from_secs(1);
    let mut interval = Duration::from_secs(codes.interval).clamp(second, LONGEST);
    let mut pause = interval;
    let mut complained = false;
    loop {
        tokio::time::sleep(pause).await;
        pause = interval;
        let asked = api.ask(Method::POST, "/api/v1/device/token", question.clone());
        let trouble = match asked.await {
            Ok((status, body)) => match judge(status, &body) {
                Told::Token(token) => return Ok(token),
                Told::Wait => continue,
                Told::Slower => {
                    interval = (interval + SLOWER).min(LONGEST);
                    pause = interval;
                    continue;
                }
                Told::Trouble(text) => text,
                Told::Over(text) => bail!(text),
            },
            Err(error) => format!("{error:#}"),
        };
        if !complained {
            complained = true;
            output::note(&format!("{trouble}; asking again"));
        }
    }
}

/// Ends the token that an earlier `login` to the same server got: nobody has it any more.
async fn retire(api: &Api, before: Option<Profile>) {
    let Some(Profile {
        url,
        token_id: Some(id),
        ..
    }) = before
    else {
        return;
    };
    if url == api.url() {
        // It may be over, or another user's: then there is nothing to end.
        let path = format!("/api/v1/me/tokens/{}", escape(&id));
        let _ = api.ask(Method::DELETE, &path, Bytes::new()).await;
    }
}

/// What this machine is called.
fn machine() -> String {
    let name = rustix::system::uname();
    let name = name.nodename().to_string_lossy();
    let name: String = name.chars().filter(|c| !c.is_control()).take(100).collect();
    if name.trim().is_empty() {
        "a machine without a name".to_owned()
    } else {
        name
    }
}

pub(super) async fn out(args: LogoutArgs) -> anyhow::Result<()> {
    let profile = profile::read()?;
    let Some(Profile {
        url,
        token_file: Some(token_file),
        token_id: Some(id),
    }) = profile
    else {
        let message = "nobody is signed in here: `tollhouse login` has left no token";
        return Err(Usage(message.to_owned()).into());
    };
    match end(&url, &token_file, &id).await {
        Ok(()) => {
            profile::remove()?;
            output::line(&format!("signed out of {url}"))?;
        }
        Err(error) if args.force => {
            profile::remove()?;
            output::note(&format!("{error:#}"));
            output::line(&format!(
                "the token for {url} is forgotten here and not ended there"
            ))?;
        }
        Err(error) => {
            return Err(
                error.context("the token is not ended (--force forgets it here all the same)")
            );
        }
    }
    Ok(())
}

/// Ends the token at its server. One that is over already is as good as ended.
async fn end(url: &str, token_file: &std::path::Path, id: &str) -> anyhow::Result<()> {
    let token = std::fs::read_to_string(token_file);
    let token = token.with_context(|| token_file.display().to_string())?;
    let api = Api::new(url, &Secret::parse(&token).context("the token")?)?;
    let path = format!("/api/v1/me/tokens/{}", escape(id));
    let (status, body) = api.ask(Method::DELETE, &path, Bytes::new()).await?;
    if status.is_success() || status == StatusCode::UNAUTHORIZED {
        return Ok(());
    }
    bail!(refusal(status, &body))
}

pub(super) async fn whoami(format: Format) -> anyhow::Result<()> {
    let api = Api::find()?;
    let me: Record = api.get("/api/v1/me").await?;
    if format.json {
        return output::json(&me);
    }
    let user = |name: &str| me.inside("user", name).unwrap_or_default();
    let orgs = me.read::<Record>("user").and_then(|user| user.read("orgs"));
    let orgs: Vec<Record> = orgs.unwrap_or_default();
    let orgs = orgs.iter().map(|org| {
        let of = |name| org.get(name).unwrap_or_default();
        format!("{} ({})", of("name"), of("role"))
    });
    let name = match me.get("acts_as").as_deref() {
        Some("operator") => "the administrator, by token".to_owned(),
        Some(_) | None => user("name"),
    };
    output::fields([
        ("server", api.url().to_owned()),
        ("you are", name),
        ("id", user("id")),
        ("address", user("email")),
        ("scope", me.get("scope").unwrap_or_default()),
        (
            "administers all",
            me.get("admin").map(yes_or_no).unwrap_or_default(),
        ),
        ("organizations", orgs.collect::<Vec<_>>().join(", ")),
    ])?;
    Ok(())
}
