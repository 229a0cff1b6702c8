//! What an authority is asked while somebody signs in, in its own form, and what it says to that.

use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use serde::{Deserialize, Serialize};
use tollhouse_domain::account::authority::{Authority, Flow};
use tollhouse_domain::account::device::{Answer, LONGEST_INTERVAL, Offered, answered, offered};

use super::Stage;
use crate::accounts::ask::{AskError, Question, Said, ask};
use crate::accounts::grant::Grant;
use crate::accounts::tokens::Tokens;
use crate::clock;
use crate::upstream::Upstream;

/// What OpenAI's authority says while nobody has typed the code.
const NOT_YET: [u16; 2] = [403, 404];
const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// Why an authority gave nothing.
pub(super) enum Heard {
    /// It is in trouble, which passes; it may have said for how long.
    Trouble(Option<Duration>),
    /// It will not, or gave what does not read.
    No(u16),
}

impl Heard {
    /// What gave nothing.
    fn of(said: &Said) -> Self {
        match said.status {
            408 | 429 | 500..=599 => Self::Trouble(said.retry_after),
            status => Self::No(status),
        }
    }
}

impl From<AskError> for Heard {
    fn from(_: AskError) -> Self {
        Self::Trouble(None)
    }
}

#[derive(Serialize)]
struct Client<'a> {
    client_id: &'a str,
}

#[derive(Serialize)]
struct Typed<'a> {
    device_auth_id: &'a str,
    user_code: &'a str,
}

/// What OpenAI's authority gives for a code that was typed.
#[derive(Deserialize)]
struct Approved {
    authorization_code: String,
    code_verifier: String,
}

fn json(value: &impl Serialize) -> Question<'static> {
    // Strings alone: there is nothing in it that has no JSON form.
    Question::Json(serde_json::to_vec(value).unwrap_or_default())
}

fn client_id(authority: &Authority) -> &str {
    authority.client_id.as_deref().unwrap_or_default()
}

/// Asks for a code that somebody types.
pub(super) async fn offer(upstream: &Upstream, authority: &Authority) -> Result<Offered, Heard> {
    let client_id = client_id(authority);
    let fields = [
        ("client_id", client_id),
        ("scope", authority.scope.as_str()),
    ];
    let question = match authority.flow {
        Flow::Codex => json(&Client { client_id }),
        Flow::Device => Question::Form(&fields),
    };
    let said = ask(upstream, &authority.at(&authority.device), question).await?;
    match said.status {
        200..=299 => offered(&said.body).ok_or(Heard::No(said.status)),
        _ => Err(Heard::of(&said)),
    }
}

/// What is known of a code after a question.
pub(super) struct Asked {
    pub(super) answer: Answer,
    said: Option<Said>,
}

/// Asks whether somebody has typed the code.
pub(super) async fn typed(upstream: &Upstream, authority: &Authority, stage: &Stage) -> Asked {
    let Stage::Typing { handle, user_code } = stage else {
        let answer = Answer::Hopeless;
        return Asked { answer, said: None };
    };
    let fields = [
        ("grant_type", DEVICE_GRANT),
        ("client_id", client_id(authority)),
        ("device_code", handle.as_str()),
    ];
    let (question, pending) = match authority.flow {
        Flow::Codex => {
            let typed = Typed {
                device_auth_id: handle,
                user_code,
            };
            (json(&typed), &NOT_YET[..])
        }
        Flow::Device => (Question::Form(&fields), &[][..]),
    };
    match ask(upstream, &authority.at(&authority.poll), question).await {
        Ok(said) => Asked {
            answer: answered(said.status, &said.body, pending),
            said: Some(said),
        },
        Err(_) => Asked {
            answer: Answer::Trouble,
            said: None,
        },
    }
}

impl Asked {
    /// How long the authority asks to be left alone.
    pub(super) fn pause(&self) -> Duration {
        let asked = self.said.as_ref().and_then(|said| said.retry_after);
        asked.unwrap_or_default().min(LONGEST_INTERVAL)
    }

    /// What came with a yes: what is gone on with, or tokens. `None` for what does not read.
    pub(super) fn approved(&self, authority: &Authority) -> Option<Result<Stage, Grant>> {
        let body = &self.said.as_ref()?.body;
        match authority.flow {
            Flow::Codex => {
                let approved: Approved = serde_json::from_slice(body).ok()?;
                Some(Ok(Stage::Redeem {
                    code: approved.authorization_code,
                    verifier: approved.code_verifier,
                    redirect: authority.device_redirect.clone()?,
                }))
            }
            Flow::Device => {
                let grant = Grant::read(body, &Tokens::default(), clock::now())?;
                if authority.exchange_at().is_none() {
                    return Some(Err(grant));
                }
                let login = grant.tokens.access.clone();
                Some(Ok(Stage::Exchange { login }))
            }
        }
    }
}

/// Asks for tokens, with what there is. `identity` is what calls say of the program that makes them.
pub(super) async fn tokens(
    upstream: &Upstream,
    authority: &Authority,
    identity: HeaderMap,
    stage: &Stage,
) -> Result<Grant, Heard> {
    match stage {
        Stage::Redeem {
            code,
            verifier,
            redirect,
        } => {
            let fields = [
                ("grant_type", "authorization_code"),
                ("client_id", client_id(authority)),
                ("code", code.as_str()),
                ("code_verifier", verifier.as_str()),
                ("redirect_uri", redirect.as_str()),
            ];
            let address = authority.at(&authority.token);
            let said = ask(upstream, &address, Question::Form(&fields)).await?;
            granted(&said, |body| {
                Grant::read(body, &Tokens::default(), clock::now())
            })
        }
        Stage::Exchange { login } => {
            let address = authority.exchange_at().ok_or(Heard::No(0))?;
            let proof = zeroize::Zeroizing::new(format!("token {login}"));
            let proof = HeaderValue::from_str(&proof).map_err(|_| Heard::No(0))?;
            let said = ask(upstream, &address, Question::Get(proof, identity)).await?;
            let mut before = Tokens::default();
            before.refresh = Some(login.clone());
            let elsewhere = authority.calls.as_deref();
            granted(&said, |body| {
                Grant::exchanged(body, &before, elsewhere, clock::now())
            })
        }
        Stage::Typing { .. } | Stage::Away { .. } => Err(Heard::No(0)),
    }
}

fn granted(said: &Said, read: impl FnOnce(&[u8]) -> Option<Grant>) -> Result<Grant, Heard> {
    match said.status {
        200..=299 => read(&said.body).ok_or(Heard::No(said.status)),
        _ => Err(Heard::of(said)),
    }
}
