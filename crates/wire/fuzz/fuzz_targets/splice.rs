//! A splice changes the model and not one byte else, however the body is cut.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tollhouse_wire::peek;
use tollhouse_wire::splice::{Part, cut, model_literal, splice};

fuzz_target!(|input: (u8, &str, &[u8])| {
    let (size, name, body) = input;
    let Ok(found) = peek(body) else { return };
    let Some(model) = found.model else { return };
    let (before, after) = (&body[..model.span.start], &body[model.span.end..]);
    let expected = [before, &model_literal(name), after].concat();

    assert_eq!(splice(body, model.span.clone(), name), expected);

    let chunks: Vec<&[u8]> = body.chunks(usize::from(size) + 1).collect();
    let mut assembled = Vec::new();
    for part in cut(chunks.iter().map(|chunk| chunk.len()), model.span) {
        match part {
            Part::Keep { chunk, range } => assembled.extend_from_slice(&chunks[chunk][range]),
            Part::Insert => assembled.extend_from_slice(&model_literal(name)),
        }
    }
    assert_eq!(assembled, expected);

    let again = peek(&expected);
    if name.len() < 600 {
        assert_eq!(
            again
                .expect("still readable")
                .model
                .expect("still there")
                .name,
            name
        );
    }
});
