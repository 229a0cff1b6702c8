//! What is said to the Graph.

use super::*;

#[test]
fn one_message_is_said_as_it_is() {
    for (caller, body) in [
        (
            Protocol::Messages,
            json!({"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}),
        ),
        (
            Protocol::Chat,
            json!({"model": "m", "messages": [{"role": "user", "content": "hi"}]}),
        ),
        (Protocol::Responses, json!({"model": "m", "input": "hi"})),
    ] {
        for stream in [false, true] {
            let mut body = body.clone();
            body["stream"] = stream.into();
            let prepared = prepared(caller, &body).unwrap();
            assert_eq!(prepared.streams, stream);
            let said: Value = serde_json::from_slice(&prepared.body).unwrap();
            let expected = json!({"message": {"text": "hi"}, "locationHint": {"timeZone": "UTC"}});
            assert_eq!(said, expected, "{caller}");
            // One protocol demands a limit, which nothing here can keep.
            let losses = if caller == Protocol::Messages {
                "max_output_tokens"
            } else {
                ""
            };
            assert_eq!(prepared.losses.to_string(), losses, "{caller}");
        }
    }
}

/// Claude Code says behind the question where it runs.
#[test]
fn instructions_behind_the_question_are_no_part_of_it() {
    let turns = json!([
        {"role": "user", "content": "what is new?"},
        {"role": "system", "content": "The shell is bash."},
    ]);
    let messages = json!({"model": "m", "max_tokens": 9, "system": "be brief", "messages": turns});
    let chat = json!({"model": "m", "messages": [
        {"role": "system", "content": "be brief"}, turns[0], turns[1]]});
    for (caller, body) in [(Protocol::Messages, messages), (Protocol::Chat, chat)] {
        let (said, losses) = sent(caller, &body);
        assert_eq!(said["message"]["text"], "what is new?", "{caller}");
        let context = &said["additionalContext"];
        assert_eq!(
            context[0]["text"], "be brief\n\nThe shell is bash.",
            "{caller}"
        );
        assert_eq!(context.as_array().unwrap().len(), 1, "{caller}");
        assert!(!losses.contains("system_turn"), "{losses}");
    }
    // One before is among the messages before.
    let between = json!({"model": "m", "messages": [
        {"role": "user", "content": "first"},
        {"role": "system", "content": "be brief"},
        {"role": "user", "content": "second"}]});
    let (said, _) = sent(Protocol::Chat, &between);
    assert_eq!(said["message"]["text"], "second");
    let earlier = "<user>\nfirst\n</user>\n\n<system-message>\nbe brief\n</system-message>";
    assert_eq!(said["additionalContext"][0]["text"], earlier);
}

#[test]
fn what_comes_before_the_last_message_is_its_context() {
    let turns = json!([
        {"role": "user", "content": "first"},
        {"role": "assistant", "content": "one"},
        {"role": "user", "content": "second"},
    ]);
    let mut instructed = turns.as_array().unwrap().clone();
    instructed.insert(0, json!({"role": "system", "content": "be brief"}));
    for (caller, body) in [
        (
            Protocol::Messages,
            json!({"model": "m", "max_tokens": 9, "system": "be brief", "messages": turns}),
        ),
        (
            Protocol::Chat,
            json!({"model": "m", "messages": instructed}),
        ),
        (
            Protocol::Responses,
            json!({"model": "m", "instructions": "be brief", "input": turns}),
        ),
    ] {
        let (said, losses) = sent(caller, &body);
        assert_eq!(said["message"]["text"], "second", "{caller}");
        let context = said["additionalContext"].as_array().unwrap();
        let texts: Vec<_> = context
            .iter()
            .map(|one| one["text"].as_str().unwrap())
            .collect();
        let earlier = "<user>\nfirst\n</user>\n\n<assistant>\none\n</assistant>";
        assert_eq!(texts, ["be brief", earlier], "{caller}");
        assert!(context.iter().all(|one| one["description"].is_string()));
        assert!(losses.contains("context"), "{losses}");
    }
    // Instructions alone are what is asked.
    let alone = json!({"model": "m", "messages": [{"role": "system", "content": "say hi"}]});
    let (said, losses) = sent(Protocol::Chat, &alone);
    assert_eq!(
        (said["message"]["text"].as_str(), &*losses),
        (Some("say hi"), "")
    );
    assert!(said.get("additionalContext").is_none());
}

#[test]
fn calls_results_and_texts_of_files_are_told_in_words() {
    let body = json!({"model": "m", "max_tokens": 9, "messages": [
        {"role": "user", "content": "what is in it?"},
        {"role": "assistant", "content": [
            {"type": "text", "text": "I look."},
            {"type": "tool_use", "id": "c1", "name": "read", "input": {"path": "a.txt"}},
        ]},
        {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "c1", "content": "no such file", "is_error": true},
            {"type": "document", "title": "b.txt", "source": {"type": "text", "media_type": "text/plain", "data": "inside"}},
            {"type": "text", "text": "then this?"},
        ]},
    ]});
    let (said, _) = sent(Protocol::Messages, &body);
    let text = said["message"]["text"].as_str().unwrap();
    assert_eq!(
        text,
        "[Error of the call: no such file]\n\nb.txt\n\ninside\n\nthen this?"
    );
    let earlier = said["additionalContext"][0]["text"].as_str().unwrap();
    let call = r#"[Call of read: {"path":"a.txt"}]"#;
    assert!(earlier.contains(call), "{earlier}");
}

