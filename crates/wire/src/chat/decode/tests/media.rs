//! Images, files and marks.

use super::*;

#[test]
fn images_come_as_bytes_or_addresses() {
    let body = saying(json!([{"role": "user", "content": [
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBOR", "detail": "high"}},
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
    ]}]));
    read(&body, |request| {
        let [Part::Image(bytes), Part::Image(address)] = &*request.turns[0].parts else {
            panic!("not two images");
        };
        assert_eq!(bytes.detail.as_deref(), Some("high"));
        assert!(
            bytes.source
                == Source::Base64 {
                    media_type: "image/png".into(),
                    data: "iVBOR".into()
                }
        );
        assert!(address.source == Source::Url("https://example.com/a.png".into()));
    });
}

#[test]
fn files_come_as_documents() {
    let body = saying(json!([{"role": "user", "content": [
        {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERi0="}},
        {"type": "file", "file": {"file_data": "data:text/plain;base64,aGk="}},
    ]}]));
    read(&body, |request| {
        let [Part::Document(pdf), Part::Document(text)] = &*request.turns[0].parts else {
            panic!("not two documents");
        };
        assert_eq!(pdf.title.as_deref(), Some("a.pdf"));
        assert!(
            pdf.source
                == Source::Base64 {
                    media_type: "application/pdf".into(),
                    data: "JVBERi0=".into()
                }
        );
        assert!(text.title.is_none() && text.source == Source::Plain("hi".into()));
    });
}

#[test]
fn a_cache_breakpoint_is_a_mark() {
    let body = saying(json!([{"role": "user", "content": [
        {"type": "text", "text": "a", "prompt_cache_breakpoint": {}},
        {"type": "text", "text": "b", "prompt_cache_breakpoint": null},
    ]}]));
    read(&body, |request| {
        let [Part::Text(marked), Part::Text(plain)] = &*request.turns[0].parts else {
            panic!("not two texts");
        };
        assert_eq!((marked.cache, plain.cache), (Some(CacheMark::Short), None));
    });
}
