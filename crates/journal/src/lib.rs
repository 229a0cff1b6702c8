//! A crash-safe append-only journal of opaque records.
//!
//! A record is safe from the death of the process as soon as [`Journal::append`] returns (its bytes
//! are with the kernel), and safe from the death of the machine once [`Journal::sync`] has returned
//! a position at or after it. One [`Reader`] tails the records, those of earlier processes first,
//! and releases what it has brought to its destination: each record is delivered **at least once**,
//! in order, across any number of crashes. Exactly-once is the destination's task, by a key inside
//! the payload.
//!
//! The journal refuses to know what a payload means; `kind` is one byte the caller may use to tell
//! records apart without decoding them. It reads no clock, starts no thread, and never waits for
//! its reader: when the disk or the configured limit is full, the caller is told.
//!
//! # On disk
//!
//! A directory (mode 0700) holds segments `000000000001.seg`, … (mode 0600), a `checkpoint` with
//! the position up to which everything is released, and a `lock` held by the one process that has
//! the journal open. Integers are little-endian.
//!
//! | part | bytes |
//! |---|---|
//! | segment header | `THJRNL`, version (2), segment number (8), CRC-32 of these (4) |
//! | frame | length of kind and payload (4), CRC-32 of kind and payload (4), kind (1), payload |
//!
//! Each process appends to fresh segments only, so a damaged one never grows. Zeros, which file
//! systems leave behind after a power cut, are no frame: its length is at least one.

mod checkpoint;
mod cursor;
mod directory;
mod error;
mod frame;
mod journal;
mod position;
mod reader;
mod recovery;
mod tail;

pub use error::JournalError;
pub use frame::MAX_PAYLOAD_BYTES;
pub use journal::{Journal, Options};
pub use position::Position;
pub use reader::{Batch, Reader};
pub use recovery::Recovery;
