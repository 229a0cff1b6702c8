//! How an authority's endpoints are told to misbehave.

use std::{collections::VecDeque, time::Duration};

use http::StatusCode;
use serde::{Deserialize, Serialize};

use super::state::{State, Vendor};
use crate::{reply::Reply, route::Planned, script::Script};

/// The next answer of a token endpoint. The default is the true one, at once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TokenAnswer {
    /// This status instead of the true answer: nothing is issued and nothing is used up.
    pub status: Option<u16>,
    /// With this body, as JSON.
    pub body: String,
    /// A `retry-after` header, in seconds.
    pub retry_after: Option<u32>,
    /// Waits before it answers.
    pub delay_ms: u64,
    /// Never answers: nothing is issued and nothing is used up.
    pub hang: bool,
    /// Issues and uses up as always, but the connection breaks instead of the answer.
    pub lost: bool,
}

/// How errors of OpenAI's authority are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Shape {
    /// `{"error":{"message":…,"type":…,"param":null,"code":…}}`.
    #[default]
    Nested,
    /// `{"error":…,"error_description":…}`.
    Flat,
}

/// Whether an authority works at all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outage {
    #[default]
    Off,
    /// Answers 503, with no JSON.
    Down,
    /// Takes requests and never answers.
    Hangs,
}

impl State {
    /// The answer of an endpoint that does not depend on what is asked, if one is to be given.
    pub(crate) fn out(&self, vendor: Vendor) -> Option<Planned> {
        match self.outages.get(&vendor).copied().unwrap_or_default() {
            Outage::Off => None,
            Outage::Down => Some(Planned::plain(Reply::whole(
                StatusCode::SERVICE_UNAVAILABLE,
                "text/plain",
                "upstream connect error or disconnect/reset before headers",
            ))),
            Outage::Hangs => Some(silent()),
        }
    }

    pub(crate) fn next_answer(&mut self, vendor: Vendor) -> TokenAnswer {
        let queue = self.answers.get_mut(&vendor);
        queue.and_then(VecDeque::pop_front).unwrap_or_default()
    }
}

fn silent() -> Planned {
    let script = Script {
        silence: true,
        ..Script::default()
    };
    Planned {
        reply: Reply::ok(""),
        script,
        held: false,
    }
}

impl TokenAnswer {
    /// Gives this answer; `truth` is asked for the true one where that is due.
    pub(crate) fn give(self, truth: impl FnOnce() -> Reply) -> Planned {
        if self.hang {
            return silent();
        }
        let mut reply = match self.status {
            Some(status) => {
                let status = StatusCode::from_u16(status);
                Reply::json(status.unwrap_or(StatusCode::BAD_GATEWAY), self.body)
            }
            None => truth(),
        };
        if let Some(seconds) = self.retry_after {
            reply.header("retry-after", &seconds.to_string());
        }
        let script = Script {
            pause: Duration::from_millis(self.delay_ms),
            reset_after: self.lost.then_some(0),
            ..Script::default()
        };
        Planned {
            reply,
            script,
            held: true,
        }
    }
}
