use super::*;

fn entry(id: &str) -> ModelEntry {
    ModelEntry {
        id: id.into(),
        display_name: id.to_uppercase(),
        created_at: 1_790_000_000,
        owned_by: "anthropic".into(),
        max_input_tokens: None,
        max_tokens: None,
    }
}

fn entries(count: usize) -> Vec<ModelEntry> {
    (0..count)
        .map(|index| entry(&format!("m{index}")))
        .collect()
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

#[test]
fn lists_have_the_shape_of_their_caller() {
    let mut list = entries(2);
    list[1].max_input_tokens = Some(200_000);
    list[1].max_tokens = Some(64_000);
    let page = page(&list, PageQuery::default()).unwrap();
    assert_eq!(
        text(list_messages(page)),
        r#"{"data":[{"type":"model","id":"m0","display_name":"M0","created_at":"2026-09-21T14:13:20Z"},{"type":"model","id":"m1","display_name":"M1","created_at":"2026-09-21T14:13:20Z","max_input_tokens":200000,"max_tokens":64000}],"has_more":false,"first_id":"m0","last_id":"m1"}"#
    );
    assert_eq!(
        text(list_openai(&list[..1])),
        r#"{"object":"list","data":[{"id":"m0","object":"model","created":1790000000,"owned_by":"anthropic"}]}"#
    );
    assert_eq!(
        text(one_openai(&list[0])),
        r#"{"id":"m0","object":"model","created":1790000000,"owned_by":"anthropic"}"#
    );
    assert!(text(one_messages(&list[0])).starts_with(r#"{"type":"model","id":"m0","#));
    let empty = Page {
        entries: &[],
        has_more: false,
    };
    assert_eq!(
        text(list_messages(empty)),
        r#"{"data":[],"has_more":false,"first_id":null,"last_id":null}"#
    );
    assert_eq!(text(list_openai(&[])), r#"{"object":"list","data":[]}"#);
}

#[test]
fn pages_follow_their_cursors() {
    let list = entries(30);
    let ids = |limit, after_id, before_id| {
        let page = page(
            &list,
            PageQuery {
                limit,
                after_id,
                before_id,
            },
        )?;
        let first = page.entries.first().map(|entry| entry.id.clone());
        Ok((first.unwrap_or_default(), page.entries.len(), page.has_more))
    };
    assert_eq!(ids(None, None, None), Ok(("m0".into(), 20, true)));
    assert_eq!(ids(Some(30), None, None), Ok(("m0".into(), 30, false)));
    assert_eq!(ids(Some(5), Some("m4"), None), Ok(("m5".into(), 5, true)));
    assert_eq!(
        ids(Some(5), Some("m25"), None),
        Ok(("m26".into(), 4, false))
    );
    assert_eq!(
        ids(Some(5), Some("m29"), None),
        Ok((String::new(), 0, false))
    );
    assert_eq!(ids(Some(5), None, Some("m10")), Ok(("m5".into(), 5, true)));
    assert_eq!(ids(Some(5), None, Some("m3")), Ok(("m0".into(), 3, false)));
    assert_eq!(ids(Some(0), None, None), Err(PageError::Limit));
    assert_eq!(ids(Some(1001), None, None), Err(PageError::Limit));
    assert_eq!(
        ids(None, Some("m1"), Some("m2")),
        Err(PageError::TwoCursors)
    );
    assert_eq!(
        ids(None, Some("gone"), None),
        Err(PageError::UnknownCursor { field: "after_id" })
    );
}

#[test]
fn times_are_written_as_rfc_3339() {
    for (seconds, expected) in [
        (0, "1970-01-01T00:00:00Z"),
        (951_782_399, "2000-02-28T23:59:59Z"),
        (951_782_400, "2000-02-29T00:00:00Z"),
        (1_709_251_199, "2024-02-29T23:59:59Z"),
        (1_735_689_599, "2024-12-31T23:59:59Z"),
        (4_107_542_400, "2100-03-01T00:00:00Z"),
    ] {
        assert_eq!(rfc3339(seconds), expected);
    }
}