#[test]
fn a_search_says_where_the_user_is_and_nothing_else() {
    let place = json!({"type": "approximate", "timezone": "Europe/Berlin", "country": "DE"});
    let tool = json!({"type": "web_search_20250305", "name": "web_search", "user_location": place});
    let messages = json!([{"role": "user", "content": "hi"}]);
    let mut body = json!({"model": "m", "max_tokens": 9, "messages": messages, "tools": [tool]});
    let (said, losses) = sent(Protocol::Messages, &body);
    let expected = json!({"timeZone": "Europe/Berlin", "countryOrRegion": "DE"});
    assert_eq!(said["locationHint"], expected);
    assert!(!losses.contains("search_options"), "{losses}");
    body["tools"][0]["max_uses"] = 3.into();
    let (_, losses) = sent(Protocol::Messages, &body);
    assert!(losses.contains("search_options"), "{losses}");
}

/// Requests that cannot be carried, and the field that says why.
#[test]
fn what_is_no_text_is_refused_by_its_name() {
    let function =
        json!({"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}});
    let claude = json!({"name": "f", "input_schema": {"type": "object"}});
    let flat = json!({"type": "function", "name": "f", "parameters": {"type": "object"}});
    let hi = json!([{"role": "user", "content": "hi"}]);
    let picture = json!([{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://a/b.png"}}]}]);
    let shot = json!([{"role": "user", "content": [{"type": "image", "source": {"type": "url", "url": "https://a/b.png"}}]}]);
    let file = json!([{"role": "user", "content": [{"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERg=="}}]}]);
    let prefilled =
        json!([{"role": "user", "content": "hi"}, {"role": "assistant", "content": "{"}]);
    for (caller, body, path) in [
        (
            Protocol::Chat,
            json!({"model": "m", "messages": hi, "tools": [function]}),
            "tools",
        ),
        (
            Protocol::Messages,
            json!({"model": "m", "max_tokens": 9, "messages": hi, "tools": [claude]}),
            "tools",
        ),
        (
            Protocol::Responses,
            json!({"model": "m", "input": "hi", "tools": [flat]}),
            "tools",
        ),
        (
            Protocol::Responses,
            json!({"model": "m", "input": "hi", "tools": [{"type": "custom", "name": "f"}]}),
            "tools",
        ),
        (
            Protocol::Chat,
            json!({"model": "m", "messages": picture}),
            "messages[0].content[0].type",
        ),
        (
            Protocol::Messages,
            json!({"model": "m", "max_tokens": 9, "messages": shot}),
            "messages[0].content[0].type",
        ),
        (
            Protocol::Messages,
            json!({"model": "m", "max_tokens": 9, "messages": file}),
            "messages[0].content[0].source.type",
        ),
        (
            Protocol::Messages,
            json!({"model": "m", "max_tokens": 9, "messages": prefilled}),
            "",
        ),
        (
            Protocol::Chat,
            json!({"model": "m", "messages": [{"role": "user", "content": " "}]}),
            "",
        ),
    ] {
        let unfit = prepared(caller, &body).unwrap_err();
        assert!(
            unfit.path.starts_with(path),
            "{}: {}",
            unfit.path,
            unfit.message
        );
        assert_eq!(unfit.path.is_empty(), path.is_empty(), "{}", unfit.message);
    }
}

#[test]
fn a_form_is_asked_for_in_words() {
    let hi = json!([{"role": "user", "content": "hi"}]);
    let schema = json!({"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object", "title": "T1"}}});
    for (format, word, loss) in [
        (
            json!({"type": "json_object"}),
            "JSON object",
            Loss::JsonObject,
        ),
        (schema, "\"T1\"", Loss::Strict),
    ] {
        let body = json!({"model": "m", "messages": hi, "response_format": format});
        let (said, losses) = sent(Protocol::Chat, &body);
        let told = said["additionalContext"][0]["text"].as_str().unwrap();
        assert!(told.contains(word), "{told}");
        assert!(losses.contains(loss.as_str()), "{losses}");
    }
}

#[test]
fn what_nothing_here_can_heed_is_a_loss() {
    let messages = json!([{"role": "user", "content": "hi"}]);
    let body = json!({
        "model": "m", "messages": messages, "temperature": 0.2, "seed": 3, "max_completion_tokens": 40,
        "reasoning_effort": "high", "user": "u", "service_tier": "flex", "frequency_penalty": 0.5,
    });
    let (said, losses) = sent(Protocol::Chat, &body);
    assert_eq!(said.as_object().unwrap().len(), 2);
    for loss in [
        Loss::Sampling,
        Loss::Seed,
        Loss::Penalties,
        Loss::MaxOutput,
        Loss::Effort,
        Loss::User,
        Loss::ServiceTier,
    ] {
        assert!(losses.contains(loss.as_str()), "{losses}");
    }
}
