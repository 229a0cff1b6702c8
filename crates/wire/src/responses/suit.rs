//! A request of the protocol itself, made to suit a target that takes less than the protocol.
//!
//! What the target takes stays the bytes it was: only members that break one of its rules are replaced, left
//! out or added, and everything between them is kept, blanks included. A body that breaks none is not touched
//! at all. What is lost is reported as in a translation; what would change the meaning is refused.

use std::borrow::Cow;

use serde_json::value::RawValue;

use self::edit::{Edit, Fate};
use crate::dialect::{Dialect, Quirk};
use crate::fit;
use crate::json;
use crate::loss::{Loss, Losses};
use crate::members::Members;
use crate::responses::decode::{CIPHERS, NO_PROBABILITIES, STORED, STORED_PROMPT};
use crate::translate::Unfit;

mod edit;
mod input;
#[cfg(test)]
mod tests;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// An answer.
    Answer,
    /// A shorter conversation: `/responses/compact`, which is never a stream and keeps nothing.
    Compaction,
}

/// A request that suits its target.
#[derive(Debug, Default)]
pub struct Suited {
    /// The new body, unless the one that came does.
    pub body: Option<Vec<u8>>,
    /// What was left out.
    pub losses: Losses,
    /// What the target knows the session by, where it wants that said in a header too.
    pub session: Option<String>,
}

/// Makes a request suit `target`. `session` is what the caller's session is known by, for requests that do
/// not say it themselves. A body that is no object is left to the target to refuse.
pub fn suit(body: &[u8], target: &Dialect, asked: Asked, session: &str) -> Result<Suited, Unfit> {
    let Ok(members) = serde_json::from_slice::<Members<'_>>(body) else {
        return Ok(Suited::default());
    };
    let mut suiting = Suiting {
        target,
        asked,
        session,
        losses: Losses::default(),
    };
    let mut edit = Edit::new(body);
    for (name, value) in &members.0 {
        edit.member(value, &suiting.fate(name, value)?);
    }
    for (name, value) in suiting.missing(&members) {
        edit.add(name, &value);
    }
    let key = members.get("prompt_cache_key");
    let key = key.and_then(|raw| json::decode_string(raw.get().as_bytes()));
    let key = key.or_else(|| suiting.cache_key());
    Ok(Suited {
        body: edit.finish(),
        losses: suiting.losses,
        session: key.filter(|_| target.names_sessions()),
    })
}

struct Suiting<'d> {
    target: &'d Dialect,
    asked: Asked,
    session: &'d str,
    losses: Losses,
}

