use serde_json::value::RawValue;

use super::*;

#[test]
fn an_estimate_counts_every_piece() {
    let schema = RawValue::from_string(format!("\"{}\"", "x".repeat(38))).unwrap();
    let request = Request {
        system: vec![Passage {
            text: "12345".into(),
            cache: None,
        }],
        tools: vec![Tool::Client(ClientTool {
            name: ToolName::function("four"),
            schema: Some(Cow::Owned(schema)),
            ..ClientTool::default()
        })],
        turns: vec![user(vec![
            say("12345678"),
            png(),
            outcome("1", vec![document(Source::Plain("1234".into()))]),
        ])],
        ..Request::default()
    };
    let tool = 4 + 1 + 10;
    let turn = 4 + 2 + 1_600 + 4 + 1;
    assert_eq!(estimate_tokens(&request), 2 + tool + turn);
}
