//! What is written is read as what it was.

use proptest::prelude::*;

use super::*;
use crate::responses::decode;
use crate::responses::decode::tests::dump;

/// Two turns in which everything stands that both directions hold.
fn talk<'a>(
    words: &'a [String; 4],
    arguments: &'a str,
    detail: Option<&'static str>,
) -> Vec<Turn<'a>> {
    let [asked, said, free, got] = words;
    vec![
        turn(
            Role::User,
            vec![
                Part::text(asked.as_str()),
                image(detail),
                Part::Document(document(pdf(), Some("a.pdf"))),
            ],
        ),
        turn(Role::System, vec![Part::text(got.as_str())]),
        turn(
            Role::Assistant,
            vec![
                thought(said, Origin::Cipher, "openai", "rs_1"),
                Part::text(said.as_str()),
                Part::Refusal(asked.as_str().into()),
                call("c1", Kind::Function, arguments),
                call("c2", Kind::Freeform, free),
            ],
        ),
        turn(
            Role::User,
            vec![
                outcome("c1", Kind::Function, false, vec![Part::text(got.as_str())]),
                outcome(
                    "c2",
                    Kind::Freeform,
                    false,
                    vec![Part::text(free.as_str()), image(None)],
                ),
                Part::text("next"),
            ],
        ),
    ]
}

fn request<'a>(words: &'a [String; 4], arguments: &'a str, some: bool) -> Request<'a> {
    let detail = some.then_some("high");
    let function = ClientTool {
        name: ToolName::function("f"),
        description: Some(words[0].as_str().into()),
        schema: Some(Cow::Borrowed(raw(r#"{"type":"object"}"#))),
        strict: Some(some),
        ..ClientTool::default()
    };
    Request {
        model: words[1].as_str().into(),
        system: vec![Passage {
            text: words[2].as_str().into(),
            cache: None,
        }],
        turns: talk(words, arguments, detail),
        tools: vec![
            Tool::Client(function),
            Tool::WebSearch(WebSearch::default()),
        ],
        choice: some.then(|| Choice::One(ToolName::function("f"))),
        parallel_calls: some.then_some(true),
        max_output: some.then_some(100),
        reasoning: Reasoning {
            effort: some.then_some(Effort::High),
            thinking: None,
            shown: some.then_some(true),
        },
        verbosity: some.then_some(Verbosity::High),
        user: some.then(|| words[3].as_str().into()),
        store: Some(some),
        stream: some,
        ..Request::default()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn decoding_undoes_encoding(
        words in prop::array::uniform4(crate::testing::text()),
        value in crate::testing::value(),
        some in any::<bool>(),
    ) {
        let arguments = json!({"value": value}).to_string();
        let before = request(&words, &arguments, some);
        let mut losses = Losses::default();
        let body = encode(&before, &target(), &mut losses).unwrap();
        prop_assert!(losses.is_empty());
        let after = decode(&body).unwrap();
        // What comes without a seal is of an unknown vendor.
        let lines: Vec<String> = dump::turns(&before).iter().map(|line| line.replacen("Cipher of openai", "Cipher of ?", 1)).collect();
        prop_assert_eq!(dump::turns(&after), lines);
        prop_assert_eq!(dump::tools(&after), dump::tools(&before));
        prop_assert!(after.choice == before.choice && after.model == before.model);
        prop_assert!(after.reasoning == before.reasoning && after.verbosity == before.verbosity);
        prop_assert!(after.user == before.user);
        prop_assert!(after.max_output == before.max_output && after.stream == before.stream);
        prop_assert!(after.parallel_calls == before.parallel_calls && after.store == before.store);
        prop_assert!(after.losses.is_empty());
        // And once more: nothing is left to change but the thought, whose issuer is forgotten.
        let (again, _) = written(&after);
        let mut first: Value = serde_json::from_slice(&body).unwrap();
        first["input"].as_array_mut().unwrap().retain(|item| item["type"] != "reasoning");
        prop_assert_eq!(again, first);
    }
}
