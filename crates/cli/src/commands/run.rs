//! `run`: a coding agent with a key of its own, for as long as it runs.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::ffi::OsStr;
use std::io::{self, IsTerminal};
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::ValueEnum as _;
use http::Method;
use rustix::process::{Pid, Signal, kill_process};
use serde::Deserialize;
use tokio::process::{Child, Command};
use tokio::signal::unix::{self, SignalKind};
use tollhouse_domain::time::Timestamp;
use tollhouse_vault::Secret;
use tollhouse_wire::Protocol;

use super::key::{KeyFields, Renewal, path as key_path};
use crate::api::{Api, Query};
use crate::args::{Agent, RunArgs};
use crate::clients::{self, Offered, Setup, VENDOR_CREDENTIALS, Wanted};
use crate::record::Record;
use crate::{environment, output};

/// How long ending the key may take; after that its expiry has to do.
const REVOKE_PATIENCE: Duration = Duration::from_secs(5);
/// However short the key's life, it is not renewed more often.
const SHORTEST_PAUSE: Duration = Duration::from_millis(300);
/// What shells add to a signal's number to make an exit code.
const KILLED_BY: i32 = 128;
/// Said at every start, because it is its holder's decision.
const OWN_LOGIN: &str = "tollhouse: the client's own sign-in or key goes through to its vendor as it is, and is not \
     kept; whether the vendor's terms allow a gateway there is yours to know";
/// Said where that is so.
const KEYS_ONLY: &str = "tollhouse: of what clients have themselves this gateway takes API keys alone, and no sign-in \
     (`accounts.clients` of its configuration)";
/// Ours, and not the client's to have.
const OWN_VARIABLES: [&str; 1] = ["TOLLHOUSE_TOKEN"];

pub(super) async fn run(args: RunArgs) -> anyhow::Result<u8> {
    let api = Api::find()?;
    // From here on a signal is the client's business, and must not leave a key behind.
    let mut signals = Signals::listen()?;
    let client = args.client.to_possible_value();
    let client = client.as_ref().map_or("", |value| value.get_name());
    let name = args.name.clone().unwrap_or_else(|| format!("run {client}"));
    let mut new = KeyFields::scoped(&name, &args.expires);
    if args.own_login {
        output::note(if sign_ins(&api).await? {
            OWN_LOGIN
        } else {
            KEYS_ONLY
        });
        new = new.beside();
    }
    let made: Record = api.send(Method::POST, "/api/v1/keys", &new).await?;
    let (Some(id), Some(secret)) = (made.get("id"), made.get("secret")) else {
        bail!("the server made a key and did not say which");
    };
    let key = Secret::new(secret);
    let result = tokio::select! {
        result = with_key(&api, &args, client, &key, &mut signals) => result,
        never = renewing(&api, &id, &args.expires, life(&made)) => match never {},
    };
    revoke(&api, &id).await;
    if result.is_ok() && io::stderr().is_terminal() {
        summary(&api, &id).await;
    }
    result.map(exit_code)
}

/// Whether clients may bring sign-ins of their own, where they may bring anything.
async fn sign_ins(api: &Api) -> anyhow::Result<bool> {
    let info: Record = api.get("/api/v1/proxy-info").await?;
    match info.get("own_credentials").as_deref() {
        Some("none") => bail!(
            "clients bring nothing of their own to this gateway (`accounts.clients` of its configuration); leave \
             `--own-login` out"
        ),
        Some("api_keys") => Ok(false),
        _ => Ok(true),
    }
}

/// How long the key was given.
fn life(made: &Record) -> Option<Duration> {
    let moment = |name| Timestamp::parse(&made.get(name)?);
    Some(moment("expires_at")?.since(moment("created_at")?))
}

/// Keeps the key alive for as long as the client runs. Three times in its life, so that one time the
/// server may be away.
async fn renewing(api: &Api, id: &str, expires: &str, life: Option<Duration>) -> Infallible {
    let Some(life) = life else {
        return std::future::pending().await;
    };
    let renewal = Renewal {
        expires_in: expires,
    };
    let path = format!("{}/renew", key_path(id));
    let mut said = false;
    loop {
        tokio::time::sleep((life / 3).max(SHORTEST_PAUSE)).await;
        let renewed: anyhow::Result<Record> = api.send(Method::POST, &path, &renewal).await;
        if let (Err(error), false) = (renewed, said) {
            said = true;
            output::note(&format!("the key {id} could not be renewed ({error:#})"));
        }
    }
}

async fn with_key(
    api: &Api,
    args: &RunArgs,
    program: &str,
    key: &Secret,
    signals: &mut Signals,
) -> anyhow::Result<ExitStatus> {
    let models = match args.client {
        Agent::Opencode => {
            let providers = api
                .list("/api/v1/providers", &Query::default(), None)
                .await?;
            models_of(api.url(), key, &providers.data).await?
        }
        Agent::Claude | Agent::Codex | Agent::Qwen => Vec::new(),
    };
    let wanted = Wanted {
        url: api.url(),
        model: args.model.as_deref(),
        models: &models,
        quiet: !args.allow_nonessential,
    };
    let setup = clients::setup(program, wanted, args.own_login)?;
    let recipe = clients::client(program)?;
    let program = recipe.program.as_deref().unwrap_or(program);
    let mut child = command(program, &setup, key, &args.arguments)
        .spawn()
        .with_context(|| format!("{program} does not start; is it installed and in PATH?"))?;
    Ok(signals.accompany(&mut child).await?)
}

