use proptest::prelude::*;

use super::*;
use crate::testing;

type Event = (Option<Vec<u8>>, Vec<u8>);

fn decode(parts: &[&[u8]], limit: usize) -> (Vec<Event>, u64) {
    let mut decoder = Decoder::new(limit);
    let mut events = Vec::new();
    let mut on = |frame: Frame<'_>| {
        events.push((frame.event.map(<[u8]>::to_vec), frame.data.to_vec()));
    };
    for part in parts {
        decoder.push(part, &mut on);
    }
    decoder.finish(&mut on);
    (events, decoder.oversized())
}

/// The same by the book, one line after the other, with all of the stream at hand.
fn oracle(stream: &[u8], limit: usize) -> (Vec<Event>, u64) {
    let mut lines = Vec::new();
    let mut line = Vec::new();
    let mut bytes = stream.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\r' | b'\n' => {
                if byte == b'\r' {
                    bytes.next_if_eq(&b'\n');
                }
                lines.push(std::mem::take(&mut line));
            }
            byte => line.push(byte),
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines.push(Vec::new());

    let (mut events, mut oversized) = (Vec::new(), 0);
    let (mut name, mut data, mut spoiled) = (None, None::<Vec<u8>>, false);
    for (index, line) in lines.iter().enumerate() {
        if line.len() > limit {
            oversized += 1;
            spoiled = true;
            continue;
        }
        let line = match line.strip_prefix("\u{feff}".as_bytes()) {
            Some(line) if index == 0 => line,
            _ => line,
        };
        if line.is_empty() {
            let name = name.take().filter(|name: &Vec<u8>| !name.is_empty());
            if let (Some(data), false) = (data.take(), spoiled) {
                events.push((name, data));
            }
            spoiled = false;
            continue;
        }
        let colon = line.iter().position(|byte| *byte == b':');
        let (field, value) = match colon {
            Some(at) => (
                &line[..at],
                line[at + 1..].strip_prefix(b" ").unwrap_or(&line[at + 1..]),
            ),
            None => (line, &b""[..]),
        };
        match (field, &mut data) {
            (b"event", _) => name = Some(value.to_vec()),
            (b"data", None) => data = Some(value.to_vec()),
            (b"data", Some(data)) if data.len() + 1 + value.len() > limit => {
                oversized += u64::from(!spoiled);
                spoiled = true;
                data.clear();
            }
            (b"data", Some(data)) => {
                data.push(b'\n');
                data.extend_from_slice(value);
            }
            _ => {}
        }
    }
    (events, oversized)
}

fn event(name: Option<&str>, data: &str) -> Event {
    (
        name.map(|name| name.as_bytes().to_vec()),
        data.as_bytes().to_vec(),
    )
}

const VARIED: &str = "\u{feff}: hello\n\nevent: a\ndata: {\"x\":1}\n\nevent:b\r\ndata:two\r\ndata: lines\r\n\r\n\
    data: é漢\r\r: keep-alive\n\nid: 7\nretry: 10\ndatabase: no\ndata\n\nevent: lonely\n\ndata: [DONE]";

#[test]
fn every_line_end_field_form_and_comment_is_understood() {
    let expected = [
        event(Some("a"), "{\"x\":1}"),
        event(Some("b"), "two\nlines"),
        event(None, "é漢"),
        event(None, ""),
        event(None, "[DONE]"),
    ];
    assert_eq!(decode(&[VARIED.as_bytes()], 1000).0, expected);
    for size in 1..VARIED.len() {
        let parts: Vec<&[u8]> = VARIED.as_bytes().chunks(size).collect();
        assert_eq!(decode(&parts, 1000).0, expected, "in parts of {size}");
    }
}

