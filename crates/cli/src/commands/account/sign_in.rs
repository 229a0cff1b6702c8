//! Signing in with an account: shown here, gone on with at the server.

use std::time::Duration;

use anyhow::{anyhow, bail};
use bytes::Bytes;
use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::{ACCOUNTS, browser, owner};
use crate::api::{Api, refusal};
use crate::args::AccountLogin;
use crate::commands::listing::print_one;
use crate::output::{self, printable};
use crate::record::Record;
use crate::signals::StopRequests;

const SECOND: Duration = Duration::from_secs(1);
/// The longest pause between two questions, whatever a server says.
const LONGEST: Duration = Duration::from_mins(1);

#[derive(Serialize)]
struct Ask<'a> {
    provider: &'a str,
    name: &'a str,
    owner: &'a str,
    flow: &'a str,
}

/// What whoever signs in needs.
#[derive(Deserialize)]
pub(super) struct Begun {
    pub(super) poll: String,
    pub(super) authorize_url: Option<String>,
    pub(super) redirect_uri: Option<String>,
    user_code: Option<String>,
    verification_uri: Option<String>,
    verification_uri_complete: Option<String>,
    expires_in: u64,
    interval: u64,
    notices: Vec<String>,
}

/// How a sign-in stands.
#[derive(Deserialize)]
pub(super) struct Standing {
    state: String,
    retry_in: Option<u64>,
    why: Option<String>,
    account: Option<Record>,
}

/// What to do about how a sign-in stands.
pub(super) enum Next {
    Done(Record),
    Wait(Duration),
}

impl Standing {
    pub(super) fn next(self) -> anyhow::Result<Next> {
        let why = self
            .why
            .map_or(String::new(), |why| format!(": {}", printable(&why)));
        match (self.state.as_str(), self.account) {
            ("done", Some(account)) => Ok(Next::Done(account)),
            ("pending", _) => Ok(Next::Wait(Duration::from_secs(self.retry_in.unwrap_or(1)))),
            ("denied", _) => bail!("somebody refused it{why}"),
            ("expired", _) => bail!("nobody signed in in time; run the command again{why}"),
            ("cancelled", _) => bail!("it was given up"),
            (_, _) => bail!("the account was not taken{why}"),
        }
    }
}

pub(super) async fn run(api: &Api, given: &AccountLogin) -> anyhow::Result<()> {
    let ask = Ask {
        provider: &given.place.provider,
        name: &given.place.name,
        owner: owner(&given.place),
        flow: if given.browser { "browser" } else { "device" },
    };
    // Before anything is begun: from then on being interrupted gives it up at the server too.
    let mut stop = StopRequests::listen()?;
    let path = format!("{ACCOUNTS}/login");
    let record: Record = api.send(Method::POST, &path, &ask).await?;
    let text = serde_json::to_vec(&record)?;
    let begun: Begun = serde_json::from_slice(&text)?;
    if given.format.json {
        output::json(&record)?;
    }
    let life = Duration::from_secs(begun.expires_in);
    let until = Instant::now() + life;
    let waiting = async {
        if given.browser {
            browser::wait(api, &begun).await
        } else {
            announce(&begun);
            wait(api, &begun, until).await
        }
    };
    let ended = tokio::select! {
        ended = tokio::time::timeout_at(until, waiting) => {
            ended.unwrap_or_else(|_| Err(anyhow!("nobody signed in in time; run the command again")))
        }
        () = stop.next() => Err(anyhow!("the sign-in is given up")),
    };
    output::passing("");
    match ended {
        Ok(account) => print_one(&account, given.format),
        Err(error) => {
            // It may be over at the server, or the server be away: then there is nothing to give up.
            let cancel = api.ask(Method::DELETE, &begun.poll, Bytes::new());
            let _ = tokio::time::timeout(10 * SECOND, cancel).await;
            Err(error)
        }
    }
}

impl Begun {
    /// Says what whoever signs in has to know first.
    pub(super) fn warn(&self) {
        for notice in &self.notices {
            output::note(&format!("{}\n", printable(notice)));
        }
    }
}

/// Says what somebody has to do.
fn announce(begun: &Begun) {
    let safe = |text: &Option<String>| printable(text.as_deref().unwrap_or_default());
    begun.warn();
    output::note(&format!(
        "Open {} and type the code\n\n    {}\n",
        safe(&begun.verification_uri),
        safe(&begun.user_code),
    ));
    if begun.verification_uri_complete.is_some() {
        output::note(&format!(
            "or open {}",
            safe(&begun.verification_uri_complete)
        ));
    }
    output::note("Waiting until somebody does (Ctrl-C to give up) …");
}

/// Asks until the server says yes or no. A server that is away, or in trouble, is asked again.
async fn wait(api: &Api, begun: &Begun, until: Instant) -> anyhow::Result<Record> {
    let mut pause = Duration::from_secs(begun.interval);
    let mut complained = false;
    loop {
        pass(pause.clamp(SECOND, LONGEST), until).await;
        let asked = api.ask(Method::GET, &begun.poll, Bytes::new()).await;
        let trouble = match asked {
            Ok((StatusCode::OK, body)) => {
                let standing: Standing = serde_json::from_slice(&body)?;
                match standing.next()? {
                    Next::Done(account) => return Ok(account),
                    Next::Wait(next) => pause = next,
                }
                continue;
            }
            Ok((status, body)) if status.is_server_error() => refusal(status, &body),
            Ok((status, body)) => bail!(refusal(status, &body)),
            Err(error) => format!("{error:#}"),
        };
        if !complained {
            complained = true;
            output::note(&format!("{trouble}; asking again"));
        }
    }
}

/// Lets time pass, and shows how much is left.
async fn pass(pause: Duration, until: Instant) {
    let end = Instant::now() + pause;
    loop {
        let now = Instant::now();
        let left = until.saturating_duration_since(now).as_secs();
        output::passing(&format!("{}:{:02} left", left / 60, left % 60));
        if now >= end {
            return;
        }
        tokio::time::sleep_until((now + SECOND).min(end)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_pending_is_waited_for() {
        let cases = [
            (
                r#"{"state":"done","account":{"id":"cred_1"}}"#,
                "done cred_1",
            ),
            (r#"{"state":"pending","retry_in":7}"#, "wait 7"),
            (r#"{"state":"pending"}"#, "wait 1"),
            (r#"{"state":"denied"}"#, "somebody refused it"),
            (
                r#"{"state":"expired"}"#,
                "nobody signed in in time; run the command again",
            ),
            (r#"{"state":"cancelled"}"#, "it was given up"),
            (
                r#"{"state":"refused","why":"it is here already"}"#,
                "the account was not taken: it is here already",
            ),
            (r#"{"state":"refused"}"#, "the account was not taken"),
            (r#"{"state":"done"}"#, "the account was not taken"),
            (r#"{"state":"something new"}"#, "the account was not taken"),
        ];
        for (text, expected) in cases {
            let standing: Standing = serde_json::from_str(text).unwrap();
            let told = match standing.next() {
                Ok(Next::Done(account)) => format!("done {}", account.get("id").unwrap()),
                Ok(Next::Wait(pause)) => format!("wait {}", pause.as_secs()),
                Err(error) => error.to_string(),
            };
            assert_eq!(told, expected, "{text}");
        }
    }
}
