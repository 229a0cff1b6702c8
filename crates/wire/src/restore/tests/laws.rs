use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;
use crate::testing::{cut_at, cuts, text};

fn unwrapped(pieces: &[&str]) -> String {
    let mut unwrap = Unwrap::default();
    let mut all = String::new();
    for piece in pieces {
        all += &unwrap.feed(piece);
    }
    all + &unwrap.rest()
}

#[test]
fn an_input_that_is_written_otherwise_is_not_lost() {
    for (json, expected) in [
        ("", ""),
        ("{}", ""),
        (" { } ", ""),
        (r#"{ "input" : "a" }"#, "a"),
        (r#"{"input":"a","why":"b"}"#, "a"),
        (r#"{"why":"b","input":"a"}"#, "a"),
        (r#"{"\u0069nput":"a"}"#, "a"),
        (r#"{"patch":"a"}"#, r#"{"patch":"a"}"#),
        (r#"{"input":1}"#, r#"{"input":1}"#),
        ("*** Begin Patch", "*** Begin Patch"),
        (r#"{"inp"#, r#"{"inp"#),
        (r#"{"input":"cut sho"#, "cut sho"),
        (r#"{"input":"cut \u00"#, r"cut \u00"),
        (
            r#"{"input":"\x \ud800 \ud800\u0041 \udc00"}"#,
            "\\x \u{fffd} \u{fffd}A \u{fffd}",
        ),
        (
            r#"{"input":"\ud800\udc00\udbff\udfff"}"#,
            "\u{10000}\u{10ffff}",
        ),
        (r#"{"input":"\b\f\/\ud83d\ude00"}"#, "\u{8}\u{c}/😀"),
    ] {
        assert_eq!(unwrapped(&[json]), expected, "{json}");
        let single: Vec<&str> = json.split("").collect();
        assert_eq!(unwrapped(&single), expected, "{json} by characters");
    }
    let blanks = format!("{{{}\"input\":\"a\"}}", " ".repeat(2 * 256));
    assert_eq!(unwrapped(&[&blanks]), "a");
}

/// A JSON string with everything escaped, surrogate pairs included.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for unit in text.encode_utf16() {
        write!(escaped, "\\u{unit:04x}").unwrap();
    }
    escaped
}

fn pieces<'a>(text: &'a str, cuts: &[usize]) -> Vec<&'a str> {
    let places: Vec<usize> = cuts
        .iter()
        .map(|cut| {
            (0..=cut % (text.len() + 1))
                .rev()
                .find(|&p| text.is_char_boundary(p))
                .unwrap()
        })
        .collect();
    let parts = cut_at(text.as_bytes(), &places);
    parts
        .into_iter()
        .map(|part| std::str::from_utf8(part).unwrap())
        .collect()
}

#[test]
fn a_text_that_repeats_itself_is_found_wherever_it_begins() {
    for (text, stop, expected) in [
        ("aabaabaac", "aabaac", "aab"),
        ("ababab", "abab", ""),
        ("aaab", "aab", "a"),
        ("abaababaabab", "abaabab", ""),
        ("aabaaabaaac", "aabaaac", "aaba"),
    ] {
        let stops = Stops::new(&[stop.into()]);
        for split in 0..text.len() {
            let mut held = stops.begin();
            let (first, found) = stops.feed(&mut held, text[..split].into());
            let mut seen = first.into_owned();
            if found.is_none() {
                let (second, found) = stops.feed(&mut held, text[split..].into());
                assert_eq!(found, Some(0), "{stop} in {text}");
                seen += &second;
            }
            assert_eq!(seen, expected, "{stop} in {text}");
        }
    }
}

/// What the cutter must find: the text before the stop that ends first, and which it is.
fn plainly(text: &str, stops: &[String]) -> (String, Option<String>) {
    let found = stops
        .iter()
        .filter_map(|stop| Some((text.find(stop.as_str())?, stop)));
    match found.min_by_key(|(start, stop)| (start + stop.len(), *start)) {
        Some((start, stop)) => (text[..start].to_owned(), Some(stop.clone())),
        None => (text.to_owned(), None),
    }
}

proptest! {
    #[test]
    fn unwrapping_equals_parsing(input in text(), escape: bool, more: bool, cuts in cuts()) {
        let string = if escape {
            format!("\"{}\"", escaped(&input))
        } else {
            serde_json::to_string(&input).unwrap()
        };
        let more = if more { r#", "a": ["}"]"# } else { "" };
        let json = format!("{{ \"input\":{string}{more}}}");
        prop_assert_eq!(unwrapped(&pieces(&json, &cuts)), input);
    }

    #[test]
    fn cutting_equals_finding(
        text in "[ab]{0,60}|[abé]{0,40}",
        stops in prop::collection::vec("[ab]{3,8}|[abé]{1,5}", 1..5),
        cuts in cuts(),
    ) {
        let texts: Vec<Text<'_>> = stops.iter().map(|stop| stop.as_str().into()).collect();
        let mut restore = Restore::new(HashMap::new(), &texts);
        let (mut seen, mut closed, mut sequence) = (String::new(), 0, None);
        let mut sink = |event: Event<'_>| match event {
            Event::Delta { text, .. } => {
                assert_eq!(closed, 0);
                seen += &text;
            }
            Event::Close { .. } => closed += 1,
            Event::Stop(stop) => sequence = stop.sequence.map(Cow::into_owned),
            _ => {}
        };
        restore.event(open(0, Opening::Text), &mut sink);
        for piece in pieces(&text, &cuts) {
            restore.event(Event::delta(0, piece), &mut sink);
        }
        restore.event(Event::Close { block: 0 }, &mut sink);
        restore.event(Event::Stop(Stop::because(StopReason::EndTurn)), &mut sink);
        prop_assert_eq!(closed, 1);
        prop_assert_eq!((seen, sequence), plainly(&text, &stops));
    }
}
