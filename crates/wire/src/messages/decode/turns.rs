//! The messages, and what those of the system direct.
//!
//! A message of the system may say something, change the tools, set the effort from there on, or be
//! meant for the next answer only.

use super::blocks::{self, Found, each, kind, part};
use super::read::{Str, index, missing, under};
use super::shape::{Content, Message};
use super::{changes, document, options};
use crate::conversation::{Part, Request, Role, Turn};
use crate::loss::Loss;
use crate::translate::Unfit;

/// Reads `messages` into `request`.
pub(super) fn read<'a>(messages: Vec<Message<'a>>, request: &mut Request<'a>) -> Result<(), Unfit> {
    if messages.is_empty() {
        let message = "is required: a list of at least one message";
        return Err(Unfit::new("messages", message));
    }
    let last_user = messages.iter().rposition(|message| {
        let Some(Str(role)) = &message.role else {
            return false;
        };
        role == "user"
    });
    for (place, message) in messages.into_iter().enumerate() {
        let gone = last_user.is_some_and(|last| place < last);
        let turn = turn(message, place, gone, request)
            .map_err(|unfit| under("messages", index(place), unfit))?;
        if let Some(mut turn) = turn {
            document::locate(&mut turn.parts, "messages", place, ".content");
            request.turns.push(turn);
        }
    }
    if request.turns.is_empty() {
        return Err(Unfit::new("messages", "must say something"));
    }
    Ok(())
}

/// One message; nothing if all it does is to direct. `gone`: a message of the user comes later.
fn turn<'a>(
    mut message: Message<'a>,
    place: usize,
    gone: bool,
    request: &mut Request<'a>,
) -> Result<Option<Turn<'a>>, Unfit> {
    let role = role(&message)?;
    let losses = &mut request.losses;
    losses.add_if(message.unknown.is_some(), Loss::MessageOptions);
    if role == Role::System {
        let directs = direct(&message, request)?;
        let fleeting = fleeting(&message)?;
        let parts = match message.content.take() {
            Some(content) => system(content, place, gone && fleeting, request)?,
            None if directs => Vec::new(),
            None => return Err(missing("content")),
        };
        return Ok((!parts.is_empty()).then_some(Turn { role, parts }));
    }
    let options = message.output_config.is_some() || message.clear_at.is_some();
    losses.add_if(options, Loss::MessageOptions);
    let content = message.content.ok_or_else(|| missing("content"))?;
    let mut parts = Vec::new();
    each(content, |place, found| match found {
        Found::Text(text) => {
            parts.push(Part::text(text));
            Ok(())
        }
        Found::Block(block) => {
            let before = parts.len();
            part(block, role, &mut parts, losses)?;
            document::locate(parts.get_mut(before..).unwrap_or_default(), "", place, "");
            Ok(())
        }
    })
    .map_err(|unfit| under("content", "", unfit))?;
    Ok(Some(Turn { role, parts }))
}

fn role(message: &Message<'_>) -> Result<Role, Unfit> {
    match message.role.as_ref().map(|Str(role)| &**role) {
        Some("user") => Ok(Role::User),
        Some("assistant") => Ok(Role::Assistant),
        Some("system") => Ok(Role::System),
        Some(_) => Err(Unfit::new(
            "role",
            "must be `user`, `assistant` or `system`",
        )),
        None => Err(missing("role")),
    }
}

/// Follows the `output_config` of a message of the system; says whether there is one. Of several efforts
/// the last one holds for the answer that is asked for.
fn direct(message: &Message<'_>, request: &mut Request<'_>) -> Result<bool, Unfit> {
    let Some(config) = &message.output_config else {
        return Ok(false);
    };
    if config.format.is_some() {
        return Err(Unfit::new(
            "output_config.format",
            "can be given for the whole request only",
        ));
    }
    let losses = &mut request.losses;
    losses.add_if(config.unknown.is_some(), Loss::MessageOptions);
    if let Some(effort) = options::effort(config, losses)? {
        request.reasoning.effort = Some(effort);
    }
    Ok(true)
}

/// Whether the texts of a message are meant for the next answer only.
fn fleeting(message: &Message<'_>) -> Result<bool, Unfit> {
    match message.clear_at.as_ref().map(|Str(word)| &**word) {
        None | Some("never") => Ok(false),
        Some("next_user_message") => Ok(true),
        Some(_) => Err(Unfit::new(
            "clear_at",
            "must be `next_user_message` or `never`",
        )),
    }
}

/// What a message of the system says: texts unless they are `cleared`, and changes of the tools.
fn system<'a>(
    content: Content<'a>,
    place: usize,
    cleared: bool,
    request: &mut Request<'a>,
) -> Result<Vec<Part<'a>>, Unfit> {
    let mut parts = Vec::new();
    each(content, |block_place, found| {
        let text = match found {
            Found::Text(text) => Part::text(text),
            Found::Block(block) => match kind(&block)? {
                "text" => Part::Text(blocks::text(*block, &mut request.losses)?),
                "tool_addition" | "tool_removal" => {
                    let path =
                        format_args!("messages{}.content{}", index(place), index(block_place));
                    parts.push(Part::Text(changes::change(*block, &path, request)?));
                    return Ok(());
                }
                _ => {
                    return Err(Unfit::new(
                        "type",
                        "only `text`, `tool_addition` and `tool_removal` blocks can stand here",
                    ));
                }
            },
        };
        parts.extend((!cleared).then_some(text));
        Ok(())
    })
    .map_err(|unfit| under("content", "", unfit))?;
    Ok(parts)
}