#[test]
fn whole_events_are_lent_out_of_the_chunk() {
    let chunk = b"event: a\ndata: first\n\ndata: second\n\ndata: thi";
    let range = chunk.as_ptr_range();
    let mut decoder = Decoder::new(100);
    let mut seen = 0;
    decoder.push(chunk, |frame| {
        assert!(range.contains(&frame.data.as_ptr()));
        seen += 1;
    });
    assert_eq!(seen, 2);
    assert!(!decoder.at_boundary());
    decoder.push(b"rd\n\n", |frame| assert_eq!(frame.data, b"third"));
    assert!(decoder.at_boundary());
}

#[test]
fn long_lines_are_dropped_counted_and_forgotten() {
    let long = "x".repeat(100);
    let stream =
        format!("data: a\n\nevent: e\ndata: {long}\ndata: b\n\ndata: c\n\n: {long}\n\ndata: d\n\n");
    for size in [1, 7, 1000] {
        let parts: Vec<&[u8]> = stream.as_bytes().chunks(size).collect();
        let expected = [event(None, "a"), event(None, "c"), event(None, "d")];
        assert_eq!(decode(&parts, 50), (expected.to_vec(), 2));
    }
    let lines = "data: 0123456789\n".repeat(20) + "\ndata: after\n\n";
    assert_eq!(
        decode(&[lines.as_bytes()], 50),
        (vec![event(None, "after")], 1)
    );
}

#[test]
fn memory_stays_bounded_by_the_limit() {
    let mut decoder = Decoder::new(1000);
    for _ in 0..10_000 {
        decoder.push(&[b'x'; 100], |_| panic!("no event here"));
        assert!(
            matches!(&decoder.line, Line::Kept(line) if line.capacity() <= 2000)
                || matches!(decoder.line, Line::TooLong)
        );
    }
    decoder.push(b"\n\n", |_| panic!("no event here"));
    let one = format!("data: {}\n\n", "y".repeat(900));
    one.as_bytes()
        .chunks(10)
        .for_each(|part| decoder.push(part, |_| ()));
    assert!(decoder.data.is_none() && decoder.event.is_none());
}

#[test]
fn written_events_read_back() {
    let mut out = Vec::new();
    encode::event(&mut out, Some("error"), b"{}");
    assert_eq!(out, b"event: error\ndata: {}\n\n");
    out.clear();
    encode::event(&mut out, Some("a\ndata: forged"), b"one\r\ntwo\rthree\n");
    assert_eq!(
        out,
        b"event: a\ndata: one\ndata: two\ndata: three\ndata: \n\n"
    );
    assert_eq!(
        decode(&[&out], 100).0,
        [event(Some("a"), "one\ntwo\nthree\n")]
    );
}

proptest! {
    #[test]
    fn agrees_with_the_oracle_however_it_is_cut(
        stream in "(\u{feff})?(data|event|id|:|: |é|\r\n|\r|\n|\n\n|[a-c{}]{0,9}|data: x\n\n){0,40}",
        limit in 1_usize..40,
        cuts in testing::cuts(),
    ) {
        let expected = oracle(stream.as_bytes(), limit);
        prop_assert_eq!(&decode(&[stream.as_bytes()], limit), &expected);
        prop_assert_eq!(&decode(&testing::cut_at(stream.as_bytes(), &cuts), limit), &expected);
        let bytes: Vec<&[u8]> = stream.as_bytes().chunks(1).collect();
        prop_assert_eq!(&decode(&bytes, limit), &expected);
    }

    #[test]
    fn random_bytes_never_panic(stream: Vec<u8>, limit in 0_usize..40, cuts in testing::cuts()) {
        let expected = oracle(&stream, limit);
        prop_assert_eq!(decode(&testing::cut_at(&stream, &cuts), limit), expected);
    }

    #[test]
    fn encoding_round_trips(name in prop::option::of("[a-z._]{1,20}"), data in "[a-zé \n]{0,60}") {
        let mut out = Vec::new();
        encode::event(&mut out, name.as_deref(), data.as_bytes());
        prop_assert_eq!(decode(&[&out], 1000).0, [event(name.as_deref(), &data)]);
    }
}
