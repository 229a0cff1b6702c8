//! Images, documents, search results and what tools give back.

use serde_json::{Value, json};

use super::{losses, read, refused, refused_at, said};
use crate::conversation::{CacheMark, Document, Image, Outcome, Part, Place, Source};
use crate::loss::Loss;

fn plain<'a>(text: &'a str, title: Option<&'a str>, context: Option<&'a str>) -> Part<'a> {
    Part::Document(Document {
        source: Source::Plain(text.into()),
        title: title.map(Into::into),
        context: context.map(Into::into),
        cache: None,
        place: Place::default(),
    })
}

fn picture(url: &str) -> Part<'_> {
    Part::Image(Image {
        source: Source::Url(url.into()),
        detail: None,
        cache: None,
        place: Place::default(),
    })
}

#[test]
fn images_come_as_bytes_or_from_a_url() {
    let bytes = said(
        "user",
        json!([
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBO"},
             "cache_control": {"type": "ephemeral"}},
            {"type": "image", "source": {"type": "url", "url": "https://x/y.png"}},
        ]),
    );
    let request = read(&bytes);
    let base64 = Source::Base64 {
        media_type: "image/png".into(),
        data: "iVBO".into(),
    };
    let first = Image {
        source: base64,
        detail: None,
        cache: Some(CacheMark::Short),
        place: Place::default(),
    };
    assert!(request.turns[0].parts == [Part::Image(first), picture("https://x/y.png")]);
}

#[test]
fn sources_that_cannot_be_read_are_refused_where_they_stand() {
    let image = |source: Value| said("user", json!([{"type": "image", "source": source}]));
    let (path, message) = refused(&image(json!({"type": "file", "file_id": "file_1"})));
    assert_eq!(path, "messages[0].content[0].source.type");
    assert!(message.contains("base64"), "{message}");
    refused_at(
        &image(json!({"type": "text", "data": "x"})),
        "messages[0].content[0].source.type",
    );
    refused_at(&image(json!({})), "messages[0].content[0].source.type");
    refused_at(&image(json!(null)), "messages[0].content[0].source");
    refused_at(&image(json!("https://x")), "messages[0].content[0].source");
    refused_at(
        &image(json!({"type": "url"})),
        "messages[0].content[0].source.url",
    );
    refused_at(
        &image(json!({"type": "base64", "data": "x"})),
        "messages[0].content[0].source.media_type",
    );
    refused_at(
        &said(
            "user",
            json!([{"type": "document", "source": {"type": "file"}}]),
        ),
        "messages[0].content[0].source.type",
    );
}

