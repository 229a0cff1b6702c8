use serde_json::value::RawValue;

use super::*;
use crate::answer::{Event, Stop, StopReason};
use crate::conversation::{Format, Verbosity};

#[test]
fn the_output_limit_respects_floors() {
    for (target, given, sent, losses) in [
        (messages(&[]), None, Some(32_000), ""),
        (messages(&[]), Some(5), Some(5), ""),
        (chat(&[]), None, None, ""),
        (chat(&[]), Some(0), Some(1), "max_output_tokens"),
        (responses(), None, None, ""),
        (responses(), Some(15), Some(16), "max_output_tokens"),
        (responses(), Some(16), Some(16), ""),
    ] {
        let mut request = Request {
            max_output: given,
            ..Request::default()
        };
        assert_eq!(lost(&mut request, &target), losses);
        assert_eq!(request.max_output, sent);
    }
}

#[test]
fn the_output_limit_respects_what_the_model_can_say() {
    for (protocol, most, given, sent, losses) in [
        (Protocol::Chat, Some(100), 101, 100, "max_output_tokens"),
        (Protocol::Chat, Some(100), 100, 100, ""),
        (Protocol::Chat, None, 1_000_000, 1_000_000, ""),
        (Protocol::Messages, Some(100), 101, 100, "max_output_tokens"),
        (Protocol::Responses, Some(8), 9, 16, "max_output_tokens"),
    ] {
        let mut target = Dialect::new(protocol, "v");
        target.most_output = most;
        let mut request = Request {
            max_output: Some(given),
            ..Request::default()
        };
        assert_eq!(lost(&mut request, &target), losses);
        assert_eq!(request.max_output, Some(sent));
    }
}

/// The stop texts that are sent, and the one of `answer` at which we end it.
fn stopped(target: &Dialect, answer: &'static str) -> (Vec<Cow<'static, str>>, Option<String>) {
    let stop = ["", "A", "B", "C", "\n\n", "E"].map(Cow::Borrowed).to_vec();
    let mut request = Request {
        stop,
        ..Request::default()
    };
    let mut restore = fit(&mut request, target, "").unwrap();
    let mut found = None;
    let mut sink = |event: Event<'_>| {
        if let Event::Stop(stop) = event {
            found = stop.sequence.map(Cow::into_owned);
        }
    };
    let content = crate::answer::Opening::Text;
    restore.event(Event::Open { block: 0, content }, &mut sink);
    restore.event(Event::delta(0, answer), &mut sink);
    restore.event(Event::Stop(Stop::because(StopReason::EndTurn)), &mut sink);
    (request.stop, found)
}

#[test]
fn stop_texts_that_the_target_does_not_take_are_cut_here() {
    let all = "x E \n\n B";
    let (sent, found) = stopped(&responses(), all);
    assert!(sent.is_empty() && found.as_deref() == Some("E"));
    let (sent, found) = stopped(&chat(&[]), all);
    assert_eq!(sent, ["A", "B", "C", "\n\n"]);
    assert_eq!(found.as_deref(), Some("E"));
    let (sent, found) = stopped(&messages(&[]), all);
    assert_eq!(sent, ["A", "B", "C", "E"]);
    assert_eq!(found.as_deref(), Some("\n\n"));
}

fn schema() -> Box<RawValue> {
    RawValue::from_string(r#"{"type":"object"}"#.to_owned()).unwrap()
}

#[test]
fn the_form_is_asked_for_in_words_where_it_must() {
    let schema = schema();
    let shaped = |strict| Format::JsonSchema {
        name: None,
        description: None,
        schema: &schema,
        strict,
    };
    let kind = |format: &Option<Format<'_>>| match format {
        None => "none",
        Some(Format::Text) => "text",
        Some(Format::JsonObject) => "object",
        Some(Format::JsonSchema { .. }) => "schema",
    };
    let plain = messages(&[Quirk::NoOutputFormat]);
    let old = chat(&[Quirk::NoJsonSchema]);
    for (format, target, sent, words, losses) in [
        (Format::Text, messages(&[]), "none", false, ""),
        (
            Format::JsonObject,
            messages(&[]),
            "none",
            true,
            "json_object",
        ),
        (shaped(None), messages(&[]), "schema", false, ""),
        (
            shaped(Some(false)),
            messages(&[]),
            "schema",
            false,
            "strict",
        ),
        (shaped(None), plain, "none", true, "strict"),
        (shaped(None), old.clone(), "object", true, "strict"),
        (Format::JsonObject, old, "object", false, ""),
        (shaped(None), chat(&[]), "schema", false, ""),
        (Format::JsonObject, responses(), "object", false, ""),
    ] {
        let mut request = Request {
            format: Some(format),
            ..Request::default()
        };
        assert_eq!(lost(&mut request, &target), losses);
        assert_eq!(kind(&request.format), sent);
        assert_eq!(request.system.len(), usize::from(words));
        if losses == "strict" && words {
            assert!(request.system[0].text.ends_with(schema.get()));
        }
    }
}

