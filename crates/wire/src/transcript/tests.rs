use serde_json::json;

use super::*;
use crate::conversation::{Outcome, Said};

fn say(role: Role, text: &str) -> Line<'static> {
    Line {
        role,
        part: Part::text(text.to_owned()),
    }
}

fn user(text: &str) -> Line<'static> {
    say(Role::User, text)
}

fn model(text: &str) -> Line<'static> {
    say(Role::Assistant, text)
}

fn call(id: &str, input: &str) -> Line<'static> {
    Line {
        role: Role::Assistant,
        part: Part::Call(Call {
            id: id.to_owned().into(),
            tool: crate::conversation::ToolName::function("Read".to_owned()),
            input: input.to_owned().into(),
            cache: None,
        }),
    }
}

fn result(id: &str, text: &str) -> Line<'static> {
    Line {
        role: Role::User,
        part: Part::Outcome(Outcome {
            id: id.to_owned().into(),
            kind: crate::conversation::Kind::Function,
            parts: vec![Part::text(text.to_owned())],
            is_error: false,
            cache: None,
        }),
    }
}

fn thought(text: &str) -> Line<'static> {
    Line {
        role: Role::Assistant,
        part: Part::Thought(Thought {
            text: text.to_owned().into(),
            token: None,
        }),
    }
}

/// The same with a cache mark, which clients move about.
fn marked(text: &str) -> Line<'static> {
    Line {
        role: Role::User,
        part: Part::Text(Said {
            text: text.to_owned().into(),
            cache: Some(crate::conversation::CacheMark::Short),
        }),
    }
}

type Step = (
    Option<&'static str>,
    Vec<Line<'static>>,
    Vec<Line<'static>>,
    (usize, Follows),
);

