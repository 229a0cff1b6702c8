//! Roots of schemas.

use serde_json::{Value, json};

use super::{hello, schema, target, tool, written};
use crate::conversation::{ClientTool, Request, Tool};
use crate::loss::{Loss, Losses};

/// The schema as it is sent, its text, and whether its exactness was lost.
fn sent(text: &str) -> (Value, bool) {
    let tool = ClientTool {
        schema: Some(schema(text)),
        strict: Some(true),
        ..tool("a")
    };
    let (mut body, losses) = written(&Request {
        tools: vec![Tool::Client(tool)],
        ..hello()
    });
    let strict = body["tools"][0]["strict"] == json!(true);
    assert_eq!(losses.contains(&Loss::Strict), !strict);
    (body["tools"][0]["input_schema"].take(), !strict)
}

#[test]
fn an_object_is_sent_as_it_came() {
    let text = r#"{ "properties": {"b":{},"a":{"anyOf":[{"type":"string"}]}}, "type" : "object" }"#;
    let tool = ClientTool {
        schema: Some(schema(text)),
        ..tool("a")
    };
    let request = Request {
        tools: vec![Tool::Client(tool)],
        ..hello()
    };
    let body = super::encode(&request, &target(), &mut Losses::default()).unwrap();
    assert!(String::from_utf8(body).unwrap().contains(text));
}

#[test]
fn a_root_without_a_type_becomes_an_object() {
    let empty = json!({"type": "object", "properties": {}});
    assert_eq!(sent("{}"), (empty.clone(), false));
    assert_eq!(sent("null"), (empty, false));
    let given = json!({"properties": {"a": {"type": "string"}}, "required": ["a"]});
    let mut expected = given.clone();
    expected["type"] = json!("object");
    assert_eq!(sent(&given.to_string()), (expected.clone(), false));
    let nullable =
        r#"{"type":["object","null"],"properties":{"a":{"type":"string"}},"required":["a"]}"#;
    assert_eq!(sent(nullable), (expected, false));
}

#[test]
fn a_root_that_refers_to_a_definition_is_that_definition() {
    let defs = json!({"N": {"type": "object", "properties": {"n": {"$ref": "#/$defs/N"}},
        "required": ["n"]}});
    let root = json!({"$ref": "#/$defs/N", "$defs": defs});
    let expected = json!({"type": "object", "properties": {"n": {"$ref": "#/$defs/N"}},
        "required": ["n"], "$defs": defs});
    assert_eq!(sent(&root.to_string()), (expected, false));
}

#[test]
fn branches_become_one_object() {
    let root = json!({
        "type": "object",
        "description": "D",
        "properties": {"id": {"type": "integer"}},
        "required": ["id"],
        "additionalProperties": false,
        "oneOf": [
            {"properties": {"a": {"type": "string"}, "x": {"type": "string"}}, "required": ["a"]},
            {"properties": {"b": {"type": "string"}, "x": {"type": "string"}}, "required": ["b"]},
            {"$ref": "#/$defs/C"},
        ],
        "$defs": {"C": {"allOf": [{"properties": {"x": {"type": "number"}}}]}},
    });
    let expected = json!({
        "type": "object",
        "description": "D",
        "properties": {
            "id": {"type": "integer"},
            "a": {"type": "string"},
            "x": {"anyOf": [{"type": "string"}, {"type": "number"}]},
            "b": {"type": "string"},
        },
        "required": ["id"],
        "$defs": {"C": {"allOf": [{"properties": {"x": {"type": "number"}}}]}},
    });
    assert_eq!(sent(&root.to_string()), (expected, true));
}

#[test]
fn branches_that_refer_to_each_other_come_to_an_end() {
    let all: Vec<_> = (0..40)
        .map(|n| json!({"$ref": format!("#/$defs/{n}")}))
        .collect();
    let branch = |n: usize| json!({"properties": {format!("p{n}"): {}}, "anyOf": all});
    let defs: serde_json::Map<_, _> = (0..40).map(|n| (n.to_string(), branch(n))).collect();
    let (schema, loosened) = sent(&json!({"anyOf": all, "$defs": defs}).to_string());
    assert!(loosened);
    assert_eq!(schema["properties"].as_object().unwrap().len(), 40);
}

#[test]
fn what_is_no_schema_is_refused() {
    for text in ["[]", "true", "5", "\"x\""] {
        let tool = ClientTool {
            schema: Some(schema(text)),
            ..tool("a")
        };
        let request = Request {
            tools: vec![Tool::Client(tool)],
            ..hello()
        };
        let refused = super::encode(&request, &target(), &mut Losses::default()).unwrap_err();
        assert_eq!(refused.path, "tools");
    }
}
