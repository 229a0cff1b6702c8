//! Texts with values in them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;
use tollhouse_wire::Protocol;

use super::{Format, Offered, PROVIDER, Unfit, Wanted};

/// What a line begins with that is only there when the client is to be quiet.
const QUIET: &str = "?quiet ";
/// What a line begins with that is only there when the virtual key is the client's only credential.
const KEY: &str = "?key ";
/// What a line begins with that is only there when the client keeps a sign-in of its own.
const OWN: &str = "?own ";

/// What the texts of the table may name.
pub(super) struct Values<'a> {
    base_url: String,
    token: &'a str,
    model: Option<&'a str>,
    models: Vec<Cow<'a, Offered>>,
    quiet: bool,
    own: bool,
}

/// The library that OpenCode speaks a protocol with; chat's is the provider's own.
const fn package(protocol: Protocol) -> Option<&'static str> {
    match protocol {
        Protocol::Messages => Some("@ai-sdk/anthropic"),
        Protocol::Responses => Some("@ai-sdk/openai"),
        Protocol::Chat => None,
    }
}

#[derive(Serialize)]
struct Model<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<Package>,
}

#[derive(Serialize)]
struct Package {
    npm: &'static str,
}

impl<'a> Values<'a> {
    pub(super) fn new(
        wanted: Wanted<'a>,
        base_url: String,
        token: &'a str,
        own: bool,
    ) -> Result<Self, Unfit> {
        let fit = |what, text: &str| {
            let plain = !text.is_empty() && !text.chars().any(char::is_control);
            plain.then_some(()).ok_or(Unfit::Text(what))
        };
        fit("address", &base_url)?;
        for model in wanted.models {
            fit("name of a model", &model.name)?;
        }
        let mut models: Vec<_> = wanted.models.iter().map(Cow::Borrowed).collect();
        if let Some(model) = wanted.model {
            fit("model", model)?;
            if models.iter().all(|known| known.name != model) {
                models.push(Cow::Owned(Offered::speaking(model, &[])));
            }
        }
        Ok(Self {
            base_url,
            token,
            model: wanted.model,
            models,
            quiet: wanted.quiet,
            own,
        })
    }

    /// A value as text; `None` when it is not known.
    fn text(&self, name: &str) -> Option<Cow<'_, str>> {
        match name {
            "base_url" => Some(Cow::Borrowed(&self.base_url)),
            "token" => Some(Cow::Borrowed(self.token)),
            "token_reference" => Some(Cow::Owned(format!("{{env:{}}}", self.token))),
            "model" => self.model.map(Cow::Borrowed),
            "provider_model" => {
                let model = self.model?;
                Some(Cow::Owned(format!("{PROVIDER}/{model}")))
            }
            _ => None,
        }
    }

    /// A value as a format writes it.
    fn literal(&self, name: &str, format: Format) -> Option<String> {
        if name == "models" {
            return self.offered();
        }
        let text = self.text(name)?;
        match format {
            Format::Toml => Some(toml::Value::String(text.into_owned()).to_string()),
            Format::Json => serde_json::to_string(&text).ok(),
        }
    }

    /// The models as a JSON object.
    fn offered(&self) -> Option<String> {
        let models: BTreeMap<&str, Model<'_>> = self
            .models
            .iter()
            .map(|model| {
                let provider = package(model.protocol).map(|npm| Package { npm });
                let name = model.name.as_str();
                (name, Model { name, provider })
            })
            .collect();
        serde_json::to_string(&models).ok()
    }
}

/// A line with its values as they are; `None` when one is not known.
pub(super) fn line(text: &str, values: &Values<'_>) -> Option<String> {
    fill(text, |name| values.text(name).map(Cow::into_owned))
}

/// A file's lines with their values as the format writes them.
pub(super) fn file(text: &str, format: Format, values: &Values<'_>) -> String {
    let lines = text.trim_matches('\n').lines();
    let marks = [(QUIET, values.quiet), (KEY, !values.own), (OWN, values.own)];
    let lines = lines.filter_map(|line| {
        let mut marked = marks.iter();
        match marked.find_map(|(mark, wanted)| Some((line.strip_prefix(mark)?, *wanted))) {
            Some((line, wanted)) => wanted.then_some(line),
            None => Some(line),
        }
    });
    let filled: Vec<_> = lines
        .filter_map(|line| fill(line, |name| values.literal(name, format)))
        .collect();
    filled.join("\n")
}

/// What is put in is not read again, so that a value cannot name another.
fn fill(text: &str, value: impl Fn(&str) -> Option<String>) -> Option<String> {
    let (mut filled, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((before, after)) = rest.split_once("<<") {
        let (name, after) = after.split_once(">>")?;
        filled.push_str(before);
        filled.push_str(&value(name)?);
        rest = after;
    }
    filled.push_str(rest);
    Some(filled)
}