#[test]
fn responses_is_told_of_json_where_nobody_has() {
    let sent = |turns, target: &Dialect| {
        let mut request = with_turns(turns);
        request.format = Some(Format::JsonObject);
        assert_eq!(lost(&mut request, target), "");
        shape(&request)
    };
    let asked = |text: &'static str| vec![user(vec![say(text)])];
    let told = "U[hi] S[Answer with one valid JSON object and nothing else: no text around it, no code fence.]";
    assert_eq!(sent(asked("hi"), &responses()), told);
    assert_eq!(sent(asked("as Json"), &responses()), "U[as Json]");
    assert_eq!(sent(asked("hi"), &chat(&[])), "U[hi]");
}

fn full(metadata: &RawValue) -> Request<'_> {
    Request {
        user: Some("u".into()),
        cache_key: Some("k".into()),
        cache_retention: Some("24h".into()),
        verbosity: Some(Verbosity::Low),
        service_tier: Some("ultrafast".into()),
        store: Some(true),
        metadata: Some(metadata),
        ..Request::default()
    }
}

#[test]
fn fields_hold_what_the_target_takes() {
    let metadata = schema();
    for (target, losses) in [
        (responses(), ""),
        (chat(&[Quirk::OpenaiFields]), "service_tier"),
        (
            chat(&[]),
            "prompt_cache_key,prompt_cache_retention,metadata,service_tier,store,user,verbosity",
        ),
        (
            messages(&[]),
            "prompt_cache_key,prompt_cache_retention,metadata,service_tier,store,verbosity",
        ),
    ] {
        let mut request = full(&metadata);
        assert_eq!(lost(&mut request, &target), losses);
        let all = losses.len() < 20;
        assert_eq!(request.metadata.is_some(), all);
        assert_eq!(request.store.is_some(), all);
        assert_eq!(request.verbosity.is_some(), all);
        assert_eq!(request.cache_retention.is_some(), all);
        assert_eq!(request.cache_key.as_deref() == Some("k"), all);
        assert_eq!(request.user.is_none(), losses.contains("user"));
        assert_eq!(request.service_tier.is_none(), losses.contains("tier"));
    }
    let mut request = full(&metadata);
    request.store = None;
    assert_eq!(
        lost(&mut request, &chat(&[Quirk::OpenaiFields])),
        "metadata,service_tier"
    );
    let mut request = Request {
        store: Some(false),
        ..Request::default()
    };
    assert_eq!(lost(&mut request, &chat(&[])), "");
}

#[test]
fn keys_are_made_of_the_session_and_long_names_are_shortened() {
    let keyed = |session: &str, target: &Dialect| {
        let mut request = Request {
            user: Some("u".repeat(65).into()),
            ..Request::default()
        };
        fit(&mut request, target, session).unwrap();
        (request.cache_key, request.user, request.store)
    };
    let (key, user, store) = keyed("s", &responses());
    let key = key.unwrap();
    assert!(key.starts_with("th-") && key.len() == 19);
    assert_eq!(user.unwrap().len(), 21);
    assert_eq!(store, Some(false));
    assert_eq!(keyed("s", &chat(&[Quirk::OpenaiFields])).0.unwrap(), key);
    assert_ne!(keyed("t", &responses()).0.unwrap(), key);
    assert!(keyed("", &responses()).0.is_none());
    let (key, user, store) = keyed("s", &messages(&[]));
    assert!(key.is_none() && user.unwrap().len() == 65 && store.is_none());
    assert!(keyed("s", &chat(&[])).0.is_none());
}
