//! Cutting an answer changes nothing that is metered, and the buckets never contradict each other.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tollhouse_wire::{Meter, Metered, Protocol};

fn run<'a>(mut meter: Meter, parts: impl Iterator<Item = &'a [u8]>) -> Metered {
    parts.for_each(|part| meter.push(part));
    meter.finish()
}

fuzz_target!(|input: (u16, &[u8])| {
    let (cut, answer) = input;
    let (head, tail) = answer.split_at(usize::from(cut).min(answer.len()));
    for protocol in Protocol::ALL {
        for new in [Meter::stream, Meter::whole] {
            let whole = run(new(protocol), [answer].into_iter());
            assert_eq!(run(new(protocol), [head, tail].into_iter()), whole);
            assert_eq!(run(new(protocol), answer.chunks(1)), whole);
            assert!(
                whole
                    .usage
                    .reasoning
                    .is_none_or(|part| whole.usage.output.is_none_or(|all| part <= all))
            );
            assert!(whole.usage_raw.is_none_or(|raw| raw.len() <= 4096));
            let message = whole.error.and_then(|error| error.message);
            assert!(message.is_none_or(|message| message.len() <= 512));
        }
    }
});
