//! Schemas of tools as the OpenAI protocols take them: the root names its type and properties, and arrays
//! say something of their items. Nothing that is added narrows what the schema allows.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::Protocol;
use crate::conversation::{Request, Tool};
use crate::dialect::Dialect;
use crate::json;
use crate::members::Members;

/// How far down arrays are looked for: a schema may be made to have no end.
const DEPTH: usize = 32;

/// What a schema must hold to hold an array: most are done with at the first look.
const ARRAY: &str = "\"array\"";

/// Members whose own members are schemas by name.
const NAMED: [&str; 4] = ["properties", "patternProperties", "$defs", "definitions"];

/// Members that hold values, not schemas.
const VALUES: [&str; 4] = ["const", "default", "enum", "examples"];

/// Adds the members without which a schema is refused. One that needs none stays the text it was.
pub(super) fn fit(request: &mut Request<'_>, target: &Dialect) {
    match target.protocol {
        Protocol::Messages => return,
        Protocol::Chat | Protocol::Responses => {}
    }
    for tool in &mut request.tools {
        if let Tool::Client(tool) = tool
            && let Some(whole) = tool.schema.as_deref().and_then(completed)
        {
            tool.schema = Some(Cow::Owned(whole));
        }
    }
}

fn completed(schema: &RawValue) -> Option<Box<RawValue>> {
    let items = with_items(schema, false, DEPTH).and_then(raw);
    let schema = items.as_deref().unwrap_or(schema);
    with_root(schema).and_then(raw).or(items)
}

fn raw(json: Vec<u8>) -> Option<Box<RawValue>> {
    RawValue::from_string(String::from_utf8(json).ok()?).ok()
}

/// The schema with a root of the type `object` and with properties, if it is not so already.
fn with_root(schema: &RawValue) -> Option<Vec<u8>> {
    let root: Members<'_> = serde_json::from_str(schema.get()).ok()?;
    let has = |name: &str| root.get(name).is_some_and(|value| value.get() != "null");
    let (typed, told) = (has("type"), has("properties"));
    let (head, replaced): (&[u8], &[&str]) = match (typed, told) {
        (true, true) => return None,
        (false, true) => (br#"{"type":"object""#, &["type"]),
        (true, false) => (br#"{"properties":{}"#, &["properties"]),
        (false, false) => (
            br#"{"type":"object","properties":{}"#,
            &["type", "properties"],
        ),
    };
    let mut out = head.to_vec();
    root.write_without(replaced, &mut out);
    out.push(b'}');
    Some(out)
}

/// `json` with `items` for the arrays in it that have none, if there are such. `named`: its members are
/// schemas by name.
fn with_items(json: &RawValue, named: bool, depth: usize) -> Option<Vec<u8>> {
    if depth == 0 || !json.get().contains(ARRAY) {
        return None;
    }
    if json.get().starts_with('[') {
        return list_with_items(json, depth);
    }
    let Members(members) = serde_json::from_str(json.get()).ok()?;
    let has = |name: &str| members.iter().any(|(key, _)| key == name);
    let array = |(key, value): &(Cow<'_, str>, &RawValue)| {
        key == "type" && !value.get().starts_with('{') && value.get().contains(ARRAY)
    };
    let missing = !named && members.iter().any(array) && !has("items") && !has("prefixItems");
    let mut out = vec![b'{'];
    let mut changed = missing;
    for (place, (key, value)) in members.iter().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        json::string(&mut out, key);
        out.push(b':');
        let schemas = named || !VALUES.contains(&&**key);
        let by_name = !named && NAMED.contains(&&**key);
        let inner = with_items(value, by_name, depth - 1).filter(|_| schemas);
        changed |= inner.is_some();
        out.extend_from_slice(inner.as_deref().unwrap_or(value.get().as_bytes()));
    }
    out.extend_from_slice(if missing { br#","items":{}}"# } else { b"}" });
    changed.then_some(out)
}

fn list_with_items(json: &RawValue, depth: usize) -> Option<Vec<u8>> {
    let list: Vec<&RawValue> = serde_json::from_str(json.get()).ok()?;
    let mut out = vec![b'['];
    let mut changed = false;
    for (place, value) in list.into_iter().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        let inner = with_items(value, false, depth - 1);
        changed |= inner.is_some();
        out.extend_from_slice(inner.as_deref().unwrap_or(value.get().as_bytes()));
    }
    out.push(b']');
    changed.then_some(out)
}
