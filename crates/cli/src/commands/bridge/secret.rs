//! What a bridge and the gateway share: by reference, or in a file beside the profile.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf, absolute};

use anyhow::{Context as _, bail};
use tollhouse_domain::bridge::proof::SHORTEST_SECRET;
use tollhouse_vault::{Secret, new_bridge_secret};

use crate::settings::Usage;
use crate::{environment, profile};

/// The secret, and how the gateway's configuration refers to it.
pub(super) fn find(id: &str, reference: Option<&str>) -> anyhow::Result<(Secret, String)> {
    let (secret, reference) = match reference {
        None => {
            let path = usual_path(id)?;
            let reference = format!("file:{}", path.display());
            (in_file(&path, true)?, reference)
        }
        Some(text) => match (text.strip_prefix("env:"), text.strip_prefix("file:")) {
            (Some(name), _) => {
                let value = environment::reference(name);
                let value = value.ok_or_else(|| Usage(format!("--secret: {name} is not set")))?;
                (Secret::parse(&value)?, text.to_owned())
            }
            (None, Some(path)) => {
                let path = absolute(path)?;
                (in_file(&path, false)?, format!("file:{}", path.display()))
            }
            (None, None) => {
                let message = "--secret: expected env:NAME or file:PATH; what stands on a command \
                     line can be read by every user of this machine";
                return Err(Usage(message.to_owned()).into());
            }
        },
    };
    if secret.expose().len() < SHORTEST_SECRET {
        let message = format!("the secret of a bridge has at least {SHORTEST_SECRET} characters");
        return Err(Usage(message).into());
    }
    Ok((secret, reference))
}

/// The one that is kept for a bridge on this machine, if there is one that can be read.
pub(super) fn kept(id: &str) -> Option<Secret> {
    in_file(&usual_path(id).ok()?, false).ok()
}

fn usual_path(id: &str) -> anyhow::Result<PathBuf> {
    let profile = profile::path();
    let profile =
        profile.context("there is no home directory: give --secret env:NAME or file:PATH")?;
    Ok(profile.with_file_name(format!("bridge-{id}.secret")))
}

/// Reads it, or makes it where it is not there and may be made.
fn in_file(path: &Path, make: bool) -> anyhow::Result<Secret> {
    let shown = || path.display().to_string();
    match fs::read_to_string(path) {
        Ok(text) => {
            let mode = fs::metadata(path).with_context(shown)?.permissions().mode();
            if mode & 0o077 != 0 {
                bail!(
                    "{}: others can read it; `chmod 600` it, or remove it to get a new one",
                    shown()
                );
            }
            Secret::parse(&text).with_context(shown)
        }
        Err(error) if error.kind() == ErrorKind::NotFound && make => {
            let secret = new_bridge_secret();
            profile::replace(path, &format!("{}\n", secret.expose())).with_context(shown)?;
            Ok(secret)
        }
        Err(error) => Err(error).with_context(shown),
    }
}
