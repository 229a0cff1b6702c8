use super::*;
use crate::answer::MOST_BLOCKS;

fn fragment(index: usize, id: &str, name: &str, arguments: &str) -> Value {
    let function = json!({"name": name, "arguments": arguments});
    json!({"tool_calls": [{"index": index, "id": id, "type": "function", "function": function}]})
}

fn more(index: usize, arguments: &str) -> Value {
    json!({"tool_calls": [{"index": index, "function": {"arguments": arguments}}]})
}

#[test]
fn the_delta_that_opens_a_call_keeps_its_arguments() {
    let said = deltas(
        &[
            json!({"content": "Let me look."}),
            fragment(0, "call_a", "read", "{\"p\""),
            more(0, ":1}"),
        ],
        "tool_calls",
    );
    let expected = "0 text
        0 + Let me look.
        0 close
        1 call call_a read
        1 + {\"p\"
        1 + :1}
        1 close
        stop ToolUse
        end";
    assert_eq!(said, lines(expected));
}

#[test]
fn interleaved_calls_stay_apart_and_open() {
    let said = deltas(
        &[
            fragment(0, "a", "f", ""),
            fragment(1, "b", "g", "{"),
            more(0, "{\"x\":"),
            more(1, "}"),
            more(0, "1}"),
        ],
        "tool_calls",
    );
    let expected = "0 call a f
        1 call b g
        1 + {
        0 + {\"x\":
        1 + }
        0 + 1}
        0 close
        1 close
        stop ToolUse
        end";
    assert_eq!(said, lines(expected));
}