/// Plays calls, and compares what each was found to add.
fn play(name: &str, steps: Vec<Step>) {
    let mut histories = Histories::default();
    for (at, (branch, asked, answer, expected)) in steps.into_iter().enumerate() {
        let found = histories.take(branch, &asked, &answer);
        assert_eq!(found, expected, "{name}, call {at}");
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of conversations")]
fn each_turn_is_new_once() {
    use Follows::{Again, Apart, Continues, First, Rewritten};
    play(
        "a conversation with tools, thoughts left out, marks moved and input written anew",
        vec![
            (
                None,
                vec![marked("a ")],
                vec![thought("t"), call("1", "{}")],
                (0, First),
            ),
            (
                None,
                vec![user("a"), call("1", "{ }"), result("1", "x")],
                vec![model("b")],
                (2, Continues),
            ),
            (
                None,
                vec![
                    user("a"),
                    call("1", "{}"),
                    result("1", "x"),
                    model("b\n"),
                    marked("c"),
                ],
                vec![model("d")],
                (4, Continues),
            ),
        ],
    );
    play(
        "a call that is made again, and one whose answer was edited",
        vec![
            (None, vec![user("a")], vec![model("b")], (0, First)),
            (None, vec![user("a")], vec![model("b")], (1, Again)),
            (
                None,
                vec![user("a"), model("B"), user("c")],
                vec![],
                (1, Again),
            ),
            (
                None,
                vec![user("a"), model("B"), user("c")],
                vec![model("d")],
                (3, Continues),
            ),
        ],
    );
    play(
        "a result that was shortened later, and a history that was replaced",
        vec![
            (None, vec![user("a")], vec![call("1", "{}")], (0, First)),
            (
                None,
                vec![user("a"), call("1", "{}"), result("1", "long")],
                vec![model("b")],
                (2, Continues),
            ),
            (
                None,
                vec![
                    user("a"),
                    call("1", "{}"),
                    result("1", "…"),
                    model("b"),
                    user("c"),
                ],
                vec![model("d")],
                (2, Rewritten),
            ),
            (None, vec![user("summary")], vec![model("e")], (0, Apart)),
            (
                None,
                vec![user("summary"), model("e"), user("f")],
                vec![],
                (2, Continues),
            ),
        ],
    );
    play(
        "what goes on beside does not hide what went on before",
        vec![
            (None, vec![user("a")], vec![model("b")], (0, First)),
            (
                None,
                vec![user("title of a?")],
                vec![model("A")],
                (0, Apart),
            ),
            (Some("s"), vec![user("a")], vec![model("x")], (0, First)),
            (
                None,
                vec![user("a"), model("b"), user("c")],
                vec![model("d")],
                (2, Continues),
            ),
            (
                Some("s"),
                vec![user("a"), model("x"), user("y")],
                vec![],
                (2, Continues),
            ),
        ],
    );
    play(
        "conversations that begin alike",
        vec![
            (
                None,
                vec![user("rules"), user("a")],
                vec![model("b")],
                (0, First),
            ),
            (
                None,
                vec![user("rules"), user("c")],
                vec![model("d")],
                (1, Rewritten),
            ),
            (
                None,
                vec![user("rules"), user("a"), model("b"), user("e")],
                vec![],
                (3, Continues),
            ),
            (
                None,
                vec![user("rules"), user("c"), model("d"), user("f")],
                vec![],
                (3, Continues),
            ),
        ],
    );
    play(
        "an answer that nobody heard is new when it is told",
        vec![
            (None, vec![user("a")], vec![], (0, First)),
            (
                None,
                vec![user("a"), model("b"), user("c")],
                vec![],
                (1, Continues),
            ),
        ],
    );
}

#[test]
fn what_is_remembered_is_bounded() {
    let mut histories = Histories::default();
    for n in 0..1_000 {
        histories.take(None, &[user(&format!("first {n}"))], &[]);
    }
    let old = histories.take(None, &[user("first 1"), user("second")], &[]);
    assert_eq!(old, (0, Follows::Apart));
    let new = histories.take(None, &[user("first 999"), user("second")], &[]);
    assert_eq!(new, (1, Follows::Continues));
}

#[test]
fn what_was_answered_is_known_when_it_comes_back() {
    let (messages, chat, responses) = (
        (
            json!({"messages":[{"role":"user","content":"q"}],"max_tokens":9,"model":"m"}),
            json!({"type":"message","id":"m","model":"m","role":"assistant","content":[
                {"type":"thinking","thinking":"hm","signature":"s"},
                {"type":"text","text":"a"},
                {"type":"tool_use","id":"t1","name":"Read","input":{"p":1}}
            ],"stop_reason":"tool_use","usage":{"input_tokens":1,"output_tokens":1}}),
            json!({"messages":[{"role":"user","content":"q"},{"role":"assistant","content":[
                {"type":"thinking","thinking":"hm","signature":"s"},
                {"type":"text","text":"a","cache_control":{"type":"ephemeral"}},
                {"type":"tool_use","id":"t1","name":"Read","input":{"p": 1}}
            ]},{"role":"user","content":[
                {"type":"tool_result","tool_use_id":"t1","content":"out"}
            ]}],"max_tokens":9,"model":"m"}),
        ),
        (
            json!({"messages":[{"role":"user","content":"q"}],"model":"m"}),
            json!({"id":"c","object":"chat.completion","model":"m","choices":[{"index":0,
                "finish_reason":"tool_calls","message":{"role":"assistant","content":"a",
                "reasoning_content":"hm","tool_calls":[{"id":"t1","type":"function",
                "function":{"name":"Read","arguments":"{\"p\":1}"}}]}}]}),
            json!({"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a",
                "tool_calls":[{"id":"t1","type":"function",
                "function":{"name":"Read","arguments":"{\"p\": 1}"}}]},
                {"role":"tool","tool_call_id":"t1","content":"out"}],"model":"m"}),
        ),
        (
            json!({"input":"q","model":"m"}),
            json!({"id":"r","object":"response","status":"completed","model":"m","output":[
                {"type":"reasoning","id":"rs","summary":[{"type":"summary_text","text":"hm"}]},
                {"type":"message","id":"ms","role":"assistant","status":"completed",
                 "content":[{"type":"output_text","text":"a","annotations":[]}]},
                {"type":"function_call","id":"fc","call_id":"t1","name":"Read","arguments":"{\"p\":1}",
                 "status":"completed"}
            ]}),
            json!({"input":[{"role":"user","content":"q"},
                {"type":"message","role":"assistant","content":[{"type":"output_text","text":"a"}]},
                {"type":"function_call","call_id":"t1","name":"Read","arguments":"{\"p\":1}"},
                {"type":"function_call_output","call_id":"t1","output":"out"}],"model":"m"}),
        ),
    );
    for (protocol, (first, answer, second)) in [
        (Protocol::Messages, messages),
        (Protocol::Chat, chat),
        (Protocol::Responses, responses),
    ] {
        let mut histories = Histories::default();
        let (first, second) = (first.to_string(), second.to_string());
        let mut request = read_request(protocol, first.as_bytes()).unwrap();
        let asked = lines(&mut request);
        let (heard, read) = read_answer(protocol, answer.to_string().as_bytes(), false);
        assert_eq!(read, Ok(()), "{protocol:?}");
        let heard = answered(heard);
        let kinds: Vec<&str> = heard.iter().map(kind).collect();
        assert_eq!(kinds, ["thought", "text", "call"], "{protocol:?}");
        assert_eq!(histories.take(None, &asked, &heard), (0, Follows::First));
        let mut request = read_request(protocol, second.as_bytes()).unwrap();
        let asked = lines(&mut request);
        let (new, follows) = histories.take(None, &asked, &[]);
        assert_eq!(follows, Follows::Continues, "{protocol:?}");
        let kinds: Vec<&str> = asked[new..].iter().map(kind).collect();
        assert_eq!(kinds, ["outcome"], "{protocol:?}");
    }
}

