//! Text that looks like SQL, or like nothing on earth, is only ever data.

use tollhouse_domain::call::{Attempt, Call};
use tollhouse_domain::credential::Owner;
use tollhouse_domain::tenancy::Visible;
use tollhouse_store::{CallFilter, GroupBy, ObjectKind, ObjectRow, Page, Question};

use crate::support::{
    Place, by, call, call_id, credential, key_id, on_both, provider, seconds, session_id,
    virtual_key,
};

on_both!(
    in_the_ledger,
    everywhere_else,
    what_no_call_has_is_asked_for,
    a_nul_anywhere_in_a_call_hides_no_tag,
);

const TEXTS: [&str; 9] = [
    "'; DROP TABLE calls; --",
    "\" OR \"\"=\"",
    "x' OR '1'='1",
    "$1 ? ?1 :name @name %(name)s {0}",
    "100%_\\",
    "/* */ -- \r\n\t\u{b}",
    "مرحبا \u{202e}gnp.exe",
    "👩‍👩‍👧‍👦 é e\u{301} \u{feff}",
    "NULL",
];

async fn in_the_ledger(place: Place) {
    let store = place.open().await;
    let calls: Vec<Call> = TEXTS
        .iter()
        .zip(1..)
        .map(|(text, n)| {
            let text = (*text).to_owned();
            Call {
                session: session_id(n),
                session_name: Some(text.clone()),
                caller: text.clone(),
                agent: Some(text.clone()),
                provider: Some(text.clone()),
                model_requested: Some(text.clone()),
                endpoint: text.clone(),
                error: Some(text.clone()),
                usage_raw: Some(text.clone()),
                losses: vec![text.clone()],
                tags: [(text.clone(), text.clone())].into(),
                upstream_object: Some(text),
                ..call(n)
            }
        })
        .collect();
    store.insert_calls(&calls).await.unwrap();
    for call in &calls {
        let text = call.caller.clone();
        let only = std::slice::from_ref(call);
        let none = CallFilter::default;
        for filter in [
            CallFilter {
                caller: Some(text.clone()),
                ..none()
            },
            CallFilter {
                agent: Some(text.clone()),
                ..none()
            },
            CallFilter {
                provider: Some(text.clone()),
                ..none()
            },
            CallFilter {
                model: Some(text.clone()),
                ..none()
            },
            CallFilter {
                endpoint: Some(text.clone()),
                ..none()
            },
            CallFilter {
                tag: Some((text.clone(), text.clone())),
                ..none()
            },
        ] {
            assert_eq!(
                store.calls(&filter, Page::first(99)).await.unwrap(),
                only,
                "{text}"
            );
        }
        let found = store
            .call_by_upstream_object(&text, key_id(1))
            .await
            .unwrap();
        assert_eq!(found.as_ref(), Some(call));
        let session = store
            .session(call.session, Visible::All)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(session.session_name.as_ref(), Some(&text));
        assert_eq!(session.models, [text]);
    }
    assert_eq!(
        store.call(call_id(1)).await.unwrap().as_ref(),
        Some(&calls[0])
    );
}

/// PostgreSQL has no text with a NUL in it, and a question that has one is a question all the same.
async fn what_no_call_has_is_asked_for(place: Place) {
    let store = place.open().await;
    let tagged = Call {
        tags: [("repo".to_owned(), "a".to_owned())].into(),
        ..call(1)
    };
    store.insert_calls(&[tagged]).await.unwrap();
    let text = |text: &str| text.to_owned();
    for tag in [("repo\0", "a"), ("repo", "a\0"), ("\0", "\0")] {
        let filter = CallFilter {
            tag: Some((text(tag.0), text(tag.1))),
            ..CallFilter::default()
        };
        assert_eq!(store.calls(&filter, Page::first(9)).await.unwrap(), []);
        assert_eq!(store.sessions(&filter, Page::first(9)).await.unwrap(), []);
        assert_eq!(store.totals(&filter).await.unwrap().calls, 0, "{tag:?}");
        let by_tag = by(GroupBy::Tag(text(tag.0)));
        let question = Question { filter, ..by_tag };
        assert_eq!(store.usage(&question).await.unwrap().unwrap().rows, []);
    }
    let others = by(GroupBy::Tag(text("repo\0")));
    assert_eq!(store.usage(&others).await.unwrap().unwrap().rows, []);
}

