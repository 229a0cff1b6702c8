//! Which of a client's sub-agents calls, what kind it is, and which one began it, as clients say it themselves.

use std::borrow::Cow;

use serde::Deserialize;
use tollhouse_domain::session::clean_name;

/// Claude Code's: the id goes with every sub-agent's calls, the others where its hints are switched on.
const CLAUDE: &str = "x-claude-code-agent-id";
const CLAUDE_TYPE: &str = "x-claude-code-agent-type";
const CLAUDE_PARENT: &str = "x-claude-code-parent-agent-id";

/// Codex': what for a thread was begun, its id, and the thread that began it.
const CODEX: &str = "x-openai-subagent";
const CODEX_THREAD: &str = "thread-id";
const CODEX_PARENT: &str = "x-codex-parent-thread-id";
/// Where it names the agent, in JSON.
const CODEX_TURN: &str = "x-codex-turn-metadata";

/// What is said of a sub-agent; all of it absent where the conversation itself calls.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Subagent {
    pub(super) id: Option<String>,
    pub(super) kind: Option<String>,
    /// The id of another one; the conversation itself has none.
    pub(super) parent: Option<String>,
}

/// Reads it from headers. Every name is fit to store, and nothing is believed of it: a parent may be one that
/// nobody knows, or the agent's own child.
pub(super) fn read<'a>(header: impl Fn(&str) -> Option<&'a str>) -> Subagent {
    let named = |name: &str| header(name).and_then(clean_name);
    if let Some(id) = named(CLAUDE) {
        return Subagent {
            id: Some(id),
            kind: named(CLAUDE_TYPE),
            parent: named(CLAUDE_PARENT),
        };
    }
    let turn = || clean_name(&codex_agent(header(CODEX_TURN)?)?);
    let kind = named(CODEX).or_else(turn);
    // Several threads are begun for the same: only their ids tell them apart.
    match (named(CODEX_PARENT), named(CODEX_THREAD)) {
        (Some(parent), Some(thread)) => Subagent {
            id: Some(thread),
            kind,
            parent: Some(parent),
        },
        _ => Subagent {
            id: kind,
            ..Subagent::default()
        },
    }
}

fn codex_agent(turn: &str) -> Option<Cow<'_, str>> {
    #[derive(Deserialize)]
    struct Turn<'a> {
        #[serde(borrow)]
        agent_name: Option<Cow<'a, str>>,
    }
    serde_json::from_str::<Turn<'_>>(turn).ok()?.agent_name
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(headers: &[(&str, &str)]) -> [Option<String>; 3] {
        let found = |name: &str| headers.iter().find(|(of, _)| *of == name);
        let Subagent { id, kind, parent } = read(|name| found(name).map(|(_, value)| *value));
        [id, kind, parent]
    }

    fn said<const N: usize>(texts: [&str; N]) -> [Option<String>; N] {
        texts.map(|text| (!text.is_empty()).then(|| text.to_owned()))
    }

    #[test]
    fn each_client_is_read_by_its_own_names() {
        type Headers<'a> = &'a [(&'a str, &'a str)];
        let turn = r#"{"agent_name":"worker"}"#;
        let cases: [(Headers<'_>, [&str; 3]); 7] = [
            (&[], ["", "", ""]),
            (&[(CLAUDE, "a7")], ["a7", "", ""]),
            (
                &[
                    (CLAUDE, "a7"),
                    (CLAUDE_TYPE, "Explore"),
                    (CLAUDE_PARENT, "a3"),
                ],
                ["a7", "Explore", "a3"],
            ),
            // Without a sub-agent there is nothing that they could be of.
            (
                &[(CLAUDE_TYPE, "Explore"), (CLAUDE_PARENT, "a3")],
                ["", "", ""],
            ),
            (&[(CODEX, "review"), (CODEX_TURN, turn)], ["review", "", ""]),
            (
                &[(CODEX_TURN, turn), (CODEX_THREAD, "t2")],
                ["worker", "", ""],
            ),
            (
                &[
                    (CODEX_TURN, turn),
                    (CODEX_THREAD, "t2"),
                    (CODEX_PARENT, "t1"),
                ],
                ["t2", "worker", "t1"],
            ),
        ];
        for (headers, expected) in cases {
            assert_eq!(of(headers), said(expected), "{headers:?}");
        }
    }

    #[test]
    fn names_are_short_and_of_one_line() {
        let long = format!(" a\u{7}{} ", "x".repeat(999));
        let names = of(&[(CLAUDE, &long), (CLAUDE_TYPE, &long), (CLAUDE_PARENT, "\t")]);
        let [Some(id), Some(kind), None] = names else {
            panic!("{names:?}");
        };
        assert_eq!(id, kind);
        assert_eq!((id.len(), &id[..2]), (200, "ax"));
    }
}
