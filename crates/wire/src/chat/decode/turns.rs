//! The messages: instructions, turns, calls and their results.

use std::collections::HashSet;

use super::body::{Call as CallIn, CustomCall, FunctionCall, Message};
use super::parts::{Speaker, parts};
use super::read::{At, Str};
use crate::conversation::{
    Call, Kind, Outcome, Part, Passage, Role, Text, Thought, ToolName, Turn,
};
use crate::json;
use crate::loss::{Loss, Losses};
use crate::translate::Unfit;

/// A conversation as far as it was read.
#[derive(Default)]
pub(super) struct Conversation<'a> {
    /// The instructions before the first turn.
    pub(super) system: Vec<Passage<'a>>,
    /// The turns; neighbours of the same role are one.
    pub(super) turns: Vec<Turn<'a>>,
    /// What could not be taken over.
    pub(super) losses: Losses,
    /// The ids of calls with free text as input: their results do not say so.
    freeform: HashSet<Text<'a>>,
    /// The last `function_call`, which has no id of its own, and the id it was given.
    legacy: Option<(Text<'a>, String)>,
}

impl<'a> Conversation<'a> {
    /// Reads the message at `index`.
    pub(super) fn message(&mut self, index: usize, message: Message<'a>) -> Result<(), Unfit> {
        let top = At::top("messages");
        let at = top.index(index);
        let role = at.field("role").required(message.role.as_ref())?;
        match &*role.0 {
            "system" | "developer" => self.instructions(&message, at),
            "user" => {
                self.named(&message);
                let parts = parts(message.content, Speaker::User, at.field("content"))?;
                self.push(Role::User, parts);
                Ok(())
            }
            "assistant" => self.assistant(index, message, at),
            "tool" => self.tool(message, at),
            "function" => self.function(message, at),
            _ => Err(at.field("role").unfit(
                "expected `system`, `developer`, `user`, `assistant`, `tool` or `function`",
            )),
        }
    }

    fn named(&mut self, message: &Message<'_>) {
        self.losses
            .add_if(message.name.is_some(), Loss::SpeakerName);
    }

    fn push(&mut self, role: Role, parts: Vec<Part<'a>>) {
        match self.turns.last_mut() {
            Some(turn) if turn.role == role => turn.parts.extend(parts),
            _ => self.turns.push(Turn { role, parts }),
        }
    }

    fn instructions(&mut self, message: &Message<'a>, at: At<'_>) -> Result<(), Unfit> {
        self.named(message);
        let parts = parts(message.content, Speaker::System, at.field("content"))?;
        if !self.turns.is_empty() {
            self.push(Role::System, parts);
            return Ok(());
        }
        self.system
            .extend(parts.into_iter().filter_map(|part| match part {
                Part::Text(said) => Some(Passage {
                    text: said.text,
                    cache: said.cache,
                }),
                // Instructions are read as nothing but text.
                _ => None,
            }));
        Ok(())
    }

    fn assistant(&mut self, index: usize, message: Message<'a>, at: At<'_>) -> Result<(), Unfit> {
        self.named(&message);
        if message.audio.is_some() {
            return Err(at
                .field("audio")
                .unfit("audio cannot be sent to this target: send its transcript as `content`"));
        }
        let cited = message.annotations.is_some_and(|raw| raw.get() != "[]");
        self.losses.add_if(cited, Loss::Citations);
        let mut said = Vec::new();
        // Before everything else: that is where thoughts have to stand. A blank one only fills its field,
        // for vendors who refuse calls without it.
        let thought = message.reasoning_content.or(message.reasoning);
        said.extend(
            thought
                .filter(|Str(text)| !text.trim_ascii().is_empty())
                .map(|Str(text)| Part::Thought(Thought { text, token: None })),
        );
        let parts = parts(message.content, Speaker::Assistant, at.field("content"))?;
        // Clients write `""` beside calls; it says nothing.
        said.extend(
            parts
                .into_iter()
                .filter(|part| !matches!(part, Part::Text(said) if said.text.is_empty())),
        );
        let refusal = message.refusal.filter(|Str(text)| !text.is_empty());
        said.extend(refusal.map(|Str(text)| Part::Refusal(text)));
        let calls = at.field("tool_calls");
        for (index, call) in message.tool_calls.into_iter().flatten().enumerate() {
            said.push(Part::Call(self.call(call, calls.index(index))?));
        }
        if let Some(call) = message.function_call {
            let id = format!("call_legacy_{index}");
            let call = function(id.clone().into(), call, at.field("function_call"))?;
            self.legacy = Some((call.tool.name.clone(), id));
            said.push(Part::Call(call));
        }
        self.push(Role::Assistant, said);
        Ok(())
    }

    fn call(&mut self, call: CallIn<'a>, at: At<'_>) -> Result<Call<'a>, Unfit> {
        let Str(id) = at.field("id").required(call.id)?;
        let kind = call.kind.as_ref().map(|Str(kind)| &**kind);
        match kind.unwrap_or("function") {
            "function" => {
                let at = at.field("function");
                function(id, at.required(call.function)?, at)
            }
            "custom" => {
                let at = at.field("custom");
                let CustomCall { name, input } = at.required(call.custom)?;
                self.freeform.insert(id.clone());
                Ok(Call {
                    id,
                    tool: ToolName {
                        name: at.field("name").required(name)?.0,
                        namespace: None,
                        kind: Kind::Freeform,
                    },
                    input: at.field("input").required(input)?.0,
                    cache: None,
                })
            }
            _ => Err(at.field("type").unfit("expected `function` or `custom`")),
        }
    }

    fn tool(&mut self, message: Message<'a>, at: At<'_>) -> Result<(), Unfit> {
        let Str(id) = at.field("tool_call_id").required(message.tool_call_id)?;
        let kind = if self.freeform.contains(&id) {
            Kind::Freeform
        } else {
            Kind::Function
        };
        let parts = parts(message.content, Speaker::User, at.field("content"))?;
        self.push(Role::User, vec![outcome(id, kind, parts)]);
        Ok(())
    }

    /// The result of a `function_call`: it names the function, not the call.
    fn function(&mut self, message: Message<'a>, at: At<'_>) -> Result<(), Unfit> {
        let Str(name) = at.field("name").required(message.name)?;
        let Some((_, id)) = self.legacy.take_if(|(called, _)| *called == name) else {
            return Err(at.field("name").unfit(
                "no `function_call` of this name without a result stands before this message",
            ));
        };
        let parts = parts(message.content, Speaker::User, at.field("content"))?;
        self.push(Role::User, vec![outcome(id.into(), Kind::Function, parts)]);
        Ok(())
    }
}

fn function<'a>(id: Text<'a>, call: FunctionCall<'a>, at: At<'_>) -> Result<Call<'a>, Unfit> {
    let Str(name) = at.field("name").required(call.name)?;
    let input = call.arguments.map(|Str(text)| text).unwrap_or_default();
    Ok(Call {
        id,
        tool: ToolName::function(name),
        input: json::arguments(input),
        cache: None,
    })
}

fn outcome<'a>(id: Text<'a>, kind: Kind, mut parts: Vec<Part<'a>>) -> Part<'a> {
    parts.retain(|part| !matches!(part, Part::Text(said) if said.text.is_empty()));
    Part::Outcome(Outcome {
        id,
        kind,
        parts,
        is_error: false,
        cache: None,
    })
}
