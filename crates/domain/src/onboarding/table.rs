//! The table of clients, and what it comes to for one of them.

use std::collections::BTreeMap;

use serde::Deserialize;
use tollhouse_wire::Protocol;

use super::text::{Values, file, line};
use super::{File, Format, Merge, Setup, Unfit, Wanted};
use crate::catalog::CatalogError;

const AGENTS: &str = include_str!("../../../../catalog/agents.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    agent: Vec<Recipe>,
}

/// What a client's base URL looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum BaseUrl {
    /// The gateway's address.
    Bare,
    /// The same with `/v1`.
    V1,
}

/// How one client is set up.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// The client's name.
    pub name: String,
    #[serde(default)]
    also: Vec<String>,
    /// Its program, for clients that can be started.
    pub program: Option<String>,
    /// The protocol it speaks; of several, the one that any model can be spoken to in.
    pub protocol: Protocol,
    base_url: BaseUrl,
    token: String,
    #[serde(default)]
    env: BTreeMap<String, String>,
    #[serde(default)]
    quiet_env: BTreeMap<String, String>,
    unset: Vec<String>,
    #[serde(default)]
    arguments: Vec<String>,
    #[serde(default)]
    file: Vec<FileRecipe>,
    own: Option<OwnRecipe>,
}

/// How the virtual key is handed to a client that keeps a sign-in of its own.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct OwnRecipe {
    token: String,
    #[serde(default)]
    value: String,
    keep: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileRecipe {
    path: Option<String>,
    variable: Option<String>,
    home: Option<String>,
    mode: Option<String>,
    format: Format,
    merge: Option<Merge>,
    unless: Option<String>,
    flag: Option<String>,
    text: String,
}

/// Every client known by name.
///
/// # Errors
/// The table does not read; the embedded one is tested.
pub fn recipes() -> Result<Vec<Recipe>, CatalogError> {
    let table: Table = toml::from_str(AGENTS)?;
    Ok(table.agent)
}

/// The client of a name, or of another name that it goes by.
///
/// # Errors
/// As [`recipes`].
pub fn recipe(name: &str) -> Result<Option<Recipe>, CatalogError> {
    let mut all = recipes()?.into_iter();
    Ok(all.find(|recipe| recipe.name == name || recipe.also.iter().any(|also| also == name)))
}

impl Recipe {
    /// The base URL that the client is told.
    pub fn base_url(&self, url: &str) -> String {
        match self.base_url {
            BaseUrl::Bare => url.to_owned(),
            BaseUrl::V1 => format!("{url}/v1"),
        }
    }

    /// What the client needs.
    ///
    /// # Errors
    /// Says which value cannot be told to it.
    pub fn setup(&self, wanted: Wanted<'_>) -> Result<Setup, Unfit> {
        self.render(wanted, None)
    }

    /// The same where the client keeps a sign-in of its own and the virtual key goes beside it; `None` for
    /// clients that have no place for it.
    ///
    /// # Errors
    /// As [`Recipe::setup`].
    pub fn setup_beside(&self, wanted: Wanted<'_>) -> Result<Option<Setup>, Unfit> {
        let own = self.own.as_ref();
        own.map(|own| self.render(wanted, Some(own))).transpose()
    }

    fn render(&self, wanted: Wanted<'_>, own: Option<&OwnRecipe>) -> Result<Setup, Unfit> {
        let token = own.map_or(&self.token, |own| &own.token);
        let keep = own.map(|own| own.keep.as_slice()).unwrap_or_default();
        let base_url = self.base_url(wanted.url);
        let values = Values::new(wanted, base_url, token, own.is_some())?;
        let quiet = self.quiet_env.iter().filter(|_| wanted.quiet);
        let env = self.env.iter().chain(quiet);
        let arguments = self.arguments.iter().map(|text| line(text, &values));
        let arguments: Option<Vec<_>> = arguments.collect();
        let mut setup = Setup {
            token: token.clone(),
            token_value: own.map(|own| own.value.clone()).unwrap_or_default(),
            keep: keep.to_vec(),
            env: env
                .filter_map(|(name, text)| Some((name.clone(), line(text, &values)?)))
                .collect(),
            unset: {
                let unset = self.unset.iter().filter(|name| !keep.contains(name));
                unset.cloned().collect()
            },
            files: Vec::new(),
            arguments: arguments.unwrap_or_default(),
        };
        for recipe in &self.file {
            recipe.add(&mut setup, &values);
        }
        Ok(setup)
    }
}

impl FileRecipe {
    fn add(&self, setup: &mut Setup, values: &Values<'_>) {
        let content = file(&self.text, self.format, values);
        if let Some(variable) = &self.variable {
            // Formats write line breaks inside of strings as escapes, so those that are left mean nothing.
            let line = content.lines().map(str::trim).collect();
            setup.env.insert(variable.clone(), line);
            return;
        }
        if let Some(flag) = &self.flag {
            let lines = content.lines();
            let pairs = lines.flat_map(|line| [flag.clone(), line.to_owned()]);
            setup.arguments.extend(pairs);
        }
        setup.files.push(File {
            path: self.path.clone().unwrap_or_default(),
            home: self.home.clone(),
            mode: self.mode.clone().unwrap_or_else(|| "0600".to_owned()),
            format: self.format,
            merge: self.merge.unwrap_or(Merge::Members),
            unless: self.unless.clone(),
            content: match self.merge {
                Some(Merge::Block) => {
                    let (start, end) = super::BLOCK;
                    format!("{start}\n{content}\n{end}\n")
                }
                Some(Merge::Members) | None => content + "\n",
            },
        });
    }
}
