//! Random fitted requests.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::select;

use super::super::*;
use crate::conversation::{
    Choice, ClientTool, Effort, Grammar, Place, Reasoning, Sampling, Tool, Verbosity,
};
use crate::testing;

fn said() -> impl Strategy<Value = String> {
    testing::text().prop_map(|text| format!("x{text}"))
}

fn name() -> impl Strategy<Value = String> {
    "[a-z]{1,6}"
}

fn user_part() -> impl Strategy<Value = Part<'static>> {
    let source = prop_oneof![
        name().prop_map(|data| Source::Base64 {
            media_type: "image/webp".into(),
            data: data.into()
        }),
        name().prop_map(|host| Source::Url(format!("https://{host}/").into())),
    ];
    let image = (source, proptest::option::of("low|high"));
    let title = proptest::option::of("[a-z]{1,5}\\.pdf")
        .prop_map(|title| title.unwrap_or("document.pdf".into()));
    prop_oneof![
        said().prop_map(Part::text),
        image.prop_map(|(source, detail)| Part::Image(Image {
            source,
            detail: detail.map(Text::from),
            cache: None,
            place: Place::default(),
        })),
        (name(), title).prop_map(|(data, title)| Part::Document(Document {
            source: Source::Base64 {
                media_type: "application/pdf".into(),
                data: data.into()
            },
            title: Some(title.into()),
            context: None,
            cache: None,
            place: Place::default(),
        })),
    ]
}

/// What the model says and the user answers, calls and results first; ids end in `round`.
fn exchange(round: usize) -> impl Strategy<Value = Vec<Turn<'static>>> {
    let thought = proptest::option::of(said());
    let calls = vec(
        (name(), any::<bool>(), said(), proptest::option::of(said())),
        0..4,
    );
    (thought, said(), calls, vec(user_part(), 1..4)).prop_map(
        move |(thought, text, calls, parts)| {
            let mut said: Vec<Part<'static>> = Vec::new();
            said.extend(thought.map(|text| {
                Part::Thought(Thought {
                    text: text.into(),
                    token: None,
                })
            }));
            said.push(Part::text(text));
            let mut heard = Vec::new();
            for (index, (name, free, input, result)) in calls.into_iter().enumerate() {
                let id: Text<'static> = format!("call_{round}_{index}").into();
                let (kind, input) = if free {
                    (Kind::Freeform, input)
                } else {
                    (Kind::Function, json!({ "a": input }).to_string())
                };
                let tool = ToolName {
                    kind,
                    ..ToolName::function(name)
                };
                said.push(Part::Call(Call {
                    id: id.clone(),
                    tool,
                    input: input.into(),
                    cache: None,
                }));
                let parts = result.into_iter().map(Part::text).collect();
                heard.push(Part::Outcome(Outcome {
                    id,
                    kind,
                    parts,
                    is_error: false,
                    cache: None,
                }));
            }
            heard.extend(parts);
            vec![
                Turn {
                    role: Role::Assistant,
                    parts: said,
                },
                Turn {
                    role: Role::User,
                    parts: heard,
                },
            ]
        },
    )
}

fn turns() -> impl Strategy<Value = Vec<Turn<'static>>> {
    let later = proptest::option::of(said());
    (vec(user_part(), 1..3), exchange(0), later, exchange(1)).prop_map(
        |(first, one, later, two)| {
            let later = later.map(|text| Turn {
                role: Role::System,
                parts: vec![Part::text(text)],
            });
            let first = Turn {
                role: Role::User,
                parts: first,
            };
            [first]
                .into_iter()
                .chain(one)
                .chain(later)
                .chain(two)
                .collect()
        },
    )
}

fn tool() -> impl Strategy<Value = Tool<'static>> {
    let schema = btree_map(testing::text(), testing::value(), 0..3);
    let schema = schema.prop_map(|map| RawValue::from_string(json!(map).to_string()).unwrap());
    let function = (
        name(),
        proptest::option::of(said()),
        proptest::option::of(schema),
        any::<bool>(),
    );
    let function = function.prop_map(|(name, description, schema, strict)| ClientTool {
        name: ToolName::function(name),
        description: description.map(Text::from),
        schema: schema.map(Cow::Owned),
        strict: strict.then_some(true),
        ..ClientTool::default()
    });
    let custom = (name(), proptest::option::of((name(), said())));
    let custom = custom.prop_map(|(name, grammar)| ClientTool {
        name: ToolName {
            kind: Kind::Freeform,
            ..ToolName::function(name)
        },
        grammar: grammar.map(|(syntax, text)| Grammar {
            syntax: syntax.into(),
            definition: text.into(),
        }),
        ..ClientTool::default()
    });
    prop_oneof![function, custom].prop_map(Tool::Client)
}

fn choice() -> impl Strategy<Value = Choice<'static>> {
    let tool = || {
        (name(), any::<bool>()).prop_map(|(name, free)| ToolName {
            kind: if free { Kind::Freeform } else { Kind::Function },
            ..ToolName::function(name)
        })
    };
    prop_oneof![
        Just(Choice::Auto),
        Just(Choice::Required),
        Just(Choice::None),
        tool().prop_map(Choice::One),
        (any::<bool>(), vec(tool(), 0..3))
            .prop_map(|(required, tools)| Choice::Among { required, tools }),
    ]
}

fn sampling() -> impl Strategy<Value = Sampling> {
    // Only such numbers are read back to the last bit.
    let number = || proptest::option::of((-8_i8..8).prop_map(|quarters| f64::from(quarters) / 4.0));
    let seed = proptest::option::of(any::<i64>());
    (number(), number(), number(), seed).prop_map(|(temperature, top_p, penalty, seed)| Sampling {
        temperature,
        top_p,
        top_k: None,
        frequency_penalty: penalty,
        presence_penalty: penalty,
        seed,
    })
}

/// A request that is fitted to the vendor of the protocol.
pub(super) fn request() -> impl Strategy<Value = Request<'static>> {
    let content = (
        proptest::option::of(said()),
        turns(),
        vec(tool(), 1..4),
        proptest::option::of(choice()),
    );
    let numbers = (
        sampling(),
        proptest::option::of(any::<u64>()),
        vec(said(), 0..5),
    );
    let words = (
        proptest::option::of(select(&Effort::ALL)),
        proptest::option::of(select(&Verbosity::ALL)),
    );
    let hint = || proptest::option::of(said().prop_map(Text::from));
    let hints = (hint(), hint(), hint(), hint(), any::<bool>(), any::<bool>());
    (content, numbers, words, hints).prop_map(|(content, numbers, words, hints)| Request {
        model: "m".into(),
        system: content
            .0
            .into_iter()
            .map(|text| Passage {
                text: text.into(),
                cache: None,
            })
            .collect(),
        turns: content.1,
        tools: content.2,
        choice: content.3,
        parallel_calls: Some(hints.4),
        sampling: numbers.0,
        max_output: numbers.1,
        stop: numbers.2.into_iter().map(Text::from).collect(),
        format: hints.4.then_some(Format::JsonObject),
        reasoning: Reasoning {
            effort: words.0,
            ..Reasoning::default()
        },
        verbosity: words.1,
        user: hints.0,
        cache_key: hints.1,
        cache_retention: hints.2,
        service_tier: hints.3,
        store: hints.5.then_some(true),
        stream: hints.4,
        usage_in_stream: hints.4,
        ..Request::default()
    })
}
