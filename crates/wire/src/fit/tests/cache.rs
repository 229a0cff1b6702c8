use super::*;
use crate::conversation::{CacheMark, Said};

fn marked(text: &str) -> Part<'_> {
    let cache = Some(CacheMark::Short);
    Part::Text(Said {
        text: text.into(),
        cache,
    })
}

/// The texts that carry a mark.
fn marks(request: &Request<'_>) -> String {
    let tools = request.tools.iter().filter_map(|tool| match tool {
        Tool::Client(tool) if tool.cache.is_some() => Some(tool.name.name.to_string()),
        Tool::Client(_) | Tool::WebSearch(_) => None,
    });
    let system = request
        .system
        .iter()
        .filter(|passage| passage.cache.is_some());
    let parts = request.turns.iter().flat_map(|turn| &turn.parts);
    let parts = parts.filter_map(|part| match part {
        Part::Text(said) if said.cache.is_some() => Some(said.text.to_string()),
        Part::Outcome(outcome) if outcome.cache.is_some() => Some(outcome.id.to_string()),
        _ => None,
    });
    let system = system.map(|passage| passage.text.to_string());
    tools
        .chain(system)
        .chain(parts)
        .collect::<Vec<_>>()
        .join(" ")
}

fn cached(parts: Vec<Part<'_>>, head: Option<CacheMark>) -> Request<'_> {
    let passage = |text, cache| Passage {
        text: Cow::Borrowed(text),
        cache,
    };
    Request {
        tools: vec![tool("t1"), tool("t2")],
        system: vec![passage("s1", head), passage("s2", head)],
        turns: vec![user(parts)],
        ..Request::default()
    }
}

#[test]
fn callers_without_marks_get_some_for_messages() {
    let mut request = cached(vec![say("a"), say("b")], None);
    request.turns.push(assistant(vec![say("c")]));
    assert_eq!(lost(&mut request, &messages(&[])), "");
    assert_eq!(marks(&request), "t2 s2 b");
    let mut request = cached(vec![say("a")], None);
    for text in ["b", "c"] {
        request.turns.push(assistant(vec![say("x")]));
        request.turns.push(user(vec![say(text)]));
    }
    assert_eq!(lost(&mut request, &messages(&[])), "");
    assert_eq!(marks(&request), "t2 s2 b c");
    let mut request = cached(vec![say("a")], None);
    assert_eq!(lost(&mut request, &responses()), "");
    assert_eq!(marks(&request), "");
}

#[test]
fn at_most_four_marks_are_kept_and_none_elsewhere() {
    let many = || {
        vec![
            marked("a"),
            marked("b"),
            outcome("c", vec![marked("x")]),
            marked("d"),
        ]
    };
    let short = Some(CacheMark::Short);
    for (parts, head, kept, losses) in [
        (many(), short, "s2 b c d", "cache_control"),
        (many(), None, "a b c d", ""),
        (vec![marked("a")], short, "s1 s2 a", ""),
        (vec![say("a")], short, "s1 s2", ""),
    ] {
        let mut request = cached(parts, head);
        assert_eq!(lost(&mut request, &messages(&[])), losses);
        assert_eq!(marks(&request), kept);
    }
    for target in [chat(&[]), responses()] {
        let mut request = cached(many(), short);
        assert_eq!(lost(&mut request, &target), "cache_control");
        assert_eq!(marks(&request), "");
    }
}
