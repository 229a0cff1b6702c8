//! What a request asks, in terms common to the three protocols.

use std::collections::HashSet;

use serde_json::value::RawValue;

use crate::{media::Media, refusal::Refusal};

/// A request, reduced to what decides the answer.
#[derive(Debug)]
pub(crate) struct Ask {
    pub(crate) model: String,
    /// Size of the request's body: what its input costs.
    pub(crate) bytes: usize,
    /// Most words of text the client takes.
    pub(crate) limit: Option<usize>,
    /// Whether the client wants reasoning.
    pub(crate) reasons: bool,
    /// Whether several tool calls may come at once.
    pub(crate) parallel: bool,
    pub(crate) tools: Vec<Tool>,
    pub(crate) history: History,
}

impl Ask {
    pub(crate) fn tool(&self, name: &str) -> Option<&Tool> {
        self.tools.iter().find(|tool| tool.name == name)
    }

    /// A tool that may carry its group's name before its own, because somebody took it out of the
    /// group.
    pub(crate) fn grouped_tool(&self, name: &str) -> Option<&Tool> {
        let qualified = |tool: &&Tool| {
            let group = tool.name.strip_suffix(name);
            group.is_some_and(|group| group.ends_with(['_', '-', '.']))
        };
        self.tool(name)
            .or_else(|| self.tools.iter().find(qualified))
    }
}

/// A tool the client runs itself.
#[derive(Debug, Clone)]
pub(crate) struct Tool {
    pub(crate) name: String,
    /// The group it was declared in; calls name it too.
    pub(crate) namespace: Option<String>,
    pub(crate) input: ToolInput,
}

#[derive(Debug, Clone)]
pub(crate) enum ToolInput {
    /// A JSON object, described by this schema.
    Object(Option<Box<RawValue>>),
    /// Any text.
    Freeform,
}

/// The conversation so far, fed in order.
#[derive(Debug, Default)]
pub(crate) struct History {
    /// Assistant turns, whatever they hold.
    pub(crate) turns: usize,
    /// Rounds of tool calls that were answered since the user last spoke up.
    pub(crate) rounds: usize,
    pub(crate) last_user: String,
    pub(crate) last_result: String,
    /// Thoughts that came back, each with its token where the protocol has one.
    pub(crate) thoughts: usize,
    pub(crate) media: Vec<Media>,
    /// The client's working directory, if some text names it.
    pub(crate) directory: Option<String>,
    open: HashSet<String>,
    calling: bool,
    concluded: bool,
}

impl History {
    /// System prompts, environment notes, reminders.
    pub(crate) fn context(&mut self, text: &str) {
        if let Some(directory) = directory(text) {
            self.directory = Some(directory.to_owned());
        }
    }

    pub(crate) fn user(&mut self, text: &str) {
        self.context(text);
        if self.concluded {
            self.concluded = false;
            self.rounds = 0;
        }
        // Clients wrap their own notes in tags; what the user typed stands outside.
        if !text.trim_start().starts_with('<') {
            text.clone_into(&mut self.last_user);
        }
    }

    pub(crate) fn turn(&mut self) {
        self.turns += 1;
    }

    pub(crate) fn said(&mut self) {
        self.concluded = true;
    }

    pub(crate) fn called(&mut self, id: &str) {
        self.open.insert(id.to_owned());
        self.calling = true;
        self.concluded = false;
    }

    pub(crate) fn returned(&mut self, id: &str, output: &str) -> Result<(), Refusal> {
        if !self.open.remove(id) {
            return Err(Refusal::invalid(format!(
                "tool result `{id}` has no tool call before it"
            )));
        }
        if self.calling {
            self.rounds += 1;
            self.calling = false;
        }
        output.clone_into(&mut self.last_result);
        Ok(())
    }

    /// Every call must have its result by the end.
    pub(crate) fn settled(&self) -> Result<(), Refusal> {
        match self.open.iter().min() {
            None => Ok(()),
            Some(id) => Err(Refusal::invalid(format!(
                "tool call `{id}` has no tool result"
            ))),
        }
    }
}

/// Finds `Working directory: /path` (Claude Code writes `Primary working directory`).
fn directory(text: &str) -> Option<&str> {
    text.match_indices("orking directory: ")
        .find_map(|(position, marker)| {
            let rest = &text[position + marker.len()..];
            let line = rest.lines().next()?.trim_end();
            line.starts_with('/').then_some(line)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_directory() {
        let text = "# Environment\n - Primary working directory: /home/me/my project\n - more";
        assert_eq!(directory(text), Some("/home/me/my project"));
        assert_eq!(
            directory("Working directory: unknown\nWorking directory: /a"),
            Some("/a")
        );
        assert_eq!(directory("the current working directory is used"), None);
    }

    #[test]
    fn counts_rounds_not_calls() {
        let mut history = History::default();
        history.user("go");
        for id in ["a", "b"] {
            history.called(id);
        }
        history.returned("a", "").unwrap();
        assert!(history.settled().is_err());
        history.returned("b", "").unwrap();
        assert_eq!(history.rounds, 1);
        history.said();
        history.user("again");
        assert_eq!(history.rounds, 0);
        assert_eq!(history.last_user, "again");
    }

    #[test]
    fn refuses_a_result_without_its_call() {
        assert!(History::default().returned("x", "").is_err());
    }
}
