//! What the control plane answers, as it came: named fields in the server's order.
//!
//! The command prints rows and does not reason about them, so it reads no more of them than it
//! shows; a newer server's new fields pass through `--json` untouched.

use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

/// One JSON object.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    fields: Vec<(String, Box<RawValue>)>,
}

impl Record {
    /// The fields in order, as they print.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&str, String)> {
        self.fields
            .iter()
            .map(|(name, value)| (name.as_str(), text(value)))
    }

    /// A field as it prints; dots lead into nested objects. Absent, `null` and empty alike are
    /// `None`.
    pub(crate) fn get(&self, path: &str) -> Option<String> {
        let text = text(self.raw(path)?);
        (!text.is_empty()).then_some(text)
    }

    /// A field read into a type; `None` when it is absent, `null` or something else.
    pub(crate) fn read<T: for<'de> Deserialize<'de>>(&self, path: &str) -> Option<T> {
        serde_json::from_str::<Option<T>>(self.raw(path)?.get())
            .ok()
            .flatten()
    }

    /// The same with a field of another in front.
    pub(crate) fn with(mut self, path: &str, other: &Self) -> Self {
        let field = other.fields.iter().find(|(name, _)| name == path);
        self.fields.splice(0..0, field.cloned());
        self
    }

    fn raw(&self, path: &str) -> Option<&RawValue> {
        self.fields
            .iter()
            .find(|(name, _)| name == path)
            .map(|(_, value)| &**value)
    }

    /// A field inside a nested object.
    pub(crate) fn inside(&self, outer: &str, inner: &str) -> Option<String> {
        self.read::<Self>(outer)?.get(inner)
    }
}

/// Strings without quotes, lists of strings with commas, nothing for `null`, else JSON.
fn text(value: &RawValue) -> String {
    let json = value.get();
    if json == "null" {
        return String::new();
    }
    if let Ok(text) = serde_json::from_str::<String>(json) {
        return text;
    }
    match serde_json::from_str::<Vec<String>>(json) {
        Ok(list) => list.join(","),
        Err(_) => json.to_owned(),
    }
}

impl Serialize for Record {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.fields.iter().map(|(name, value)| (name, value)))
    }
}

impl<'de> Deserialize<'de> for Record {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;

        impl<'de> Visitor<'de> for Fields {
            type Value = Record;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Record, A::Error> {
                let mut fields = Vec::with_capacity(map.size_hint().unwrap_or(0));
                while let Some(entry) = map.next_entry()? {
                    fields.push(entry);
                }
                Ok(Record { fields })
            }
        }

        deserializer.deserialize_map(Fields)
    }
}

/// One part of a list, or several put together.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Page {
    /// The rows.
    pub(crate) data: Vec<Record>,
    /// Where the rest begins.
    #[serde(default)]
    pub(crate) next: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(json: &str) -> Record {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn prints_values_as_people_read_them() {
        let row = record(r#"{"b":"x","a":null,"n":1.50,"l":["p","q"],"o":{"i":7,"z":[1]}}"#);
        let fields: Vec<_> = row.fields().collect();
        assert_eq!(fields[0], ("b", "x".to_owned()));
        assert_eq!(fields[1], ("a", String::new()));
        assert_eq!(row.get("a"), None);
        assert_eq!(row.get("n").as_deref(), Some("1.50"));
        assert_eq!(row.get("l").as_deref(), Some("p,q"));
        assert_eq!(row.inside("o", "i").as_deref(), Some("7"));
        assert_eq!(row.inside("b", "i"), None);
        assert_eq!(row.read::<f64>("n"), Some(1.5));
        assert_eq!(row.read::<u64>("b"), None);
    }

    #[test]
    fn passes_through_what_it_does_not_know() {
        let json = r#"{"z":12345678901234567890123,"a":{"k":[1,2]}}"#;
        assert_eq!(serde_json::to_string(&record(json)).unwrap(), json);
    }
}
