//! From flags to a [`Config`]: which file is meant, and what the command line puts in its place.

use std::fmt;
use std::path::PathBuf;

use tollhouse_gateway::Config;
use tollhouse_gateway::config::{self, MasterKeySource, Overrides, Storage, Text};

use crate::args::ConfigArgs;
use crate::environment;

/// What is looked for when nobody says which file.
const USUAL_FILE: &str = "tollhouse.toml";

/// Something on the command line or in the environment that cannot be meant; exit code 2.
#[derive(Debug)]
pub(crate) struct Usage(pub(crate) String);

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

/// Reads the configuration that the arguments name.
pub(crate) fn load(args: &ConfigArgs) -> anyhow::Result<Config> {
    let path = file(args)?;
    Ok(config::load(
        &path,
        &overrides(args)?,
        &environment::reference,
    )?)
}

/// Where the data is, by the configuration that the arguments name. Nothing else in it is looked up,
/// and there need be none where the arguments say it all.
pub(crate) fn storage(args: &ConfigArgs) -> anyhow::Result<Storage> {
    let overrides = overrides(args)?;
    Ok(text(args, &overrides)?.storage(&overrides, &environment::reference)?)
}

/// The same with the key that protects the secrets in it.
pub(crate) fn vault(args: &ConfigArgs) -> anyhow::Result<(Storage, MasterKeySource)> {
    let overrides = overrides(args)?;
    let text = text(args, &overrides)?;
    let key = text.master_key(&overrides, &environment::reference)?;
    Ok((text.storage(&overrides, &environment::reference)?, key))
}

fn text(args: &ConfigArgs, overrides: &Overrides) -> anyhow::Result<Text> {
    match file(args) {
        Ok(path) => Ok(Text::read(&path)?),
        Err(_) if overrides.data_dir.is_some() || overrides.database.is_some() => {
            Ok(Text::default())
        }
        Err(error) => Err(error.into()),
    }
}

/// The configuration file that is meant.
pub(crate) fn file(args: &ConfigArgs) -> Result<PathBuf, Usage> {
    if let Some(path) = &args.config {
        return Ok(path.clone());
    }
    let usual = PathBuf::from(USUAL_FILE);
    if usual.is_file() {
        return Ok(usual);
    }
    let message = "no configuration file: give --config FILE, set TOLLHOUSE_CONFIG, or run where \
         tollhouse.toml is (`tollhouse demo` needs none)";
    Err(Usage(message.to_owned()))
}

fn overrides(args: &ConfigArgs) -> Result<Overrides, Usage> {
    let database = database(args.database.as_deref())?;
    Ok(Overrides {
        listen: args.listen.clone(),
        data_dir: args.data_dir.clone(),
        database: database.or_else(|| environment::variable("TOLLHOUSE_DATABASE")),
        public_url: args.public_url.clone(),
    })
}

/// What `--database` says, which is no password.
pub(crate) fn database(flag: Option<&str>) -> Result<Option<String>, Usage> {
    if flag.is_some_and(holds_password) {
        let message = "--database: a password on the command line can be read by every user of \
             this machine; write --database env:NAME, or set TOLLHOUSE_DATABASE";
        return Err(Usage(message.to_owned()));
    }
    Ok(flag.map(str::to_owned))
}

/// Whether a database URL carries a password, in its authority or as a parameter.
fn holds_password(url: &str) -> bool {
    let Some((_, rest)) = url.split_once("://") else {
        return false;
    };
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let user = authority.rsplit_once('@').map(|(user, _)| user);
    user.is_some_and(|user| user.contains(':')) || rest.contains("password=")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sees_passwords_in_database_urls() {
        for url in [
            "postgres://me:pw@host/db",
            "postgresql://:pw@host",
            "postgres://h/d?password=x",
        ] {
            assert!(holds_password(url), "{url}");
        }
        for url in [
            "sqlite",
            "env:DATABASE_URL",
            "postgres://me@host:5432/db",
            "postgres://h/d",
        ] {
            assert!(!holds_password(url), "{url}");
        }
    }
}
