//! The members of a request that its answer repeats.

use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::read::{Place, Str, parse};
use super::utf8;
use crate::translate::Unfit;

const FORMAT: &str = r#""format":{"type":"text"}"#;

/// What is repeated, and what it is where the request leaves it out. A translated answer is stored nowhere,
/// whatever the protocol assumes.
const REPEATED: [(&str, &str); 22] = [
    ("instructions", "null"),
    ("tools", "[]"),
    ("tool_choice", r#""auto""#),
    ("parallel_tool_calls", "true"),
    ("temperature", "1.0"),
    ("top_p", "1.0"),
    ("max_output_tokens", "null"),
    ("max_tool_calls", "null"),
    ("metadata", "{}"),
    ("reasoning", r#"{"effort":null,"summary":null}"#),
    ("text", r#"{"format":{"type":"text"}}"#),
    ("truncation", r#""disabled""#),
    ("user", "null"),
    ("safety_identifier", "null"),
    ("prompt_cache_key", "null"),
    ("service_tier", r#""default""#),
    ("store", "false"),
    ("background", "false"),
    ("previous_response_id", "null"),
    ("top_logprobs", "0"),
    ("presence_penalty", "0.0"),
    ("frequency_penalty", "0.0"),
];

/// The members of a request that its answer repeats: `"name":value,…`, without braces and on one line.
pub fn echo(body: &[u8]) -> Result<String, Unfit> {
    let found: Members<'_> = parse(utf8(body)?, &Place::BODY)?;
    let mut out = String::with_capacity(body.len().min(64 * 1024));
    for ((name, default), raw) in REPEATED.iter().zip(found.0) {
        if !out.is_empty() {
            out.push(',');
        }
        out.push('"');
        out.push_str(name);
        out.push_str("\":");
        let value = raw.map_or(*default, RawValue::get);
        match (*name, members(value)) {
            ("text", Some(members)) if lacks_format(value) => {
                out.push('{');
                out.push_str(FORMAT);
                out.push_str(if members.starts_with('}') { "" } else { "," });
                one_line(members, &mut out);
            }
            ("store", _) => out.push_str(default),
            _ => one_line(value, &mut out),
        }
    }
    Ok(out)
}

/// What follows the opening brace of an object.
fn members(value: &str) -> Option<&str> {
    value.strip_prefix('{').map(str::trim_ascii_start)
}

/// A format of `null` is left alone: a second one would be worse.
fn lacks_format(text: &str) -> bool {
    !text.contains(r#""format""#)
}

/// The answer may be an event of a stream, whose data is one line. Strings hold no bare line ends.
fn one_line(value: &str, out: &mut String) {
    for piece in value.split(['\r', '\n']) {
        out.push_str(piece);
    }
}

/// The values of [`REPEATED`]; the last one counts, `null` is none.
struct Members<'a>([Option<&'a RawValue>; REPEATED.len()]);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;

        impl<'de> Visitor<'de> for Collect {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Members<'de>, M::Error> {
                let mut found = [None; REPEATED.len()];
                while let Some(key) = map.next_key::<Str<'de>>()? {
                    let value = map.next_value::<Option<&'de RawValue>>()?;
                    let place = REPEATED.iter().position(|(name, _)| *name == key.as_str());
                    if let Some(slot) = place.and_then(|place| found.get_mut(place)) {
                        *slot = value;
                    }
                }
                Ok(Members(found))
            }
        }

        deserializer.deserialize_map(Collect)
    }
}
