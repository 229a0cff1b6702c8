//! The walker against a naive scanner; [`crate::peek`] and [`crate::meter`] test it through their visitors.

use proptest::prelude::*;

use super::blocks::string_stop;
use super::*;
use crate::testing;

/// Where the nested value that begins after its opening bracket ends, one byte at a time.
fn naive_end(bytes: &[u8]) -> Option<usize> {
    let (mut depth, mut in_string, mut escaped) = (1, false, false);
    for (at, &byte) in bytes.iter().enumerate() {
        // Outside strings a backslash is an error the skipper overlooks; it must do so predictably.
        let after_backslash = std::mem::take(&mut escaped);
        match byte {
            b'\\' => escaped = !after_backslash,
            b'"' if !after_backslash => in_string = !in_string,
            b'{' | b'[' if !in_string => depth += 1,
            b'}' | b']' if !in_string => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(at + 1);
        }
    }
    None
}

fn skip_in_parts(parts: &[&[u8]]) -> Option<usize> {
    let mut skipper = Skipper::opened();
    let mut before = 0;
    for part in parts {
        if let Some(end) = skipper.skip(part) {
            return Some(before + end);
        }
        before += part.len();
    }
    None
}

#[test]
fn backslash_runs_of_every_length_and_place() {
    for lead in 0..70 {
        for run in 0..70 {
            let text = format!("{}\"{}\"]\"", " ".repeat(lead), "\\".repeat(run));
            let bytes = text.as_bytes();
            assert_eq!(skip_in_parts(&[bytes]), naive_end(bytes), "{lead} {run}");
        }
    }
}

#[test]
fn string_stops_are_found_at_every_place() {
    for length in 0..50 {
        assert_eq!(string_stop(&vec![b'a'; length]), None);
        for stop in [b'"', b'\\', 0, 0x1F, b'\n'] {
            let mut bytes = vec![0x20; length];
            bytes.push(stop);
            bytes.extend_from_slice("\u{7f}é\"".as_bytes());
            assert_eq!(string_stop(&bytes), Some(length));
        }
    }
}

proptest! {
    #[test]
    fn skipping_agrees_with_the_naive_scan(
        text in r#"(["\\{}\[\]]|[a-z ]{0,20}|\\"|é){0,120}"#,
        cuts in testing::cuts(),
    ) {
        let bytes = text.as_bytes();
        let expected = naive_end(bytes);
        prop_assert_eq!(skip_in_parts(&[bytes]), expected);
        prop_assert_eq!(skip_in_parts(&testing::cut_at(bytes, &cuts)), expected);
    }
}
