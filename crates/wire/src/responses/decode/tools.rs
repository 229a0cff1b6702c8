//! Tools: those declared with a request, those that travel as an input item, those found by searching.

mod raw;

use std::borrow::Cow;
use std::collections::HashSet;

use serde_json::value::RawValue;

use raw::{RawTool, grammar, web_search};

use super::read::{Place, read, text, word};
use crate::conversation::{ClientTool, Kind, Request, Text, Tool, ToolName};
use crate::loss::{Loss, Losses};
use crate::strict;
use crate::translate::Unfit;

/// What the tool for searching tools is called by.
pub(super) const TOOL_SEARCH: &str = "tool_search";

/// The tools of a request, as they are collected from its places.
#[derive(Default)]
pub(super) struct Toolbox<'a> {
    pub(super) tools: Vec<Tool<'a>>,
    /// What is said about whole groups: the group's name and its description.
    groups: Vec<(Text<'a>, Text<'a>)>,
    names: HashSet<ToolName<'a>>,
    pub(super) losses: Losses,
}

impl<'a> Toolbox<'a> {
    /// Reads a list of tools.
    pub(super) fn read(&mut self, raw: &'a RawValue, place: &Place<'_>) -> Result<(), Unfit> {
        let tools: Vec<RawTool<'a>> = read(raw, place)?;
        for (index, tool) in tools.into_iter().enumerate() {
            self.tool(tool, &place.element(index))?;
        }
        Ok(())
    }

    /// Takes over tools that turn up later in the conversation; known ones stay as they are.
    pub(super) fn adopt(&mut self, later: Toolbox<'a>) {
        self.losses.extend(later.losses);
        for tool in later.tools {
            let known = match &tool {
                Tool::Client(client) => !self.names.insert(client.name.clone()),
                Tool::WebSearch(_) => self
                    .tools
                    .iter()
                    .any(|tool| matches!(tool, Tool::WebSearch(_))),
            };
            if !known {
                self.tools.push(tool);
            }
        }
        for group in later.groups {
            if !self.groups.contains(&group) {
                self.groups.push(group);
            }
        }
    }

    /// The tools of a search are known from now on.
    pub(super) fn uncover(&mut self) {
        for tool in &mut self.tools {
            if let Tool::Client(client) = tool {
                client.deferred = false;
            }
        }
    }

    /// What a search found, in words.
    pub(super) fn found(&self) -> String {
        let mut words = String::from("No tools were found.");
        if !self.tools.is_empty() {
            "These tools are now available:".clone_into(&mut words);
        }
        for tool in &self.tools {
            if let Tool::Client(ClientTool { name, .. }) = tool {
                words.push_str("\n- ");
                words.push_str(&name.name);
                if let Some(namespace) = &name.namespace {
                    words.push_str(" of ");
                    words.push_str(namespace);
                }
            }
        }
        words
    }

    /// Hands the tools over. Descriptions of groups have no other place than the instructions.
    pub(super) fn hand_over(self, request: &mut Request<'a>) -> Option<String> {
        request.tools = self.tools;
        request.losses.extend(self.losses);
        if self.groups.is_empty() {
            return None;
        }
        let mut words = String::from("Groups of tools:");
        for (name, description) in &self.groups {
            words.push_str("\n- ");
            words.push_str(name);
            words.push_str(": ");
            words.push_str(description);
        }
        Some(words)
    }

    fn tool(&mut self, mut tool: RawTool<'a>, place: &Place<'_>) -> Result<(), Unfit> {
        let kind = tool.kind.take();
        let here = place.member("type");
        match word(kind.as_ref()).ok_or_else(|| here.missing())? {
            "namespace" => self.namespace(tool, place),
            TOOL_SEARCH => self.tool_search(tool, place),
            search if search.starts_with("web_search") => {
                let search = web_search(tool, place, &mut self.losses);
                self.tools.push(Tool::WebSearch(search));
                Ok(())
            }
            callable => self.callable(callable, tool, None, place),
        }
    }

    fn namespace(&mut self, group: RawTool<'a>, place: &Place<'_>) -> Result<(), Unfit> {
        let namespace = text(group.name).ok_or_else(|| place.member("name").missing())?;
        let place = place.member("tools");
        let raw = group.tools.ok_or_else(|| place.missing())?;
        let tools: Vec<RawTool<'a>> = read(raw, &place)?;
        for (index, mut tool) in tools.into_iter().enumerate() {
            let place = place.element(index);
            let here = place.member("type");
            let kind = tool.kind.take();
            let kind = word(kind.as_ref()).ok_or_else(|| here.missing())?;
            self.callable(kind, tool, Some(&namespace), &place)?;
        }
        if let Some(description) = text(group.description).filter(|text| !text.is_empty()) {
            self.groups.push((namespace, description));
        }
        Ok(())
    }

    /// Searching is done by the client, as a call, or by the vendor, who is another one here.
    fn tool_search(&mut self, tool: RawTool<'a>, place: &Place<'_>) -> Result<(), Unfit> {
        if word(tool.execution.as_ref()) != Some("client") {
            self.losses.add(Loss::ToolSearch);
            return Ok(());
        }
        self.push(ClientTool {
            name: ToolName {
                name: Cow::Borrowed(TOOL_SEARCH),
                namespace: None,
                kind: Kind::ToolSearch,
            },
            description: text(tool.description),
            schema: schema(tool.parameters, place)?,
            ..ClientTool::default()
        });
        Ok(())
    }

    fn callable(
        &mut self,
        kind: &str,
        tool: RawTool<'a>,
        namespace: Option<&Text<'a>>,
        place: &Place<'_>,
    ) -> Result<(), Unfit> {
        let kind = match kind {
            "function" => Kind::Function,
            "custom" => Kind::Freeform,
            _ => {
                return Err(place.member("type").unfit(
                    "is a tool of another vendor's and cannot be carried to this model; \
                     allowed are `function`, `custom`, `namespace`, `web_search` and `tool_search`",
                ));
            }
        };
        let name = text(tool.name).ok_or_else(|| place.member("name").missing())?;
        let callers = tool.allowed_callers.is_some_and(|raw| raw.get().len() > 2);
        self.losses.add_if(callers, Loss::ToolOptions);
        let mut client = ClientTool {
            name: ToolName {
                name,
                namespace: namespace.cloned(),
                kind,
            },
            description: text(tool.description),
            deferred: tool.defer_loading.unwrap_or(false),
            ..ClientTool::default()
        };
        match kind {
            Kind::Function | Kind::ToolSearch => {
                // Left out it means true, and the schema is rewritten to what that takes.
                let qualifies = || tool.parameters.is_some_and(strict::qualifies);
                client.strict = tool.strict.or_else(|| qualifies().then_some(true));
                client.schema = schema(tool.parameters, place)?;
            }
            Kind::Freeform => client.grammar = grammar(tool.format, &place.member("format"))?,
        }
        self.push(client);
        Ok(())
    }

    fn push(&mut self, client: ClientTool<'a>) {
        self.names.insert(client.name.clone());
        self.tools.push(Tool::Client(client));
    }
}

fn schema<'a>(
    raw: Option<&'a RawValue>,
    place: &Place<'_>,
) -> Result<Option<Cow<'a, RawValue>>, Unfit> {
    match raw {
        Some(raw) if !raw.get().starts_with('{') => {
            Err(place.member("parameters").unfit("expected an object"))
        }
        raw => Ok(raw.map(Cow::Borrowed)),
    }
}