#[test]
fn two_whole_calls_in_one_chunk_and_a_finish_that_says_stop() {
    let said = deltas(
        &[json!({"content": "", "tool_calls": [
            {"index": 0, "id": "a", "function": {"name": "f", "arguments": "{}"}},
            {"index": 1, "id": "b", "function": {"name": "f", "arguments": "{\"x\":1}"}},
        ]})],
        "stop",
    );
    let expected = "0 call a f
        0 + {}
        1 call b f
        1 + {\"x\":1}
        0 close
        1 close
        stop ToolUse
        end";
    assert_eq!(said, lines(expected));
}

#[test]
fn what_is_repeated_or_empty_later_is_ignored() {
    let expected = "0 call a f
        0 + {
        0 + }
        0 close
        stop ToolUse
        end";
    let nulls = json!({"name": null, "arguments": "}"});
    for later in [
        fragment(0, "a", "f", "}"),
        fragment(0, "", "", "}"),
        fragment(0, "", "f", "}"),
        fragment(0, "another-in-every-fragment", "", "}"),
        json!({"tool_calls": [{"index": 0, "id": null, "type": null, "function": nulls}]}),
    ] {
        let said = deltas(
            &[fragment(0, "a", "f", "{"), later, more(0, "")],
            "tool_calls",
        );
        assert_eq!(said, lines(expected));
    }
}

#[test]
fn a_call_opens_when_its_name_is_known() {
    let said = deltas(
        &[
            json!({"tool_calls": [{"index": 0, "id": "a"}]}),
            more(0, "{\"x\""),
            fragment(1, "b", "g", "{}"),
            fragment(0, "", "f", ":1}"),
        ],
        "tool_calls",
    );
    let expected = "0 call b g
        0 + {}
        1 call a f
        1 + {\"x\"
        1 + :1}
        0 close
        1 close
        stop ToolUse
        end";
    assert_eq!(said, lines(expected));
}

#[test]
fn a_call_without_a_name_is_not_dropped_in_silence() {
    let said = deltas(&[more(0, "{}")], "tool_calls");
    assert_eq!(said, "! a call has no name\n");
    // But a fragment that says nothing is nothing.
    let nothing = json!({"tool_calls": [{"index": 0}]});
    let said = deltas(&[nothing, json!({"content": "a"})], "stop");
    assert_eq!(said, "0 text\n0 + a\n0 close\nstop EndTurn\nend\n");
}

#[test]
fn ids_that_are_missing_late_or_used_twice_are_left_out() {
    let said = deltas(
        &[
            fragment(0, "", "f", "{"),
            fragment(0, "late", "", "}"),
            fragment(1, "same", "g", "{}"),
            fragment(2, "same", "g", "{}"),
        ],
        "tool_calls",
    );
    let opened: Vec<&str> = said
        .lines()
        .filter(|line| line.contains(" call "))
        .collect();
    assert_eq!(opened, ["0 call  f", "1 call same g", "2 call  g"]);
}

#[test]
fn without_an_index_a_new_id_or_name_is_a_new_call() {
    let piece = |id: &str, name: &str, arguments: &str| json!({"tool_calls": [{"id": id, "function": {"name": name, "arguments": arguments}}]});
    let said = deltas(
        &[
            piece("a", "f", "{"),
            piece("", "", "}"),
            piece("b", "f", "{"),
            piece("b", "", "}"),
            piece("", "g", "{}"),
            piece("", "g", "{}"),
        ],
        "stop",
    );
    let expected = "0 call a f
        0 + {
        0 + }
        1 call b f
        1 + {
        1 + }
        2 call  g
        2 + {}
        3 call  g
        3 + {}
        0 close
        1 close
        2 close
        3 close
        stop ToolUse
        end";
    assert_eq!(said, lines(expected));
}

#[test]
fn one_index_for_all_calls_does_not_join_them() {
    let call = |id: &str, name: &str| json!({"index": 0, "id": id, "function": {"name": name, "arguments": "{}"}});
    let chunks = [
        json!({"tool_calls": [call("a", "f")]}),
        json!({"tool_calls": [call("b", "f")]}),
    ];
    let said = deltas(&chunks, "stop");
    assert!(
        said.contains("0 call a f") && said.contains("1 call b f"),
        "{said}"
    );
    let nameless = json!({"tool_calls": [call("", "f"), call("", "f"), call("", "g")]});
    let said = deltas(&[nameless], "stop");
    assert_eq!(
        said.lines().filter(|line| line.ends_with("+ {}")).count(),
        3
    );
    assert!(said.contains("2 call  g"), "{said}");
}

#[test]
fn arguments_may_be_json_itself() {
    let arguments = json!({"path": "a\"b", "n": [1, null]});
    let function = json!({"name": "f", "arguments": arguments});
    let delta = json!({"tool_calls": [{"index": 0, "id": "a", "function": function}]});
    let said = deltas(&[delta], "tool_calls");
    let input = said
        .lines()
        .find_map(|line| line.strip_prefix("0 + "))
        .unwrap();
    assert_eq!(serde_json::from_str::<Value>(input).unwrap(), arguments);
}

#[test]
fn custom_calls_have_free_text() {
    let custom = json!({"name": "patch", "input": "*** Begin"});
    let said = deltas(
        &[
            json!({"tool_calls": [{"index": 0, "id": "a", "type": "custom", "custom": custom}]}),
            json!({"tool_calls": [{"index": 0, "custom": {"input": " Patch"}}]}),
        ],
        "tool_calls",
    );
    let expected = "0 custom a patch
        0 + *** Begin
        0 +  Patch
        0 close
        stop ToolUse
        end";
    assert_eq!(said, lines(expected));
}

#[test]
fn the_one_call_of_old_is_a_call() {
    let call = |name: &str, arguments: &str| json!({"function_call": {"name": name, "arguments": arguments}});
    let said = deltas(&[call("f", ""), call("", "{}")], "function_call");
    let expected = "0 call  f
        0 + {}
        0 close
        stop ToolUse
        end";
    assert_eq!(said, lines(expected));
    // Beside the new field it only repeats it.
    let function = json!({"name": "f", "arguments": "{}"});
    let both = json!({
        "function_call": function,
        "tool_calls": [{"index": 0, "id": "a", "function": function}],
    });
    assert_eq!(deltas(&[both], "stop").matches(" call ").count(), 1);
}

#[test]
fn text_between_the_pieces_of_a_call_is_no_end_of_it() {
    let text = json!({"content": "."});
    let said = deltas(
        &[fragment(0, "a", "f", "{"), text, more(0, "}")],
        "tool_calls",
    );
    let expected = "0 call a f
        0 + {
        1 text
        1 + .
        0 + }
        1 close
        0 close
        stop ToolUse
        end";
    assert_eq!(said, lines(expected));
}

#[test]
fn a_call_that_is_complete_is_followed_by_another() {
    let call = |id: &str, input: &str| fragment(0, id, "read", input);
    for first in ["", "a"] {
        let said = deltas(
            &[
                call(first, "{\"p\":"),
                more(0, "1}"),
                call("", "{\"p\":2}"),
                call("", ""),
            ],
            "stop",
        );
        let expected = format!(
            "0 call {first} read
        0 + {{\"p\":
        0 + 1}}
        1 call  read
        1 + {{\"p\":2}}
        0 close
        1 close
        stop ToolUse
        end"
        );
        assert_eq!(said, lines(&expected));
    }
}

#[test]
fn there_is_an_end_to_calls_and_to_what_is_kept_for_them() {
    let calls: Vec<Value> = (0..=MOST_BLOCKS).map(|index| more(index, "{")).collect();
    let said = deltas(&calls, "stop");
    assert_eq!(
        said,
        "! the answer has too many blocks
"
    );
    let long = "x".repeat(1 << 20);
    let said = deltas(
        &[more(0, &long), more(0, "x"), fragment(0, "a", "f", "")],
        "stop",
    );
    assert_eq!(
        said,
        "! a call has no name
"
    );
}
