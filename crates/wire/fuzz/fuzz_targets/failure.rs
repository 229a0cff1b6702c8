//! Whatever an upstream reports can be told in every protocol.
#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use tollhouse_wire::Protocol;
use tollhouse_wire::failure::{body, read, status};
use tollhouse_wire_fuzz::{is_json, mutate};

/// Who reports, and the status.
const HEAD: usize = 3;

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate::body(data, size, max_size, seed, HEAD)
});

fuzz_target!(|input: &[u8]| {
    let Some(([pick, high, low], error)) = input.split_first_chunk::<HEAD>() else {
        return;
    };
    let upstream = Protocol::ALL[usize::from(*pick) % 3];
    let reported = u16::from_be_bytes([*high, *low]);
    let failure = read(upstream, reported, error);
    assert!(!failure.message.is_empty() && failure.message.len() <= 8 * 1024);
    for caller in Protocol::ALL {
        let told = body(caller, &failure, "0198c0de");
        assert!(is_json(&told), "{}", String::from_utf8_lossy(&told));
        for upstream in [None, Some(reported)] {
            assert!((400..600).contains(&status(&failure, caller, upstream)));
        }
        // What was told once is understood again, by the next gateway in the row. An error inside so many
        // others that it was told as text may be found by the second reading.
        if failure.message.trim_start().starts_with('{') {
            continue;
        }
        let again = read(caller, status(&failure, caller, Some(reported)), &told);
        assert_eq!(
            again.class,
            failure.class,
            "{}",
            String::from_utf8_lossy(&told)
        );
    }
});
