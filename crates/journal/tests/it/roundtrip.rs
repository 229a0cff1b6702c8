//! Appending, reading, releasing and opening again.

use std::collections::HashMap;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use proptest::prelude::*;
use tollhouse_journal::{Journal, JournalError, Options};

use super::{SMALL, names, open, payloads, read_all};

fn is_segment(name: &str) -> bool {
    Path::new(name)
        .extension()
        .is_some_and(|extension| extension == "seg")
}

#[test]
fn records_come_back_in_order_with_their_positions() {
    let directory = tempfile::tempdir().unwrap();
    let (journal, mut reader) = open(directory.path());
    let mut written = Vec::new();
    for number in 0..50_u8 {
        let payload = vec![number; usize::from(number)];
        written.push((journal.append(number, &payload).unwrap(), number, payload));
    }
    assert!(written.windows(2).all(|pair| pair[0].0 < pair[1].0));
    assert!(journal.end().segment > 3, "several segments were filled");
    assert_eq!(read_all(&mut reader), written);
    assert_eq!(reader.position(), journal.end());
    assert_eq!(read_all(&mut reader), []);
}

#[test]
fn a_batch_is_bounded_by_records_and_bytes() {
    let directory = tempfile::tempdir().unwrap();
    let (journal, mut reader) = open(directory.path());
    for _ in 0..6 {
        journal.append(1, &[7; 40]).unwrap();
    }
    let mut read = |frames, bytes| {
        let batch = reader.read_batch(frames, bytes, |_, _, _| {}).unwrap();
        (batch.frames, batch.caught_up)
    };
    assert_eq!(read(0, 1000), (0, false));
    assert_eq!(read(1, 0), (1, false), "one record however large");
    assert_eq!(read(9, 119), (2, false));
    assert_eq!(read(2, 1000), (2, false));
    assert_eq!(read(9, 1000), (1, true));
    assert_eq!(read(9, 1000), (0, true));
}

#[test]
fn what_is_not_released_comes_again_after_a_restart_and_what_is_released_does_not() {
    let directory = tempfile::tempdir().unwrap();
    let (journal, mut reader) = open(directory.path());
    for number in 0..40_u8 {
        journal.append(1, &[number; 30]).unwrap();
    }
    let middle = reader.read_batch(17, usize::MAX, |_, _, _| {}).unwrap().end;
    reader.release(middle).unwrap();
    // Once more, and backwards: no effect.
    reader.release(middle).unwrap();
    drop((journal, reader));

    let (journal, mut reader) = open(directory.path());
    assert_eq!(reader.recovery().frames, 23);
    assert_eq!(reader.recovered_to(), journal.end());
    journal.append(1, b"new").unwrap();
    let again = read_all(&mut reader);
    let firsts: Vec<u8> = again.iter().map(|(_, _, payload)| payload[0]).collect();
    assert_eq!(firsts, (17..40).chain([b'n']).collect::<Vec<u8>>());
    let old = again
        .iter()
        .filter(|(position, ..)| *position <= reader.recovered_to())
        .count();
    assert_eq!(old, 23);

    reader.release(journal.end()).unwrap();
    let segments = names(directory.path())
        .iter()
        .filter(|name| is_segment(name))
        .count();
    assert_eq!(segments, 1, "only the segment in use is left");
    drop((journal, reader));
    let (_journal, mut reader) = open(directory.path());
    assert_eq!(read_all(&mut reader), []);
}

#[test]
fn nothing_unread_is_released() {
    let directory = tempfile::tempdir().unwrap();
    let (journal, mut reader) = open(directory.path());
    for number in 0..20_u8 {
        journal.append(1, &[number; 30]).unwrap();
    }
    reader.read_batch(5, usize::MAX, |_, _, _| {}).unwrap();
    reader.release(journal.end()).unwrap();
    drop((journal, reader));
    let (_journal, reader) = open(directory.path());
    assert_eq!(reader.recovery().frames, 15);
}

#[test]
fn a_crash_between_checkpoint_and_deletion_is_made_good() {
    let directory = tempfile::tempdir().unwrap();
    let (journal, mut reader) = open(directory.path());
    for number in 0..20_u8 {
        journal.append(1, &[number; 30]).unwrap();
    }
    let copies: HashMap<_, _> = names(directory.path())
        .into_iter()
        .filter(|name| is_segment(name))
        .map(|name| {
            (
                name.clone(),
                std::fs::read(directory.path().join(name)).unwrap(),
            )
        })
        .collect();
    let end = reader.read_batch(17, usize::MAX, |_, _, _| {}).unwrap().end;
    reader.release(end).unwrap();
    drop((journal, reader));
    for (name, bytes) in copies {
        std::fs::write(directory.path().join(name), bytes).unwrap();
    }
    let (_journal, mut reader) = open(directory.path());
    let first = names(directory.path())
        .into_iter()
        .find(|name| is_segment(name))
        .unwrap();
    assert!(
        first >= format!("{:012}.seg", end.segment),
        "{first} is still there"
    );
    assert_eq!(read_all(&mut reader).len(), 3);
}

#[test]
fn a_second_opener_is_refused_until_the_first_is_gone() {
    let directory = tempfile::tempdir().unwrap();
    let (journal, reader) = open(directory.path());
    let error = Journal::open(directory.path(), SMALL).unwrap_err();
    assert!(matches!(error, JournalError::Locked { .. }));
    assert!(error.to_string().contains("in use by another process"));
    drop(journal);
    assert!(
        Journal::open(directory.path(), SMALL).is_err(),
        "the reader still holds it"
    );
    drop(reader);
    open(directory.path());
}

