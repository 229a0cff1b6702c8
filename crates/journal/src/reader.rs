//! The reading side.

use std::fmt;
use std::fs::File;
use std::io;
use std::sync::Arc;

use crate::cursor::{Cursor, Next};
use crate::frame::{HEAD_BYTES, HEADER_BYTES};
use crate::recovery::{keep_corrupt, open_segment};
use crate::tail::{Extent, Shared};
use crate::{JournalError, Position, Recovery, checkpoint};

/// The one consumer: reads records in order and releases them.
pub struct Reader {
    shared: Arc<Shared>,
    segment: u64,
    /// The segment the cursor walks through; opened when it is needed.
    file: Option<File>,
    cursor: Cursor,
    recovered_to: Position,
    recovery: Recovery,
}

/// What one [`Reader::read_batch`] gave out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Batch {
    /// How many records.
    pub frames: usize,
    /// The position after the last record read so far: release it once they have arrived.
    pub end: Position,
    /// Nothing more was there.
    pub caught_up: bool,
}

impl Reader {
    pub(crate) fn new(
        shared: Arc<Shared>,
        start: Position,
        recovered_to: Position,
        recovery: Recovery,
    ) -> Self {
        let cursor = Cursor::at(start.offset);
        Self {
            shared,
            segment: start.segment,
            file: None,
            cursor,
            recovered_to,
            recovery,
        }
    }

    /// Hands the next records to `on`, each with the position right after it (as
    /// [`Journal::append`](crate::Journal::append) returned it), its kind and its payload. Stops
    /// after `max_frames` records, or before exceeding `max_bytes` of payload, but gives at least
    /// one record if there is one and `max_frames` allows it.
    ///
    /// An error comes before or between records: those handed out so far are not handed out again.
    pub fn read_batch(
        &mut self,
        max_frames: usize,
        max_bytes: usize,
        mut on: impl FnMut(Position, u8, &[u8]),
    ) -> Result<Batch, JournalError> {
        let mut frames = 0;
        let mut total = 0;
        let mut extent = self.shared.extent(self.segment);
        loop {
            match self.next(extent)? {
                Next::Frame { kind, bytes } => {
                    let payload = bytes - HEAD_BYTES;
                    if frames >= max_frames || (frames > 0 && total + payload > max_bytes) {
                        return Ok(Batch {
                            frames,
                            end: self.position(),
                            caught_up: false,
                        });
                    }
                    frames += 1;
                    total += payload;
                    let after = Position {
                        segment: self.segment,
                        offset: self.cursor.offset() + bytes as u64,
                    };
                    on(after, kind, self.cursor.take(bytes));
                }
                Next::End => {
                    let Some(next) = extent.next else {
                        return Ok(Batch {
                            frames,
                            end: self.position(),
                            caught_up: true,
                        });
                    };
                    self.go_to(next);
                    extent = self.shared.extent(next);
                }
                Next::Bad { .. } => extent = self.skip_rest()?,
            }
        }
    }

    /// Everything up to here was written by earlier processes.
    pub fn recovered_to(&self) -> Position {
        self.recovered_to
    }

    /// What was found when the journal was opened, and damage found since.
    pub fn recovery(&self) -> Recovery {
        self.recovery
    }

    /// The position after the last record handed out.
    pub fn position(&self) -> Position {
        Position {
            segment: self.segment,
            offset: self.cursor.offset(),
        }
    }

    /// Declares that every record up to `before` has arrived: a restart continues from there, and
    /// segments that hold nothing else are deleted. `before` must be a position that this reader
    /// gave out; what was not read is never released. After an error, call it again.
    pub fn release(&mut self, before: Position) -> Result<(), JournalError> {
        let before = before.min(self.position());
        let released = self.shared.tail().released;
        if before > released {
            // First remember, then delete: after a crash in between, the next start deletes.
            checkpoint::write(&self.shared.directory, before)?;
            let mut tail = self.shared.tail();
            tail.released = before;
            if before == tail.end() && tail.offset >= self.shared.segment_bytes {
                // The next append would start a new segment anyway, but might find no room for it
                // as long as this one is there. If this fails, so be it: the append tries again.
                drop(self.shared.rotate(&mut tail));
            }
        }
        let done: Vec<_> = {
            let tail = self.shared.tail();
            let whole = |&(&number, &end): &(&u64, &u64)| {
                Position {
                    segment: number,
                    offset: end,
                } <= tail.released
            };
            tail.sealed
                .iter()
                .take_while(whole)
                .map(|(&number, _)| number)
                .collect()
        };
        for number in done {
            self.shared.directory.remove_segment(number)?;
            let mut tail = self.shared.tail();
            let bytes = tail.sealed.remove(&number).unwrap_or(0);
            tail.total = tail.total.saturating_sub(bytes);
        }
        Ok(())
    }

    fn next(&mut self, extent: Extent) -> Result<Next, JournalError> {
        if self.cursor.offset() >= extent.end {
            return Ok(Next::End);
        }
        let file = match &mut self.file {
            Some(file) => file,
            None => self
                .file
                .insert(open_segment(&self.shared.directory, self.segment)?),
        };
        match self.cursor.next(file, extent.end) {
            // Somebody cut the file. What is missing cannot be waited for.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                Ok(Next::Bad { claims: None })
            }
            Err(error) => {
                let path = self.shared.directory.segment(self.segment);
                Err(JournalError::io("read", &path)(error))
            }
            Ok(next) => Ok(next),
        }
    }

    /// Gives up the rest of a segment that went bad since it was written or recovered.
    fn skip_rest(&mut self) -> Result<Extent, JournalError> {
        {
            let mut tail = self.shared.tail();
            if tail.segment == self.segment {
                // What is appended from now on must not be skipped along with it.
                self.shared.rotate(&mut tail)?;
            }
        }
        keep_corrupt(&self.shared.directory, self.segment, self.cursor.offset())?;
        self.recovery.corrupt_segments += 1;
        let extent = self.shared.extent(self.segment);
        self.cursor.seek(extent.end);
        Ok(extent)
    }

    fn go_to(&mut self, segment: u64) {
        self.segment = segment;
        self.file = None;
        self.cursor.seek(HEADER_BYTES as u64);
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader")
            .field("position", &self.position())
            .field("recovery", &self.recovery)
            .finish_non_exhaustive()
    }
}
