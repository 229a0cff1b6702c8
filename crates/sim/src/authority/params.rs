//! Parameters, as a form or as JSON.

use std::collections::BTreeMap;

use http::{HeaderMap, header};
use serde::Deserialize;

use super::denial::Denial;

/// The parameters of one request.
#[derive(Debug, Default)]
pub(crate) struct Params(BTreeMap<String, String>);

/// Values that are no text are of no interest here.
#[derive(Deserialize)]
#[serde(untagged)]
enum Value {
    Text(String),
    Other(serde::de::IgnoredAny),
}

impl Params {
    /// What a body says, in the form that its `content-type` names.
    pub(crate) fn read(headers: &HeaderMap, body: &[u8]) -> Result<Self, Denial> {
        match content_type(headers) {
            "application/json" => Self::json(headers, body),
            "application/x-www-form-urlencoded" => Ok(Self::form(body)),
            _ => Err(Denial::Unreadable),
        }
    }

    pub(crate) fn json(headers: &HeaderMap, body: &[u8]) -> Result<Self, Denial> {
        if content_type(headers) != "application/json" {
            return Err(Denial::Unreadable);
        }
        let read: BTreeMap<String, Value> =
            serde_json::from_slice(body).map_err(|_| Denial::Unreadable)?;
        let texts = read.into_iter().filter_map(|(name, value)| match value {
            Value::Text(text) => Some((name, text)),
            Value::Other(_) => None,
        });
        Ok(Self(texts.collect()))
    }

    pub(crate) fn form(encoded: &[u8]) -> Self {
        Self(form_urlencoded::parse(encoded).into_owned().collect())
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let value = self.0.get(name).map(String::as_str);
        value.filter(|value| !value.is_empty())
    }

    pub(crate) fn need(&self, name: &'static str) -> Result<&str, Denial> {
        self.get(name).ok_or(Denial::Missing(name))
    }
}

/// Without its parameters.
fn content_type(headers: &HeaderMap) -> &str {
    let value = headers.get(header::CONTENT_TYPE);
    let value = value.and_then(|value| value.to_str().ok()).unwrap_or("");
    value.split(';').next().unwrap_or_default().trim()
}
