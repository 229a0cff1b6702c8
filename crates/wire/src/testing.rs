//! Random documents and random cuts for the law tests.

use std::fmt::Write as _;

use proptest::prelude::*;
use serde_json::Value;

/// `bytes` cut at the given places (taken modulo the length); parts may be empty.
pub(crate) fn cut_at<'a>(bytes: &'a [u8], cuts: &[usize]) -> Vec<&'a [u8]> {
    let mut places: Vec<usize> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).collect();
    places.sort_unstable();
    places.push(bytes.len());
    let mut start = 0;
    let part = |end: usize| {
        let part = &bytes[start..end];
        start = end;
        part
    };
    places.into_iter().map(part).collect()
}

/// Places to cut at.
pub(crate) fn cuts() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(any::<usize>(), 0..12)
}

/// Any JSON value; strings are rich in quotes, backslashes, brackets and non-ASCII characters.
pub(crate) fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e9..1e9).prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 60, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(text(), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// A string that is hard on a scanner.
pub(crate) fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{0,8}",
        r#"["\\{}\[\]:, n]{0,90}"#,
        r#"(abc|\\|"|é|漢|😀|\n|\t|\u{1}|\u{7f}){0,40}"#,
        "[a-z ]{0,200}",
    ]
}

/// A value of one of the fields that matter, or anything else.
fn member() -> impl Strategy<Value = (String, Value)> {
    let boolean = prop_oneof![any::<bool>().prop_map(Value::from), Just(Value::Null)];
    let name = prop_oneof![text().prop_map(Value::from), Just(Value::Null)];
    prop_oneof![
        3 => (Just("model".to_owned()), name.clone()),
        2 => (Just("stream".to_owned()), boolean.clone()),
        1 => (Just("tools".to_owned()), value()),
        1 => (Just("max_tokens".to_owned()), any::<u64>().prop_map(Value::from)),
        1 => (Just("metadata".to_owned()), name.prop_map(|id| serde_json::json!({"a": [1], "user_id": id}))),
        1 => (Just("stream_options".to_owned()), boolean.prop_map(|flag| serde_json::json!({"include_usage": flag}))),
        4 => (text(), value()),
    ]
}

/// The members of an object, in order, keys possibly repeated.
pub(crate) fn members() -> impl Strategy<Value = Vec<(String, Value)>> {
    prop::collection::vec(member(), 0..8)
}

/// The object as text, with blanks and escapes varied by `style`.
pub(crate) fn render(members: &[(String, Value)], style: usize) -> String {
    let blanks = ["", " ", "\n\t", "  \r\n", ""];
    let mut out = String::from(blanks[style % 5]);
    out.push('{');
    for (index, (key, value)) in members.iter().enumerate() {
        let blank = |shift: usize| blanks[((style >> shift) + index) % 5];
        if index > 0 {
            out.push(',');
        }
        out.push_str(blank(3));
        if (style >> index) & 4 == 4 && key.is_ascii() {
            out.push('"');
            for byte in key.bytes() {
                write!(out, "\\u{byte:04x}").unwrap();
            }
            out.push('"');
        } else {
            out.push_str(&Value::from(key.as_str()).to_string());
        }
        out.push_str(blank(5));
        out.push(':');
        out.push_str(blank(7));
        if style & 1 == 0 {
            out.push_str(&value.to_string());
        } else {
            out.push_str(&serde_json::to_string_pretty(value).unwrap());
        }
        out.push_str(blank(9));
    }
    out.push('}');
    out.push_str(blanks[(style >> 11) % 5]);
    out
}
