use super::*;
use crate::dialect::Quirk;
use crate::failure::{Class, Failure};

mod answers;

const OCCASION: Occasion<'static> = Occasion {
    model: None,
    session: "s",
    id: "1",
    request: "call_1",
    now: 0,
};

fn refused(caller: Protocol, body: &str, target: &Dialect) -> String {
    match prepare(caller, body.as_bytes(), target, &OCCASION) {
        Ok(_) => panic!("taken: {body}"),
        Err(unfit) => unfit.path,
    }
}

#[test]
fn media_that_the_target_cannot_be_shown_are_named_by_their_path() {
    let blind = Dialect::new(Protocol::Chat, "lab").with([Quirk::NoImages]);
    let far = Dialect::new(Protocol::Chat, "lab");
    let choosy = Dialect::new(Protocol::Messages, "lab");
    let messages = |content: &str| {
        format!(
            r#"{{"model":"m","max_tokens":9,"messages":[{{"role":"user","content":"x"}},{{"role":"assistant","content":"y"}},{{"role":"user","content":[{{"type":"text","text":"z"}},{content}]}}]}}"#
        )
    };
    let image = r#"{"type":"image","source":{"type":"url","url":"https://e.com/a.png"}}"#;
    let document = r#"{"type":"document","source":{"type":"url","url":"https://e.com/a.pdf"}}"#;
    let result = format!(
        r#"{{"type":"tool_result","tool_use_id":"t","content":[{{"type":"text","text":"r"}},{image}]}}"#
    );
    let written = format!(
        r#"{{"type":"document","source":{{"type":"content","content":[{{"type":"text","text":"w"}},{image}]}}}}"#
    );
    for (content, target, path) in [
        (image, &blind, "messages[2].content[1].type"),
        (document, &far, "messages[2].content[1].source.type"),
        (&result, &blind, "messages[2].content[1].content[1].type"),
        (
            &written,
            &blind,
            "messages[2].content[1].source.content[1].type",
        ),
    ] {
        assert_eq!(
            refused(Protocol::Messages, &messages(content), target),
            path
        );
    }
    let chat = r#"{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"x"},{"type":"image_url","image_url":{"url":"data:image/tiff;base64,AAAA"}}]}]}"#;
    assert_eq!(
        refused(Protocol::Chat, chat, &choosy),
        "messages[0].content[1].image_url.url"
    );
    let responses = r#"{"model":"m","input":[{"role":"user","content":"x"},{"type":"function_call","call_id":"c","name":"f","arguments":"{}"},{"type":"function_call_output","call_id":"c","output":[{"type":"input_image","image_url":"data:image/tiff;base64,AAAA"}]}]}"#;
    assert_eq!(
        refused(Protocol::Responses, responses, &choosy),
        "input[2].output[0].image_url"
    );
    let file = r#"{"model":"m","input":[{"role":"user","content":[{"type":"input_file","file_url":"https://e.com/a.pdf"}]}]}"#;
    assert_eq!(
        refused(Protocol::Responses, file, &far),
        "input[0].content[0].file_url"
    );
}

#[test]
fn a_translation_that_breaks_says_nothing_but_its_error() {
    let body =
        r#"{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"x"}],"stream":true}"#;
    let target = Dialect::new(Protocol::Responses, "lab");
    let prepared = prepare(Protocol::Messages, body.as_bytes(), &target, &OCCASION).unwrap();
    let mut translator = prepared.answering.stream();
    let mut out = Vec::new();
    let added = |place: u8| {
        format!(
            r#"data: {{"type":"response.output_item.added","output_index":{place},"item":{{"type":"function_call","id":"fc_{place}","call_id":"c{place}","name":"f","arguments":""}}}}{}"#,
            "\n\n"
        )
    };
    for place in 0..2 {
        translator.push(added(place).as_bytes(), &mut out).unwrap();
    }
    let more = format!(
        r#"data: {{"type":"response.function_call_arguments.delta","output_index":1,"item_id":"fc_1","delta":"{}"}}{}"#,
        "x".repeat(1 << 20),
        "\n\n"
    );
    let taken = (0..20).take_while(|_| translator.push(more.as_bytes(), &mut out).is_ok());
    assert_eq!(taken.count(), 16);
    out.clear();
    assert!(translator.push(added(2).as_bytes(), &mut out).is_err());
    assert!(translator.finish(&mut out).is_err());
    assert!(out.is_empty() && !translator.ended());
    let failure = Failure {
        class: Class::Server,
        message: "it broke".into(),
        code: None,
        param: None,
    };
    translator.fail(failure, &mut out);
    let said = String::from_utf8(out).unwrap();
    assert!(said.starts_with("event: error\n"), "{said}");
    assert!(said.contains(r#""request_id":"call_1""#), "{said}");
    assert_eq!(said.matches("event:").count(), 1);
    assert!(translator.ended());
}

#[test]
fn a_request_that_says_nothing_is_refused_by_name() {
    let responses = r#"{"model":"m","input":[]}"#;
    for target in [Protocol::Chat, Protocol::Messages] {
        let target = Dialect::new(target, "lab");
        let why = refused(Protocol::Responses, responses, &target);
        assert_eq!(why, "input");
    }
    let instructed = r#"{"model":"m","instructions":"s","input":[]}"#;
    let target = Dialect::new(Protocol::Chat, "lab");
    prepare(
        Protocol::Responses,
        instructed.as_bytes(),
        &target,
        &OCCASION,
    )
    .unwrap();
}

#[test]
fn an_output_limit_of_nothing_is_one_token_to_messages() {
    let body = r#"{"model":"m","max_output_tokens":0,"input":"hi"}"#;
    let target = Dialect::new(Protocol::Messages, "lab");
    let prepared = prepare(Protocol::Responses, body.as_bytes(), &target, &OCCASION).unwrap();
    let sent: serde_json::Value = serde_json::from_slice(&prepared.body).unwrap();
    assert_eq!(sent["max_tokens"], 1);
    assert_eq!(prepared.losses.to_string(), "max_output_tokens");
}

#[test]
fn what_is_no_media_type_makes_no_data_url() {
    let body = r#"{"model":"m","max_tokens":9,"messages":[{"role":"user","content":[{"type":"document","source":{"type":"base64","media_type":"assistant","data":"AA=="}}]}]}"#;
    let target = Dialect::new(Protocol::Responses, "lab");
    let why = refused(Protocol::Messages, body, &target);
    assert_eq!(why, "messages[0].content[0].source.media_type");
}

#[test]
fn a_model_with_an_endless_name_is_told_by_its_beginning() {
    let body = r#"{"model":"m","messages":[{"role":"user","content":"x"}],"stream":true}"#;
    let target = Dialect::new(Protocol::Responses, "lab");
    let prepared = prepare(Protocol::Chat, body.as_bytes(), &target, &OCCASION).unwrap();
    let name = "ä".repeat(10_000);
    let event = format!(
        "data: {{\"type\":\"response.created\",\"response\":{{\"id\":\"r\",\"model\":\"{name}\"}}}}\n\n"
    );
    let mut out = Vec::new();
    let mut translator = prepared.answering.stream();
    translator.push(event.as_bytes(), &mut out).unwrap();
    assert!((100..1_000).contains(&out.len()), "{}", out.len());
}
