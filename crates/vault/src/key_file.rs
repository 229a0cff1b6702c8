//! The master key in a file: the only part of this crate that touches the file system.
//!
//! A key file is written once and never overwritten: whatever was sealed under a lost key is lost.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use thiserror::Error;
use zeroize::Zeroizing;

use crate::{MasterKey, MasterKeyError};

/// Far more than a key in base64 with some white space.
const MAX_FILE_BYTES: u16 = 1024;

/// Reads the key at `path`. Refuses a file that others may read or write.
pub fn load(path: &Path) -> Result<MasterKey, KeyFileError> {
    read(path)
        .map_err(|source| io_error("read", path, source))?
        .map_err(|problem| match problem {
            Problem::Mode(mode) => KeyFileError::TooOpen {
                path: path.to_owned(),
                mode,
            },
            Problem::NotAFile => KeyFileError::NotAFile {
                path: path.to_owned(),
            },
            Problem::Key(source) => KeyFileError::Key {
                path: path.to_owned(),
                source,
            },
        })
}

/// Writes `key` to a new file at `path` with mode 0600, its directory made with mode 0700 where it
/// is missing. Fails when anything is there already.
pub fn create(path: &Path, key: &MasterKey) -> Result<(), KeyFileError> {
    write_new(path, key).map_err(|source| {
        if source.kind() == io::ErrorKind::AlreadyExists {
            KeyFileError::Exists {
                path: path.to_owned(),
            }
        } else {
            io_error("create", path, source)
        }
    })
}

/// The key at `path`; when there is no file, a fresh key is written there first. Of several
/// processes that do so at once, all get the same key.
pub fn load_or_create(path: &Path) -> Result<MasterKey, KeyFileError> {
    match load(path) {
        Err(KeyFileError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {}
        other => return other,
    }
    match create(path, &MasterKey::generate()) {
        // Read back in both cases: what counts is what the next start will find.
        Ok(()) | Err(KeyFileError::Exists { .. }) => load(path),
        Err(error) => Err(error),
    }
}

enum Problem {
    Mode(u32),
    NotAFile,
    Key(MasterKeyError),
}

fn read(path: &Path) -> io::Result<Result<MasterKey, Problem>> {
    // Opening a FIFO for reading would wait for a writer.
    if !fs::metadata(path)?.is_file() {
        return Ok(Err(Problem::NotAFile));
    }
    let file = File::open(path)?;
    // Ask the open file, not the path: the answer is about the bytes that are then read.
    let mode = file.metadata()?.mode() & 0o777;
    if mode & 0o077 != 0 {
        return Ok(Err(Problem::Mode(mode)));
    }
    let mut text = Zeroizing::new(String::with_capacity(usize::from(MAX_FILE_BYTES)));
    if let Err(error) = file
        .take(u64::from(MAX_FILE_BYTES))
        .read_to_string(&mut text)
    {
        return match error.kind() {
            io::ErrorKind::InvalidData => Ok(Err(Problem::Key(MasterKeyError::NotBase64))),
            _ => Err(error),
        };
    }
    Ok(MasterKey::from_base64(&text).map_err(Problem::Key))
}

fn write_new(path: &Path, key: &MasterKey) -> io::Result<()> {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) | None => Path::new("."),
    };
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)?;
    // Written aside and then linked: linking fails when the name is taken, and nobody ever sees a
    // key file that is cut short, whenever this process dies.
    let aside = directory.join(format!(".master-key-{}", uuid::Uuid::now_v7()));
    let result = write_aside(&aside, key).and_then(|()| fs::hard_link(&aside, path));
    let removed = fs::remove_file(&aside);
    result.and(removed)?;
    File::open(directory)?.sync_all()
}

fn write_aside(path: &Path, key: &MasterKey) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    let mut text = key.to_base64();
    text.push('\n');
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn io_error(action: &'static str, path: &Path, source: io::Error) -> KeyFileError {
    KeyFileError::Io {
        action,
        path: path.to_owned(),
        source,
    }
}

/// Why a master key file cannot be used. Never contains the file's content.
#[derive(Debug, Error)]
pub enum KeyFileError {
    /// The operating system refused.
    #[error("cannot {action} the master key file {}", path.display())]
    Io {
        /// `read` or `create`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Others may read or write the file.
    #[error(
        "the master key file {} has mode {mode:04o}: others may read or write it; \
         run: chmod 600 {}", path.display(), path.display()
    )]
    TooOpen {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A directory, device or pipe.
    #[error("the master key file {} is not a regular file", path.display())]
    NotAFile {
        /// The file.
        path: PathBuf,
    },
    /// There is a file already; it is never overwritten.
    #[error("the master key file {} exists; it is never overwritten", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The content is not a master key.
    #[error("the master key file {} does not hold a master key", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: MasterKeyError,
    },
}
