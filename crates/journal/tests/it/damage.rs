//! Files cut short or altered, as dying processes, machines and disks leave them.

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use tollhouse_journal::{Journal, JournalError, Options};

use super::{names, open, payloads, read_all};

const ONE_SEGMENT: Options = Options {
    segment_bytes: 1 << 20,
    max_total_bytes: 1 << 30,
};
const HEADER: usize = 20;

/// Writes records of these sizes into one segment and returns them with the segment's path.
fn written(directory: &Path, sizes: &[usize]) -> (Vec<Vec<u8>>, PathBuf) {
    let (journal, _reader) = Journal::open(directory, ONE_SEGMENT).unwrap();
    let records: Vec<_> = sizes
        .iter()
        .zip(1_u8..)
        .map(|(&size, number)| vec![number; size])
        .collect();
    for record in &records {
        journal.append(1, record).unwrap();
    }
    (
        records,
        directory.join(format!("{:012}.seg", journal.end().segment)),
    )
}

/// How many records are whole within the first `bytes`.
fn whole(records: &[Vec<u8>], bytes: usize) -> usize {
    let ends = records.iter().scan(HEADER, |at, record| {
        *at += 9 + record.len();
        Some(*at)
    });
    ends.take_while(|&end| end <= bytes).count()
}

#[test]
fn every_truncation_recovers_the_whole_records_before_it() {
    let source = tempfile::tempdir().unwrap();
    let (records, segment) = written(source.path(), &[0, 1, 40, 7, 100]);
    let bytes = std::fs::read(&segment).unwrap();
    for cut in 0..=bytes.len() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(segment.file_name().unwrap());
        std::fs::write(&path, &bytes[..cut]).unwrap();
        let (journal, mut reader) = open(directory.path());
        let expected = whole(&records, cut);
        assert_eq!(reader.recovery().frames, expected as u64, "cut at {cut}");
        assert_eq!(reader.recovery().corrupt_segments, 0, "cut at {cut}");
        journal.append(1, b"after").unwrap();
        let read = payloads(&read_all(&mut reader));
        assert_eq!(read[..expected], records[..expected], "cut at {cut}");
        assert_eq!(read[expected..], [b"after"], "cut at {cut}");
        drop((journal, reader));
        let (_journal, reader) = open(directory.path());
        let report = reader.recovery();
        assert_eq!(
            (report.torn_bytes, report.corrupt_segments),
            (0, 0),
            "the torn end is gone"
        );
    }
}

#[test]
fn every_flipped_bit_is_noticed() {
    let source = tempfile::tempdir().unwrap();
    let (records, segment) = written(source.path(), &[3, 1, 20]);
    let bytes = std::fs::read(&segment).unwrap();
    for bit in 0..bytes.len() * 8 {
        let directory = tempfile::tempdir().unwrap();
        let mut damaged = bytes.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        std::fs::write(directory.path().join(segment.file_name().unwrap()), damaged).unwrap();
        let (_journal, mut reader) = open(directory.path());
        let sound = if bit / 8 < HEADER {
            0
        } else {
            whole(&records, bit / 8)
        };
        assert_eq!(
            payloads(&read_all(&mut reader)),
            records[..sound],
            "bit {bit}"
        );
        let report = reader.recovery();
        assert!(
            report.corrupt_segments + report.torn_bytes > 0,
            "bit {bit}: {report:?}"
        );
    }
}

#[test]
fn damage_in_the_middle_keeps_a_copy_and_the_segments_after_it() {
    let directory = tempfile::tempdir().unwrap();
    let (records, first) = written(directory.path(), &[30; 10]);
    let (_, _) = written(directory.path(), &[5; 2]);
    let mut bytes = std::fs::read(&first).unwrap();
    bytes[HEADER + 4 * 39 + 20] ^= 1;
    std::fs::write(&first, &bytes).unwrap();

    for _ in 0..2 {
        let (_journal, mut reader) = open(directory.path());
        assert_eq!(reader.recovery().corrupt_segments, 1);
        assert_eq!(reader.recovery().frames, 6);
        let read = payloads(&read_all(&mut reader));
        assert_eq!(read[..4], records[..4]);
        assert_eq!(read[4..], [[1; 5], [2; 5]]);
    }
    let (journal, mut reader) = open(directory.path());
    read_all(&mut reader);
    reader.release(journal.end()).unwrap();
    drop((journal, reader));
    let kept = format!("{}.corrupt", first.to_str().unwrap());
    assert_eq!(
        std::fs::read(kept).unwrap(),
        bytes,
        "the copy outlives the release"
    );
    assert!(!first.exists());
    let (_journal, reader) = open(directory.path());
    assert_eq!(reader.recovery().corrupt_segments, 0);
}

