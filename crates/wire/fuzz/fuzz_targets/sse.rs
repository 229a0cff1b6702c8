//! Cutting a stream changes no frame, no frame exceeds the limit, and written events read back.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tollhouse_wire::sse::{Decoder, Frame, encode};

type Event = (Option<Vec<u8>>, Vec<u8>);

fn decode<'a>(parts: impl Iterator<Item = &'a [u8]>, limit: usize) -> (Vec<Event>, u64) {
    let mut decoder = Decoder::new(limit);
    let mut events = Vec::new();
    let mut on = |frame: Frame<'_>| {
        events.push((frame.event.map(<[u8]>::to_vec), frame.data.to_vec()));
    };
    parts.for_each(|part| decoder.push(part, &mut on));
    decoder.finish(&mut on);
    (events, decoder.oversized())
}

fuzz_target!(|input: (u8, u16, &[u8])| {
    let (limit, cut, stream) = input;
    let limit = usize::from(limit);
    let whole = decode([stream].into_iter(), limit);
    let (head, tail) = stream.split_at(usize::from(cut).min(stream.len()));
    assert_eq!(decode([head, tail].into_iter(), limit), whole);
    assert_eq!(decode(stream.chunks(1), limit), whole);

    for (event, data) in whole.0 {
        assert!(data.len() <= limit);
        let Ok(name) = event.map(String::from_utf8).transpose() else {
            continue;
        };
        let mut out = Vec::new();
        encode::event(&mut out, name.as_deref(), &data);
        // The decoder takes off one leading blank and never sees a line end inside a line.
        let read = decode([&out[..]].into_iter(), usize::MAX).0;
        assert_eq!(read, [(name.map(String::into_bytes), data)]);
    }
});