fn kind(line: &Line<'_>) -> &'static str {
    match &line.part {
        Part::Text(_) => "text",
        Part::Thought(_) => "thought",
        Part::Call(_) => "call",
        Part::Outcome(_) => "outcome",
        Part::Image(_) | Part::Document(_) | Part::Refusal(_) | Part::Search(_) => "other",
    }
}

#[test]
fn of_a_stream_that_was_cut_what_came_is_read() {
    let event = |name: &str, data: serde_json::Value| format!("event: {name}\ndata: {data}\n\n");
    let start = event(
        "message_start",
        json!({"type":"message_start","message":{"id":"m","model":"m","role":"assistant",
            "content":[],"usage":{"input_tokens":1,"output_tokens":1}}}),
    );
    let open = event(
        "content_block_start",
        json!({"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}),
    );
    let said = event(
        "content_block_delta",
        json!({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"hel"}}),
    );
    let stream =
        [start, open, said].concat() + "event: content_block_delta\ndata: {\"type\":\"cont";
    let (heard, read) = read_answer(Protocol::Messages, stream.as_bytes(), true);
    assert!(read.is_err() && !heard.ended);
    let heard = answered(heard);
    assert!(matches!(&heard[..], [Line { part: Part::Text(said), .. }] if said.text == "hel"));
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of requests")]
fn of_a_request_that_was_cut_the_whole_turns_are_found() {
    let text = |beginning: &Beginning| {
        let mut request = beginning.request().unwrap();
        let system = request
            .system
            .iter()
            .map(|passage| passage.text.to_string());
        let system: Vec<_> = system.collect();
        let said = lines(&mut request);
        let said = said.iter().map(|line| match &line.part {
            Part::Text(said) => said.text.to_string(),
            Part::Call(call) => call.tool.name.to_string(),
            part => format!("{part:?}"),
        });
        (system, said.collect::<Vec<_>>())
    };
    let turn = |text: &str| format!(r#"{{"role":"user","content":"{text}"}}"#);
    let (a, b) = (turn("a"), turn("b"));
    for (protocol, cut, expected) in [
        // What comes before the turns counts, or does not matter; the model may come after.
        (
            Protocol::Messages,
            format!(r#"{{"system":"s","speed":9,"messages":[{a},{b}, {{"role":"#),
            Some((vec!["s"], vec!["a", "b"], false)),
        ),
        // What the cut took away is nowhere referred to.
        (
            Protocol::Messages,
            format!(r#"{{"tool_choice":{{"type":"tool","name":"x"}},"messages":[{a}],"tools":[{{"#),
            Some((vec![], vec!["a"], true)),
        ),
        // An element that has ended counts although its list has not.
        (
            Protocol::Chat,
            format!(r#"{{ "messages" : [ {a}"#),
            Some((vec![], vec!["a"], false)),
        ),
        (
            Protocol::Responses,
            format!(
                r#"{{"instructions":"i","input":[{a},{{"type":"function_call","call_id":"c","name":"Read","arguments":"{{}}"}},{{"type":"function_call_output","call_id":"c","output":"x"#
            ),
            Some((vec!["i"], vec!["a", "Read"], false)),
        ),
        (
            Protocol::Responses,
            r#"{"input":"a","tools":["#.to_owned(),
            Some((vec![], vec!["a"], true)),
        ),
        // A turn that does not read ends it.
        (
            Protocol::Chat,
            format!(r#"{{"messages":[{a},{{"role":"pope","content":"x"}},{b},"#),
            Some((vec![], vec!["a"], false)),
        ),
        (
            Protocol::Responses,
            format!(r#"{{"input":[{a},{{"type":"smell"}},{b}],"tools":["#),
            Some((vec![], vec!["a"], false)),
        ),
        // Nothing to show, and nonsense.
        (
            Protocol::Chat,
            r#"{"messages":[{"role":"us"#.to_owned(),
            None,
        ),
        (
            Protocol::Chat,
            r#"{"messages":[{"role":"pope"},"#.to_owned(),
            None,
        ),
        (Protocol::Responses, r#"{"input":"a"#.to_owned(), None),
        (
            Protocol::Messages,
            r#"{"messages":{"a":1},"x":"#.to_owned(),
            None,
        ),
        (Protocol::Messages, r#"{"messages":7,"x":"#.to_owned(), None),
        (
            Protocol::Messages,
            format!(r#"{{"messages":[{a},}}]"#),
            Some((vec![], vec!["a"], false)),
        ),
        (Protocol::Messages, String::new(), None),
        (Protocol::Messages, "[".to_owned(), None),
    ] {
        let found = Beginning::of(protocol, cut.as_bytes());
        let read = found.as_ref().map(|beginning| {
            let (system, said) = text(beginning);
            (system, said, beginning.all)
        });
        let expected = expected.map(|(system, said, all)| {
            let owned = |words: Vec<&str>| words.into_iter().map(str::to_owned).collect::<Vec<_>>();
            (owned(system), owned(said), all)
        });
        assert_eq!(read, expected, "{protocol:?} {cut}");
    }
}

#[test]
fn what_goes_on_behind_a_cut_is_no_other_history() {
    let mut histories = Histories::default();
    let said = [user("a"), model("b"), user("c"), model("d"), user("e")];
    histories.take(None, &said[..3], &said[3..4]);
    // Each call is cut at the same place, and the conversation gets longer behind it.
    for _ in 0..2 {
        let cut = histories.take_cut(None, &said[..2]);
        assert_eq!(cut, (2, Follows::Continues));
    }
    // What was known before is known still.
    let whole = histories.take(None, &said, &[]);
    assert_eq!(whole, (4, Follows::Continues));
    let other = histories.take_cut(None, &[user("a"), model("B")]);
    assert_eq!(other, (1, Follows::Rewritten));
    // Nobody knows what it was answered.
    let mut histories = Histories::default();
    assert_eq!(histories.take_cut(None, &said[..2]), (0, Follows::First));
    let next = histories.take_cut(None, &said[..3]);
    assert_eq!(next, (2, Follows::Continues));
    assert_eq!(histories.take_cut(None, &[user("z")]), (0, Follows::Apart));
}
