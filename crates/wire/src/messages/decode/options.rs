//! What the answer is to be like: thinking, effort, form; and who asks.

use super::read::{Str, index, missing, name, refuse_unknown, under};
use super::shape::{ContextManagement, Metadata, OutputConfig, OutputFormat, Thinking as Given};
use crate::conversation::{Effort, Format, Reasoning, Text, Thinking};
use crate::loss::{Loss, Losses};
use crate::translate::Unfit;

/// Thinking, effort and form of the answer. `old_format` is the form's former place.
pub(super) fn answer<'a>(
    thinking: Option<Given<'a>>,
    config: Option<OutputConfig<'a>>,
    old_format: Option<OutputFormat<'a>>,
    losses: &mut Losses,
) -> Result<(Reasoning, Option<Format<'a>>), Unfit> {
    let mut reasoning = Reasoning::default();
    if let Some(thinking) = thinking {
        reasoning.shown = thinking
            .display
            .as_ref()
            .map(|Str(display)| display != "omitted");
        reasoning.thinking = Some(switch(&thinking).map_err(|unfit| under("thinking", "", unfit))?);
    }
    let config = config.unwrap_or_default();
    reasoning.effort = effort(&config, losses)?;
    refuse_unknown(config.unknown.as_ref()).map_err(|unfit| under("output_config", "", unfit))?;
    let form = match (config.format, old_format) {
        (Some(given), _) => Some((given, "output_config.format")),
        (None, Some(given)) => Some((given, "output_format")),
        (None, None) => None,
    };
    let form = match form {
        Some((given, path)) => Some(format(&given).map_err(|unfit| under(path, "", unfit))?),
        None => None,
    };
    Ok((reasoning, form))
}

/// The effort that an `output_config` asks for.
pub(super) fn effort(
    config: &OutputConfig<'_>,
    losses: &mut Losses,
) -> Result<Option<Effort>, Unfit> {
    losses.add_if(config.task_budget.is_some(), Loss::TaskBudget);
    let Some(Str(word)) = &config.effort else {
        return Ok(None);
    };
    let effort = Effort::parse(word).ok_or_else(|| {
        Unfit::new(
            "output_config.effort",
            "must be `low`, `medium`, `high`, `xhigh` or `max`",
        )
    })?;
    Ok(Some(effort))
}

fn switch(thinking: &Given<'_>) -> Result<Thinking, Unfit> {
    match thinking.kind.as_ref().map(|Str(kind)| &**kind) {
        Some("adaptive") => Ok(Thinking::Adaptive),
        Some("disabled") => Ok(Thinking::Disabled),
        Some("between_tools") => Ok(Thinking::BetweenTools),
        Some("enabled") => thinking
            .budget_tokens
            .map(Thinking::Budget)
            .ok_or_else(|| missing("budget_tokens")),
        Some(_) => Err(Unfit::new(
            "type",
            "must be `adaptive`, `enabled`, `disabled` or `between_tools`",
        )),
        None => Err(missing("type")),
    }
}

fn format<'a>(given: &OutputFormat<'a>) -> Result<Format<'a>, Unfit> {
    match given.kind.as_ref().map(|Str(kind)| &**kind) {
        Some("json_schema") => {
            let schema = given.schema.ok_or_else(|| missing("schema"))?;
            if !schema.get().starts_with('{') {
                return Err(Unfit::new("schema", "must be an object"));
            }
            Ok(Format::JsonSchema {
                name: None,
                description: None,
                schema,
                // Here a model is always held to it.
                strict: Some(true),
            })
        }
        Some(_) => Err(Unfit::new("type", "must be `json_schema`")),
        None => Err(missing("type")),
    }
}

/// Who the end user is.
pub(super) fn user<'a>(metadata: Option<Metadata<'a>>, losses: &mut Losses) -> Option<Text<'a>> {
    let metadata = metadata?;
    losses.add_if(metadata.unknown.is_some(), Loss::Metadata);
    metadata.user_id.map(|Str(user)| user)
}

/// Clearing old parts of the prompt only saves tokens; any other edit changes what the model reads.
pub(super) fn context(
    management: &ContextManagement<'_>,
    losses: &mut Losses,
) -> Result<(), Unfit> {
    for (place, edit) in management.edits.iter().flatten().enumerate() {
        let refused = match edit.kind.as_ref().map(|Str(kind)| &**kind) {
            Some(kind) if kind.starts_with("clear_") => {
                losses.add(Loss::ContextManagement);
                continue;
            }
            Some(kind) => {
                let message = format!(
                    "{} cannot be applied on this route; leave it out",
                    name(kind)
                );
                Unfit::new("type", message)
            }
            None => missing("type"),
        };
        return Err(under("context_management.edits", index(place), refused));
    }
    Ok(())
}
