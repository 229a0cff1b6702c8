//! What happens when there is no room.

use tollhouse_journal::{Journal, JournalError, MAX_PAYLOAD_BYTES, Options};

use super::read_all;

#[test]
fn a_full_journal_refuses_and_takes_records_again_after_a_release() {
    let directory = tempfile::tempdir().unwrap();
    let options = Options {
        segment_bytes: 1 << 20,
        max_total_bytes: 10_000,
    };
    let (journal, mut reader) = Journal::open(directory.path(), options).unwrap();
    for round in 0..5 {
        let mut written = 0;
        let error = loop {
            match journal.append(1, &[1; 500]) {
                Ok(_) => written += 1,
                Err(error) => break error,
            }
        };
        assert!(matches!(error, JournalError::Full { limit: 10_000, .. }));
        assert!(error.is_full());
        assert!(
            written >= 12,
            "round {round}: room for {written} records only"
        );
        assert!(journal.total_bytes() <= 10_000 + 200);
        assert_eq!(read_all(&mut reader).len(), written);
        reader.release(journal.end()).unwrap();
    }
}

#[test]
fn what_concludes_an_earlier_record_is_taken_by_a_full_journal() {
    let directory = tempfile::tempdir().unwrap();
    let options = Options {
        segment_bytes: 1 << 20,
        max_total_bytes: 10_000,
    };
    let (journal, mut reader) = Journal::open(directory.path(), options).unwrap();
    let mut written = 0;
    while journal.append(1, &[1; 500]).is_ok() {
        written += 1;
    }
    for _ in 0..written {
        journal.conclude(2, &[2; 500]).unwrap();
    }
    assert!(journal.append(1, &[1; 500]).unwrap_err().is_full());
    assert_eq!(read_all(&mut reader).len(), 2 * written);
    reader.release(journal.end()).unwrap();
    journal.append(1, &[1; 500]).unwrap();
}

#[test]
fn records_near_the_limit_do_not_block_the_journal_for_good() {
    let directory = tempfile::tempdir().unwrap();
    let options = Options {
        segment_bytes: 1 << 20,
        max_total_bytes: 10_000,
    };
    let (journal, mut reader) = Journal::open(directory.path(), options).unwrap();
    for _ in 0..5 {
        journal.append(1, &[1; 7_000]).unwrap();
        journal.append(1, &[1; 7_000]).unwrap_err();
        assert_eq!(read_all(&mut reader).len(), 1);
        reader.release(journal.end()).unwrap();
    }
}

#[test]
fn the_largest_record_fits_and_a_larger_one_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let (journal, mut reader) = super::open(directory.path());
    let mut payload = vec![3; MAX_PAYLOAD_BYTES];
    journal.append(1, b"small").unwrap();
    journal.append(1, &payload).unwrap();
    journal.append(1, b"small").unwrap();
    payload.push(3);
    let error = journal.append(1, &payload).unwrap_err();
    assert!(matches!(error, JournalError::TooLarge { .. }));
    let sizes: Vec<_> = read_all(&mut reader)
        .iter()
        .map(|(_, _, p)| p.len())
        .collect();
    assert_eq!(sizes, [5, MAX_PAYLOAD_BYTES, 5]);
}

#[test]
fn a_backlog_above_the_limit_still_opens_and_is_read() {
    let directory = tempfile::tempdir().unwrap();
    let (journal, reader) = super::open(directory.path());
    for _ in 0..50 {
        journal.append(1, &[1; 500]).unwrap();
    }
    drop((journal, reader));
    let options = Options {
        segment_bytes: 2_000,
        max_total_bytes: 10_000,
    };
    let (journal, mut reader) = Journal::open(directory.path(), options).unwrap();
    assert!(journal.append(1, b"x").unwrap_err().is_full());
    assert_eq!(read_all(&mut reader).len(), 50);
    reader.release(reader.position()).unwrap();
    journal.append(1, b"x").unwrap();
}
