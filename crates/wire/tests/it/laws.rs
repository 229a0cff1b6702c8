//! What holds for every translation.

use proptest::prelude::*;
use tollhouse_wire::Protocol;
use tollhouse_wire::translate::{decode, prepare};

use crate::answers::streamed;
use crate::fixtures::{self, OCCASION};

/// Every pair of an upstream and a caller that differ.
fn pairs() -> impl Iterator<Item = (Protocol, Protocol)> {
    Protocol::ALL.into_iter().flat_map(|upstream| {
        let others = Protocol::ALL
            .into_iter()
            .filter(move |caller| *caller != upstream);
        others.map(move |caller| (upstream, caller))
    })
}

fn cut(bytes: &[u8], mut at: Vec<usize>) -> Vec<&[u8]> {
    for place in &mut at {
        *place %= bytes.len().max(1);
    }
    at.extend([0, bytes.len()]);
    at.sort_unstable();
    at.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_chunking_gives_the_same_answer(cuts in proptest::collection::vec(any::<usize>(), 0..40)) {
        for (upstream, caller) in pairs() {
            for case in fixtures::streams(upstream) {
                let whole = streamed(caller, upstream, &[&case.bytes]);
                let pieces = cut(&case.bytes, cuts.clone());
                prop_assert_eq!(&whole, &streamed(caller, upstream, &pieces), "{}", case.name);
            }
        }
    }

    #[test]
    fn a_cut_stream_never_ends_well(keep in 0.0..1.0f64) {
        for (upstream, caller) in pairs() {
            for case in fixtures::streams(upstream) {
                let (whole, ended) = streamed(caller, upstream, &[&case.bytes]);
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a place in a short text")]
                let end = (case.bytes.len() as f64 * keep) as usize;
                let (part, outcome) = streamed(caller, upstream, &[&case.bytes[..end]]);
                // Chat says why it stopped before it says what it used, and some servers leave it at that.
                let kept = String::from_utf8_lossy(&case.bytes[..end]);
                let stopped = upstream == Protocol::Chat && kept.contains(r#""finish_reason":""#);
                let complete = ended.is_ok() && (part == whole || stopped);
                prop_assert!(outcome.is_err() || complete, "{}: {part}", case.name);
            }
        }
    }

    #[test]
    fn damaged_streams_do_no_harm(at in any::<usize>(), with in any::<u8>()) {
        for (upstream, caller) in pairs() {
            for mut case in fixtures::streams(upstream) {
                let at = at % case.bytes.len();
                case.bytes[at] = with;
                let _ = streamed(caller, upstream, &[&case.bytes]);
            }
        }
    }

    #[test]
    fn damaged_requests_do_no_harm(at in any::<usize>(), with in any::<u8>()) {
        for caller in Protocol::ALL {
            for mut case in fixtures::requests(caller) {
                let at = at % case.bytes.len();
                case.bytes[at] = with;
                for target in fixtures::targets(caller) {
                    let _ = prepare(caller, &case.bytes, &target, &OCCASION);
                }
            }
        }
    }
}

#[test]
fn a_translated_request_is_one_of_its_protocol() {
    for caller in Protocol::ALL {
        for case in fixtures::requests(caller) {
            for target in fixtures::targets(caller) {
                let Ok(prepared) = prepare(caller, &case.bytes, &target, &OCCASION) else {
                    continue;
                };
                let read = decode(target.protocol, &prepared.body);
                let why = read.err().map(|unfit| unfit.sentence());
                assert_eq!(why, None, "{caller} {} to {}", case.name, target.protocol);
            }
        }
    }
}

#[test]
fn a_translation_does_not_depend_on_when_it_is_made() {
    // Prompt caches match by prefix: the same conversation has to become the same bytes every time.
    for caller in Protocol::ALL {
        for case in fixtures::requests(caller) {
            for target in fixtures::targets(caller) {
                let later = tollhouse_wire::translate::Occasion {
                    id: "other",
                    now: 1_800_000_000,
                    ..OCCASION
                };
                let (Ok(one), Ok(two)) = (
                    prepare(caller, &case.bytes, &target, &OCCASION),
                    prepare(caller, &case.bytes, &target, &later),
                ) else {
                    continue;
                };
                assert!(
                    one.body == two.body,
                    "{caller} {} to {}",
                    case.name,
                    target.protocol
                );
            }
        }
    }
}
