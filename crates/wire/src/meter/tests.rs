use proptest::prelude::*;

use super::*;
use crate::{Usage, testing};

mod streams;
mod whole;

use streams::{CHAT, MESSAGES, RESPONSES};

fn meter(mut meter: Meter, parts: &[&[u8]]) -> Metered {
    for part in parts {
        meter.push(part);
    }
    let terminal = meter.terminal();
    let metered = meter.finish();
    // A stream's last event may lack its blank line and become visible only at the end.
    assert!(metered.terminal || !terminal);
    metered
}

fn stream(protocol: Protocol, text: &str) -> Metered {
    meter(Meter::stream(protocol), &[text.as_bytes()])
}

/// The stream as other servers would write it: `variant` picks line ends, spacing, missing `event:` lines,
/// interleaved comments.
fn rewritten(stream: &str, variant: u8) -> String {
    let mut lines: Vec<String> = stream.lines().map(str::to_owned).collect();
    if variant & 1 != 0 {
        lines.retain(|line| !line.starts_with("event:"));
    }
    if variant & 2 != 0 {
        for line in &mut lines {
            if let Some(data) = line.strip_prefix("data: {") {
                // Blanks after every bracket, colon and comma outside strings.
                let tree: serde_json::Value = serde_json::from_str(&format!("{{{data}")).unwrap();
                *line = format!(
                    "data:{}",
                    serde_json::to_string_pretty(&tree)
                        .unwrap()
                        .replace('\n', " ")
                );
            }
        }
    }
    if variant & 4 != 0 {
        lines = lines
            .into_iter()
            .flat_map(|line| [": keep-alive".to_owned(), line])
            .collect();
    }
    let end = ["\n", "\r\n", "\r"][usize::from(variant >> 3) % 3];
    lines
        .into_iter()
        .flat_map(|line| [line, end.to_owned()])
        .collect()
}

#[test]
fn a_server_may_write_its_stream_in_many_ways() {
    for (protocol, text) in [
        (Protocol::Messages, MESSAGES),
        (Protocol::Chat, CHAT),
        (Protocol::Responses, RESPONSES),
    ] {
        let expected = Metered {
            usage_raw: None,
            ..stream(protocol, text)
        };
        assert!(expected.terminal && !expected.usage.is_empty());
        for variant in 0..24 {
            let other = stream(protocol, &rewritten(text, variant));
            let other = Metered {
                usage_raw: None,
                ..other
            };
            assert_eq!(other, expected, "{protocol} variant {variant}");
        }
    }
}

#[test]
fn a_stream_cut_anywhere_is_not_terminal_and_never_panics() {
    for (protocol, text) in [
        (Protocol::Messages, MESSAGES),
        (Protocol::Chat, CHAT),
        (Protocol::Responses, RESPONSES),
    ] {
        let last_event = text.trim_end().rfind("\n\n").unwrap() + 2;
        for end in 0..=last_event {
            let cut = meter(Meter::stream(protocol), &[&text.as_bytes()[..end]]);
            assert!(!cut.terminal, "{protocol} cut at {end}");
        }
    }
}

#[test]
fn the_tail_says_how_to_go_on() {
    let mut meter = Meter::stream(Protocol::Responses);
    let (head, _) = RESPONSES.split_once("event: response.completed").unwrap();
    meter.push(head.as_bytes());
    assert!(!meter.ended());
    let tail = meter.tail();
    assert_eq!(
        tail,
        StreamTail {
            upstream_id: Some("resp_1".into()),
            model: Some("gpt-5.5-2026-10-01".into()),
            next_sequence_number: Some(6),
            at_boundary: true,
        }
    );
    meter.push(b"event: resp");
    assert!(!meter.tail().at_boundary);
    meter.end_of_input();
    assert!(!meter.tail().at_boundary && !meter.ended());
}

#[test]
fn an_end_without_its_blank_line_is_still_an_end() {
    let mut meter = Meter::stream(Protocol::Chat);
    meter.push(b"data: [DONE]");
    assert!(!meter.terminal());
    meter.end_of_input();
    assert!(meter.terminal() && meter.ended());
    assert_eq!(meter.finish().events, 1);
}

#[test]
fn nothing_that_quotes_content_is_printed() {
    let text = "data: {\"error\":{\"message\":\"canary\",\"code\":\"c\"}}\n\n";
    let metered = stream(Protocol::Chat, text);
    assert_eq!(
        metered.error.as_ref().unwrap().message.as_deref(),
        Some("canary")
    );
    assert!(!format!("{metered:?}").contains("canary"));
    for mut meter in [Meter::stream(Protocol::Chat), Meter::whole(Protocol::Chat)] {
        meter.push(b"{\"error\":{\"message\":\"canary\"");
        assert!(!format!("{meter:?}").contains("canary"));
    }
}

proptest! {
    #[test]
    fn any_chunking_gives_the_same(
        which in 0_usize..3,
        whole: bool,
        variant in 0_u8..24,
        damage in prop::option::of((any::<usize>(), any::<u8>())),
        cuts in testing::cuts(),
    ) {
        let protocol = Protocol::ALL[which];
        let (text, new): (String, fn(Protocol) -> Meter) = if whole {
            (whole::ANSWERS[which].to_owned(), Meter::whole)
        } else {
            (rewritten([MESSAGES, CHAT, RESPONSES][which], variant), Meter::stream)
        };
        let mut bytes = text.into_bytes();
        if let Some((place, byte)) = damage {
            let place = place % bytes.len();
            bytes[place] = byte;
        }
        let expected = meter(new(protocol), &[&bytes]);
        prop_assert_eq!(&meter(new(protocol), &testing::cut_at(&bytes, &cuts)), &expected);
        prop_assert_eq!(&meter(new(protocol), &bytes.chunks(1).collect::<Vec<_>>()), &expected);
    }

    #[test]
    fn random_bytes_never_panic(bytes: Vec<u8>, text in "(data: |\\{|\"usage\":|null|\"delta\":|\"|\\\\|\n|[a-z1]){0,40}") {
        for protocol in Protocol::ALL {
            for bytes in [&bytes[..], text.as_bytes()] {
                meter(Meter::stream(protocol), &[bytes]);
                meter(Meter::whole(protocol), &[bytes]);
            }
        }
    }
}
