use super::*;
use crate::Usage;
use crate::conversation::{Hit, Token};

mod laws;

fn show(event: &Event<'_>) -> String {
    match event {
        Event::Open { block, content } => match content {
            Opening::Call { tool, .. } => {
                let space = tool.namespace.as_deref().unwrap_or("-");
                format!("open {block} {space}/{} {:?}", tool.name, tool.kind)
            }
            Opening::Text => format!("open {block} text"),
            Opening::Thought => format!("open {block} thought"),
            Opening::Refusal => format!("open {block} refusal"),
        },
        Event::Delta { block, text } => format!("{block}:{text}"),
        Event::Seal { block, .. } => format!("seal {block}"),
        Event::Cite { block, .. } => format!("cite {block}"),
        Event::Close { block } => format!("close {block}"),
        Event::Searched { .. } => "searched".to_owned(),
        Event::Usage(_) => "usage".to_owned(),
        Event::Stop(stop) => format!("stop {:?} {:?}", stop.reason, stop.sequence),
        Event::Start { .. } => "start".to_owned(),
        Event::End => "end".to_owned(),
        Event::Failed(_) => "failed".to_owned(),
        Event::Alive => "alive".to_owned(),
    }
}

fn run(mut restore: Restore, events: Vec<Event<'_>>) -> Vec<String> {
    let mut seen = Vec::new();
    for event in events {
        restore.event(event, &mut |event| seen.push(show(&event)));
    }
    seen
}

fn stops(texts: &[&'static str]) -> Restore {
    let texts: Vec<_> = texts.iter().map(|text| Text::Borrowed(*text)).collect();
    Restore::new(HashMap::new(), &texts)
}

fn patch() -> Restore {
    let tool = ToolName {
        name: "patch".into(),
        namespace: Some("functions".into()),
        kind: Kind::Freeform,
    };
    let original = Original {
        tool,
        wrapped: true,
    };
    Restore::new(
        HashMap::from([("functions__patch".to_owned(), original)]),
        &[],
    )
}

fn open(block: usize, content: Opening<'_>) -> Event<'_> {
    Event::Open { block, content }
}

fn call(name: &str) -> Opening<'_> {
    Opening::Call {
        id: "c".into(),
        tool: ToolName::function(name),
    }
}

#[test]
fn without_anything_to_undo_events_pass_as_they_are() {
    let mut restore = Restore::default();
    let text = "untouched".to_owned();
    let mut seen = None;
    restore.event(Event::delta(3, text.as_str()), &mut |event| {
        if let Event::Delta {
            block: 3,
            text: Cow::Borrowed(text),
        } = event
        {
            seen = Some(text.as_ptr());
        }
    });
    assert_eq!(seen, Some(text.as_ptr()));
    assert_eq!(format!("{:?}", patch()), "Restore(..)");
}

#[test]
fn an_answer_ends_at_the_stop_text() {
    let token = Token::fresh(crate::conversation::Origin::Signature, "", "t");
    let cut = Restore::new(HashMap::new(), &["END".into()]);
    let seen = run(
        cut,
        vec![
            open(0, call("first")),
            open(1, Opening::Text),
            Event::delta(1, "one E"),
            Event::delta(1, "N two EN"),
            Event::delta(0, "{}"),
            Event::delta(1, "D three"),
            Event::delta(0, "!"),
            Event::Cite {
                block: 1,
                source: Hit::default(),
            },
            Event::Close { block: 0 },
            Event::Close { block: 1 },
            open(2, call("second")),
            Event::delta(2, "{}"),
            Event::Seal { block: 2, token },
            Event::Close { block: 2 },
            Event::Searched {
                id: "".into(),
                query: "".into(),
                hits: vec![],
            },
            Event::Usage(Usage::default()),
            Event::Stop(Stop::because(StopReason::ToolUse)),
            Event::End,
        ],
    );
    let expected = [
        "open 0 -/first Function",
        "open 1 text",
        "1:one ",
        "1:EN two ",
        "0:{}",
        "close 1",
        "0:!",
        "close 0",
        "usage",
        "stop StopSequence Some(\"END\")",
        "end",
    ];
    assert_eq!(seen, expected);
}

#[test]
fn what_fails_after_the_cut_has_ended() {
    let failure = || Event::Failed(crate::failure::from_code(None, "no"));
    let cut = |block| {
        vec![
            open(block, Opening::Text),
            Event::delta(block, "END"),
            Event::Close { block },
        ]
    };
    let mut events = cut(0);
    events.push(failure());
    assert_eq!(
        run(stops(&["END"]), events)[2..],
        ["stop StopSequence Some(\"END\")", "end"]
    );
    // Half a call is no end.
    let mut events = vec![open(0, call("first"))];
    events.extend(cut(1));
    events.push(failure());
    assert!(!run(stops(&["END"]), events).contains(&"end".to_owned()));
}

#[test]
fn what_was_held_for_nothing_comes_at_the_end_of_its_text() {
    let seen = run(
        stops(&["END"]),
        vec![
            open(0, Opening::Text),
            Event::delta(0, "EN"),
            Event::Close { block: 0 },
            Event::Stop(Stop::because(StopReason::EndTurn)),
        ],
    );
    assert_eq!(
        seen,
        ["open 0 text", "0:EN", "close 0", "stop EndTurn None"]
    );
}

#[test]
fn stop_texts_are_looked_for_in_texts_alone() {
    let events = |content| {
        vec![
            open(0, content),
            Event::delta(0, "END"),
            Event::Close { block: 0 },
        ]
    };
    for content in [Opening::Thought, Opening::Refusal, call("x")] {
        let seen = run(stops(&["END"]), events(content));
        assert_eq!(seen[1..], ["0:END", "close 0"]);
    }
    let seen = run(stops(&["END"]), events(Opening::Text));
    assert_eq!(seen[1..], ["close 0"]);
}

#[test]
fn tools_get_their_own_names_back() {
    let seen = run(
        patch(),
        vec![
            open(0, call("functions__patch")),
            Event::delta(0, r#"{"input":"a\n"#),
            Event::delta(0, r#"b"}"#),
            Event::Close { block: 0 },
            open(1, call("other")),
            Event::delta(1, r#"{"input":"a"}"#),
            Event::Close { block: 1 },
        ],
    );
    let expected = [
        "open 0 functions/patch Freeform",
        "0:a\n",
        "0:b",
        "close 0",
        "open 1 -/other Function",
        "1:{\"input\":\"a\"}",
        "close 1",
    ];
    assert_eq!(seen, expected);
}
