//! The schema of a tool's input, with a root that the protocol takes: an object, and no union.
//!
//! A root that is a union becomes one object with the properties of all its branches, of which none is
//! required: every input that the union takes, the object takes.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use serde_json::value::RawValue;

use crate::json;
use crate::members::Members;

mod definitions;

use definitions::Definitions;

/// How many branches of a union are looked at, and how far down: a schema may be made to have no end.
const BRANCHES: usize = 4096;
const DEPTH: usize = 32;

/// A schema as it is sent.
pub(super) struct Input<'r> {
    /// Its JSON text.
    pub(super) text: Cow<'r, RawValue>,
    /// It takes more than the one it was made from.
    pub(super) loosened: bool,
}

/// The schema to send; `None` if there is one that is no object.
pub(super) fn input(schema: Option<&RawValue>) -> Option<Input<'_>> {
    let Some(schema) = schema.filter(|schema| schema.get() != "null") else {
        return written(br#"{"type":"object","properties":{}}"#.to_vec(), false);
    };
    let root: Members<'_> = serde_json::from_str(schema.get()).ok()?;
    let definitions = Definitions::of(&root);
    let (root, as_it_came) = match root.hoisted(&definitions) {
        Some(root) => (root, false),
        None => (root, true),
    };
    if root.branches().next().is_some() {
        return written(merged(&root, &definitions), true);
    }
    match root.get("type").map(RawValue::get) {
        None => written(typed(&root), false),
        // "An object or null": the input of a call is never anything but the object.
        Some(kind) if kind.starts_with('[') && kind.contains(r#""object""#) => {
            written(typed(&root), false)
        }
        Some(_) if !as_it_came => written(typed(&root), false),
        Some(_) => Some(Input {
            text: Cow::Borrowed(schema),
            loosened: false,
        }),
    }
}

fn written<'r>(json: Vec<u8>, loosened: bool) -> Option<Input<'r>> {
    let text = RawValue::from_string(String::from_utf8(json).ok()?).ok()?;
    Some(Input {
        text: Cow::Owned(text),
        loosened,
    })
}

/// `root` with the type `object`.
fn typed(root: &Members<'_>) -> Vec<u8> {
    let mut out = br#"{"type":"object""#.to_vec();
    if root.get("properties").is_none() {
        out.extend_from_slice(br#","properties":{}"#);
    }
    root.write_without(&["type"], &mut out);
    out.push(b'}');
    out
}

/// One object for all branches of `root`.
fn merged<'s>(root: &Members<'s>, definitions: &Definitions<'s>) -> Vec<u8> {
    let mut properties = Properties::default();
    properties.collect(root, definitions, DEPTH);
    let mut out = br#"{"type":"object","properties":{"#.to_vec();
    for (place, (name, schemas)) in properties.all.iter().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        json::string(&mut out, name);
        out.push(b':');
        match schemas.as_slice() {
            [schema] => out.extend_from_slice(schema.get().as_bytes()),
            schemas => {
                out.extend_from_slice(br#"{"anyOf":["#);
                for (place, schema) in schemas.iter().enumerate() {
                    if place > 0 {
                        out.push(b',');
                    }
                    out.extend_from_slice(schema.get().as_bytes());
                }
                out.extend_from_slice(b"]}");
            }
        }
    }
    out.push(b'}');
    // Without these the object only takes more; with them it might take less than the union did.
    let replaced = [
        "type",
        "properties",
        "anyOf",
        "oneOf",
        "allOf",
        "$ref",
        "not",
        "if",
        "then",
        "else",
        "additionalProperties",
        "unevaluatedProperties",
        "minProperties",
        "maxProperties",
        "discriminator",
        "enum",
        "const",
    ];
    root.write_without(&replaced, &mut out);
    out.push(b'}');
    out
}

/// Properties by name, each with the different schemas that branches give it.
#[derive(Default)]
struct Properties<'s> {
    all: Vec<(Cow<'s, str>, Vec<&'s RawValue>)>,
    places: HashMap<Cow<'s, str>, usize>,
    /// Where the branches that have been looked at stand.
    seen: HashSet<*const u8>,
}

impl<'s> Properties<'s> {
    fn collect(&mut self, schema: &Members<'s>, definitions: &Definitions<'s>, depth: usize) {
        let own = schema
            .get("properties")
            .and_then(|own| serde_json::from_str(own.get()).ok());
        for (name, schema) in own.map_or_else(Vec::new, |Members(own)| own) {
            self.add(name, schema);
        }
        let Some(depth) = depth.checked_sub(1) else {
            return;
        };
        for branch in schema.branches().chain(definitions.find(schema)) {
            if self.seen.len() == BRANCHES || !self.seen.insert(branch.get().as_ptr()) {
                continue;
            }
            if let Ok(branch) = serde_json::from_str(branch.get()) {
                self.collect(&branch, definitions, depth);
            }
        }
    }

    fn add(&mut self, name: Cow<'s, str>, schema: &'s RawValue) {
        let next = self.all.len();
        let place = *self.places.entry(name.clone()).or_insert(next);
        match self.all.get_mut(place) {
            None => self.all.push((name, vec![schema])),
            Some((_, schemas)) => {
                if schemas.iter().all(|known| known.get() != schema.get()) {
                    schemas.push(schema);
                }
            }
        }
    }
}
