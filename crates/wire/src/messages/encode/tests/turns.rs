//! Turns and the parts in them.

use serde_json::{Value, json};

use super::{hello, request, target, written};
use crate::conversation::{
    CacheMark, Call, Document, Hit, Image, Kind, Outcome, Part, Passage, Place, Role, Said, Search,
    Source, ToolName,
};
use crate::loss::{Loss, Losses};

pub(super) fn call(input: &str) -> Part<'_> {
    Part::Call(Call {
        id: "c".into(),
        tool: ToolName::function("n"),
        input: input.into(),
        cache: Some(CacheMark::Short),
    })
}

/// The blocks of one turn, followed by another so that it is not the last.
#[track_caller]
pub(super) fn blocks(role: Role, parts: Vec<Part<'_>>) -> (Value, Vec<Loss>) {
    let (mut body, losses) = written(&request([
        (role, parts),
        (Role::User, vec![Part::text("go on")]),
    ]));
    (body["messages"][0]["content"].take(), losses)
}

pub(super) fn text(text: &str) -> Value {
    json!({"type": "text", "text": text})
}

#[test]
fn instructions_keep_their_pieces_and_marks() {
    let mut request = hello();
    for (text, cache) in [("a", None), ("", None), ("b", Some(CacheMark::Hour))] {
        request.system.push(Passage {
            text: text.into(),
            cache,
        });
    }
    let marked = json!({"type": "text", "text": "b",
        "cache_control": {"type": "ephemeral", "ttl": "1h"}});
    assert_eq!(written(&request).0["system"], json!([text("a"), marked]));
}

#[test]
fn every_speaker_has_a_role() {
    let turn = |role| (role, vec![Part::text("x")]);
    let (body, _) = written(&request(
        [Role::User, Role::System, Role::Assistant].map(turn),
    ));
    let roles =
        ["user", "system", "assistant"].map(|role| json!({"role": role, "content": [text("x")]}));
    assert_eq!(body["messages"], json!(roles));
}

#[test]
fn images_and_documents_keep_their_source() {
    let base64 = Source::Base64 {
        media_type: "image/png".into(),
        data: "iVBO".into(),
    };
    let parts = vec![
        Part::Image(Image {
            source: base64,
            detail: Some("auto".into()),
            cache: Some(CacheMark::Short),
            place: Place::default(),
        }),
        Part::Document(Document {
            source: Source::Url("https://x".into()),
            title: Some("T".into()),
            context: Some("C".into()),
            cache: None,
            place: Place::default(),
        }),
        Part::Document(Document {
            source: Source::Plain("p".into()),
            title: None,
            context: None,
            cache: None,
            place: Place::default(),
        }),
    ];
    let expected = json!([
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBO"},
         "cache_control": {"type": "ephemeral"}},
        {"type": "document", "source": {"type": "url", "url": "https://x"}, "title": "T", "context": "C"},
        {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "p"}},
    ]);
    assert_eq!(blocks(Role::User, parts), (expected, vec![]));
}

#[test]
fn the_closeness_to_look_with_is_a_loss() {
    let source = Source::Url("https://x".into());
    let image = Part::Image(Image {
        source,
        detail: Some("high".into()),
        cache: None,
        place: Place::default(),
    });
    assert_eq!(blocks(Role::User, vec![image]).1, [Loss::ImageDetail]);
}

#[test]
fn calls_and_results_are_written_whole() {
    let parts = vec![call("{ \"a\": 1.0 }")];
    let expected = json!([{"type": "tool_use", "id": "c", "name": "n", "input": {"a": 1.0},
        "cache_control": {"type": "ephemeral"}}]);
    assert_eq!(blocks(Role::Assistant, parts).0, expected);
    let outcome = |parts, is_error| {
        Part::Outcome(Outcome {
            id: "c".into(),
            kind: Kind::Function,
            parts,
            is_error,
            cache: None,
        })
    };
    let image = Part::Image(Image {
        source: Source::Url("u".into()),
        detail: None,
        cache: None,
        place: Place::default(),
    });
    let parts = vec![
        outcome(vec![Part::text("x"), image], true),
        outcome(vec![], false),
    ];
    let expected = json!([
        {"type": "tool_result", "tool_use_id": "c", "is_error": true,
         "content": [text("x"), {"type": "image", "source": {"type": "url", "url": "u"}}]},
        {"type": "tool_result", "tool_use_id": "c"},
    ]);
    assert_eq!(blocks(Role::User, parts).0, expected);
}

#[test]
fn arguments_that_are_no_object_are_refused() {
    for input in ["", "[]", "{", "null", "{} {}"] {
        let request = request([(Role::Assistant, vec![call(input)])]);
        assert!(
            super::encode(&request, &target(), &mut Losses::default()).is_err(),
            "{input}"
        );
    }
}

#[test]
fn refusals_and_searches_become_text() {
    let hit = |url: &'static str, title: &'static str| Hit {
        url: url.into(),
        title: title.into(),
    };
    let hits = vec![hit("https://a", "A"), hit("https://b", "")];
    let parts = vec![
        Part::Refusal("No.".into()),
        Part::Refusal("".into()),
        Part::Search(Search {
            id: "s".into(),
            query: "q".into(),
            hits,
        }),
    ];
    let expected = json!([
        text("No."),
        text("[Web search: q]\n- A: https://a\n- https://b")
    ]);
    assert_eq!(
        blocks(Role::Assistant, parts),
        (expected, vec![Loss::SearchHistory])
    );
}

#[test]
fn a_text_to_be_continued_ends_in_no_white_space() {
    let last = |text: String, cache| {
        let parts = vec![
            Part::text("a "),
            Part::Text(Said {
                text: text.into(),
                cache,
            }),
        ];
        written(&request([
            (Role::User, vec![Part::text("x ")]),
            (Role::Assistant, parts),
        ]))
        .0
    };
    let body = last("b \n\t".to_owned(), None);
    assert_eq!(
        body["messages"][1]["content"],
        json!([text("a "), text("b")])
    );
    assert_eq!(body["messages"][0]["content"], json!([text("x ")]));
    let body = last(" \n".to_owned(), Some(CacheMark::Short));
    assert_eq!(body["messages"][1]["content"], json!([text("a")]));
}
