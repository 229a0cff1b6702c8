//! The file that remembers what is released.
//!
//! It is replaced by renaming and not synced: after a power cut an older or unreadable checkpoint
//! only means that records are delivered again, which is the journal's promise anyway.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;

use crate::directory::Directory;
use crate::{JournalError, Position};

const NAME: &str = "checkpoint";
const TEMPORARY_NAME: &str = "checkpoint.new";
const TITLE: &str = "tollhouse-journal-checkpoint-1";

/// The released position; `None` when there is none, or none that can be read.
pub(crate) fn read(directory: &Directory) -> Result<Option<Position>, JournalError> {
    let path = directory.file(NAME);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(JournalError::io("read", &path)(error)),
    };
    let position = parse(&bytes);
    if position.is_none() {
        tracing::warn!(
            path = %path.display(),
            "the journal's checkpoint is damaged; everything still there is delivered again"
        );
    }
    Ok(position)
}

/// Replaces the checkpoint in one step.
pub(crate) fn write(directory: &Directory, position: Position) -> Result<(), JournalError> {
    let (path, temporary) = (directory.file(NAME), directory.file(TEMPORARY_NAME));
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&temporary)
        .map_err(JournalError::io("create", &temporary))?;
    file.write_all(&render(position))
        .map_err(JournalError::io("write", &temporary))?;
    fs::rename(&temporary, &path).map_err(JournalError::io("replace", &path))
}

fn render(position: Position) -> Vec<u8> {
    let text = format!("{TITLE} {} {}", position.segment, position.offset);
    format!("{text} {:08x}\n", crc32fast::hash(text.as_bytes())).into_bytes()
}

fn parse(bytes: &[u8]) -> Option<Position> {
    let text = str::from_utf8(bytes).ok()?;
    let mut words = text.split_ascii_whitespace().skip(1);
    let segment = words.next()?.parse().ok()?;
    let offset = words.next()?.parse().ok()?;
    let position = Position { segment, offset };
    // Comparing with what would have been written checks title, checksum and spelling at once.
    (render(position) == bytes).then_some(position)
}
