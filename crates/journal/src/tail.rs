//! The state of an open journal, behind one short lock: where appends go and what exists.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::directory::Directory;
use crate::frame::HEADER_BYTES;
use crate::{JournalError, Position};

/// Kept between appends; a larger record's buffer is given back.
const KEPT_BUFFER_BYTES: usize = 256 * 1024;

/// Everything the journal and its reader share.
pub(crate) struct Shared {
    pub(crate) directory: Directory,
    pub(crate) tail: Mutex<Tail>,
    /// Held for a whole sync, so that those who come meanwhile share the next one.
    pub(crate) sync_turn: Mutex<()>,
    pub(crate) segment_bytes: u64,
    pub(crate) max_total_bytes: u64,
}

/// Where appends go, and which segments exist.
pub(crate) struct Tail {
    pub(crate) file: Arc<File>,
    pub(crate) segment: u64,
    /// Up to here the segment holds whole frames.
    pub(crate) offset: u64,
    /// A failed write may have left bytes after `offset`.
    pub(crate) ragged: bool,
    /// One frame at a time is put together here.
    pub(crate) buffer: Vec<u8>,
    /// The other segments and up to where each may be read.
    pub(crate) sealed: BTreeMap<u64, u64>,
    /// Bytes of all segments.
    pub(crate) total: u64,
    /// The number of the next segment. Grows with every attempt: an attempt may leave a file.
    pub(crate) next_segment: u64,
    /// Sealed segments no sync has covered.
    pub(crate) unsynced: Vec<Arc<File>>,
    /// Segments were created since the last sync.
    pub(crate) directory_changed: bool,
    pub(crate) durable: Position,
    pub(crate) released: Position,
    /// Before it, a failed sync may have lost records to a power cut.
    pub(crate) doubtful: Option<Position>,
}

/// How far a segment may be read, and which one follows it.
#[derive(Clone, Copy)]
pub(crate) struct Extent {
    pub(crate) end: u64,
    pub(crate) next: Option<u64>,
}

impl Shared {
    /// The lock. A panic elsewhere cannot leave the state half changed, so poison is ignored.
    pub(crate) fn tail(&self) -> MutexGuard<'_, Tail> {
        self.tail.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes one frame at the end, in a new segment if the current one has no room for it, unless
    /// there were more than `limit` bytes then.
    pub(crate) fn append(
        &self,
        head: &[u8],
        payload: &[u8],
        limit: u64,
    ) -> Result<Position, JournalError> {
        let mut guard = self.tail();
        let tail = &mut *guard;
        let bytes = (head.len() + payload.len()) as u64;
        if tail.total + bytes > limit {
            return Err(JournalError::Full {
                bytes: tail.total,
                limit,
            });
        }
        self.make_room(tail, bytes)?;
        tail.buffer.clear();
        tail.buffer.extend_from_slice(head);
        tail.buffer.extend_from_slice(payload);
        // At an explicit offset: whatever a failed write left there is written over.
        let written = tail.file.write_all_at(&tail.buffer, tail.offset);
        if tail.buffer.capacity() > KEPT_BUFFER_BYTES {
            tail.buffer = Vec::new();
        }
        if let Err(source) = written {
            tail.ragged = tail.file.set_len(tail.offset).is_err();
            return Err(JournalError::io(
                "write",
                &self.directory.segment(tail.segment),
            )(source));
        }
        tail.offset += bytes;
        tail.total += bytes;
        Ok(tail.end())
    }

    /// Sees to it that the current segment can take a frame of so many bytes.
    fn make_room(&self, tail: &mut Tail, bytes: u64) -> Result<(), JournalError> {
        // A record after bytes of unknown fate would share it: recovery stops at the first bad one.
        let doubtful = tail
            .doubtful
            .is_some_and(|doubtful| doubtful.segment == tail.segment);
        let used = tail.offset > HEADER_BYTES as u64;
        if doubtful || (used && tail.offset + bytes > self.segment_bytes) {
            return self.rotate(tail);
        }
        if tail.ragged {
            if tail.file.set_len(tail.offset).is_err() {
                return self.rotate(tail);
            }
            tail.ragged = false;
        }
        Ok(())
    }

    /// Seals the current segment and starts the next one. The next sync covers both.
    pub(crate) fn rotate(&self, tail: &mut Tail) -> Result<(), JournalError> {
        let number = tail.next_segment;
        tail.next_segment += 1;
        let file = Arc::new(self.directory.create_segment(number)?);
        tail.unsynced.push(std::mem::replace(&mut tail.file, file));
        tail.sealed.insert(tail.segment, tail.offset);
        tail.segment = number;
        tail.offset = HEADER_BYTES as u64;
        tail.total += HEADER_BYTES as u64;
        tail.ragged = false;
        tail.directory_changed = true;
        Ok(())
    }

    /// Makes everything appended so far durable, without holding the lock meanwhile.
    pub(crate) fn sync(&self) -> Result<Position, JournalError> {
        let _turn = self
            .sync_turn
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let (end, segment, files, directory_changed) = {
            let mut guard = self.tail();
            let tail = &mut *guard;
            match tail.doubtful {
                Some(before) if tail.released < before => {
                    return Err(JournalError::Unsynced { before });
                }
                Some(before) => {
                    if before.segment == tail.segment {
                        self.rotate(tail)?;
                    }
                    tail.doubtful = None;
                }
                None => {}
            }
            if tail.durable >= tail.end() {
                return Ok(tail.durable);
            }
            let mut files = std::mem::take(&mut tail.unsynced);
            files.push(Arc::clone(&tail.file));
            (
                tail.end(),
                tail.segment,
                files,
                std::mem::take(&mut tail.directory_changed),
            )
        };
        let synced = files
            .iter()
            .try_for_each(|file| file.sync_data())
            .and_then(|()| {
                if directory_changed {
                    self.directory.sync()
                } else {
                    Ok(())
                }
            });
        let mut tail = self.tail();
        match synced {
            Ok(()) => {
                tail.durable = end;
                Ok(end)
            }
            Err(source) => {
                // The kernel forgets what it could not write, so a second try would succeed
                // without having written it.
                tail.doubtful = Some(tail.end());
                tail.directory_changed |= directory_changed;
                Err(JournalError::io("sync", &self.directory.segment(segment))(
                    source,
                ))
            }
        }
    }

    /// How far `segment` may be read. A segment that is gone has nothing to read.
    pub(crate) fn extent(&self, segment: u64) -> Extent {
        let tail = self.tail();
        if segment == tail.segment {
            return Extent {
                end: tail.offset,
                next: None,
            };
        }
        let next = tail
            .sealed
            .range(segment + 1..)
            .next()
            .map(|(&number, _)| number);
        let end = tail.sealed.get(&segment).copied().unwrap_or(0);
        Extent {
            end,
            next: next.or((segment < tail.segment).then_some(tail.segment)),
        }
    }
}

impl Tail {
    pub(crate) fn end(&self) -> Position {
        Position {
            segment: self.segment,
            offset: self.offset,
        }
    }
}

#[cfg(test)]
mod tests;
