use super::*;
use crate::conversation::{Effort, Origin, Reasoning, Thinking, Thought, Token};

fn thought<'a>(text: &'a str, origin: Origin, vendor: Option<&'a str>) -> Part<'a> {
    let mut token = Token::fresh(origin, "", "t");
    token.vendor = vendor.map(Cow::Borrowed);
    Part::Thought(Thought {
        text: text.into(),
        token: Some(token),
    })
}

#[test]
fn thoughts_go_back_to_whoever_thought_them() {
    let turns = || {
        vec![
            user(vec![say("q")]),
            assistant(vec![
                thought("own", Origin::Signature, Some("a")),
                thought("twin", Origin::Signature, Some("other")),
                thought("bare", Origin::Signature, None),
                thought("cipher", Origin::Cipher, Some("r")),
                thought("", Origin::Unsigned, Some("c")),
                say("x"),
            ]),
        ]
    };
    for (target, kept, losses) in [
        (messages(&[]), "(own!) x", "reasoning_history"),
        (responses(), "(cipher!) x", "reasoning_history"),
        (chat(&[]), "x", "reasoning_history"),
        (
            chat(&[Quirk::ReasoningContent]),
            "(own) (twin) (bare) (cipher) (t) x",
            "",
        ),
    ] {
        let mut request = with_turns(turns());
        assert_eq!(lost(&mut request, &target), losses);
        assert_eq!(shape(&request), format!("U[q] A[{kept}]"));
    }
    let own = thought("own", Origin::Signature, Some("a"));
    let mut request = with_turns(vec![assistant(vec![own])]);
    assert_eq!(lost(&mut request, &messages(&[])), "");
    let mut only = with_turns(vec![assistant(vec![thought("a", Origin::Cipher, None)])]);
    fit(&mut only, &chat(&[]), "").unwrap();
    assert!(
        only.turns.is_empty(),
        "a turn of foreign thoughts says nothing"
    );
}

#[test]
fn calls_without_a_thought_get_a_blank_one_where_thoughts_are_wanted() {
    let turns = || {
        vec![
            assistant(vec![say("a")]),
            user(vec![say("q")]),
            assistant(vec![say("b")]),
            assistant(vec![call("1", "x")]),
            user(vec![outcome("1", vec![])]),
            assistant(vec![thought("own", Origin::Unsigned, None), call("2", "x")]),
        ]
    };
    for (target, first, second) in [
        (chat(&[Quirk::ReasoningContent]), "( ) ", "(own) "),
        (chat(&[Quirk::ReasoningField]), "", "(own) "),
        (chat(&[]), "", ""),
    ] {
        let mut request = with_turns(turns());
        fit(&mut request, &target, "").unwrap();
        let expected = format!("A[a] U[q] A[{first}b 1:x] U[1=] A[{second}2:x]");
        assert_eq!(shape(&request), expected);
    }
}

/// Asks a Messages target for an effort: what it is sent, and what is lost.
fn asked(effort: Effort, quirks: &[Quirk]) -> (Option<Thinking>, Option<Effort>, String) {
    let mut request = Request::default();
    request.reasoning.effort = Some(effort);
    let losses = lost(&mut request, &messages(quirks));
    (request.reasoning.thinking, request.reasoning.effort, losses)
}

#[test]
fn an_effort_becomes_thinking() {
    use Effort::{High, Low, Max, Minimal};
    use Quirk::{BudgetThinking, NoOutputEffort, NoThinking};
    let adaptive = Some(Thinking::Adaptive);
    let budget = |tokens| Some(Thinking::Budget(tokens));
    let none = String::new;
    let effort = || "effort".to_owned();
    assert_eq!(asked(Effort::None, &[]), (None, None, none()));
    assert_eq!(asked(Minimal, &[]), (None, Some(Low), effort()));
    assert_eq!(asked(Minimal, &[NoOutputEffort]), (None, None, effort()));
    assert_eq!(asked(Max, &[]), (adaptive, Some(Max), none()));
    assert_eq!(asked(High, &[NoOutputEffort]), (adaptive, None, effort()));
    assert_eq!(asked(High, &[NoThinking]), (None, Some(High), none()));
    assert_eq!(
        asked(High, &[NoThinking, NoOutputEffort]),
        (None, None, effort())
    );
    assert_eq!(
        asked(High, &[BudgetThinking]),
        (budget(16_000), Some(High), none())
    );
    let old = [BudgetThinking, NoOutputEffort];
    assert_eq!(asked(Low, &old), (budget(4_000), None, none()));
    assert_eq!(asked(Effort::Medium, &old), (budget(8_000), None, none()));
    assert_eq!(asked(Max, &old), (budget(24_000), None, none()));
}

#[test]
fn a_forced_call_leaves_no_room_for_thinking() {
    for choice in [Choice::Required, Choice::One(ToolName::function("x"))] {
        let mut request = Request {
            tools: vec![tool("x")],
            choice: Some(choice),
            ..Request::default()
        };
        request.reasoning.effort = Some(Effort::High);
        assert_eq!(lost(&mut request, &messages(&[])), "thinking");
        let sent = (request.reasoning.thinking, request.reasoning.effort);
        assert_eq!(sent, (None, Some(Effort::High)));
    }
}

