//! What each recorded request becomes for each other protocol.

use std::fmt::Write;

use tollhouse_wire::Protocol;
use tollhouse_wire::translate::prepare;

use crate::fixtures::{self, OCCASION};

/// One line per member and element, so that a change shows as the lines it touches. Long texts are told by
/// their beginning and length.
fn pretty(json: &[u8]) -> String {
    let mut value: serde_json::Value = serde_json::from_slice(json).unwrap();
    shorten(&mut value);
    serde_json::to_string_pretty(&value).unwrap()
}

fn shorten(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::String(text) if text.chars().count() > 160 => {
            let start: String = text.chars().take(80).collect();
            *text = format!("{start}… ({} bytes)", text.len());
        }
        serde_json::Value::Array(list) => list.iter_mut().for_each(shorten),
        serde_json::Value::Object(members) => members.values_mut().for_each(shorten),
        _ => {}
    }
}

#[test]
fn recorded_requests_become_what_they_did() {
    for caller in Protocol::ALL {
        for case in fixtures::requests(caller) {
            for target in fixtures::targets(caller) {
                let mut text = String::new();
                match prepare(caller, &case.bytes, &target, &OCCASION) {
                    Ok(prepared) => {
                        writeln!(text, "losses: {}", prepared.losses).unwrap();
                        text.push_str(&pretty(&prepared.body));
                    }
                    Err(unfit) => text.push_str(&unfit.sentence()),
                }
                let to = target.protocol;
                insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
                    insta::assert_snapshot!(format!("request.{caller}.{}.to.{to}", case.name), text);
                });
            }
        }
    }
}
