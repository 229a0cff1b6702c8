//! Cutting a body changes nothing, and whatever a strict parser accepts is accepted and read alike.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};
use tollhouse_wire::{PeekError, Peeker, peek};

fuzz_target!(|input: (u16, &[u8])| {
    let (cut, body) = input;
    let whole = peek(body);

    let (head, tail) = body.split_at(usize::from(cut).min(body.len()));
    let mut peeker = Peeker::new();
    peeker.push(head);
    peeker.push(tail);
    assert_eq!(peeker.finish(), whole);

    let mut peeker = Peeker::new();
    body.chunks(1).for_each(|byte| peeker.push(byte));
    assert_eq!(peeker.finish(), whole);

    if let Ok(tree) = serde_json::from_slice::<Map<String, Value>>(body) {
        match whole {
            Ok(found) => {
                let name = found.model.as_ref().map(|model| model.name.as_str());
                assert_eq!(name, tree.get("model").and_then(Value::as_str));
                assert_eq!(found.stream, tree.get("stream").and_then(Value::as_bool));
                if let Some(model) = found.model {
                    let literal = serde_json::from_slice::<String>(&body[model.span]);
                    assert_eq!(literal.ok(), Some(model.name));
                }
            }
            Err(PeekError::Duplicate { .. } | PeekError::WrongType { .. }) => {}
            Err(error) => panic!("valid JSON refused: {error}"),
        }
    }
});
