use super::*;
use crate::failure::Class;

const CREATED: &str = r#"{"type":"response.created","sequence_number":0,"response":{"id":"resp_1","status":"in_progress","output":[]}}"#;
const MESSAGE: &str = r#"{"id":"msg_1", "type":"message","content":[{"type":"output_text","text":"a\u0041"}],"new":1.0}"#;
const THOUGHT: &str = r#"{"id":"rs_1","type":"reasoning","encrypted_content":"x"}"#;

fn done(place: u64, item: &str) -> String {
    format!(r#"{{"type":"response.output_item.done","output_index":{place},"item":{item}}}"#)
}

fn ends(kind: &str, response: &str) -> String {
    format!(r#"{{"type":"response.{kind}","response":{response}}}"#)
}

fn stream(events: &[String]) -> Vec<u8> {
    let mut out = Vec::new();
    for event in events {
        crate::sse::encode::event(&mut out, None, event.as_bytes());
    }
    out
}

fn assembled(bytes: &[u8]) -> Result<Finished, Malformed> {
    let mut assembler = Assembler::default();
    assembler.push(bytes)?;
    if !assembler.ended() {
        assembler.finish()?;
    }
    Ok(assembler.assembled().expect("an end"))
}

fn answer(events: &[String]) -> String {
    match assembled(&stream(events)).unwrap() {
        Finished::Answer(body) => String::from_utf8(body).unwrap(),
        Finished::Failed(failure) => panic!("{failure:?}"),
    }
}

#[test]
fn the_output_is_rebuilt_from_the_items_where_there_is_none() {
    let items = [done(1, MESSAGE), done(0, THOUGHT)];
    let both = format!("[{THOUGHT},{MESSAGE}]");
    for (response, expected) in [
        (
            r#"{"id":"resp_1", "output": [],"usage":{"input_tokens":1},"x":1e0}"#.to_owned(),
            format!(r#"{{"id":"resp_1", "output": {both},"usage":{{"input_tokens":1}},"x":1e0}}"#),
        ),
        (
            r#"{"output":null}"#.to_owned(),
            format!(r#"{{"output":{both}}}"#),
        ),
        (
            r#"{"id":"resp_1" }"#.to_owned(),
            format!(r#"{{"id":"resp_1" ,"output":{both}}}"#),
        ),
        ("{}".to_owned(), format!(r#"{{"output":{both}}}"#)),
        // What the response says itself holds.
        (
            format!(r#"{{"output":[{MESSAGE}]}}"#),
            format!(r#"{{"output":[{MESSAGE}]}}"#),
        ),
    ] {
        for kind in ["completed", "incomplete"] {
            let mut events = vec![CREATED.to_owned()];
            events.extend(items.clone());
            events.push(ends(kind, &response));
            assert_eq!(answer(&events), expected);
        }
    }
    let bare = [CREATED.to_owned(), ends("completed", r#"{"output":[]}"#)];
    assert_eq!(answer(&bare), r#"{"output":[]}"#);
}

#[test]
fn items_without_a_place_stand_in_the_order_they_came() {
    let done = |item| format!(r#"{{"type":"response.output_item.done","item":{item}}}"#);
    let events = [done(THOUGHT), done(MESSAGE), ends("completed", "{}")];
    assert_eq!(
        answer(&events),
        format!(r#"{{"output":[{THOUGHT},{MESSAGE}]}}"#)
    );
}

#[test]
fn failures_are_told_whatever_form_they_have() {
    for (event, class) in [
        (
            ends(
                "failed",
                r#"{"error":{"code":"server_is_overloaded","message":"m"}}"#,
            ),
            Class::Overloaded,
        ),
        (
            ends(
                "failed",
                r#"{"error":{"code":"model_at_capacity","message":"Selected model is at capacity. Please try a different model."}}"#,
            ),
            Class::Overloaded,
        ),
        (
            ends(
                "failed",
                r#"{"error":{"code":"rate_limit_exceeded","message":"m"}}"#,
            ),
            Class::RateLimited,
        ),
        (ends("failed", "{}"), Class::Server),
        (
            r#"{"type":"error","error":{"type":"usage_limit_reached","message":"m"}}"#.to_owned(),
            Class::RateLimited,
        ),
        (
            r#"{"type":"error","code":"slow_down","message":"m"}"#.to_owned(),
            Class::Overloaded,
        ),
    ] {
        let events = [CREATED.to_owned(), event];
        match assembled(&stream(&events)).unwrap() {
            Finished::Failed(failure) => assert_eq!(failure.class, class, "{events:?}"),
            Finished::Answer(_) => panic!("{events:?}"),
        }
    }
}

#[test]
fn what_breaks_off_or_makes_no_sense_is_no_answer() {
    for events in [
        vec![],
        vec![CREATED.to_owned()],
        vec![CREATED.to_owned(), done(0, MESSAGE)],
        vec!["[1]".to_owned()],
        vec![r#"{"type":"response.completed"}"#.to_owned()],
        vec![ends("completed", "5")],
        vec![r#"{"type":"response.output_item.done"}"#.to_owned()],
    ] {
        assert!(assembled(&stream(&events)).is_err(), "{events:?}");
    }
}

#[test]
fn what_means_nothing_here_is_passed_over() {
    let events = [
        r#"{"type":"codex.rate_limits","rate_limits":{"primary":{"used_percent":1}}}"#.to_owned(),
        "[DONE]".to_owned(),
        ends("completed", "{}"),
        ends("completed", r#"{"second":true}"#),
    ];
    assert_eq!(answer(&events), "{}");
}

mod laws {
    use proptest::prelude::*;

    use super::*;
    use crate::testing;

    proptest! {
        #[test]
        fn any_chunking_gives_the_same_answer(cuts in testing::cuts()) {
            let events = [CREATED.to_owned(), done(0, THOUGHT), done(1, MESSAGE), ends("completed", r#"{"output":[]}"#)];
            let bytes = stream(&events);
            let mut assembler = Assembler::default();
            for piece in testing::cut_at(&bytes, &cuts) {
                assembler.push(piece).unwrap();
            }
            prop_assert!(assembler.ended());
            let Some(Finished::Answer(body)) = assembler.assembled() else { panic!() };
            prop_assert_eq!(String::from_utf8(body).unwrap(), answer(&events));
        }

        #[test]
        fn a_cut_stream_is_no_answer(keep in 0.0..1.0f64) {
            let bytes = stream(&[CREATED.to_owned(), done(0, THOUGHT), ends("completed", "{}")]);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a place in a short text")]
            let end = (bytes.len() as f64 * keep) as usize;
            // Only the blank line behind the last event may be missing.
            prop_assert!(assembled(&bytes[..end]).is_err() || bytes.len() - end <= 2);
        }
    }
}
