//! What an earlier process left, made readable again.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use crate::cursor::{Cursor, Next};
use crate::directory::Directory;
use crate::frame::{self, HEADER_BYTES, Header};
use crate::{JournalError, Position, checkpoint};

const HEADER_END: u64 = HEADER_BYTES as u64;

/// What recovery found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Recovery {
    /// Records that are not released and will be delivered.
    pub frames: u64,
    /// Bytes of an append that a dying process or machine did not finish, cut off.
    pub torn_bytes: u64,
    /// Segments with a bad record in the middle. What comes before it is delivered; the whole
    /// segment is kept as `.seg.corrupt`. A segment counts again at each start until it is
    /// released, and the reader adds those it finds later.
    pub corrupt_segments: u64,
}

/// The segments to read, and where a new one goes.
pub(crate) struct Recovered {
    pub(crate) sealed: BTreeMap<u64, u64>,
    pub(crate) files: Vec<Arc<File>>,
    pub(crate) start: Position,
    pub(crate) next_segment: u64,
    pub(crate) report: Recovery,
}

pub(crate) fn recover(directory: &Directory) -> Result<Recovered, JournalError> {
    let start = checkpoint::read(directory)?.unwrap_or(Position {
        segment: 0,
        offset: 0,
    });
    let listing = directory.list()?;
    let mut recovered = Recovered {
        sealed: BTreeMap::new(),
        files: Vec::new(),
        start,
        next_segment: listing.greatest.max(start.segment) + 1,
        report: Recovery::default(),
    };
    for &number in &listing.segments {
        if number < start.segment {
            // A crash came between a checkpoint and the deletion that follows it.
            directory.remove_segment(number)?;
        } else {
            let last = listing.segments.last() == Some(&number);
            recovered.take_in(directory, number, last)?;
        }
    }
    let Recovery {
        frames,
        torn_bytes,
        corrupt_segments,
    } = recovered.report;
    if frames > 0 || torn_bytes > 0 || corrupt_segments > 0 {
        tracing::info!(frames, torn_bytes, corrupt_segments, "journal recovered");
    }
    Ok(recovered)
}

/// How a segment ends.
enum Ending {
    Clean,
    /// In an unfinished append; nothing can have been written after it.
    Torn,
    Corrupt,
}

struct Scan {
    frames: u64,
    /// After the last sound frame.
    end: u64,
    ending: Ending,
}

impl Recovered {
    fn take_in(
        &mut self,
        directory: &Directory,
        number: u64,
        last: bool,
    ) -> Result<(), JournalError> {
        let path = directory.segment(number);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .open(&path)
            .map_err(JournalError::io("open", &path))?;
        let length = file
            .metadata()
            .map_err(JournalError::io("read", &path))?
            .len();
        if let Some(version) =
            foreign_version(&file, length, number).map_err(JournalError::io("read", &path))?
        {
            return Err(JournalError::UnknownVersion { path, version });
        }
        let from = if number == self.start.segment {
            self.start.offset
        } else {
            0
        };
        let found =
            scan(&file, length, number, from, last).map_err(JournalError::io("read", &path))?;
        match found.ending {
            Ending::Clean => {}
            Ending::Torn => {
                file.set_len(found.end)
                    .map_err(JournalError::io("cut", &path))?;
                self.report.torn_bytes += length - found.end;
                tracing::warn!(
                    segment = number,
                    bytes = length - found.end,
                    "cut off an unfinished record at the end of the journal"
                );
            }
            Ending::Corrupt => {
                self.report.corrupt_segments += 1;
                keep_corrupt(directory, number, found.end)?;
            }
        }
        if found.frames == 0 {
            return directory.remove_segment(number);
        }
        self.report.frames += found.frames;
        self.sealed.insert(number, found.end);
        self.files.push(Arc::new(file));
        Ok(())
    }
}

/// Keeps the whole of a damaged segment and says so. What cannot be kept under a second name is not
/// deleted either: the error stops the caller.
pub(crate) fn keep_corrupt(
    directory: &Directory,
    number: u64,
    offset: u64,
) -> Result<(), JournalError> {
    let path = directory.corrupt(number);
    directory
        .keep_corrupt(number)
        .map_err(JournalError::io("keep", &path))?;
    tracing::error!(
        segment = number,
        offset,
        kept = %path.display(),
        "a journal segment is damaged; its records from this offset on are skipped"
    );
    Ok(())
}

fn foreign_version(file: &File, length: u64, number: u64) -> io::Result<Option<u16>> {
    if length < HEADER_END {
        return Ok(None);
    }
    let mut header = [0; HEADER_BYTES];
    file.read_exact_at(&mut header, 0)?;
    Ok(match frame::parse_header(&header, number) {
        Header::Version(version) => Some(version),
        Header::Ours | Header::Damaged => None,
    })
}

fn scan(file: &File, length: u64, number: u64, from: u64, last: bool) -> io::Result<Scan> {
    if length < HEADER_END || is_zero(file, 0, length)? {
        // Created and nothing more: no record was ever in it.
        let ending = if length == 0 {
            Ending::Clean
        } else {
            Ending::Torn
        };
        return Ok(Scan {
            frames: 0,
            end: 0,
            ending,
        });
    }
    let mut header = [0; HEADER_BYTES];
    file.read_exact_at(&mut header, 0)?;
    if frame::parse_header(&header, number) != Header::Ours {
        return Ok(Scan {
            frames: 0,
            end: 0,
            ending: Ending::Corrupt,
        });
    }
    let mut cursor = Cursor::at(from.max(HEADER_END));
    let mut frames = 0;
    let ending = loop {
        match cursor.next(file, length)? {
            Next::Frame { bytes, .. } => {
                cursor.take(bytes);
                frames += 1;
            }
            // At once, when the checkpoint lies beyond what a power cut left of the segment.
            Next::End => break Ending::Clean,
            Next::Bad { claims } => {
                let reaches_end = claims.is_some_and(|end| end >= length);
                let torn = last && (reaches_end || is_zero(file, cursor.offset(), length)?);
                break if torn { Ending::Torn } else { Ending::Corrupt };
            }
        }
    };
    Ok(Scan {
        frames,
        end: cursor.offset(),
        ending,
    })
}

/// Whether there is nothing but zeros, which a file system leaves where data never arrived.
fn is_zero(file: &File, mut offset: u64, end: u64) -> io::Result<bool> {
    let mut buffer = [0; 4096];
    while offset < end {
        let bytes = usize::try_from(end - offset).map_or(4096, |left| left.min(4096));
        file.read_exact_at(&mut buffer[..bytes], offset)?;
        if buffer[..bytes].iter().any(|&byte| byte != 0) {
            return Ok(false);
        }
        offset += bytes as u64;
    }
    Ok(true)
}

/// Opens a segment for reading.
pub(crate) fn open_segment(directory: &Directory, number: u64) -> Result<File, JournalError> {
    let path = directory.segment(number);
    File::open(&path).map_err(JournalError::io("open", &path))
}