#[test]
fn damage_before_sound_records_at_the_end_is_kept_too() {
    let directory = tempfile::tempdir().unwrap();
    let (records, segment) = written(directory.path(), &[30; 10]);
    let mut bytes = std::fs::read(&segment).unwrap();
    bytes[HEADER + 4 * 39 + 20] ^= 1;
    std::fs::write(&segment, &bytes).unwrap();
    let (_journal, mut reader) = open(directory.path());
    assert_eq!(reader.recovery().corrupt_segments, 1);
    assert_eq!(reader.recovery().torn_bytes, 0);
    assert_eq!(payloads(&read_all(&mut reader)), records[..4]);
}

#[test]
fn an_impossible_length_is_damage_and_not_a_torn_record() {
    let directory = tempfile::tempdir().unwrap();
    let (records, segment) = written(directory.path(), &[30; 10]);
    let mut bytes = std::fs::read(&segment).unwrap();
    bytes[HEADER + 4 * 39 + 3] = 0x7f;
    std::fs::write(&segment, &bytes).unwrap();
    let (_journal, mut reader) = open(directory.path());
    assert_eq!(reader.recovery().corrupt_segments, 1);
    assert_eq!(payloads(&read_all(&mut reader)), records[..4]);
}

#[test]
fn a_cut_in_an_earlier_segment_is_damage() {
    let directory = tempfile::tempdir().unwrap();
    let (records, first) = written(directory.path(), &[30; 4]);
    written(directory.path(), &[5]);
    let bytes = std::fs::read(&first).unwrap();
    std::fs::write(&first, &bytes[..bytes.len() - 3]).unwrap();
    let (_journal, mut reader) = open(directory.path());
    assert_eq!(
        (
            reader.recovery().torn_bytes,
            reader.recovery().corrupt_segments
        ),
        (0, 1)
    );
    let read = payloads(&read_all(&mut reader));
    assert_eq!(read[..3], records[..3]);
    assert_eq!(read[3..], [[1; 5]]);
}

#[test]
fn segments_lost_to_a_power_cut_do_not_hide_new_records() {
    let directory = tempfile::tempdir().unwrap();
    let (journal, mut reader) = open(directory.path());
    for number in 0..20_u8 {
        journal.append(1, &[number; 30]).unwrap();
    }
    read_all(&mut reader);
    reader.release(journal.end()).unwrap();
    let released = journal.end();
    drop((journal, reader));
    std::fs::remove_file(
        directory
            .path()
            .join(format!("{:012}.seg", released.segment)),
    )
    .unwrap();
    let (journal, mut reader) = open(directory.path());
    assert!(journal.append(1, b"new").unwrap() > released);
    assert_eq!(payloads(&read_all(&mut reader)), [b"new"]);
}

#[test]
fn a_checkpoint_beyond_the_end_of_its_segment_releases_all_of_it() {
    let directory = tempfile::tempdir().unwrap();
    let (_, segment) = written(directory.path(), &[30; 4]);
    let (journal, mut reader) = Journal::open(directory.path(), ONE_SEGMENT).unwrap();
    let end = reader.read_batch(3, usize::MAX, |_, _, _| {}).unwrap().end;
    reader.release(end).unwrap();
    drop((journal, reader));
    let bytes = std::fs::read(&segment).unwrap();
    std::fs::write(&segment, &bytes[..HEADER + 50]).unwrap();
    let (journal, mut reader) = open(directory.path());
    assert_eq!(reader.recovery().frames, 0);
    journal.append(1, b"new").unwrap();
    assert_eq!(payloads(&read_all(&mut reader)), [b"new"]);
}

#[test]
fn zeros_at_the_end_are_a_torn_record() {
    let directory = tempfile::tempdir().unwrap();
    let (records, segment) = written(directory.path(), &[30; 3]);
    let mut bytes = std::fs::read(&segment).unwrap();
    bytes.resize(bytes.len() + 5_000, 0);
    std::fs::write(&segment, &bytes).unwrap();
    let (_journal, mut reader) = open(directory.path());
    assert_eq!(
        (
            reader.recovery().torn_bytes,
            reader.recovery().corrupt_segments
        ),
        (5_000, 0)
    );
    assert_eq!(payloads(&read_all(&mut reader)), records);
}

