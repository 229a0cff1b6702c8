//! The journal as its callers use it.
#![expect(clippy::unwrap_used, reason = "a failure in a helper fails the test")]

mod damage;
mod kill;
mod limits;
mod roundtrip;

use std::path::Path;

use tollhouse_journal::{Journal, Options, Position, Reader};

/// Small segments, so that a few records fill several.
const SMALL: Options = Options {
    segment_bytes: 200,
    max_total_bytes: 1 << 30,
};

fn open(directory: &Path) -> (Journal, Reader) {
    Journal::open(directory, SMALL).unwrap()
}

/// One record as it was delivered.
type Record = (Position, u8, Vec<u8>);

/// Reads everything there is, in batches of three.
fn read_all(reader: &mut Reader) -> Vec<Record> {
    let mut out = Vec::new();
    loop {
        let batch = reader
            .read_batch(3, usize::MAX, |position, kind, payload| {
                out.push((position, kind, payload.to_vec()));
            })
            .unwrap();
        assert!(batch.frames <= 3);
        if batch.caught_up {
            return out;
        }
    }
}

/// The payloads alone.
fn payloads(records: &[Record]) -> Vec<Vec<u8>> {
    records
        .iter()
        .map(|(_, _, payload)| payload.clone())
        .collect()
}

/// The names in a directory, sorted.
fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<_> = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}
