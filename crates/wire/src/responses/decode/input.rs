//! The input: from items to turns.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::item::RawItem;
use super::parts::{self, Speaker};
use super::read::{Place, Str, read, text, word};
use super::tools::Toolbox;
use super::{calls, passage, push};
use crate::conversation::{Origin, Part, Request, Role, Said, Thought, Token};
use crate::loss::Loss;
use crate::responses::compaction;
use crate::translate::Unfit;

/// A conversation on its way from items to turns.
pub(super) struct Input<'r, 'a> {
    pub(super) request: &'r mut Request<'a>,
    pub(super) tools: &'r mut Toolbox<'a>,
}

impl<'r, 'a> Input<'r, 'a> {
    pub(super) fn new(request: &'r mut Request<'a>, tools: &'r mut Toolbox<'a>) -> Self {
        Self { request, tools }
    }

    /// Reads `input`: a string, or a list of items.
    pub(super) fn read(&mut self, raw: &'a RawValue, place: &Place<'_>) -> Result<(), Unfit> {
        let json = raw.get();
        if json.starts_with('"') {
            let Str(said) = read(raw, place)?;
            self.say(Role::User, [Part::text(said)]);
            return Ok(());
        }
        if !json.starts_with('[') {
            return Err(place.unfit("expected a string or a list of items"));
        }
        let items: Vec<RawItem<'a>> = read(raw, place)?;
        for (index, item) in items.into_iter().enumerate() {
            let place = place.element(index);
            if self.request.compact {
                let message = "`compaction_trigger` must be the last item of the input";
                return Err(place.member("type").unfit(message));
            }
            self.item(item, &place)?;
        }
        Ok(())
    }

    /// Appends what `role` says.
    pub(super) fn say(&mut self, role: Role, parts: impl IntoIterator<Item = Part<'a>>) {
        push(&mut self.request.turns, role, parts);
    }

    fn item(&mut self, mut item: RawItem<'a>, place: &Place<'_>) -> Result<(), Unfit> {
        let kind = item.kind.take();
        let kind = word(kind.as_ref());
        match kind.or(item.role.is_some().then_some("message")) {
            Some("message") => self.message(&item, place),
            Some("reasoning") => self.reasoning(item, place),
            Some("function_call") => calls::function(self, item, place),
            Some("custom_tool_call") => calls::freeform(self, item, place),
            Some("tool_search_call") => calls::tool_search(self, item, place),
            Some("function_call_output") => calls::function_output(self, item, place),
            Some("custom_tool_call_output") => calls::freeform_output(self, item, place),
            Some("tool_search_output") => calls::tool_search_output(self, item, place),
            Some("web_search_call") => calls::web_search(self, item, place),
            Some("additional_tools") => self.additional_tools(&item, place),
            Some("agent_message") => self.agent_message(&item, place),
            Some("compaction" | "compaction_summary" | "context_compaction") => {
                self.compaction(item, place)
            }
            Some("compaction_trigger") => {
                self.request.compact = true;
                Ok(())
            }
            Some("item_reference") => Err(place.member("type").unfit(
                "refers to what another vendor stores and cannot be carried to this model; \
                 send the item itself",
            )),
            Some(_) => Err(place.member("type").unfit(
                "is an item of another vendor's tools or of a kind not known here, and cannot be carried \
                 to this model",
            )),
            None => Err(place.member("type").missing()),
        }
    }

    fn message(&mut self, item: &RawItem<'a>, place: &Place<'_>) -> Result<(), Unfit> {
        let here = place.member("role");
        let (role, speaker) = match word(item.role.as_ref()) {
            Some("user") => (Role::User, Speaker::User),
            Some("assistant") => (Role::Assistant, Speaker::Assistant),
            Some("system" | "developer") => (Role::System, Speaker::System),
            Some(_) => {
                return Err(here.unfit("allowed are `user`, `assistant`, `system` and `developer`"));
            }
            None => return Err(here.missing()),
        };
        self.request
            .losses
            .add_if(item.phase.is_some(), Loss::Phase);
        let place = place.member("content");
        let raw = item.content.ok_or_else(|| place.missing())?;
        let parts = parts::content(raw, speaker, &place, &mut self.request.losses)?;
        if role == Role::System && self.request.turns.is_empty() {
            let texts = parts.into_iter().filter_map(|part| match part {
                Part::Text(Said { text, .. }) => Some(passage(text)),
                _ => None,
            });
            self.request.system.extend(texts);
        } else if !parts.is_empty() {
            self.say(role, parts);
        }
        Ok(())
    }

    fn reasoning(&mut self, item: RawItem<'a>, place: &Place<'_>) -> Result<(), Unfit> {
        let mut thought = Thought::default();
        if let Some(raw) = item.summary {
            thought.text = Cow::Owned(parts::thought(raw, &place.member("summary"))?);
        }
        if let (true, Some(raw)) = (thought.text.is_empty(), item.content) {
            thought.text = Cow::Owned(parts::thought(raw, &place.member("content"))?);
        }
        let id = text(item.id).unwrap_or_default();
        thought.token = text(item.encrypted_content).map(|sealed| {
            Token::open_text(sealed)
                .unwrap_or_else(|cipher| Token::fresh(Origin::Cipher, id, cipher))
        });
        if thought.token.is_some() || !thought.text.is_empty() {
            self.say(Role::Assistant, [Part::Thought(thought)]);
        }
        Ok(())
    }

    fn additional_tools(&mut self, item: &RawItem<'a>, place: &Place<'_>) -> Result<(), Unfit> {
        let place = place.member("tools");
        let raw = item.tools.ok_or_else(|| place.missing())?;
        let mut tools = Toolbox::default();
        tools.read(raw, &place)?;
        self.tools.adopt(tools);
        Ok(())
    }

    fn agent_message(&mut self, item: &RawItem<'a>, place: &Place<'_>) -> Result<(), Unfit> {
        let head = parts::between_agents(item.author.as_ref(), item.recipient.as_ref());
        let place = place.member("content");
        let raw = item.content.ok_or_else(|| place.missing())?;
        let parts = parts::content(raw, Speaker::User, &place, &mut self.request.losses)?;
        self.say(Role::User, head.map(Part::text).into_iter().chain(parts));
        Ok(())
    }

    fn compaction(&mut self, item: RawItem<'a>, place: &Place<'_>) -> Result<(), Unfit> {
        let place = place.member("encrypted_content");
        let sealed = text(item.encrypted_content).ok_or_else(|| place.missing())?;
        let summary = compaction::open_summary(&sealed).ok_or_else(|| {
            place.unfit(
                "stands for a conversation that only the vendor who enciphered it can read; \
                 start a new conversation or go on with a model of that vendor",
            )
        })?;
        self.say(Role::User, [Part::text(compaction::told(summary))]);
        Ok(())
    }
}
