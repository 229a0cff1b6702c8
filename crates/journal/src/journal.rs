//! The writing side.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex};

use crate::directory::Directory;
use crate::frame::{self, HEADER_BYTES};
use crate::recovery::recover;
use crate::tail::{Shared, Tail};
use crate::{JournalError, Position, Reader};

const MEBIBYTE: u64 = 1024 * 1024;

/// How large the journal may get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// A segment is closed before it would exceed so many bytes; 64 MiB unless said otherwise.
    /// At most a quarter of `max_total_bytes` is used, for room is freed a segment at a time.
    pub segment_bytes: u64,
    /// Appending fails with [`JournalError::Full`] beyond so many bytes of records that are not
    /// released; 4 GiB unless said otherwise.
    pub max_total_bytes: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            segment_bytes: 64 * MEBIBYTE,
            max_total_bytes: 4096 * MEBIBYTE,
        }
    }
}

/// The writing side of the journal, shared by reference or by cheap clones.
#[derive(Clone)]
pub struct Journal {
    shared: Arc<Shared>,
}

impl Journal {
    /// Opens the journal in `directory`, made if it is missing: recovers what earlier processes
    /// left, and starts a new segment. Fails when another process has it open; the lock is held
    /// until the journal and its reader are dropped.
    pub fn open(directory: &Path, options: Options) -> Result<(Self, Reader), JournalError> {
        let directory = Directory::open(directory)?;
        let recovered = recover(&directory)?;
        let segment = recovered.next_segment;
        let file = Arc::new(directory.create_segment(segment)?);
        let offset = HEADER_BYTES as u64;
        let tail = Tail {
            file,
            segment,
            offset,
            ragged: false,
            buffer: Vec::new(),
            total: recovered.sealed.values().sum::<u64>() + offset,
            sealed: recovered.sealed,
            next_segment: segment + 1,
            // The earlier process may have died before it synced them.
            unsynced: recovered.files,
            directory_changed: true,
            durable: Position {
                segment: 0,
                offset: 0,
            },
            released: recovered.start,
            doubtful: None,
        };
        let recovered_to = tail.end();
        let shared = Arc::new(Shared {
            directory,
            tail: Mutex::new(tail),
            sync_turn: Mutex::new(()),
            segment_bytes: options.segment_bytes.min(options.max_total_bytes / 4),
            max_total_bytes: options.max_total_bytes,
        });
        let reader = Reader::new(
            Arc::clone(&shared),
            recovered.start,
            recovered_to,
            recovered.report,
        );
        Ok((Self { shared }, reader))
    }

    /// Appends one record with one `write`, and returns the position right after it. From then on
    /// the record survives this process; [`Journal::sync`] makes it survive the machine.
    ///
    /// On an error nothing is appended and the journal is as usable as before.
    pub fn append(&self, kind: u8, payload: &[u8]) -> Result<Position, JournalError> {
        // The checksum is computed before the lock is taken.
        let head = frame::head(kind, payload)?;
        let limit = self.shared.max_total_bytes;
        self.shared.append(&head, payload, limit)
    }

    /// The same for a record that concludes an earlier one, which must not be lost because the
    /// journal is full: it may grow beyond [`Options::max_total_bytes`]. By how much is for the
    /// caller to bound, who knows how much there is to conclude.
    pub fn conclude(&self, kind: u8, payload: &[u8]) -> Result<Position, JournalError> {
        let head = frame::head(kind, payload)?;
        self.shared.append(&head, payload, u64::MAX)
    }

    /// Makes everything appended so far durable and returns the position that it ends at: a record
    /// at or before it is safe. Blocks for as long as the disk takes, while appends go on. Of
    /// several callers at once, one does the work for those that wait. Costs nothing when there is
    /// nothing to do.
    pub fn sync(&self) -> Result<Position, JournalError> {
        self.shared.sync()
    }

    /// The position after the last record.
    pub fn end(&self) -> Position {
        self.shared.tail().end()
    }

    /// The position of the last successful sync.
    pub fn durable(&self) -> Position {
        self.shared.tail().durable
    }

    /// Whether a sync would have something to do.
    pub fn dirty(&self) -> bool {
        let tail = self.shared.tail();
        tail.durable < tail.end()
    }

    #[cfg(test)]
    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }

    /// Bytes the journal occupies, for comparison with [`Options::max_total_bytes`].
    pub fn total_bytes(&self) -> u64 {
        self.shared.tail().total
    }
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal")
            .field("directory", &self.shared.directory.path())
            .field("end", &self.end())
            .finish_non_exhaustive()
    }
}
