//! Laws that hold for any input.

use proptest::prelude::*;

use super::*;
use crate::testing;

const RECORDED: [&str; 2] = [
    include_str!("codex_classic.json"),
    include_str!("codex_lite.json"),
];

/// Puts `new` somewhere inside, chosen by the steps.
fn put(value: &mut Value, steps: &[usize], new: Value) {
    let inner = steps.split_first().and_then(|(step, rest)| {
        let inner = match value {
            Value::Array(list) if !list.is_empty() => {
                let index = step % list.len();
                list.get_mut(index)
            }
            Value::Object(map) if !map.is_empty() => {
                let index = step % map.len();
                map.values_mut().nth(index)
            }
            _ => None,
        };
        inner.map(|inner| (inner, rest))
    });
    match inner {
        Some((inner, rest)) => put(inner, rest, new),
        None => *value = new,
    }
}

/// Decoding never panics, and what is refused is refused by a path into the body.
fn survive(body: &[u8]) {
    if let Err(unfit) = decode(body) {
        assert!(!unfit.message.is_empty());
    }
    if let Ok(members) = echo(body) {
        serde_json::from_str::<Value>(&format!("{{{members}}}")).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn any_document_is_survived(value in testing::value(), members in testing::members(), style in any::<usize>()) {
        survive(value.to_string().as_bytes());
        survive(testing::render(&members, style).as_bytes());
        survive(body(&json!({"input": value})).as_bytes());
        survive(body(&json!({"input": [value]})).as_bytes());
        survive(body(&json!({"tools": [value]})).as_bytes());
    }

    #[test]
    fn a_recorded_body_with_any_value_in_any_place_is_survived(
        which in 0..2_usize,
        steps in prop::collection::vec(any::<usize>(), 1..7),
        value in testing::value(),
    ) {
        let mut document: Value = serde_json::from_str(RECORDED[which]).unwrap();
        put(&mut document, &steps, value);
        survive(document.to_string().as_bytes());
    }

    #[test]
    fn a_recorded_body_cut_or_damaged_anywhere_is_survived(
        which in 0..2_usize, at in any::<usize>(), byte in any::<u8>(),
    ) {
        let mut bytes = RECORDED[which].as_bytes().to_vec();
        let at = at % bytes.len();
        survive(&bytes[..at]);
        bytes[at] = byte;
        survive(&bytes);
    }
}

#[test]
fn what_is_said_borrows_from_the_body() {
    let body = r#"{"model":"m","input":[{"role":"user","content":[{"type":"input_text","text":"hello"}]}]}"#;
    let request = decode(body.as_bytes()).unwrap();
    let Some(Part::Text(said)) = request.turns.first().and_then(|turn| turn.parts.first()) else {
        panic!()
    };
    assert!(matches!(said.text, Cow::Borrowed("hello")));
    assert!(matches!(request.model, Cow::Borrowed("m")));
}
