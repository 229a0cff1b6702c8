use super::*;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Thing {
    #[expect(dead_code, reason = "only whether it reads matters")]
    number: Option<u32>,
    #[expect(dead_code, reason = "only whether it reads matters")]
    list: Option<Vec<tollhouse_domain::pattern::Pattern>>,
    #[expect(dead_code, reason = "only whether it reads matters")]
    inner: Option<Box<Self>>,
}

fn refused(result: Result<Thing, ApiError>) -> (Option<String>, String) {
    match result {
        Err(ApiError::Invalid { field, message }) => (field, message.into_owned()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_wrong_field_is_named_and_what_was_sent_is_not_repeated() {
    let cases = [
        (
            r#"{"number":"sk-canary"}"#,
            Some("number"),
            "Expected u32 here.",
        ),
        (r#"{"number":-1}"#, Some("number"), "Expected u32 here."),
        (
            r#"{"inner":{"sk":1}}"#,
            Some("inner.sk"),
            "There is no such field here; GET /api/openapi.json lists those there are.",
        ),
        (
            r#"{"list":["a","sk-canary*x"]}"#,
            Some("list[1]"),
            "Expected a model name, a prefix ending in `*`, or `*` alone.",
        ),
        (
            r#""sk-canary, expected nothing""#,
            None,
            "Expected struct Thing here.",
        ),
        (
            r#"{"number":1,"number":2}"#,
            Some("number"),
            "Duplicate field `number`.",
        ),
        (
            r#"{"number":1"#,
            None,
            "The body ends in the middle of its JSON.",
        ),
        ("", None, "The body ends in the middle of its JSON."),
        (
            "{\n  sk-canary}",
            None,
            "The body is not JSON: line 2, column 3.",
        ),
        ("{} {}", None, "The body is not JSON: line 1, column 4."),
    ];
    for (body, field, message) in cases {
        let (found, text) = refused(json::<Thing>(body.as_bytes()));
        assert_eq!(
            (found.as_deref(), text.as_str()),
            (field, message),
            "{body}"
        );
        assert!(!text.contains("canary"), "{text}");
    }
    assert!(json::<Thing>(b" {\"number\":1} \n").is_ok());
}

#[test]
fn a_wrong_parameter_is_named() {
    let cases = [
        ("number=x", Some("number")),
        ("number=1&number=2", Some("number")),
        ("other=1", Some("other")),
        ("other", Some("other")),
    ];
    for (text, field) in cases {
        let (found, _) = refused(query::<Thing>(text));
        assert_eq!(found.as_deref(), field, "{text}");
    }
    assert!(query::<Thing>("number=7").is_ok());
    assert!(query::<Thing>("").is_ok());
}

#[test]
fn only_json_is_json() {
    let with = |value: &'static str| {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, value.parse().unwrap());
        is_json(&headers)
    };
    assert!(with("application/json") && with("Application/JSON; charset=utf-8"));
    assert!(!with("text/plain") && !with("application/jsonx") && !is_json(&HeaderMap::new()));
}

#[test]
fn absent_null_and_a_value_are_three_things() {
    #[derive(Deserialize)]
    struct Row {
        #[serde(default)]
        field: Change<u32>,
    }
    let after = |json: &str| {
        let mut current = Some(1);
        let row: Row = serde_json::from_str(json).unwrap();
        row.field.over(&mut current, Ok).unwrap();
        current
    };
    assert_eq!(after("{}"), Some(1));
    assert_eq!(after(r#"{"field":null}"#), None);
    assert_eq!(after(r#"{"field":2}"#), Some(2));
}