fn command(program: &str, setup: &Setup, key: &Secret, arguments: &[impl AsRef<OsStr>]) -> Command {
    let mut command = Command::new(program);
    // Set afterwards, because one of them may be how the key is handed over.
    let unset = setup.unset.iter().map(String::as_str);
    let vendors = VENDOR_CREDENTIALS.into_iter();
    let vendors = vendors.filter(|name| !setup.keep.iter().any(|kept| kept == name));
    for name in unset.chain(vendors).chain(OWN_VARIABLES) {
        command.env_remove(name);
    }
    command
        .envs(&setup.env)
        .env(&setup.token, token(setup, key).expose());
    command.args(&setup.arguments).args(arguments);
    command
}

/// What the variable of the key says: where it holds headers, the user's own stay in it.
fn token(setup: &Setup, key: &Secret) -> Secret {
    if setup.token_value.is_empty() {
        return key.duplicate();
    }
    let theirs = environment::variable(&setup.token).map(|text| format!("{}\n", text.trim_end()));
    let theirs = theirs.unwrap_or_default();
    Secret::new([&theirs, &setup.token_value, key.expose()].concat())
}

fn protocol_named(name: &str) -> Option<Protocol> {
    let mut all = Protocol::ALL.into_iter();
    all.find(|protocol| protocol.as_str() == name)
}

/// The models that a key may use, and how each is spoken to where `providers` tells.
pub(super) async fn models_of(
    url: &str,
    key: &Secret,
    providers: &[Record],
) -> anyhow::Result<Vec<Offered>> {
    #[derive(Deserialize)]
    struct List {
        data: Vec<Entry>,
    }

    #[derive(Deserialize)]
    struct Entry {
        id: String,
        #[serde(default)]
        owned_by: String,
    }

    let list: List = Api::new(url, key)?.get("/v1/models").await?;
    let protocols: BTreeMap<String, Vec<Protocol>> = providers
        .iter()
        .filter_map(|row| {
            let spoken: Vec<String> = row.read("protocols")?;
            let spoken = spoken.iter().filter_map(|name| protocol_named(name));
            let spoken = spoken.collect();
            Some((row.get("name")?, spoken))
        })
        .collect();
    Ok(list
        .data
        .into_iter()
        .map(|entry| {
            let spoken = protocols.get(&entry.owned_by);
            Offered::speaking(&entry.id, spoken.map_or(&[], Vec::as_slice))
        })
        .collect())
}

/// Ends the key. That fails only with the server away, and then the key is of no use either.
async fn revoke(api: &Api, id: &str) {
    let path = key_path(id);
    let done = tokio::time::timeout(REVOKE_PATIENCE, api.delete(&path)).await;
    let why = match done {
        Ok(Ok(())) => return,
        Ok(Err(error)) => format!("{error:#}"),
        Err(_) => "the server does not answer".to_owned(),
    };
    output::note(&format!(
        "the key {id} could not be revoked ({why}); it ends when it expires"
    ));
}

/// What the run came to.
async fn summary(api: &Api, id: &str) {
    let mut query = Query::default();
    query.add("key", id);
    let Ok(report) = api.get::<Record>(&query.on("/api/v1/usage")).await else {
        return;
    };
    let Some(totals) = report.read::<Record>("totals") else {
        return;
    };
    let of = |name| totals.get(name).unwrap_or_else(|| "0".to_owned());
    let input = super::listing::input_tokens(&totals).unwrap_or_else(|| "0".to_owned());
    let output_tokens = super::listing::output_tokens(&totals).unwrap_or_else(|| "0".to_owned());
    let cost = super::listing::cost(&totals).unwrap_or_else(|| "unknown".to_owned());
    output::note(&format!(
        "tollhouse: {} calls, {input} tokens in, {output_tokens} out, cost {cost}",
        of("calls")
    ));
}

/// The client's own exit code, or what a shell would say of the signal that ended it.
fn exit_code(status: ExitStatus) -> u8 {
    let code = status
        .code()
        .or_else(|| status.signal().map(|signal| KILLED_BY + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}

/// Signals that are the client's to answer.
struct Signals {
    terminate: unix::Signal,
    hang_up: unix::Signal,
    interrupt: unix::Signal,
    quit: unix::Signal,
    /// At a terminal, the terminal itself interrupts the client too; twice would be once too often.
    at_terminal: bool,
}

impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: unix::signal(SignalKind::terminate())?,
            hang_up: unix::signal(SignalKind::hangup())?,
            interrupt: unix::signal(SignalKind::interrupt())?,
            quit: unix::signal(SignalKind::quit())?,
            at_terminal: io::stdin().is_terminal(),
        })
    }

    /// Passes signals on until the client ends.
    async fn accompany(&mut self, child: &mut Child) -> io::Result<ExitStatus> {
        // Taken now: once the client has been waited for, its number may be somebody else's.
        let pid = child
            .id()
            .and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        loop {
            let signal = tokio::select! {
                biased;
                ended = child.wait() => return ended,
                _ = self.terminate.recv() => Signal::TERM,
                _ = self.hang_up.recv() => Signal::HUP,
                _ = self.interrupt.recv() => Signal::INT,
                _ = self.quit.recv() => Signal::QUIT,
            };
            if self.at_terminal && matches!(signal, Signal::INT | Signal::QUIT) {
                continue;
            }
            if let Some(pid) = pid {
                // It may have ended a moment ago, which the next turn of the loop sees.
                let _ = kill_process(pid, signal);
            }
        }
    }
}
