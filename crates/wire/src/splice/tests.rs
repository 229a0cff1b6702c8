use proptest::prelude::*;

use super::*;
use crate::peek::peek;
use crate::testing;

fn assemble(chunks: &[&[u8]], span: Range<usize>, name: &str) -> Vec<u8> {
    let mut out = Vec::new();
    for part in cut(chunks.iter().map(|chunk| chunk.len()), span) {
        match part {
            Part::Keep { chunk, range } => {
                assert!(!range.is_empty());
                out.extend_from_slice(&chunks[chunk][range]);
            }
            Part::Insert => out.extend_from_slice(&model_literal(name)),
        }
    }
    out
}

#[test]
fn only_the_span_changes() {
    let body = br#"{ "a":1.0e2, "model" : "old" ,"big":123456789012345678901234567890}  "#;
    let span = peek(body).unwrap().model.unwrap().span;
    assert_eq!(&body[span.clone()], br#""old""#);
    let new = splice(body, span, "new\"er");
    assert_eq!(
        new,
        br#"{ "a":1.0e2, "model" : "new\"er" ,"big":123456789012345678901234567890}  "#
    );
}

#[test]
fn the_plan_names_chunks_and_ranges() {
    let keep = |chunk, range| Part::Keep { chunk, range };
    assert_eq!(
        cut([4, 4, 4], 2..10),
        [keep(0, 0..2), Part::Insert, keep(2, 2..4)]
    );
    assert_eq!(cut([4, 4], 4..8), [keep(0, 0..4), Part::Insert]);
    assert_eq!(
        cut([4, 0, 4], 5..6),
        [keep(0, 0..4), keep(2, 0..1), Part::Insert, keep(2, 2..4)]
    );
    assert_eq!(cut([4], 0..4), [Part::Insert]);
    assert_eq!(cut([4], 2..2), [keep(0, 0..2), Part::Insert, keep(0, 2..4)]);
    assert_eq!(cut([4], 9..12), [keep(0, 0..4), Part::Insert]);
    assert_eq!(cut([], 0..0), [Part::Insert]);
}

proptest! {
    #[test]
    fn a_spliced_body_differs_in_nothing_but_the_model(
        members in testing::members(),
        style: usize,
        name in testing::text(),
        cuts in testing::cuts(),
    ) {
        let body = testing::render(&members, style);
        let Ok(found) = peek(body.as_bytes()) else { return Ok(()) };
        let Some(model) = found.model.clone() else { return Ok(()) };
        let (before, after) = (&body[..model.span.start], &body[model.span.end..]);

        let new = assemble(&testing::cut_at(body.as_bytes(), &cuts), model.span.clone(), &name);
        prop_assert_eq!(&new, &splice(body.as_bytes(), model.span, &name));
        let new = String::from_utf8(new).unwrap();
        prop_assert!(new.starts_with(before) && new.ends_with(after));

        let mut old_tree: serde_json::Value = serde_json::from_str(&body).unwrap();
        old_tree["model"] = name.clone().into();
        prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&new).unwrap(), old_tree);
        prop_assert_eq!(peek(new.as_bytes()).unwrap().model.unwrap().name, name);
    }
}
