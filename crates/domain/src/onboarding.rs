//! How clients are pointed at the gateway: variables to set and to take out, arguments, files.
//!
//! One table, `catalog/agents.toml`, says it of every client; this renders it. A virtual key is never
//! among what is rendered: the result names the one variable that is to hold it.

mod table;
mod text;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tollhouse_wire::Protocol;

pub use self::table::{Recipe, recipe, recipes};

/// The provider's name in the clients' own configuration.
const PROVIDER: &str = "tollhouse";
/// What stands before and after our lines in a file that is merged by blocks.
pub const BLOCK: (&str, &str) = ("# >>> tollhouse >>>", "# <<< tollhouse <<<");

/// What is wanted of a client.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// The gateway's address, without a trailing slash.
    pub url: &'a str,
    /// The model to start with.
    pub model: Option<&'a str>,
    /// Models to offer, for clients that do not ask.
    pub models: &'a [Offered],
    /// Whether the client is kept from talking to its vendor beside us.
    pub quiet: bool,
}

/// A model and the protocol that it is best spoken to in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offered {
    /// Its name.
    pub name: String,
    /// How it is spoken to.
    pub protocol: Protocol,
}

impl Offered {
    /// A model that is spoken to in one of these protocols; where none is known, as its name tells.
    pub fn speaking(name: &str, protocols: &[Protocol]) -> Self {
        let starts = |all: &[&str]| all.iter().any(|start| name.starts_with(start));
        let guess = if starts(&["claude"]) {
            Protocol::Messages
        } else if starts(&["gpt-", "o1", "o3", "o4", "codex-"]) {
            Protocol::Responses
        } else {
            Protocol::Chat
        };
        let richest = [Protocol::Messages, Protocol::Responses, Protocol::Chat];
        let protocol = if protocols.contains(&guess) {
            guess
        } else {
            let first = richest.iter().find(|known| protocols.contains(known));
            first.copied().unwrap_or(guess)
        };
        Self {
            name: name.to_owned(),
            protocol,
        }
    }
}

/// What a file is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// TOML.
    Toml,
    /// JSON.
    Json,
}

/// How a file is brought together with one that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Merge {
    /// What stands between the two lines of [`BLOCK`] is replaced; without them it goes before the
    /// first line. All else stays, but for a key of the same name, which must go.
    Block,
    /// Members of objects are replaced or added, one by one and at every depth. All else stays.
    Members,
}

/// A file that a client reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Where, below the home directory.
    pub path: String,
    /// The variable that, when it is set, names another directory for the file.
    pub home: Option<String>,
    /// Its permissions, octal. Its directory is for its owner alone.
    pub mode: String,
    /// What it is written in.
    pub format: Format,
    /// What becomes of a file that is there.
    pub merge: Merge,
    /// The file is left alone where this one is: the user's own sign-in, which would clash with it.
    pub unless: Option<String>,
    /// What it says.
    pub content: String,
}

/// What to do to a client's surroundings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setup {
    /// The one variable that holds the virtual key.
    pub token: String,
    /// What stands before the key in it.
    pub token_value: String,
    /// Variables that may hold a credential of the client's own, and so are left as they are.
    pub keep: Vec<String>,
    /// The other variables, by name.
    pub env: BTreeMap<String, String>,
    /// Variables to take out.
    pub unset: Vec<String>,
    /// Files to write.
    pub files: Vec<File>,
    /// Arguments that go before the user's own, in place of those files that say the same.
    pub arguments: Vec<String>,
}

/// A value that cannot be told to a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// It is empty, or holds a line break or another control character.
    #[error("the {0} must be text of one line")]
    Text(&'static str),
}

#[cfg(test)]
mod tests;