impl Suiting<'_> {
    fn has(&self, quirk: Quirk) -> bool {
        self.target.has(quirk)
    }

    /// What becomes of one member.
    fn fate(&mut self, name: &str, raw: &RawValue) -> Result<Fate, Unfit> {
        let value = raw.get();
        let null = value == "null";
        let answer = self.asked == Asked::Answer;
        Ok(match name {
            "stream" if answer && self.has(Quirk::StreamOnly) => Fate::exactly(value, "true"),
            "store" if answer && self.has(Quirk::KeepsNothing) => {
                self.losses.add_if(value == "true", Loss::Store);
                Fate::exactly(value, "false")
            }
            "include" if answer && self.has(Quirk::KeepsNothing) => include(value),
            "previous_response_id" | "conversation" | "prompt" | "background"
                if self.has(Quirk::KeepsNothing) =>
            {
                refers(name, value)?;
                Fate::Goes
            }
            "instructions" if null && self.has(Quirk::Instructions) => Fate::becomes("\"\""),
            "input" if self.has(Quirk::InputList) => input::fate(value),
            "max_output_tokens" if self.has(Quirk::NoOutputLimit) => {
                self.lost(!null, Loss::MaxOutput)
            }
            "temperature" | "top_p" if self.has(Quirk::NoSampling) => {
                self.lost(!is_number(value, 1.0) && !null, Loss::Sampling)
            }
            "frequency_penalty" | "presence_penalty" if self.has(Quirk::NoSampling) => {
                self.lost(!is_number(value, 0.0) && !null, Loss::Penalties)
            }
            "prompt_cache_key" if null => match self.cache_key() {
                Some(key) => Fate::Becomes(quoted(&key)),
                None => Fate::Stays,
            },
            "top_logprobs" if self.has(Quirk::PlanFields) => {
                if !null && !is_number(value, 0.0) {
                    return Err(Unfit::new(name, NO_PROBABILITIES));
                }
                Fate::Goes
            }
            _ if self.has(Quirk::PlanFields) => self.plan_field(name, value),
            _ => Fate::Stays,
        })
    }

    /// What becomes of a member that a plan may not have.
    fn plan_field(&mut self, name: &str, value: &str) -> Fate {
        let said = !matches!(value, "null" | "{}" | "[]");
        match name {
            "metadata" => self.lost(said, Loss::Metadata),
            "safety_identifier" | "user" => self.lost(said, Loss::User),
            "prompt_cache_retention" | "prompt_cache_options" => {
                self.lost(said, Loss::CacheRetention)
            }
            "stream_options" => self.lost(said, Loss::StreamOptions),
            "max_tool_calls" => self.lost(said, Loss::MaxToolCalls),
            "context_management" => self.lost(said, Loss::ContextManagement),
            "truncation" => self.lost(said && value != "\"disabled\"", Loss::Truncation),
            "service_tier" => match json::decode_string(value.as_bytes()) {
                Some(tier) if fit::is_of_plan(&tier) => Fate::Stays,
                Some(tier) => self.lost(tier != "auto", Loss::ServiceTier),
                None => self.lost(said, Loss::ServiceTier),
            },
            _ => Fate::Stays,
        }
    }

    fn lost(&mut self, said: bool, loss: Loss) -> Fate {
        self.losses.add_if(said, loss);
        Fate::Goes
    }

    /// What the target wants said that is not.
    fn missing(&self, members: &Members<'_>) -> Vec<(&'static str, Cow<'static, [u8]>)> {
        let answer = self.asked == Asked::Answer;
        let says = |name: &str| members.get(name).is_some();
        let mut missing: Vec<(&str, Cow<'_, [u8]>)> = Vec::new();
        let mut want = |name: &'static str, wanted: bool, value: &'static str| {
            if wanted && !says(name) {
                missing.push((name, Cow::Borrowed(value.as_bytes())));
            }
        };
        let keeps_nothing = answer && self.has(Quirk::KeepsNothing);
        want("instructions", self.has(Quirk::Instructions), "\"\"");
        want("include", keeps_nothing, INCLUDE);
        want("store", keeps_nothing, "false");
        want("stream", answer && self.has(Quirk::StreamOnly), "true");
        if answer
            && !says("prompt_cache_key")
            && let Some(key) = self.cache_key()
        {
            missing.push(("prompt_cache_key", Cow::Owned(quoted(&key))));
        }
        missing
    }

    /// A key for prompts of the session, where the target knows it by one.
    fn cache_key(&self) -> Option<String> {
        let named = self.target.names_sessions() && !self.session.is_empty();
        named.then(|| fit::cache_key(self.session))
    }
}

const INCLUDE: &str = r#"["reasoning.encrypted_content"]"#;

/// Thoughts have to be among what is asked for, since nobody keeps them. A list that the caller left empty
/// stays so: that is how Codex asks models that do not think.
fn include(value: &str) -> Fate {
    if value == "null" {
        return Fate::becomes(INCLUDE);
    }
    let Ok(list) = serde_json::from_str::<Vec<Cow<'_, str>>>(value) else {
        return Fate::Stays;
    };
    if list.is_empty() || list.iter().any(|name| name == CIPHERS) {
        return Fate::Stays;
    }
    let open = value.trim_end_matches(']');
    Fate::Becomes([open.as_bytes(), b",", quoted(CIPHERS).as_slice(), b"]"].concat())
}

/// Whether a member refers to what is kept, which nothing is.
fn refers(name: &str, value: &str) -> Result<(), Unfit> {
    let message = match (name, value) {
        (_, "null") | ("background", "false") => return Ok(()),
        ("prompt", _) => STORED_PROMPT,
        ("background", _) => {
            "answers of this model cannot be fetched later; leave it out or send false"
        }
        _ => STORED,
    };
    Err(Unfit::new(name, message))
}

fn is_number(value: &str, expected: f64) -> bool {
    let number = value.parse::<f64>();
    number.is_ok_and(|number| (number - expected).abs() < f64::EPSILON)
}

fn quoted(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    json::string(&mut out, text);
    out
}
