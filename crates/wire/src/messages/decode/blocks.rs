//! The blocks of messages.

use super::document;
use super::outcome;
use super::read::{Str, index, missing, name, under};
use super::shape::{Block, Content};
use crate::conversation::{
    Call, Kind, Origin, Part, Role, Said, Search, Text, Thought, Token, ToolName,
};
use crate::json;
use crate::loss::{Loss, Losses};
use crate::translate::Unfit;

/// One thing that content is made of.
pub(super) enum Found<'a> {
    Text(Text<'a>),
    Block(Box<Block<'a>>),
}

/// Hands every part of `content` on, with its place in the list; what goes wrong is located there.
pub(super) fn each<'a>(
    content: Content<'a>,
    mut take: impl FnMut(usize, Found<'a>) -> Result<(), Unfit>,
) -> Result<(), Unfit> {
    match content {
        Content::Text(text) => take(0, Found::Text(text)),
        Content::Blocks(blocks) => blocks
            .into_iter()
            .enumerate()
            .try_for_each(|(place, block)| {
                take(place, Found::Block(Box::new(block)))
                    .map_err(|unfit| under("", index(place), unfit))
            }),
        Content::Object => Err(Unfit::new(
            "",
            "must be a string or a list of content blocks",
        )),
    }
}

/// Content that is nothing but text.
pub(super) fn texts<'a>(
    content: Content<'a>,
    said: &mut Vec<Said<'a>>,
    losses: &mut Losses,
) -> Result<(), Unfit> {
    each(content, |_, found| {
        said.push(match found {
            Found::Text(text) => Said { text, cache: None },
            Found::Block(block) if kind(&block)? == "text" => text(*block, losses)?,
            Found::Block(_) => return Err(Unfit::new("type", "only `text` blocks can stand here")),
        });
        Ok(())
    })
}

/// The type of a block.
pub(super) fn kind<'b>(block: &'b Block<'_>) -> Result<&'b str, Unfit> {
    block
        .kind
        .as_ref()
        .map(|Str(kind)| &**kind)
        .ok_or_else(|| missing("type"))
}

/// A `text` block.
pub(super) fn text<'a>(block: Block<'a>, losses: &mut Losses) -> Result<Said<'a>, Unfit> {
    losses.add_if(
        block.citations.is_some_and(|cited| cited.0),
        Loss::Citations,
    );
    let Str(text) = block.text.ok_or_else(|| missing("text"))?;
    Ok(Said {
        text,
        cache: block.cache_control.map(|mark| mark.mark()),
    })
}

/// A block of a turn of the user or the model.
pub(super) fn part<'a>(
    block: Box<Block<'a>>,
    role: Role,
    parts: &mut Vec<Part<'a>>,
    losses: &mut Losses,
) -> Result<(), Unfit> {
    let kind = kind(&block)?;
    place(kind, role)?;
    match kind {
        "text" => parts.push(Part::Text(text(*block, losses)?)),
        "image" | "document" | "search_result" => document::piece(*block, parts, losses)?,
        "tool_result" => parts.push(Part::Outcome(outcome::outcome(*block, losses)?)),
        "thinking" => parts.push(Part::Thought(thought(*block))),
        "redacted_thinking" => parts.push(Part::Thought(redacted(*block)?)),
        "tool_use" => parts.push(Part::Call(call(*block)?)),
        "server_tool_use" => server_call(*block, parts, losses)?,
        "web_search_tool_result" => outcome::searched(*block, parts)?,
        "tool_search_tool_result" => losses.add(Loss::ToolSearch),
        "compaction" => parts.extend(compaction(*block)?),
        // Marks where another model took over; the model is never told.
        "fallback" => {}
        "container_upload" => {
            return Err(Unfit::new(
                "type",
                "files of this protocol's vendor cannot be read on this route; send the content itself",
            ));
        }
        _ => return Err(unknown(kind)),
    }
    Ok(())
}