#[test]
fn files_are_for_the_owner_alone() {
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("a/journal");
    let (journal, mut reader) = open(&directory);
    journal.append(1, b"x").unwrap();
    read_all(&mut reader);
    reader.release(journal.end()).unwrap();
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&directory), 0o700);
    let names = names(&directory);
    assert_eq!(names, ["000000000001.seg", "checkpoint", "lock"]);
    for name in names {
        assert_eq!(mode(&directory.join(&name)), 0o600, "{name}");
    }
}

#[test]
fn sync_covers_every_segment_and_is_remembered() {
    let directory = tempfile::tempdir().unwrap();
    let (journal, _reader) = open(directory.path());
    assert!(journal.dirty(), "the new segment itself is not durable yet");
    for _ in 0..20 {
        journal.append(1, &[1; 50]).unwrap();
    }
    let end = journal.end();
    assert_eq!(journal.sync().unwrap(), end);
    assert_eq!(journal.durable(), end);
    assert!(!journal.dirty());
    assert_eq!(journal.sync().unwrap(), end);
    journal.append(1, b"x").unwrap();
    assert!(journal.dirty());
}

#[test]
fn payloads_do_not_show_in_debug_output() {
    let directory = tempfile::tempdir().unwrap();
    let (journal, mut reader) = open(directory.path());
    journal.append(1, b"canary-7d1f").unwrap();
    let batch = reader.read_batch(9, 99, |_, _, _| {}).unwrap();
    let shown = format!("{journal:?} {reader:?} {batch:?} {:?}", reader.recovery());
    assert!(
        !shown.contains("canary") && !shown.contains("99, 97, 110"),
        "{shown}"
    );
}

#[test]
fn threads_append_while_a_reader_tails_releases_and_syncs() {
    const THREADS: u64 = 4;
    const EACH: u64 = 5_000;
    let directory = tempfile::tempdir().unwrap();
    let options = Options {
        segment_bytes: 20_000,
        max_total_bytes: 1 << 30,
    };
    let (journal, mut reader) = Journal::open(directory.path(), options).unwrap();
    let writing = AtomicBool::new(true);
    let mut seen = vec![0_u64; usize::try_from(THREADS).unwrap()];
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..THREADS)
            .map(|thread| {
                let journal = &journal;
                scope.spawn(move || {
                    for number in 0..EACH {
                        let mut payload = number.to_le_bytes().to_vec();
                        payload.resize(8 + usize::try_from(number % 300).unwrap(), 7);
                        let at = journal
                            .append(u8::try_from(thread).unwrap(), &payload)
                            .unwrap();
                        if number % 1_000 == 0 {
                            assert!(journal.sync().unwrap() >= at);
                        }
                    }
                })
            })
            .collect();
        let writing = &writing;
        scope.spawn(move || {
            for writer in writers {
                writer.join().unwrap();
            }
            writing.store(false, Ordering::SeqCst);
        });
        loop {
            let last_round = !writing.load(Ordering::SeqCst);
            let batch = reader
                .read_batch(100, usize::MAX, |_, kind, payload| {
                    let number = u64::from_le_bytes(payload[..8].try_into().unwrap());
                    assert_eq!(payload.len() as u64, 8 + number % 300);
                    // In order, nothing missing, nothing twice.
                    assert_eq!(seen[usize::from(kind)], number);
                    seen[usize::from(kind)] += 1;
                })
                .unwrap();
            reader.release(batch.end).unwrap();
            if last_round && batch.caught_up {
                break;
            }
        }
    });
    assert!(seen.iter().all(|&count| count == EACH));
    assert!(journal.end().segment > 50);
    assert!(journal.total_bytes() <= 2 * options.segment_bytes);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Any mixture of appending, reading, releasing and restarting delivers every record in order,
    /// and none again that was released.
    #[test]
    fn any_history_delivers_everything(
        steps in prop::collection::vec((0..4_u8, 0..400_usize), 1..60),
        segment_bytes in 30..2_000_u64,
    ) {
        let directory = tempfile::tempdir().unwrap();
        let options = Options { segment_bytes, max_total_bytes: 1 << 30 };
        let (mut journal, mut reader) = Journal::open(directory.path(), options).unwrap();
        let mut written: Vec<Vec<u8>> = Vec::new();
        let (mut read, mut released) = (0, 0);
        for (step, size) in steps {
            match step {
                0 => {
                    written.push(vec![u8::try_from(written.len()).unwrap(); size]);
                    journal.append(1, &written[written.len() - 1]).unwrap();
                }
                1 => {
                    let mut got = Vec::new();
                    reader.read_batch(size % 7, usize::MAX, |_, _, p| got.push(p.to_vec())).unwrap();
                    prop_assert_eq!(&got[..], &written[read..read + got.len()]);
                    read += got.len();
                }
                2 => {
                    reader.release(reader.position()).unwrap();
                    released = read;
                }
                _ => {
                    drop((journal, reader));
                    (journal, reader) = Journal::open(directory.path(), options).unwrap();
                    prop_assert_eq!(reader.recovery().frames, (written.len() - released) as u64);
                    read = released;
                }
            }
        }
        prop_assert_eq!(payloads(&read_all(&mut reader)), &written[read..]);
    }
}