#[test]
fn damage_that_comes_after_opening_skips_the_segment_but_nothing_later() {
    let directory = tempfile::tempdir().unwrap();
    let (journal, mut reader) = Journal::open(directory.path(), ONE_SEGMENT).unwrap();
    for number in 0..5_u8 {
        journal.append(1, &[number; 30]).unwrap();
    }
    let path = directory.path().join("000000000001.seg");
    let file = std::fs::File::options().write(true).open(path).unwrap();
    let second = (HEADER + 39 + 20) as u64;
    std::os::unix::fs::FileExt::write_all_at(&file, &[99], second).unwrap();
    assert_eq!(payloads(&read_all(&mut reader)), [[0; 30]]);
    assert_eq!(reader.recovery().corrupt_segments, 1);
    journal.append(1, b"after").unwrap();
    assert_eq!(payloads(&read_all(&mut reader)), [b"after"]);
    drop((journal, reader));

    // The record after the damage is not skipped by a restart either.
    let (journal, mut reader) = Journal::open(directory.path(), ONE_SEGMENT).unwrap();
    assert_eq!(payloads(&read_all(&mut reader)), [&[0; 30][..], b"after"]);
    reader.release(journal.end()).unwrap();
    assert!(names(directory.path()).contains(&"000000000001.seg.corrupt".to_owned()));
}

#[test]
fn a_damaged_checkpoint_delivers_again_rather_than_not_at_all() {
    let directory = tempfile::tempdir().unwrap();
    let (journal, mut reader) = open(directory.path());
    for number in 0..10_u8 {
        journal.append(1, &[number; 30]).unwrap();
    }
    let end = reader.read_batch(2, usize::MAX, |_, _, _| {}).unwrap().end;
    reader.release(end).unwrap();
    drop((journal, reader));
    let checkpoint = directory.path().join("checkpoint");
    let sound = std::fs::read(&checkpoint).unwrap();
    for damaged in [&b""[..], b"\xff\xfe", b"1 2 3 4", &sound[..sound.len() - 1]] {
        std::fs::write(&checkpoint, damaged).unwrap();
        let (_journal, reader) = open(directory.path());
        assert_eq!(reader.recovery().frames, 10);
    }
}

#[test]
fn a_newer_version_is_refused_and_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let (_, segment) = written(directory.path(), &[30; 3]);
    let mut bytes = std::fs::read(&segment).unwrap();
    bytes[6] = 2;
    let checksum = crc32fast::hash(&bytes[..16]).to_le_bytes();
    bytes[16..20].copy_from_slice(&checksum);
    std::fs::write(&segment, &bytes).unwrap();
    let error = Journal::open(directory.path(), ONE_SEGMENT).unwrap_err();
    assert!(matches!(
        error,
        JournalError::UnknownVersion { version: 2, .. }
    ));
    assert_eq!(std::fs::read(&segment).unwrap(), bytes);
}

#[test]
fn foreign_files_are_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    for name in ["notes.txt", "1.seg", "x00000000001.seg", "00000000000x.seg"] {
        std::fs::write(directory.path().join(name), b"mine").unwrap();
    }
    let (journal, mut reader) = open(directory.path());
    assert_eq!(journal.end().segment, 1);
    assert_eq!(read_all(&mut reader), []);
    assert_eq!(
        std::fs::read(directory.path().join("1.seg")).unwrap(),
        b"mine"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever is in the directory, opening and reading ends without a panic.
    #[test]
    fn arbitrary_bytes_never_panic(
        mut segments in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 1..4),
        with_header in any::<bool>(),
        checkpoint in prop::collection::vec(any::<u8>(), 0..60),
    ) {
        let directory = tempfile::tempdir().unwrap();
        for (number, bytes) in (1_u64..).zip(&mut segments) {
            if with_header {
                let template = tempfile::tempdir().unwrap();
                let (_journal, _reader) = open(template.path());
                let mut header = std::fs::read(template.path().join("000000000001.seg")).unwrap();
                header[8..16].copy_from_slice(&number.to_le_bytes());
                let checksum = crc32fast::hash(&header[..16]).to_le_bytes();
                header[16..].copy_from_slice(&checksum);
                bytes.splice(0..0, header);
            }
            std::fs::write(directory.path().join(format!("{number:012}.seg")), bytes).unwrap();
        }
        std::fs::write(directory.path().join("checkpoint"), checkpoint).unwrap();
        let (journal, mut reader) = open(directory.path());
        journal.append(1, b"after").unwrap();
        prop_assert_eq!(payloads(&read_all(&mut reader)).pop().unwrap(), b"after");
    }
}
