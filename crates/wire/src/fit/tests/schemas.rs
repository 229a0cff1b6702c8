use serde_json::value::RawValue;

use super::*;

/// What a tool's schema becomes for `target`.
fn sent(schema: &str, target: &Dialect) -> String {
    let schema: &RawValue = serde_json::from_str(schema).unwrap();
    let mut request = Request {
        tools: vec![Tool::Client(ClientTool {
            name: ToolName::function("x"),
            schema: Some(Cow::Borrowed(schema)),
            ..ClientTool::default()
        })],
        ..Request::default()
    };
    assert_eq!(lost(&mut request, target), "");
    let Tool::Client(tool) = &request.tools[0] else {
        panic!()
    };
    tool.schema.as_ref().unwrap().get().to_owned()
}

#[test]
fn roots_name_their_type_and_properties() {
    for (schema, completed) in [
        (r"{}", r#"{"type":"object","properties":{}}"#),
        (
            r#"{"type":null,"description":"d"}"#,
            r#"{"type":"object","properties":{},"description":"d"}"#,
        ),
        (
            r#"{"type":"object"}"#,
            r#"{"properties":{},"type":"object"}"#,
        ),
        (
            r#"{"properties":{"a":{}}}"#,
            r#"{"type":"object","properties":{"a":{}}}"#,
        ),
    ] {
        assert_eq!(sent(schema, &chat(&[])), completed);
        assert_eq!(sent(schema, &responses()), completed);
        assert_eq!(sent(schema, &messages(&[])), schema);
    }
}

#[test]
fn arrays_say_something_of_their_items() {
    for (schema, completed) in [
        (
            r#"{"type":"object","properties":{"a":{"type":"array"},"b":{"type":["array","null"]}}}"#,
            r#"{"type":"object","properties":{"a":{"type":"array","items":{}},"b":{"type":["array","null"],"items":{}}}}"#,
        ),
        (
            r#"{"type":"object","properties":{"a":{"type":"array","items":{"anyOf":[{"type":"array"},{"type":"string"}]}}}}"#,
            r#"{"type":"object","properties":{"a":{"type":"array","items":{"anyOf":[{"type":"array","items":{}},{"type":"string"}]}}}}"#,
        ),
        (
            r##"{"properties":{"a":{"$ref":"#/$defs/list"}},"$defs":{"list":{"type":"array"}}}"##,
            r##"{"type":"object","properties":{"a":{"$ref":"#/$defs/list"}},"$defs":{"list":{"type":"array","items":{}}}}"##,
        ),
    ] {
        assert_eq!(sent(schema, &responses()), completed);
    }
}

#[test]
fn a_schema_that_needs_nothing_stays_the_text_it_was() {
    for schema in [
        r#"{ "type" : "object", "properties": {"a": {"type": "array", "items": {}}} }"#,
        r#"{ "type": "object", "properties": {"type": {"enum": ["array", "x"]}} }"#,
        r#"{ "type": "object", "properties": {"a": {"default": {"type": "array"}}} }"#,
        r#"{ "type": "object", "properties": {"a": {"type": "array", "prefixItems": []}} }"#,
    ] {
        assert_eq!(sent(schema, &responses()), schema);
    }
}