/// PostgreSQL reads no JSON that says NUL anywhere, and a model's name may have one.
async fn a_nul_anywhere_in_a_call_hides_no_tag(place: Place) {
    let store = place.open().await;
    let tagged = |n: u128, value: &str| Call {
        tags: [("repo".to_owned(), value.to_owned())].into(),
        ..call(n)
    };
    let tried = |model: &str| Attempt {
        provider: "lab".to_owned(),
        model_sent: Some(model.to_owned()),
        credential_id: None,
        credential_source: None,
        credential_kind: None,
        status: None,
        upstream_request_id: None,
        reason: "unreachable".to_owned(),
        ended_ms: 1.0,
    };
    let turned = Call {
        tried: vec![tried("a\0b")],
        usage_raw: Some("{\"tier\":\"\\u0000\"}".to_owned()),
        subagent_type: Some("\0".to_owned()),
        ..tagged(1, "a")
    };
    store
        .insert_calls(&[turned.clone(), tagged(2, "a"), tagged(3, "a")])
        .await
        .unwrap();
    // What releases before this one stored, and what only looks like it.
    place
        .execute(
            r#"UPDATE calls SET detail = '{"tags":{"repo":"a"},"tried":[{"provider":"\\\u0000\u0000",'
                || '"reason":"unreachable","ended_ms":1.0}]}'
                WHERE at = 1795000002000000"#,
        )
        .await;
    place
        .execute(
            r#"UPDATE calls SET detail = '{"tags":{"\\u0000":"a\\u0000"},"subagent_type":"\u0000"}'
                WHERE at = 1795000003000000"#,
        )
        .await;
    let found = async |name: &str, value: &str| {
        let filter = CallFilter {
            tag: Some((name.to_owned(), value.to_owned())),
            // Sums know nothing of what was stored behind their back.
            ids: Some((call_id(0), call_id(9))),
            ..CallFilter::default()
        };
        let totals = store.totals(&filter).await.unwrap().calls;
        let calls = store.calls(&filter, Page::first(9)).await.unwrap();
        assert_eq!(calls.len() as u64, totals);
        calls
    };
    let calls = found("repo", "a").await;
    let ids: Vec<_> = calls.iter().map(|call| call.id).collect();
    assert_eq!(ids, [call_id(2), call_id(1)]);
    let stored = Call {
        tried: vec![tried("a\u{fffd}b")],
        subagent_type: Some("\u{fffd}".to_owned()),
        ..turned
    };
    assert_eq!(calls[1], stored);
    let escaped = found("\\u0000", "a\\u0000").await;
    assert_eq!(escaped.len(), 1, "a backslash and digits are no NUL");
}

async fn everywhere_else(place: Place) {
    let store = place.open().await;
    for (text, n) in TEXTS.iter().zip(1..) {
        let key = virtual_key(n, text);
        store
            .insert_key(&key, [u8::try_from(n).unwrap(); 32])
            .await
            .unwrap();
        assert_eq!(store.key(key.id).await.unwrap(), Some(key));
        store.upsert_provider(&provider(text)).await.unwrap();
        let record = credential(n, text, text.as_bytes());
        store.put_credential(&record, u32::MAX).await.unwrap();
        assert_eq!(
            store
                .credential_named(Owner::Platform, text, "default")
                .await
                .unwrap(),
            Some(record.meta)
        );
        store.put_setting(text, text).await.unwrap();
        assert_eq!(store.setting(text).await.unwrap().as_deref(), Some(*text));
        let object = ObjectRow {
            id: (*text).to_owned(),
            kind: ObjectKind::Response,
            key: key_id(1),
            provider: (*text).to_owned(),
            credential_id: None,
            created_at: seconds(0),
        };
        store.remember_object(&object).await.unwrap();
        assert_eq!(store.object(text, key_id(1)).await.unwrap(), Some(object));
    }
    assert_eq!(store.providers().await.unwrap().len(), TEXTS.len());
    for text in TEXTS {
        assert!(store.delete_provider(text).await.unwrap());
    }
    for record in store.sealed_credentials().await.unwrap() {
        assert!(store.delete_credential(record.meta.id).await.unwrap());
    }
    assert!(store.sealed_credentials().await.unwrap().is_empty());
    assert_eq!(
        store.all_keys_with_digests().await.unwrap().len(),
        TEXTS.len()
    );
}
