//! Random requests of what the protocol and the hub both hold.

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use serde_json::value::RawValue;

use super::super::schema;
use crate::conversation::{
    CacheMark, Call, Choice, ClientTool, Document, Effort, Format, Image, Kind, Origin, Outcome,
    Part, Passage, Place, Reasoning, Request, Role, Said, Sampling, Source, Text, Thinking,
    Thought, Token, Tool, ToolName, Turn, WebSearch,
};

type P = Part<'static>;

/// A text as it may stand anywhere: neither empty nor blank at its end.
fn text() -> impl Strategy<Value = Text<'static>> {
    "[\\PC\n\"\\\\]{0,12}[a-zé漢😀]".prop_map(Text::Owned)
}

fn cache() -> impl Strategy<Value = Option<CacheMark>> {
    of(prop_oneof![Just(CacheMark::Short), Just(CacheMark::Hour)])
}

fn said() -> impl Strategy<Value = P> {
    (text(), cache()).prop_map(|(text, cache)| Part::Text(Said { text, cache }))
}

fn shown() -> impl Strategy<Value = P> {
    let base64 = || {
        ("[a-z]{1,8}/[a-z.+-]{1,8}", text()).prop_map(|(media_type, data)| Source::Base64 {
            media_type: media_type.into(),
            data,
        })
    };
    let image = prop_oneof![base64(), text().prop_map(Source::Url)];
    let paper = prop_oneof![
        base64(),
        text().prop_map(Source::Url),
        text().prop_map(Source::Plain)
    ];
    prop_oneof![
        (image, cache()).prop_map(|(source, cache)| Part::Image(Image {
            source,
            detail: None,
            cache,
            place: Place::default(),
        })),
        (paper, of(text()), of(text()), cache()).prop_map(|(source, title, context, cache)| {
            Part::Document(Document {
                source,
                title,
                context,
                cache,
                place: Place::default(),
            })
        }),
    ]
}

fn outcome() -> impl Strategy<Value = P> {
    let parts = vec(prop_oneof![said(), shown()], 0..3);
    (text(), parts, any::<bool>(), cache()).prop_map(|(id, parts, is_error, cache)| {
        Part::Outcome(Outcome {
            id,
            kind: Kind::Function,
            parts,
            is_error,
            cache,
        })
    })
}

fn thought() -> impl Strategy<Value = P> {
    let thought = |text, token| {
        Part::Thought(Thought {
            text,
            token: Some(token),
        })
    };
    prop_oneof![
        (text(), text()).prop_map(move |(text, value)| {
            thought(text, Token::fresh(Origin::Signature, "", value))
        }),
        text().prop_map(move |value| {
            thought(Text::default(), Token::fresh(Origin::Redacted, "", value))
        }),
    ]
}

fn call() -> impl Strategy<Value = P> {
    (text(), text(), text(), cache()).prop_map(|(id, name, value, cache)| {
        let input = format!("{{\"a\":{}}}", serde_json::to_string(&value).unwrap());
        Part::Call(Call {
            id,
            tool: ToolName::function(name),
            input: input.into(),
            cache,
        })
    })
}

fn turn() -> impl Strategy<Value = Turn<'static>> {
    let user = vec(prop_oneof![said(), shown(), outcome()], 1..4);
    let model = (vec(thought(), 0..2), vec(prop_oneof![said(), call()], 1..4));
    let turn = |role| move |parts| Turn { role, parts };
    prop_oneof![
        user.prop_map(turn(Role::User)),
        vec(said(), 1..2).prop_map(turn(Role::System)),
        model
            .prop_map(|(thoughts, said)| [thoughts, said].concat())
            .prop_map(turn(Role::Assistant)),
    ]
}

fn tool() -> impl Strategy<Value = Tool<'static>> {
    let client = (text(), of(text()), of(Just(true)), cache()).prop_map(
        |(name, description, strict, cache)| {
            let schema = Some(schema(r#"{"type":"object","properties":{"a":{}}}"#));
            let name = ToolName::function(name);
            Tool::Client(ClientTool {
                name,
                description,
                schema,
                strict,
                cache,
                ..ClientTool::default()
            })
        },
    );
    let search = (vec(text(), 0..2), vec(text(), 0..2), of(any::<u64>())).prop_map(
        |(allowed_domains, blocked_domains, max_uses)| {
            let bounds = WebSearch {
                allowed_domains,
                blocked_domains,
                max_uses,
                ..WebSearch::default()
            };
            Tool::WebSearch(bounds)
        },
    );
    prop_oneof![3 => client, 1 => search]
}

fn reasoning() -> impl Strategy<Value = Reasoning> {
    let thinking = prop_oneof![
        of(any::<bool>()).prop_map(|shown| (Some(Thinking::Adaptive), shown)),
        (any::<u64>(), of(any::<bool>())).prop_map(|(n, shown)| (Some(Thinking::Budget(n)), shown)),
        of(any::<bool>()).prop_map(|shown| (Some(Thinking::BetweenTools), shown)),
        Just((Some(Thinking::Disabled), None)),
        Just((None, None)),
    ];
    (thinking, of(prop::sample::select(Effort::ALL.as_slice()))).prop_map(
        |((thinking, shown), effort)| Reasoning {
            effort,
            thinking,
            shown,
        },
    )
}

fn sampling() -> impl Strategy<Value = Sampling> {
    (of(0..=10_u8), of(0..=10_u8), of(any::<u64>())).prop_map(|(temperature, top_p, top_k)| {
        Sampling {
            temperature: temperature.map(|tenths| f64::from(tenths) / 10.0),
            top_p: top_p.map(|tenths| f64::from(tenths) / 10.0),
            top_k,
            ..Sampling::default()
        }
    })
}

fn choice() -> impl Strategy<Value = (Option<Choice<'static>>, Option<bool>)> {
    let off = || of(Just(false));
    prop_oneof![
        Just((None, None)),
        off().prop_map(|off| (Some(Choice::Auto), off)),
        off().prop_map(|off| (Some(Choice::Required), off)),
        Just((Some(Choice::None), None)),
        (text(), off()).prop_map(|(name, off)| (Some(Choice::One(ToolName::function(name))), off)),
    ]
}

fn format() -> impl Strategy<Value = Option<Format<'static>>> {
    of(Just(r#"{"type":"object"}"#).prop_map(|text| {
        let schema: &'static RawValue = serde_json::from_str(text).unwrap();
        Format::JsonSchema {
            name: None,
            description: None,
            schema,
            strict: None,
        }
    }))
}

prop_compose! {
    pub(super) fn request()(
        model in text(),
        system in vec((text(), cache()).prop_map(|(text, cache)| Passage { text, cache }), 0..3),
        turns in vec(turn(), 1..5),
        tools in vec(tool(), 1..4),
        (choice, parallel_calls) in choice(),
        max_output in 1..u64::MAX,
        stop in vec(text(), 0..3),
        sampling in sampling(),
        format in format(),
        reasoning in reasoning(),
        user in of(text()),
        stream in any::<bool>(),
    ) -> Request<'static> {
        Request {
            model, system, turns, tools, choice, parallel_calls, stop, sampling, format, reasoning,
            user, stream, max_output: Some(max_output), ..Request::default()
        }
    }
}
