//! What the Graph takes.

use http::{HeaderMap, header};
use serde::Deserialize;

use crate::refusal::Refusal;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Body {
    message: Said,
    location_hint: LocationHint,
    #[serde(default)]
    additional_context: Option<Vec<Context>>,
    #[serde(rename = "contextualResources", default)]
    _contextual_resources: Option<Resources>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Context {
    text: String,
    #[serde(rename = "description", default)]
    _description: Option<String>,
    #[serde(rename = "@odata.type", default)]
    _kind: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Resources {
    #[serde(rename = "files", default)]
    _files: Option<Vec<File>>,
    #[serde(rename = "webContext", default)]
    _web_context: Option<WebContext>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "uri")]
    _uri: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WebContext {
    #[serde(rename = "isWebEnabled")]
    _is_web_enabled: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    text: String,
    #[serde(rename = "@odata.type", default)]
    _kind: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct LocationHint {
    time_zone: String,
    #[serde(rename = "countryOrRegion", default)]
    _country: Option<String>,
    #[serde(rename = "countryOrRegionConfidence", default)]
    _confidence: Option<f64>,
    #[serde(rename = "latitude", default)]
    _latitude: Option<f64>,
    #[serde(rename = "longitude", default)]
    _longitude: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// What somebody says to Copilot.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) text: String,
}

impl Message {
    pub(super) fn parse(headers: &HeaderMap, body: &[u8]) -> Result<Self, Refusal> {
        is_json(headers)?;
        let body: Body = serde_json::from_slice(body)
            .map_err(|error| Refusal::invalid(format!("Invalid request body: {error}")))?;
        if body.message.text.trim().is_empty() {
            return Err(Refusal::invalid("message.text is required"));
        }
        let context = body.additional_context.unwrap_or_default();
        if context.iter().any(|context| context.text.trim().is_empty()) {
            return Err(Refusal::invalid("additionalContext.text is required"));
        }
        if body.location_hint.time_zone.trim().is_empty() {
            return Err(Refusal::invalid("locationHint.timeZone is required"));
        }
        Ok(Self {
            text: body.message.text,
        })
    }
}

/// A conversation is begun with an empty object.
pub(super) fn empty(headers: &HeaderMap, body: &[u8]) -> Result<(), Refusal> {
    is_json(headers)?;
    match serde_json::from_slice(body) {
        Ok(Nothing {}) if body.starts_with(b"{") => Ok(()),
        Ok(Nothing {}) | Err(_) => Err(Refusal::invalid("The body must be an empty JSON object")),
    }
}

fn is_json(headers: &HeaderMap) -> Result<(), Refusal> {
    let kind = headers.get(header::CONTENT_TYPE);
    if kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/json")) {
        Ok(())
    } else {
        Err(Refusal::invalid("Content-Type must be application/json"))
    }
}
