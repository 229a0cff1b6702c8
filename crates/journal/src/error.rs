//! What can go wrong with the journal.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::Position;
use crate::frame::MAX_PAYLOAD_BYTES;

/// A failure of the journal. Never contains a payload.
#[derive(Debug, Error)]
pub enum JournalError {
    /// Another process has this journal open.
    #[error("the journal in {} is in use by another process", directory.display())]
    Locked {
        /// The journal's directory.
        directory: PathBuf,
    },
    /// The configured limit is reached: the reader's destination does not keep up. Nothing was
    /// written; appending works again once records are released.
    #[error("the journal is full: {bytes} of {limit} bytes are not released yet")]
    Full {
        /// Bytes in use.
        bytes: u64,
        /// The configured limit.
        limit: u64,
    },
    /// A payload no frame can hold. Nothing was written.
    #[error("a record of {bytes} bytes is too large; at most {MAX_PAYLOAD_BYTES} are possible")]
    TooLarge {
        /// The payload's length.
        bytes: usize,
    },
    /// Written by a newer version of this program. Nothing was changed.
    #[error("journal segment {} has version {version}, which is not known", path.display())]
    UnknownVersion {
        /// The segment.
        path: PathBuf,
        /// Its version.
        version: u16,
    },
    /// The disk failed an earlier sync, and what it then dropped cannot be known; trying again
    /// would claim a success that is none. Ends once everything before is released.
    #[error("an earlier sync failed; records before {before} may not survive a power cut")]
    Unsynced {
        /// Where doubt ends.
        before: Position,
    },
    /// The operating system refused.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl JournalError {
    /// Whether there is no room: on the disk, in the quota, or below the configured limit.
    pub fn is_full(&self) -> bool {
        match self {
            Self::Full { .. } => true,
            Self::Io { source, .. } => {
                matches!(
                    source.kind(),
                    io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
                )
            }
            Self::Locked { .. }
            | Self::TooLarge { .. }
            | Self::UnknownVersion { .. }
            | Self::Unsynced { .. } => false,
        }
    }

    /// For `map_err`.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io {
            action,
            path: path.to_owned(),
            source,
        }
    }
}
