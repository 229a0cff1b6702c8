//! Walks the frames of one segment through a buffer.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use crate::frame::{self, Frame, HEAD_BYTES};

/// How much is read at once; only a larger frame makes the buffer grow, and only for its time.
const CHUNK_BYTES: usize = 256 * 1024;

/// A place in a segment and the bytes read ahead of it. They stay valid, for a segment only grows.
#[derive(Default)]
pub(crate) struct Cursor {
    /// Where `buffer[start]` is in the file.
    offset: u64,
    buffer: Vec<u8>,
    start: usize,
    filled: usize,
}

/// What comes next.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Next {
    /// A sound frame; [`Cursor::take`] gives its payload and moves on.
    Frame {
        kind: u8,
        bytes: usize,
    },
    End,
    /// No sound frame. `claims` is where it says it ends, when that is possible at all.
    Bad {
        claims: Option<u64>,
    },
}

impl Cursor {
    pub(crate) fn at(offset: u64) -> Self {
        Self {
            offset,
            ..Self::default()
        }
    }

    /// Where the next frame starts.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// Goes elsewhere and forgets what was read ahead.
    pub(crate) fn seek(&mut self, offset: u64) {
        self.offset = offset;
        self.start = 0;
        self.filled = 0;
    }

    /// Looks at the next frame of `file`, which may be read up to `end`.
    pub(crate) fn next(&mut self, file: &File, end: u64) -> io::Result<Next> {
        loop {
            if self.offset >= end {
                return Ok(Next::End);
            }
            let claim = |bytes: usize| self.offset.saturating_add(bytes as u64);
            match frame::parse(&self.buffer[self.start..self.filled]) {
                Frame::Whole { kind, bytes } => return Ok(Next::Frame { kind, bytes }),
                Frame::Bad { claims } => {
                    return Ok(Next::Bad {
                        claims: claims.map(claim),
                    });
                }
                Frame::Short { needs } => {
                    let left = end - self.offset;
                    if needs as u64 > left {
                        return Ok(Next::Bad {
                            claims: Some(claim(needs)),
                        });
                    }
                    self.fill(file, needs, left)?;
                }
            }
        }
    }

    /// The payload of the frame that [`Cursor::next`] has just found, and a step beyond it.
    pub(crate) fn take(&mut self, bytes: usize) -> &[u8] {
        let payload = self.start + HEAD_BYTES..self.start + bytes;
        self.start += bytes;
        self.offset += bytes as u64;
        &self.buffer[payload]
    }

    /// Reads ahead at least `needs` and at most `left` bytes.
    fn fill(&mut self, file: &File, needs: usize, left: u64) -> io::Result<()> {
        let capacity = needs.max(CHUNK_BYTES);
        let bytes = usize::try_from(left).map_or(capacity, |left| left.min(capacity));
        if self.buffer.len() > capacity {
            self.buffer = Vec::new();
        }
        if self.buffer.len() < bytes {
            self.buffer.resize(capacity, 0);
        }
        self.start = 0;
        self.filled = 0;
        file.read_exact_at(&mut self.buffer[..bytes], self.offset)?;
        self.filled = bytes;
        Ok(())
    }
}
