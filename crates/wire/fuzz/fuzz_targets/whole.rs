//! A whole answer is refused, or told to callers of either kind alike.
#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use tollhouse_wire::translate::Finished;
use tollhouse_wire_fuzz::grammar::{agree, hear};
use tollhouse_wire_fuzz::{mutate, setup};

/// Who calls whom, and what the request was like.
const HEAD: usize = 2;

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate::body(data, size, max_size, seed, HEAD)
});

fuzz_target!(|input: &[u8]| {
    let Some(([pick, options], body)) = input.split_first_chunk::<HEAD>() else {
        return;
    };
    let (caller, upstream) = setup::pair(*pick);
    let told = |stream| setup::answering(caller, upstream, *options, stream).whole(body);
    match (told(false), told(true)) {
        (Ok(Finished::Answer(whole)), Ok(Finished::Answer(stream))) => {
            assert!(
                whole.len() <= 64 * body.len() + 32 * 1024,
                "bounded by what came"
            );
            assert!(
                stream.len() <= 64 * body.len() + 32 * 1024,
                "bounded by what came"
            );
            agree(caller, &hear(caller, &stream), &whole);
        }
        (Ok(Finished::Failed(one)), Ok(Finished::Failed(other))) => {
            assert_eq!(one.class, other.class);
        }
        (Err(one), Err(other)) => assert_eq!(one, other),
        (one, other) => panic!("{one:?} and {other:?}"),
    }
});
