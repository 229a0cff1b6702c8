//! Which tools were called, and how often.

use std::collections::{BTreeMap, HashSet};

use serde::Serialize;
use tollhouse_wire::conversation::Part;
use tollhouse_wire::transcript::Line;
use utoipa::ToSchema;

/// The name of a web search that the vendor carries out.
const WEB_SEARCH: &str = "web_search";

/// A tool and its uses.
#[derive(Serialize, ToSchema)]
#[schema(as = ToolUse)]
pub(super) struct ToolUse {
    name: String,
    /// How often the model called it.
    calls: u64,
    /// How often the client said that the call failed; not every protocol has a word for that.
    failed: u64,
}

/// The uses of tools in one call: of every id one.
#[derive(Default)]
pub(super) struct Uses {
    called: Vec<(String, String)>,
    failed: Vec<String>,
}

impl Uses {
    /// Notes what is called among these lines, and what failed of `all` that was called.
    pub(super) fn add(&mut self, lines: &[Line<'_>], all: &[Line<'_>]) {
        for line in lines {
            match &line.part {
                Part::Call(call) => {
                    let called = (call.id.to_string(), call.tool.name.to_string());
                    self.called.push(called);
                }
                Part::Search(search) => {
                    self.called.push((search.id.to_string(), WEB_SEARCH.into()));
                }
                Part::Outcome(outcome) if outcome.is_error => {
                    self.failed.extend(name(all, &outcome.id));
                }
                Part::Outcome(_)
                | Part::Text(_)
                | Part::Image(_)
                | Part::Document(_)
                | Part::Thought(_)
                | Part::Refusal(_) => {}
            }
        }
    }
}

/// The name of what was called under an id.
fn name(lines: &[Line<'_>], id: &str) -> Option<String> {
    lines.iter().rev().find_map(|line| match &line.part {
        Part::Call(call) if call.id == id => Some(call.tool.name.to_string()),
        _ => None,
    })
}

/// The uses of tools in a part of a session.
#[derive(Default)]
pub(super) struct Tools {
    uses: BTreeMap<String, (u64, u64)>,
    seen: HashSet<String>,
}

impl Tools {
    /// Adds those of the next call. What is told again counts once.
    pub(super) fn add(&mut self, uses: Uses) {
        for (id, name) in uses.called {
            if id.is_empty() || self.seen.insert(id) {
                self.uses.entry(name).or_default().0 += 1;
            }
        }
        for name in uses.failed {
            self.uses.entry(name).or_default().1 += 1;
        }
    }

    /// Those used most come first.
    pub(super) fn counted(self) -> Vec<ToolUse> {
        let uses = self.uses.into_iter();
        let mut counted: Vec<ToolUse> = uses
            .map(|(name, (calls, failed))| ToolUse {
                name,
                calls,
                failed,
            })
            .collect();
        counted.sort_by_key(|tool| std::cmp::Reverse(tool.calls));
        counted
    }
}