/// A block of the wrong speaker would come out as something that nobody said.
pub(super) fn place(kind: &str, role: Role) -> Result<(), Unfit> {
    let (home, whose) = match kind {
        "image" | "document" | "search_result" | "tool_result" | "container_upload" => {
            (Role::User, "user")
        }
        "thinking"
        | "redacted_thinking"
        | "tool_use"
        | "server_tool_use"
        | "web_search_tool_result"
        | "tool_search_tool_result"
        | "fallback" => (Role::Assistant, "assistant"),
        "tool_addition" | "tool_removal" => (Role::System, "system"),
        _ => return Ok(()),
    };
    if home == role {
        return Ok(());
    }
    Err(Unfit::new(
        "type",
        format!("a `{kind}` block can stand in a message of role `{whose}` only"),
    ))
}

/// A block of a type that has no counterpart.
pub(super) fn unknown(kind: &str) -> Unfit {
    let kind = name(kind);
    Unfit::new(
        "type",
        format!("{kind} is not a content block that this route can carry"),
    )
}

/// A `thinking` block. One without a signature is a text that nobody vouches for.
fn thought(block: Block<'_>) -> Thought<'_> {
    let token = block
        .signature
        .filter(|Str(signature)| !signature.is_empty())
        .map(|Str(sealed)| {
            Token::open_text(sealed)
                .unwrap_or_else(|value| Token::fresh(Origin::Signature, "", value))
        });
    Thought {
        text: block.thinking.unwrap_or_default().0,
        token,
    }
}

/// A `redacted_thinking` block.
fn redacted(block: Block<'_>) -> Result<Thought<'_>, Unfit> {
    let Str(sealed) = block.data.ok_or_else(|| missing("data"))?;
    let token =
        Token::open_text(sealed).unwrap_or_else(|value| Token::fresh(Origin::Redacted, "", value));
    Ok(Thought {
        text: Text::default(),
        token: Some(token),
    })
}

/// A `compaction` block: a summary that anybody can read, or none if the compaction failed.
fn compaction(block: Block<'_>) -> Result<Option<Part<'_>>, Unfit> {
    match block.content {
        Some(Content::Text(text)) => Ok(Some(Part::Text(Said {
            text,
            cache: block.cache_control.map(|mark| mark.mark()),
        }))),
        None if block.encrypted_content.is_none() => Ok(None),
        Some(Content::Blocks(_) | Content::Object) | None => Err(Unfit::new(
            "content",
            "must be text: only the vendor that compacted the conversation can read another form",
        )),
    }
}

/// A `tool_use` block.
fn call(block: Block<'_>) -> Result<Call<'_>, Unfit> {
    let Str(id) = block.id.ok_or_else(|| missing("id"))?;
    let Str(name) = block.name.ok_or_else(|| missing("name"))?;
    let input = block.input.map_or("{}", |input| input.get());
    if !input.starts_with('{') {
        return Err(Unfit::new("input", "must be an object"));
    }
    let input = json::compact(input);
    Ok(Call {
        id,
        tool: ToolName {
            name,
            namespace: None,
            kind: Kind::Function,
        },
        input,
        cache: block.cache_control.map(|mark| mark.mark()),
    })
}

/// A `server_tool_use` block: a search, or nothing that anybody else can follow.
fn server_call<'a>(
    block: Block<'a>,
    parts: &mut Vec<Part<'a>>,
    losses: &mut Losses,
) -> Result<(), Unfit> {
    let Str(tool) = block.name.ok_or_else(|| missing("name"))?;
    if tool.starts_with("tool_search_tool") {
        // All tools are told up front, so nothing hangs on how the model found them.
        losses.add(Loss::ToolSearch);
        return Ok(());
    }
    if tool != "web_search" {
        let tool = name(&tool);
        let message =
            format!("{tool}: of tools run by the vendor only `web_search` can be carried");
        return Err(Unfit::new("name", message));
    }
    parts.push(Part::Search(Search {
        id: block.id.unwrap_or_default().0,
        query: block.input.and_then(outcome::query).unwrap_or_default(),
        hits: Vec::new(),
    }));
    Ok(())
}
