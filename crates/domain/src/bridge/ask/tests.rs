use super::*;

fn ask(extra: &str, messages: &str) -> Result<Ask, Unfit> {
    let body = format!(r#"{{"model":"opus","messages":{messages}{extra}}}"#);
    read(body.as_bytes(), true)
}

const HI: &str = r#"[{"role":"user","content":"hi"}]"#;

#[test]
fn one_message_is_said_as_it_is() {
    let plain = ask(r#","temperature":0,"max_tokens":9,"unheard_of":{}"#, HI);
    let plain = plain.ok().unwrap();
    assert_eq!((plain.prompt.as_str(), plain.system), ("hi", None));
    assert_eq!(plain.model.as_deref(), Some("opus"));
    assert!(!plain.stream && !plain.usage);
    let streamed = ask(
        r#","stream":true,"stream_options":{"include_usage":true}"#,
        HI,
    );
    assert!(streamed.is_ok_and(|ask| ask.stream && ask.usage));
    let body = br#"{"model":"default","messages":[{"role":"user","content":"hi"}]}"#;
    assert!(read(body, true).is_ok_and(|ask| ask.model.is_none()));
}

#[test]
fn of_several_each_is_told_who_said_it() {
    let messages = r#"[
        {"role":"system","content":"be brief"},
        {"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]},
        {"role":"assistant","content":"c","tool_calls":[]},
        {"role":"developer","content":"and kind"},
        {"role":"user","content":"d"}]"#;
    let body = format!(r#"{{"model":"m","messages":{messages}}}"#);
    let apart = read(body.as_bytes(), true).ok().unwrap();
    assert_eq!(apart.system.as_deref(), Some("be brief\n\nand kind"));
    assert_eq!(apart.prompt, "User: a\nb\n\nAssistant: c\n\nUser: d");
    let within = read(body.as_bytes(), false).ok().unwrap();
    assert_eq!(within.system, None);
    assert!(
        within
            .prompt
            .starts_with("System: be brief\n\nand kind\n\nUser: a\nb")
    );
}

#[test]
fn what_cannot_be_answered_is_refused_by_name() {
    let cases = [
        (r#","tools":[{"type":"function"}]"#, HI, Some("tools")),
        (r#","functions":[{}]"#, HI, Some("functions")),
        (r#","n":2"#, HI, Some("n")),
        (
            r#","response_format":{"type":"json_object"}"#,
            HI,
            Some("response_format"),
        ),
        (r#","modalities":["text","audio"]"#, HI, Some("modalities")),
        (r#","audio":{}"#, HI, Some("modalities")),
        (r#","logprobs":true"#, HI, Some("logprobs")),
        (
            r#","web_search_options":{}"#,
            HI,
            Some("web_search_options"),
        ),
        ("", "[]", Some("messages")),
        ("", r#"[{"role":"system","content":"x"}]"#, Some("messages")),
        (
            "",
            r#"[{"role":"assistant","content":"x"}]"#,
            Some("messages"),
        ),
        ("", r#"[{"role":"tool","content":"x"}]"#, Some("messages")),
        ("", r#"[{"role":"wizard","content":"x"}]"#, Some("messages")),
        (
            "",
            r#"[{"role":"assistant","tool_calls":[{}]},{"role":"user","content":"x"}]"#,
            Some("messages"),
        ),
        (
            "",
            r#"[{"role":"user","content":[{"type":"image_url","image_url":{"url":"x"}}]}]"#,
            Some("messages"),
        ),
        ("", "7", None),
    ];
    for (extra, messages, field) in cases {
        let unfit = ask(extra, messages).err().unwrap();
        assert_eq!(unfit.field, field, "{extra} {messages}");
    }
    assert!(read(b"{", true).is_err() && read(b"{}", true).is_err());
    let empty = r#","tools":[],"n":1,"response_format":{"type":"text"},"modalities":["text"]"#;
    assert!(ask(empty, HI).is_ok());
}

#[test]
fn a_model_is_a_name_and_never_an_option() {
    for model in [
        "opus",
        "gpt-5.1-codex-max",
        "claude-opus-4-6[1m]",
        "us.anthropic/x@y:z",
    ] {
        assert!(named(model), "{model}");
    }
    let long = "m".repeat(LONGEST_MODEL + 1);
    for model in [
        "",
        "-c",
        "--model",
        "a b",
        "a\nb",
        "../x",
        "ä",
        long.as_str(),
    ] {
        assert!(!named(model), "{model}");
    }
}
