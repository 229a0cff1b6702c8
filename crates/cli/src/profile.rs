//! The profile: where the server of this user is, as a local `serve` or `login` wrote it.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use crate::environment;

/// Where the server is and how to be let in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Profile {
    /// The server's address.
    pub(crate) url: String,
    /// The file that holds the token: the administrator's, or one of this user's own. A token that was
    /// given to the server by its configuration is not copied here: whoever gave it there can give it
    /// here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) token_file: Option<PathBuf>,
    /// The id of the token, when `login` got it: it is this user's own, and `logout` ends it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) token_id: Option<String>,
}

/// Where the profile is kept; `None` where there is no home.
pub(crate) fn path() -> Option<PathBuf> {
    let base = match environment::variable("XDG_CONFIG_HOME") {
        Some(path) => PathBuf::from(path),
        None => Path::new(&environment::variable("HOME")?).join(".config"),
    };
    Some(base.join("tollhouse").join("profile.toml"))
}

/// Where `login` keeps its token; `None` where there is no home.
pub(crate) fn token_path() -> Option<PathBuf> {
    Some(path()?.with_file_name("token"))
}

/// Forgets the profile, and the token that `login` kept beside it.
pub(crate) fn remove() -> anyhow::Result<()> {
    for path in [token_path(), path()].into_iter().flatten() {
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(error).with_context(|| path.display().to_string());
            }
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}

/// The profile, if there is one.
pub(crate) fn read() -> anyhow::Result<Option<Profile>> {
    let Some(path) = path() else { return Ok(None) };
    let text = match fs::read_to_string(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        other => other.with_context(|| path.display().to_string())?,
    };
    let profile = toml::from_str(&text).with_context(|| path.display().to_string())?;
    Ok(Some(profile))
}

/// Writes the profile, for its owner alone; whoever reads meanwhile sees the old or the new one.
pub(crate) fn write(profile: &Profile) -> anyhow::Result<()> {
    let Some(path) = path() else { return Ok(()) };
    let text = toml::to_string(profile)?;
    replace(&path, &text).with_context(|| path.display().to_string())
}

/// Puts `text` into a file of mode 0600, whole or not at all.
pub(crate) fn replace(path: &Path, text: &str) -> io::Result<()> {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) | None => Path::new("."),
    };
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)?;
    let mut aside = path.as_os_str().to_owned();
    aside.push(format!(".{}", std::process::id()));
    let aside = PathBuf::from(aside);
    let mut options = OpenOptions::new();
    let written = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&aside)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .and_then(|()| fs::rename(&aside, path));
    if written.is_err() {
        // What matters is that the file could not be written, not this.
        let _ = fs::remove_file(&aside);
    }
    written
}
