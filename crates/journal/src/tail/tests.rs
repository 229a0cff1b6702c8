//! Failing disks, imitated by files that cannot be synced or written.

use super::*;
use crate::{Journal, Options};

/// `fdatasync` on a device fails with `EINVAL`, `pwrite` to `/dev/full` with `ENOSPC`.
fn device(path: &str) -> Arc<File> {
    Arc::new(File::options().read(true).write(true).open(path).unwrap())
}

fn all(reader: &mut crate::Reader) -> Vec<Vec<u8>> {
    let mut out = Vec::new();
    let batch = reader.read_batch(usize::MAX, usize::MAX, |_, _, payload| {
        out.push(payload.to_vec());
    });
    assert!(batch.unwrap().caught_up);
    out
}

#[test]
fn a_failed_sync_is_not_papered_over_by_the_next() {
    let directory = tempfile::tempdir().unwrap();
    let (journal, mut reader) = Journal::open(directory.path(), Options::default()).unwrap();
    let doubtful = journal.append(1, b"one").unwrap();
    journal.shared().tail().unsynced.push(device("/dev/null"));

    assert!(matches!(
        journal.sync(),
        Err(JournalError::Io { action: "sync", .. })
    ));
    assert!(matches!(journal.sync(), Err(JournalError::Unsynced { before }) if before == doubtful));
    assert!(journal.dirty());

    // Later records must not share a segment with bytes of unknown fate.
    let later = journal.append(1, b"two").unwrap();
    assert!(later.segment > doubtful.segment);
    assert!(matches!(journal.sync(), Err(JournalError::Unsynced { .. })));

    assert_eq!(all(&mut reader), [b"one", b"two"]);
    reader.release(doubtful).unwrap();
    assert_eq!(journal.sync().unwrap(), later);
    assert!(!journal.dirty());
}

#[test]
fn a_sync_after_released_doubt_starts_a_new_segment() {
    let directory = tempfile::tempdir().unwrap();
    let (journal, mut reader) = Journal::open(directory.path(), Options::default()).unwrap();
    let doubtful = journal.append(1, b"one").unwrap();
    journal.shared().tail().unsynced.push(device("/dev/null"));
    journal.sync().unwrap_err();
    all(&mut reader);
    reader.release(doubtful).unwrap();
    assert!(journal.sync().unwrap().segment > doubtful.segment);
}

#[test]
fn a_full_disk_is_reported_and_appending_goes_on_afterwards() {
    let directory = tempfile::tempdir().unwrap();
    let (journal, mut reader) = Journal::open(directory.path(), Options::default()).unwrap();
    journal.append(1, b"one").unwrap();
    let end = journal.end();

    let file = std::mem::replace(&mut journal.shared().tail().file, device("/dev/full"));
    let error = journal.append(1, b"lost").unwrap_err();
    assert!(error.is_full(), "{error:?}");
    assert_eq!(journal.end(), end);
    // The device cannot be cut either, so what was written there stays ragged.
    assert!(journal.shared().tail().ragged);

    journal.shared().tail().file = file;
    journal.append(1, b"two").unwrap();
    assert!(!journal.shared().tail().ragged);
    assert_eq!(all(&mut reader), [b"one", b"two"]);
}

#[test]
fn what_cannot_be_cut_is_left_behind_in_a_sealed_segment() {
    let directory = tempfile::tempdir().unwrap();
    let (journal, mut reader) = Journal::open(directory.path(), Options::default()).unwrap();
    let before = journal.append(1, b"one").unwrap();
    journal.shared().tail().file = device("/dev/full");
    journal.append(1, b"lost").unwrap_err();
    // Still the device: it cannot be cut, so the journal moves on.
    let after = journal.append(1, b"two").unwrap();
    assert!(after.segment > before.segment);
    assert_eq!(all(&mut reader), [b"one", b"two"]);
}

#[test]
fn the_first_sync_covers_what_an_earlier_process_left() {
    let directory = tempfile::tempdir().unwrap();
    let options = Options {
        segment_bytes: 100,
        ..Options::default()
    };
    let (journal, reader) = Journal::open(directory.path(), options).unwrap();
    for _ in 0..3 {
        journal.append(1, &[1; 90]).unwrap();
    }
    drop((journal, reader));
    let (journal, _reader) = Journal::open(directory.path(), options).unwrap();
    assert_eq!(journal.shared().tail().unsynced.len(), 3);
    journal.sync().unwrap();
    assert_eq!(journal.shared().tail().unsynced.len(), 0);
}
