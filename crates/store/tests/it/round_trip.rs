//! A call comes back exactly as it went in, and what is unknown stays unknown.

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use tollhouse_domain::call::{Attempt, Call, Mode, Outcome};
use tollhouse_domain::capture::Kept;
use tollhouse_domain::credential::{CredentialKind, CredentialSource};
use tollhouse_domain::id::{CredentialId, OrgId, UserId};
use tollhouse_domain::money::Money;
use tollhouse_store::{MAX_COST, MAX_COUNT, MAX_TEXT, Store};
use tollhouse_wire::Protocol;
use tollhouse_wire::usage::Usage;

use crate::support::{Place, call, call_id, key_id, on_both, seconds, session_id, uuid};

on_both!(
    full_and_bare_calls,
    any_call,
    what_is_too_large_is_cut_and_never_refused
);

/// Every field set, none to its default.
fn full(n: u128) -> Call {
    let some = |text: &str| Some(text.to_owned());
    Call {
        id: call_id(n),
        at: seconds(7),
        key: key_id(2),
        user: Some(UserId(uuid(3))),
        org: Some(OrgId(uuid(4))),
        agent: some("reviewer"),
        caller: "claude-code".to_owned(),
        session: session_id(5),
        session_name: some("mañana 会话 🚧"),
        subagent: some("explore"),
        subagent_type: some("Explore"),
        subagent_parent: some("plan 🚧"),
        tags: [
            ("repo".to_owned(), "a/b".to_owned()),
            ("ß".to_owned(), "\"'\\".to_owned()),
        ]
        .into(),
        protocol: Some(Protocol::Responses),
        endpoint: "responses.compact".to_owned(),
        stream: true,
        provider: some("openai"),
        credential_id: Some(CredentialId(uuid(6))),
        credential_source: Some(CredentialSource::Client),
        credential_kind: Some(CredentialKind::ApiKey),
        credential_fingerprint: some("ab12"),
        mode: Mode::Translated,
        protocol_sent: Some(Protocol::Chat),
        model_requested: some("best"),
        model_sent: some("gpt-5"),
        model_served: some("gpt-5-2026-01-01"),
        status: Some(599),
        outcome: Outcome::StreamError,
        error: some("overloaded_error"),
        stop_reason: some("max_output_tokens"),
        usage: Usage {
            input: Some(1),
            cache_read: Some(2),
            cache_write_5m: Some(3),
            cache_write_1h: Some(4),
            output: Some(5),
            reasoning: Some(6),
        },
        usage_raw: some(r#"{"input_tokens": 1, "x": "\u0000"}"#),
        estimated: true,
        cost_usd: Some(Money(-1)),
        charged_usd: Some(Money(5)),
        list_cost_usd: Some(Money(9)),
        ttft_ms: Some(0.1),
        duration_ms: Some(1e9 + 0.3),
        bytes_in: MAX_COUNT,
        bytes_out: 8,
        attempts: u32::MAX,
        fallback: some("429 from lab"),
        tried: vec![Attempt {
            provider: "lab".to_owned(),
            model_sent: some("n"),
            credential_id: Some(CredentialId(uuid(7))),
            credential_source: Some(CredentialSource::User),
            credential_kind: Some(CredentialKind::OauthAccount),
            status: Some(429),
            upstream_request_id: some("req_0"),
            reason: "rate_limited".to_owned(),
            ended_ms: 12.5,
        }],
        losses: vec!["top_k".to_owned(), "cache_control".to_owned()],
        upstream_request_id: some("req_1"),
        capture: Some(Kept::Redacted),
        from: Some("2001:db8::1".parse().unwrap()),
        upstream_object: some("resp_1"),
        snapshot_revision: i64::MAX,
    }
}

async fn full_and_bare_calls(place: Place) {
    let store = place.open().await;
    let zeros = Call {
        usage: Usage {
            input: Some(0),
            reasoning: Some(0),
            ..Usage::default()
        },
        cost_usd: Some(Money::ZERO),
        ttft_ms: Some(0.0),
        status: Some(0),
        session_name: Some(String::new()),
        ..call(3)
    };
    let mut calls = vec![full(1), call(2), zeros];
    for (outcome, n) in Outcome::ALL.into_iter().zip(10..) {
        calls.push(Call { outcome, ..full(n) });
    }
    let sources = [
        CredentialSource::User,
        CredentialSource::Org,
        CredentialSource::Platform,
    ];
    for (source, n) in sources.into_iter().zip(20..) {
        calls.push(Call {
            credential_source: Some(source),
            ..full(n)
        });
    }
    let kinds = [CredentialKind::OauthAccount, CredentialKind::Bridge];
    for (kind, n) in kinds.into_iter().zip(40..) {
        calls.push(Call {
            credential_kind: Some(kind),
            ..full(n)
        });
    }
    for (protocol, n) in Protocol::ALL.into_iter().zip(30..) {
        calls.push(Call {
            protocol: Some(protocol),
            ..full(n)
        });
    }
    assert_eq!(
        store.insert_calls(&calls).await.unwrap(),
        u64::try_from(calls.len()).unwrap()
    );
    for call in calls {
        assert_eq!(back(&store, &call).await, call);
    }
}

async fn any_call(place: Place) {
    let store = place.open().await;
    let mut runner = TestRunner::default();
    let mut calls = Vec::new();
    for n in 1..=200 {
        use proptest::strategy::ValueTree;
        calls.push(Call {
            id: call_id(n),
            ..any_shape().new_tree(&mut runner).unwrap().current()
        });
    }
    assert_eq!(store.insert_calls(&calls).await.unwrap(), 200);
    for call in calls {
        assert_eq!(back(&store, &call).await, call);
    }
}

/// Calls whose unknowns, texts and numbers are all over the place, inside the bounds.
fn any_shape() -> impl Strategy<Value = Call> {
    let text = || "[^\\x00]{0,40}";
    let texts = proptest::array::uniform18(proptest::option::of(text()));
    let tokens = proptest::array::uniform6(proptest::option::of(0..=MAX_COUNT));
    let money = proptest::array::uniform2(proptest::option::of(-MAX_COST.0..=MAX_COST.0));
    let times = proptest::array::uniform2(proptest::option::of(0.0..1e12));
    let losses = proptest::collection::vec(text(), 0..3);
    let rest = (
        any::<bool>(),
        any::<bool>(),
        any::<Option<u16>>(),
        any::<i64>(),
    );
    (texts, tokens, money, times, losses, rest).prop_map(
        |(mut texts, tokens, money, times, losses, (stream, estimated, status, number))| {
            let mut text = texts.iter_mut().map(Option::take);
            let mut text = || text.next().unwrap();
            Call {
                agent: text(),
                caller: text().unwrap_or_default(),
                session_name: text(),
                subagent: text(),
                subagent_type: text(),
                subagent_parent: text(),
                tags: text().map(|tag| (tag.clone(), tag)).into_iter().collect(),
                endpoint: text().unwrap_or_default(),
                provider: text(),
                credential_fingerprint: text(),
                model_requested: text(),
                model_served: text(),
                error: text(),
                stop_reason: text(),
                usage_raw: text(),
                fallback: text(),
                upstream_request_id: text(),
                upstream_object: text(),
                usage: Usage {
                    input: tokens[0],
                    cache_read: tokens[1],
                    cache_write_5m: tokens[2],
                    cache_write_1h: tokens[3],
                    output: tokens[4],
                    reasoning: tokens[5],
                },
                cost_usd: money[0].map(Money),
                list_cost_usd: money[1].map(Money),
                ttft_ms: times[0],
                duration_ms: times[1],
                losses,
                stream,
                estimated,
                status,
                snapshot_revision: number,
                ..call(1)
            }
        },
    )
}

async fn what_is_too_large_is_cut_and_never_refused(place: Place) {
    let store = place.open().await;
    let long = "é".repeat(100_000);
    let absurd = Call {
        caller: "a\0b".to_owned(),
        model_requested: Some(long.clone()),
        upstream_object: Some(long.clone()),
        usage_raw: Some(long.clone()),
        usage: Usage {
            input: Some(u64::MAX),
            ..Usage::default()
        },
        cost_usd: Some(Money(i64::MAX)),
        ttft_ms: Some(f64::NAN),
        duration_ms: Some(f64::INFINITY),
        bytes_in: u64::MAX,
        ..call(1)
    };
    let calls: Vec<Call> = (1..=20)
        .map(|n| Call {
            id: call_id(n),
            ..absurd.clone()
        })
        .collect();
    assert_eq!(store.insert_calls(&calls).await.unwrap(), 20);
    let stored = back(&store, &absurd).await;
    assert_eq!(stored.caller, "a\u{fffd}b");
    assert_eq!(stored.model_requested.unwrap().len(), MAX_TEXT);
    assert_eq!(stored.usage_raw, Some(long.clone()));
    assert_eq!(stored.usage.input, Some(MAX_COUNT));
    assert_eq!(stored.cost_usd, Some(MAX_COST));
    assert_eq!((stored.ttft_ms, stored.duration_ms), (None, None));
    // It is found by the text that was cut, and its sums hold.
    let found = store
        .call_by_upstream_object(&long, key_id(1))
        .await
        .unwrap();
    assert_eq!(found.unwrap().id, call_id(20));
    let totals = store
        .totals(&tollhouse_store::CallFilter::default())
        .await
        .unwrap();
    assert_eq!(totals.usage.input, Some(20 * MAX_COUNT));
    assert_eq!(totals.cost, Some(Money(20 * MAX_COST.0)));
}

async fn back(store: &Store, call: &Call) -> Call {
    store.call(call.id).await.unwrap().unwrap()
}
