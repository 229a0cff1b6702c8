//! Names that the target takes: flat, of its letters, short enough, and each only once.
//!
//! A name depends on the tool alone wherever it can, so that it stays the same while other tools come and
//! go: what a prompt cache holds begins with the tools.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::{freeform, hash};
use crate::Protocol;
use crate::conversation::{Choice, ClientTool, Kind, Part, Request, Tool, ToolName};
use crate::dialect::{Dialect, Quirk};
use crate::loss::Loss;
use crate::restore::Original;

mod key;

use key::{HOME, Rank, key, valid};

/// Renames tools, calls and the choice; what the answer is to call them again.
pub(super) fn fit(request: &mut Request<'_>, target: &Dialect) -> HashMap<String, Original> {
    let mut names = Names::new(target);
    names.tools(&mut request.tools);
    for tool in request.tools.iter_mut().filter_map(client) {
        if std::mem::take(&mut tool.deferred) {
            request.losses.add(Loss::ToolSearch);
        }
    }
    for part in request.turns.iter_mut().flat_map(|turn| &mut turn.parts) {
        if let Part::Call(call) = part {
            names.rename(&mut call.tool);
        }
    }
    match &mut request.choice {
        Some(Choice::One(tool)) => names.rename(tool),
        Some(Choice::Among { tools, .. }) => {
            for tool in tools {
                names.rename(tool);
            }
        }
        Some(Choice::Auto | Choice::Required | Choice::None | Choice::WebSearch) | None => {}
    }
    choose(request, target);
    names.originals
}

/// Fits the choice to the target, and drops it where there is nothing to choose from.
fn choose(request: &mut Request<'_>, target: &Dialect) {
    // Elsewhere only the chosen tools are sent.
    let among = match target.protocol {
        Protocol::Messages => false,
        Protocol::Chat => target.has(Quirk::OpenaiFields),
        Protocol::Responses => true,
    };
    if let (Some(Choice::Among { required, tools }), false) = (&request.choice, among) {
        request.tools.retain(|tool| match tool {
            Tool::Client(tool) => tools.contains(&tool.name),
            Tool::WebSearch(_) => false,
        });
        request.choice = Some(if *required {
            Choice::Required
        } else {
            Choice::Auto
        });
    }
    let mut tools = request.tools.iter();
    let none = match target.protocol {
        // A web search is no tool in Chat.
        Protocol::Chat => !tools.any(|tool| matches!(tool, Tool::Client(_))),
        Protocol::Messages | Protocol::Responses => tools.next().is_none(),
    };
    if none {
        request.choice = None;
        request.parallel_calls = None;
    }
    if target.has(Quirk::NoParallelCalls) && target.protocol == Protocol::Chat {
        let lost = request.parallel_calls.take() == Some(false);
        request.losses.add_if(lost, Loss::ParallelCalls);
    }
}

fn client<'r, 'a>(tool: &'r mut Tool<'a>) -> Option<&'r mut ClientTool<'a>> {
    match tool {
        Tool::Client(tool) => Some(tool),
        Tool::WebSearch(_) => None,
    }
}

/// The names given out so far.
struct Names<'a, 't> {
    target: &'t Dialect,
    /// The name of each tool, by its key.
    sent: HashMap<ToolName<'a>, String>,
    taken: HashSet<String>,
    originals: HashMap<String, Original>,
    /// All tools have their names; what is named from now on is named after them.
    told: bool,
}

impl<'a, 't> Names<'a, 't> {
    fn new(target: &'t Dialect) -> Self {
        Self {
            target,
            sent: HashMap::new(),
            taken: HashSet::new(),
            originals: HashMap::new(),
            told: false,
        }
    }

    /// Names the tools: those outside of namespaces choose first. Of a tool that is told twice, the later
    /// telling counts.
    fn tools(&mut self, tools: &mut Vec<Tool<'a>>) {
        let mut places: HashMap<ToolName<'a>, usize> = HashMap::new();
        let mut kept: Vec<Tool<'a>> = Vec::with_capacity(tools.len());
        for tool in tools.drain(..) {
            let place = match &tool {
                Tool::Client(tool) => *places.entry(key(&tool.name)).or_insert(kept.len()),
                Tool::WebSearch(_) => kept.len(),
            };
            match kept.get_mut(place) {
                Some(earlier) => *earlier = tool,
                None => kept.push(tool),
            }
        }
        *tools = kept;
        for rank in [Rank::Exact, Rank::Direct, Rank::Home, Rank::Other] {
            let clients = tools.iter_mut().filter_map(client);
            for tool in clients.filter(|tool| Rank::of(&tool.name) == rank) {
                self.claim(&tool.name);
            }
        }
        for tool in tools.iter_mut().filter_map(client) {
            self.rename(&mut tool.name);
        }
        self.told = true;
    }

    /// Renames a tool, wherever it is named.
    fn rename(&mut self, tool: &mut ToolName<'a>) {
        let sent = self.claim(tool);
        // Most names are fine as they are, and stay borrowed.
        if tool.name != *sent {
            tool.name = Cow::Owned(sent);
        }
        tool.namespace = None;
        tool.kind = freeform::kind(tool.kind, self.target);
    }

    /// The name to send `tool` under.
    fn claim(&mut self, tool: &ToolName<'a>) -> String {
        let key = key(tool);
        if let Some(sent) = self.sent.get(&key) {
            return sent.clone();
        }
        // A bare name of the past means the tool of that name, wherever it stands.
        if self.told && key.namespace.is_none() && key.kind == Kind::Function {
            if self.taken.contains(&*key.name) {
                return key.name.into_owned();
            }
            let home = ToolName {
                namespace: Some(Cow::Borrowed(HOME)),
                ..key.clone()
            };
            if let Some(sent) = self.sent.get(&home) {
                return sent.clone();
            }
        }
        let sent = self.free(&key);
        let kind = freeform::kind(tool.kind, self.target);
        if tool.name != *sent || tool.namespace.is_some() || tool.kind != kind {
            let original = Original {
                tool: tool.clone().into_owned(),
                wrapped: tool.kind == Kind::Freeform && kind == Kind::Function,
            };
            self.originals.insert(sent.clone(), original);
        }
        self.taken.insert(sent.clone());
        self.sent.insert(key, sent.clone());
        sent
    }

    /// A valid name for `tool` that nobody has.
    fn free(&self, tool: &ToolName<'_>) -> String {
        let space = tool.namespace.as_deref();
        let mut plain = valid(&tool.name);
        if let Some(space) = space.filter(|&space| space != HOME || self.taken.contains(&plain)) {
            plain = format!("{}__{plain}", valid(space));
        }
        let longest = self.target.longest_tool_name();
        if !plain.is_empty() && plain.len() <= longest && !self.taken.contains(&plain) {
            return plain;
        }
        let mut salt = String::new();
        loop {
            let hash = hash::short(&[space.unwrap_or_default(), &tool.name, &salt]);
            let head = plain.get(..longest - hash.len() - 1).unwrap_or(&plain);
            let name = format!("{head}_{hash}");
            if !self.taken.contains(&name) {
                return name;
            }
            salt.push('+');
        }
    }
}