#[test]
fn a_model_that_does_not_think_is_not_told_how() {
    for protocol in [Protocol::Chat, Protocol::Responses] {
        let mut request = Request::default();
        request.reasoning.effort = Some(Effort::High);
        request.reasoning.thinking = Some(Thinking::Adaptive);
        let target = Dialect::new(protocol, "v").with([Quirk::NoThinking]);
        assert_eq!(lost(&mut request, &target), "effort");
        assert_eq!(request.reasoning, Reasoning::default());
    }
}

fn budgeted(turns: Vec<Turn<'_>>, limit: u64, choice: Option<Choice<'static>>) -> String {
    let mut request = with_turns(turns);
    request.max_output = Some(limit);
    request.tools = vec![tool("x")];
    request.choice = choice;
    request.reasoning.effort = Some(Effort::High);
    let losses = lost(&mut request, &messages(&[Quirk::BudgetThinking]));
    match request.reasoning.thinking {
        Some(Thinking::Budget(budget)) => budget.to_string(),
        _ => losses,
    }
}

#[test]
fn a_budget_leaves_room_for_the_answer() {
    let ask = || vec![user(vec![say("q")])];
    for (limit, budget) in [
        (64_000, "16000"),
        (8_000, "6000"),
        (1_025, "1024"),
        (1_024, "thinking"),
    ] {
        assert_eq!(budgeted(ask(), limit, None), budget);
    }
}

#[test]
fn a_budget_gives_way_to_what_it_excludes() {
    let own = || thought("t", Origin::Signature, Some("a"));
    let open = |first: Vec<Part<'static>>| {
        let calls = first.into_iter().chain([call("1", "x")]).collect();
        vec![assistant(calls), user(vec![outcome("1", vec![])])]
    };
    let run = |turns| budgeted(turns, 32_000, Some(Choice::Auto));
    assert_eq!(run(open(vec![own()])), "16000");
    assert_eq!(run(open(vec![])), "thinking");
    assert_eq!(run(open(vec![say("a")])), "thinking");
    assert_eq!(
        run(vec![user(vec![say("q")]), assistant(vec![say("begun")])]),
        "thinking"
    );
    let mut closed = open(vec![]);
    closed.push(assistant(vec![say("done")]));
    closed.push(user(vec![say("next")]));
    assert_eq!(run(closed), "16000");
    for forced in [Choice::Required, Choice::One(ToolName::function("x"))] {
        assert_eq!(budgeted(vec![], 32_000, Some(forced)), "thinking");
    }
}

#[test]
fn thinking_becomes_an_effort() {
    use Effort::{High, Low, Medium};
    use Thinking::{Adaptive, BetweenTools, Budget, Disabled};
    for (thinking, effort, sent, shown, losses) in [
        (None, None, None, None, ""),
        (None, Some(Low), Some(Low), None, ""),
        (Some(Adaptive), None, None, Some(true), ""),
        (Some(Adaptive), Some(Low), Some(Low), Some(true), ""),
        (Some(Budget(3_999)), None, Some(Low), Some(true), ""),
        (Some(Budget(4_000)), None, Some(Medium), Some(true), ""),
        (Some(Budget(16_000)), None, Some(High), Some(true), ""),
        (Some(Budget(16_000)), Some(Low), Some(Low), Some(true), ""),
        (Some(Disabled), Some(High), None, None, "thinking"),
        (Some(BetweenTools), None, None, Some(true), "thinking"),
    ] {
        for target in [chat(&[]), responses()] {
            let reasoning = Reasoning {
                effort,
                thinking,
                shown: None,
            };
            let mut request = Request {
                reasoning,
                ..Request::default()
            };
            assert_eq!(lost(&mut request, &target), losses);
            let expected = Reasoning {
                effort: sent,
                thinking: None,
                shown,
            };
            assert_eq!(request.reasoning, expected);
        }
    }
    let reasoning = Reasoning {
        effort: Some(High),
        thinking: Some(Adaptive),
        shown: Some(false),
    };
    let mut request = Request {
        reasoning,
        ..Request::default()
    };
    assert_eq!(lost(&mut request, &chat(&[Quirk::NoEffort])), "effort");
    assert_eq!(request.reasoning.effort, None);
    assert_eq!(request.reasoning.shown, Some(false));
}

#[test]
fn a_switch_that_a_chat_client_sends_reaches_messages() {
    for (thinking, quirks, expected) in [
        (Thinking::Budget(2_000), &[][..], Some(Thinking::Adaptive)),
        (
            Thinking::Budget(10_000),
            &[Quirk::BudgetThinking],
            Some(Thinking::Budget(8_000)),
        ),
        (Thinking::Adaptive, &[], Some(Thinking::Adaptive)),
        (Thinking::Disabled, &[], None),
    ] {
        let mut request = with_turns(vec![user(vec![say("q")])]);
        request.max_output = Some(64_000);
        request.reasoning.thinking = Some(thinking);
        fit(&mut request, &messages(quirks), "").unwrap();
        assert_eq!(request.reasoning.thinking, expected);
    }
}
