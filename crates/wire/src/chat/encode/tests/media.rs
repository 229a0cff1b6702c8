//! Images and documents.

use super::history::messages;
use super::*;

#[test]
fn media_of_a_result_follow_all_results() {
    let request = saying([(
        Role::User,
        vec![
            Part::Outcome(outcome(
                "c1",
                vec![
                    Part::text("a"),
                    image(Source::Url("https://a.b/c".into())),
                    document(Source::Plain("p".into()), Some("t"), None),
                ],
            )),
            Part::Outcome(outcome(
                "c2",
                vec![document(base64("application/pdf", "x"), None, None)],
            )),
        ],
    )]);
    assert_eq!(
        messages(&request, PLAIN),
        json!([
            {"role": "tool", "tool_call_id": "c1", "content": "a\nt\n\np"},
            {"role": "tool", "tool_call_id": "c2", "content": ""},
            {"role": "user", "content": [
                {"type": "image_url", "image_url": {"url": "https://a.b/c"}},
                {"type": "file", "file": {"filename": "document.pdf", "file_data": "data:application/pdf;base64,x"}},
            ]},
        ])
    );
}

#[test]
fn images_keep_their_detail() {
    let mut request = hi();
    request.turns[0].parts.push(Part::Image(Image {
        source: Source::Url("https://a.b".into()),
        detail: Some("low".into()),
        cache: None,
        place: Place::default(),
    }));
    assert_eq!(
        messages(&request, PLAIN)[0]["content"],
        json!([
            {"type": "text", "text": "hi"},
            {"type": "image_url", "image_url": {"url": "https://a.b", "detail": "low"}},
        ])
    );
}

#[test]
fn documents_are_files_with_a_name() {
    for (media_type, title, name) in [
        ("application/pdf", None, "document.pdf"),
        ("application/pdf", Some(""), "document.pdf"),
        ("application/pdf", Some("Report"), "Report.pdf"),
        ("application/pdf", Some("A.PDF"), "A.PDF"),
        ("text/csv", Some("a.csv"), "a.csv"),
        ("text/csv", None, "document"),
    ] {
        let request = saying([(
            Role::User,
            vec![document(base64(media_type, "aGk="), title, None)],
        )]);
        let data = format!("data:{media_type};base64,aGk=");
        assert_eq!(
            messages(&request, PLAIN)[0]["content"],
            json!([
                {"type": "file", "file": {"filename": name, "file_data": data}},
            ])
        );
    }
}

#[test]
fn what_is_said_about_a_document_stands_before_it() {
    let request = saying([(
        Role::User,
        vec![
            document(
                base64("application/pdf", "x"),
                Some("a.pdf"),
                Some("Mind this."),
            ),
            document(Source::Plain("text".into()), Some("Notes"), Some("Old.")),
            document(Source::Plain("bare".into()), None, None),
        ],
    )]);
    let (body, losses) = written(&request, PLAIN);
    let content = &body["messages"][0]["content"];
    assert_eq!(content[0], json!({"type": "text", "text": "Mind this."}));
    assert_eq!(content[1]["type"], "file");
    assert_eq!(
        content[2],
        json!({"type": "text", "text": "Notes\nOld.\n\ntext"})
    );
    assert_eq!(content[3], json!({"type": "text", "text": "bare"}));
    assert_eq!(losses, [Loss::DocumentContext]);
}

#[test]
fn what_cannot_be_said_is_refused() {
    for (role, part) in [
        (
            Role::User,
            document(Source::Url("https://a.b/c.pdf".into()), None, None),
        ),
        (Role::User, image(Source::Plain("x".into()))),
        (Role::User, Part::Refusal("x".into())),
        (
            Role::User,
            Part::Outcome(outcome("c", vec![Part::Refusal("x".into())])),
        ),
        (Role::Assistant, image(base64("image/png", "x"))),
    ] {
        let request = saying([(role, vec![part])]);
        let unfit = encode(&request, &dialect(PLAIN), &mut Losses::default()).unwrap_err();
        assert!(unfit.message.len() > 20);
    }
}
