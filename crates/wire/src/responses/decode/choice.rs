//! `tool_choice`, in all its forms.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::read::{Place, Str, read, text, word};
use super::tools::TOOL_SEARCH;
use crate::conversation::{Choice, Kind, ToolName};
use crate::translate::Unfit;

#[derive(Deserialize)]
struct RawChoice<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Str<'a>>,
    #[serde(borrow)]
    name: Option<Str<'a>>,
    #[serde(borrow)]
    namespace: Option<Str<'a>>,
    #[serde(borrow)]
    mode: Option<Str<'a>>,
    #[serde(borrow)]
    tools: Option<&'a RawValue>,
}

/// Reads `tool_choice`.
pub(super) fn choice<'a>(raw: &'a RawValue, place: &Place<'_>) -> Result<Choice<'a>, Unfit> {
    if raw.get().starts_with('"') {
        let word: Str<'a> = read(raw, place)?;
        return match word.as_str() {
            "auto" => Ok(Choice::Auto),
            "required" => Ok(Choice::Required),
            "none" => Ok(Choice::None),
            _ => Err(place.unfit("allowed are `auto`, `required`, `none` or an object")),
        };
    }
    let found: RawChoice<'a> = read(raw, place)?;
    match word(found.kind.as_ref()) {
        Some("allowed_tools") => {}
        Some(kind) if kind.starts_with("web_search") => return Ok(Choice::WebSearch),
        _ => return found.tool(place).map(Choice::One),
    }
    let required = match word(found.mode.as_ref()) {
        None | Some("auto") => false,
        Some("required") => true,
        Some(_) => {
            return Err(place
                .member("mode")
                .unfit("allowed are `auto` and `required`"));
        }
    };
    let place = place.member("tools");
    let listed: Vec<RawChoice<'a>> = read(found.tools.ok_or_else(|| place.missing())?, &place)?;
    let tools = listed.into_iter().enumerate();
    Ok(Choice::Among {
        required,
        tools: tools
            .map(|(index, listed)| listed.tool(&place.element(index)))
            .collect::<Result<_, _>>()?,
    })
}

impl<'a> RawChoice<'a> {
    fn tool(self, place: &Place<'_>) -> Result<ToolName<'a>, Unfit> {
        let kind = match word(self.kind.as_ref()) {
            Some("function") => Kind::Function,
            Some("custom") => Kind::Freeform,
            Some(TOOL_SEARCH) => {
                return Ok(ToolName {
                    name: Cow::Borrowed(TOOL_SEARCH),
                    namespace: None,
                    kind: Kind::ToolSearch,
                });
            }
            _ => {
                return Err(place.member("type").unfit(
                    "cannot be asked of this model; allowed are `function`, `custom`, `tool_search`, \
                     `web_search` and `allowed_tools`",
                ));
            }
        };
        Ok(ToolName {
            name: text(self.name).ok_or_else(|| place.member("name").missing())?,
            namespace: text(self.namespace),
            kind,
        })
    }
}
