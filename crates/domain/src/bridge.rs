//! Bridges: programs on loopback that lend out a login which a person has on that machine.
//!
//! What there is to know of each is `catalog/bridges.toml`. The gateway calls a bridge like a provider;
//! `tollhouse bridge` is one. What both decide is here: how a bridge is ([`health`], [`standing`]), who may knock
//! ([`door`]), how a bridge proves that it is the one ([`proof`]), what a request asks for ([`ask`]), what a
//! program's output says ([`output`]), and what may be told of a failure ([`told`]).

pub mod ask;
pub mod door;
pub mod health;
pub mod output;
pub mod proof;
pub mod standing;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use tollhouse_wire::Protocol;

use crate::capture::redact::redact;
use crate::catalog::CatalogError;
use crate::credential::Owner;
use crate::id::UserId;

const BRIDGES: &str = include_str!("../../../catalog/bridges.toml");

/// The most characters of a failure that are told.
pub const LONGEST_TOLD: usize = 500;

/// What is known of the bridge to a subscription.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bridge {
    /// What it is called in configurations and on the command line.
    pub id: String,
    /// What people call the subscription.
    pub label: String,
    /// The port it listens on.
    pub port: u16,
    /// The variable that says where it is instead.
    pub url_variable: String,
    /// The provider that it is to the gateway.
    pub provider: String,
    /// The protocol that it speaks.
    pub protocol: Protocol,
    /// The program that holds the login.
    #[serde(default)]
    pub command: Option<String>,
    /// What the program is given to say its version.
    #[serde(default)]
    pub version: Vec<String>,
    /// The command line that tells whether somebody is logged in.
    #[serde(default)]
    pub auth: Vec<String>,
    /// What somebody types to log in.
    #[serde(default)]
    pub login: Option<String>,
    /// The models that it is known to have.
    #[serde(default)]
    pub models: Vec<Model>,
    /// What whoever starts it is told of the vendor's terms.
    #[serde(default)]
    pub terms: Option<String>,
    /// How the program answers a request; absent where `tollhouse bridge` does not serve it.
    #[serde(default)]
    pub serve: Option<Serve>,
}

/// A model of a bridge.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// Its name, as the program takes it.
    pub name: String,
    /// What it is good for.
    pub tier: Tier,
}

/// What a model is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// Small things at once.
    Fast,
    /// Most things.
    Medium,
    /// Hard things.
    Large,
    /// Things to think about.
    Reasoning,
}

/// How a program answers a request.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Serve {
    /// What its output is.
    pub prints: output::Form,
    arguments: Vec<String>,
    model: Vec<String>,
    #[serde(default)]
    system: Vec<String>,
    /// The variables that it is left.
    pub environment: Vec<String>,
}

/// Whose calls a bridge that the gateway knows may serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "kind", content = "id")]
pub enum Holder {
    /// The operator's: keys that may draw on the platform's credentials.
    Platform,
    /// A person's own login: the keys of that person, whatever anybody allows.
    User(UserId),
    /// A person's who is not known here: nobody's, until they are.
    Nobody,
}

impl Holder {
    /// Who its secret belongs to, if anybody.
    pub const fn owner(self) -> Option<Owner> {
        match self {
            Self::Platform => Some(Owner::Platform),
            Self::User(id) => Some(Owner::User(id)),
            Self::Nobody => None,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    bridge: Vec<Bridge>,
}

/// Every bridge known by name.
///
/// # Errors
/// The table does not read; the embedded one is tested.
pub fn bridges() -> Result<Vec<Bridge>, CatalogError> {
    let table: Table = toml::from_str(BRIDGES)?;
    Ok(table.bridge)
}

/// The bridge of a name.
///
/// # Errors
/// As [`bridges`].
pub fn bridge(id: &str) -> Result<Option<Bridge>, CatalogError> {
    Ok(bridges()?.into_iter().find(|bridge| bridge.id == id))
}

impl Bridge {
    /// Where it is, unless somebody says otherwise.
    pub fn usual_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// What an agent asks the gateway for to get `model` of this bridge. Never the bare name: a bridge that
    /// is added must not take over what a provider serves.
    pub fn routed(&self, model: &str) -> String {
        format!("{}/{model}", self.provider)
    }

    /// What has to be done when nobody is logged in.
    pub fn remedy(&self) -> String {
        match &self.login {
            Some(login) => format!("log in with `{login}` where the bridge runs"),
            None => "log in where the bridge runs".to_owned(),
        }
    }
}

impl Serve {
    /// What the program is started with. `system` is the path of a file with the system prompt; where the
    /// program takes none, the prompt has it.
    pub fn arguments(&self, model: Option<&str>, system: Option<&str>) -> Vec<String> {
        let filled = |texts: &[String], name: &str, value: Option<&str>| -> Vec<String> {
            let value =
                value.map(|value| texts.iter().map(|text| text.replace(name, value)).collect());
            value.unwrap_or_default()
        };
        let mut all = self.arguments.clone();
        all.extend(filled(&self.model, "<<model>>", model));
        all.extend(filled(&self.system, "<<system>>", system));
        all
    }

    /// Whether the program takes a system prompt beside the prompt.
    pub fn takes_system(&self) -> bool {
        !self.system.is_empty()
    }
}

/// A failure as it may be told to whoever made the request: without what looks like a secret or is one of
/// `secrets`, on one line, and short.
pub fn told(text: &str, secrets: &[&str]) -> String {
    let mut text = Cow::Borrowed(text);
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        text = Cow::Owned(text.replace(secret, "[secret]"));
    }
    let line: String = redact(&text)
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    line.trim().chars().take(LONGEST_TOLD).collect()
}

#[cfg(test)]
mod tests;
