//! What was sealed leaves a body, once and for all, and the rest of it stays.
#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use tollhouse_wire::Protocol;
use tollhouse_wire::sealed::{suspected, without};
use tollhouse_wire_fuzz::{is_json, mutate};

/// Where to look across.
const HEAD: usize = 1;

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate::body(data, size, max_size, seed, HEAD)
});

fuzz_target!(|input: &[u8]| {
    let Some(([cut], body)) = input.split_first_chunk::<HEAD>() else {
        return;
    };
    for protocol in Protocol::ALL {
        if let Some(rest) = without(protocol, body) {
            assert!(!is_json(body) || is_json(&rest));
            assert_eq!(without(protocol, &rest), None);
            assert_ne!(protocol, Protocol::Chat);
        }
    }
    let (head, tail) = body.split_at(usize::from(*cut).min(body.len()));
    assert_eq!(suspected(&[head, tail]), suspected(&[body]));
});