#[test]
fn documents_of_every_source_are_read() {
    let bytes = said(
        "user",
        json!([
            {"type": "document", "title": "T", "context": "C",
             "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBE"}},
            {"type": "document", "source": {"type": "url", "url": "https://x/y.pdf"}},
            {"type": "document", "title": "T",
             "source": {"type": "text", "media_type": "text/plain", "data": "plain"}},
            {"type": "document", "source": {"type": "content", "content": "written"}},
            {"type": "document", "citations": {"enabled": false}, "source": {"type": "content",
             "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}},
        ]),
    );
    let request = read(&bytes);
    let [Part::Document(pdf), Part::Document(url), rest @ ..] = request.turns[0].parts.as_slice()
    else {
        panic!("no documents")
    };
    assert!(pdf.title.as_deref() == Some("T") && pdf.context.as_deref() == Some("C"));
    let base64 = Source::Base64 {
        media_type: "application/pdf".into(),
        data: "JVBE".into(),
    };
    assert!(pdf.source == base64 && url.source == Source::Url("https://x/y.pdf".into()));
    let written = plain("written", None, None);
    assert!(
        rest == [
            plain("plain", Some("T"), None),
            written,
            plain("a\nb", None, None)
        ]
    );
    assert!(request.losses.is_empty());
}

#[test]
fn images_stay_in_their_place_in_a_written_document() {
    let image = json!({"type": "image", "source": {"type": "url", "url": "https://x"}});
    let bytes = said(
        "user",
        json!([{"type": "document", "title": "T", "context": "C",
        "citations": {"enabled": true}, "source": {"type": "content", "content": [
            {"type": "text", "text": "before"}, image, {"type": "text", "text": "after"}]}}]),
    );
    let request = read(&bytes);
    let before = plain("before", Some("T"), Some("C"));
    let parts = [
        before,
        picture("https://x"),
        plain("after", Some("T"), None),
    ];
    assert!(request.turns[0].parts == parts);
    assert_eq!(losses(&request), [Loss::Citations]);
    let video = json!({"type": "content", "content": [image, {"type": "video"}]});
    refused_at(
        &said("user", json!([{"type": "document", "source": video}])),
        "messages[0].content[0].source.content[1].type",
    );
}

#[test]
fn search_results_become_text() {
    let bytes = said(
        "user",
        json!([{"type": "search_result", "title": "T", "source": "https://x",
        "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}],
        "cache_control": {"type": "ephemeral"}}]),
    );
    let request = read(&bytes);
    let Part::Text(text) = &request.turns[0].parts[0] else {
        panic!("no text")
    };
    assert_eq!(
        (&*text.text, text.cache),
        ("T\nhttps://x\n\na\n\nb", Some(CacheMark::Short))
    );
    let image = json!([{"type": "search_result", "content": [{"type": "image"}]}]);
    refused_at(
        &said("user", image),
        "messages[0].content[0].content[0].type",
    );
}

fn outcome(content: Value) -> Vec<u8> {
    let mut result = json!({"type": "tool_result", "tool_use_id": "t"});
    result["content"] = content;
    said("user", json!([result]))
}

fn parts(bytes: &[u8]) -> (Vec<Part<'_>>, Vec<Loss>) {
    let mut request = read(bytes);
    let losses = losses(&request);
    match request.turns.remove(0).parts.remove(0) {
        Part::Outcome(Outcome { parts, .. }) => (parts, losses),
        _ => panic!("no result"),
    }
}

#[test]
fn results_hold_text_images_and_documents() {
    for nothing in [json!(null), json!(""), json!([])] {
        assert!(parts(&outcome(nothing)).0.is_empty());
    }
    let bytes = outcome(json!([
        {"type": "text", "text": "a"},
        {"type": "image", "source": {"type": "url", "url": "https://x"}},
        {"type": "document", "source": {"type": "text", "data": "d"}},
        {"type": "search_result", "title": "T", "source": "s", "content": []},
        {"type": "tool_reference", "tool_name": "Grep"},
    ]));
    let (found, lost) = parts(&bytes);
    let text = [Part::text("T\ns"), Part::text("Tool found: Grep")];
    let [first @ .., result, reference] = found.as_slice() else {
        panic!("too few")
    };
    assert!(
        first
            == [
                Part::text("a"),
                picture("https://x"),
                plain("d", None, None)
            ]
    );
    assert!([result.clone(), reference.clone()] == text);
    assert_eq!(lost, [Loss::ToolSearch]);
}

#[test]
fn what_is_wrong_inside_a_result_is_located() {
    let at = "messages[0].content[0]";
    refused_at(
        &outcome(json!([{"type": "tool_use"}])),
        &format!("{at}.content[0].type"),
    );
    let file =
        json!([{"type": "text", "text": "a"}, {"type": "image", "source": {"type": "file"}}]);
    refused_at(&outcome(file), &format!("{at}.content[1].source.type"));
    refused_at(&outcome(json!({"type": "text"})), &format!("{at}.content"));
    refused_at(
        &outcome(json!([{"type": "tool_reference"}])),
        &format!("{at}.content[0].tool_name"),
    );
    refused_at(
        &said("user", json!([{"type": "tool_result"}])),
        &format!("{at}.tool_use_id"),
    );
}
