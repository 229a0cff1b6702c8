use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::answer::{Event, Opening};

/// Turns made of short texts and of calls and outcomes with few ids.
fn conversation() -> impl Strategy<Value = Vec<(u8, Vec<(u8, u8)>)>> {
    let parts = prop::collection::vec((0..4_u8, 0..4_u8), 0..4);
    prop::collection::vec((0..5_u8, parts), 0..9)
}

const IDS: [&str; 4] = ["1", "2", "3", "4"];

fn build(turns: &[(u8, Vec<(u8, u8)>)], system: bool) -> Vec<Turn<'static>> {
    let turns = turns.iter().map(|(role, parts)| {
        let role = match role {
            0 if system => Role::System,
            0..3 => Role::User,
            _ => Role::Assistant,
        };
        let parts = parts.iter().map(|&(kind, id)| {
            let id = IDS[usize::from(id)];
            match (kind, role) {
                (0 | 1, Role::Assistant) => call(id, "x"),
                (0 | 1, Role::User) => outcome(id, vec![say("r")]),
                _ => say(id),
            }
        });
        let parts = parts.collect();
        Turn { role, parts }
    });
    turns.collect()
}

/// Every part with how often it is there.
fn census(request: &Request<'_>) -> BTreeMap<String, usize> {
    let mut census = BTreeMap::new();
    for turn in &request.turns {
        for part in &turn.parts {
            *census
                .entry(format!("{:?} {}", turn.role, part_shape(part)))
                .or_default() += 1;
        }
    }
    census
}

fn check_order(request: &Request<'_>) {
    for pair in request.turns.windows(2) {
        assert_ne!(pair[0].role, pair[1].role);
        let ids = |parts: &[Part<'_>], outcomes: bool| -> Vec<String> {
            let ids = parts.iter().filter_map(|part| match part {
                Part::Call(call) if !outcomes => Some(call.id.to_string()),
                Part::Outcome(outcome) if outcomes => Some(outcome.id.to_string()),
                _ => None,
            });
            ids.collect()
        };
        let calls = ids(&pair[0].parts, false);
        let distinct = calls.iter().collect::<BTreeSet<_>>().len() == calls.len();
        let outcomes = ids(&pair[1].parts, true);
        let answered: Vec<_> = calls
            .iter()
            .filter(|id| outcomes.contains(*id))
            .cloned()
            .collect();
        if distinct && !answered.is_empty() {
            let head = ids(&pair[1].parts[..answered.len()], true);
            assert_eq!(head, answered, "the outcomes lead, in the calls' order");
        }
    }
}

proptest! {
    #[test]
    fn arranging_loses_nothing_and_settles_at_once(turns in conversation(), system: bool) {
        let mut request = with_turns(build(&turns, system));
        let before = census(&request);
        arrange::fit(&mut request, &responses());
        prop_assert_eq!(census(&request), before);
        check_order(&request);
        let joined = chat(&[Quirk::NoUserAfterTool]);
        for target in [responses(), chat(&[]), joined, messages(&[]), messages(&[Quirk::SystemTurns])] {
            let mut request = with_turns(build(&turns, system));
            arrange::fit(&mut request, &target);
            let once = shape(&request);
            check_order(&request);
            arrange::fit(&mut request, &target);
            prop_assert_eq!(shape(&request), once);
        }
    }

    #[test]
    fn names_come_back_as_they_were(
        tools in prop::collection::btree_set(
            (prop::option::of("(functions|a|a_|b\\.c|[a-z_é.]{1,70})"), "[ab_.é]{1,3}|[a-z_.]{60,140}"),
            0..12,
        ),
    ) {
        let tools: Vec<_> = tools.into_iter().collect();
        for protocol in ALL {
            let target = Dialect::new(protocol, "v");
            let defined = tools.iter().map(|(space, name)| {
                Tool::Client(ClientTool {
                    name: ToolName {
                        name: name.into(),
                        namespace: space.as_deref().map(Cow::Borrowed),
                        kind: Kind::Function,
                    },
                    ..ClientTool::default()
                })
            });
            let mut request = Request { tools: defined.collect(), ..Request::default() };
            let mut restore = fit(&mut request, &target, "").unwrap();
            let sent = names(&request);
            prop_assert_eq!(sent.iter().collect::<BTreeSet<_>>().len(), tools.len());
            for (name, (space, original)) in sent.iter().zip(&tools) {
                let letter = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
                prop_assert!(name.bytes().all(letter) && name.len() <= target.longest_tool_name());
                let content = Opening::Call { id: "1".into(), tool: ToolName::function(name) };
                let mut back = None;
                restore.event(Event::Open { block: 0, content }, &mut |event| {
                    if let Event::Open { content: Opening::Call { tool, .. }, .. } = event {
                        back = Some((tool.namespace.map(Cow::into_owned), tool.name.into_owned()));
                    }
                });
                prop_assert_eq!(back, Some((space.clone(), original.clone())));
            }
        }
    }
}
