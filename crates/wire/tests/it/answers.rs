//! What each recorded stream becomes for each other protocol, streamed and whole.

use std::fmt::Write;

use tollhouse_wire::Protocol;
use tollhouse_wire::dialect::Dialect;
use tollhouse_wire::translate::{Answering, Finished, prepare};

use crate::fixtures::{self, OCCASION};

/// How a caller's plain request, streamed or not, is answered by an upstream of `protocol`.
pub(crate) fn answering(caller: Protocol, protocol: Protocol, stream: bool) -> Answering {
    let body = match caller {
        Protocol::Messages => format!(
            r#"{{"model":"m","max_tokens":9,"messages":[{{"role":"user","content":"x"}}],"stream":{stream}}}"#
        ),
        Protocol::Chat => {
            let options = if stream {
                r#","stream_options":{"include_usage":true}"#
            } else {
                ""
            };
            format!(
                r#"{{"model":"m","messages":[{{"role":"user","content":"x"}}],"stream":{stream}{options}}}"#
            )
        }
        Protocol::Responses => format!(r#"{{"model":"m","input":"x","stream":{stream}}}"#),
    };
    let target = Dialect::new(protocol, "lab");
    prepare(caller, body.as_bytes(), &target, &OCCASION)
        .unwrap_or_else(|unfit| panic!("{}", unfit.sentence()))
        .answering
}

/// A stream as a streaming caller sees it, whatever pieces it comes in. `Err` is why it broke off.
pub(crate) fn streamed(
    caller: Protocol,
    protocol: Protocol,
    pieces: &[&[u8]],
) -> (String, Result<(), String>) {
    let mut translator = answering(caller, protocol, true).stream();
    let mut out = Vec::new();
    let mut ended = Ok(());
    for piece in pieces {
        ended = translator
            .push(piece, &mut out)
            .map_err(|error| error.to_string());
        if ended.is_err() {
            break;
        }
    }
    if ended.is_ok() {
        ended = translator
            .finish(&mut out)
            .map_err(|error| error.to_string());
    }
    (String::from_utf8(out).unwrap(), ended)
}

/// The same as a caller sees it that wants it whole.
pub(crate) fn gathered(caller: Protocol, protocol: Protocol, bytes: &[u8]) -> Option<Vec<u8>> {
    let mut translator = answering(caller, protocol, false).gather();
    let mut none = Vec::new();
    translator.push(bytes, &mut none).ok()?;
    translator.finish(&mut none).ok()?;
    assert!(none.is_empty());
    match translator.gathered() {
        Finished::Answer(body) => Some(body),
        Finished::Failed(_) => None,
    }
}

#[test]
fn recorded_streams_become_what_they_did() {
    for protocol in Protocol::ALL {
        for case in fixtures::streams(protocol) {
            for caller in Protocol::ALL
                .into_iter()
                .filter(|caller| *caller != protocol)
            {
                let (mut text, ended) = streamed(caller, protocol, &[&case.bytes]);
                if let Err(why) = ended {
                    writeln!(text, "(broken off: {why})").unwrap();
                }
                if let Some(whole) = gathered(caller, protocol, &case.bytes) {
                    let value: serde_json::Value = serde_json::from_slice(&whole).unwrap();
                    text.push_str("whole:\n");
                    text.push_str(&serde_json::to_string_pretty(&value).unwrap());
                }
                insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
                    insta::assert_snapshot!(format!("answer.{protocol}.{}.to.{caller}", case.name), text);
                });
            }
        }
    }
}
