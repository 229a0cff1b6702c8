//! The ledger: what goes in comes out, once, and can be found.

use tollhouse_domain::call::{Call, Outcome};
use tollhouse_domain::id::{CredentialId, OrgId, UserId};
use tollhouse_store::{CallFilter, Ended, Page, Store, TurnedElsewhere};
use tollhouse_wire::Protocol;

use crate::support::{Place, call, call_id, key_id, on_both, seconds, session_id, uuid};

on_both!(
    a_batch_may_be_sent_again,
    an_id_twice_in_a_batch_counts_once,
    nothing_is_a_batch,
    pages_join_without_gap_or_overlap,
    every_condition_of_a_filter_counts,
    an_upstream_object_finds_the_newest_call_of_its_key,
    retention_forgets_the_oldest_in_bounded_steps,
    a_large_batch_arrives_whole,
);

async fn a_batch_may_be_sent_again(place: Place) {
    let store = place.open().await;
    let mut calls = vec![call(1), call(2)];
    assert_eq!(store.insert_calls(&calls).await.unwrap(), 2);
    assert_eq!(store.insert_calls(&calls).await.unwrap(), 0);
    // The first word stands: a later row of the same id changes nothing.
    calls[0].outcome = Outcome::Interrupted;
    calls.push(call(3));
    assert_eq!(store.insert_calls(&calls).await.unwrap(), 1);
    assert_eq!(store.call(call_id(1)).await.unwrap(), Some(call(1)));
    assert_eq!(store.call(call_id(4)).await.unwrap(), None);
}

async fn an_id_twice_in_a_batch_counts_once(place: Place) {
    let store = place.open().await;
    assert_eq!(
        store
            .insert_calls(&[call(1), call(2), call(1)])
            .await
            .unwrap(),
        2
    );
}

async fn nothing_is_a_batch(place: Place) {
    let store = place.open().await;
    assert_eq!(store.insert_calls(&[]).await.unwrap(), 0);
    assert!(found(&store, CallFilter::default()).await.is_empty());
    assert_eq!(store.delete_calls_before(seconds(0), 10).await.unwrap(), 0);
}

async fn pages_join_without_gap_or_overlap(place: Place) {
    let store = place.open().await;
    let calls: Vec<Call> = (1..=7).map(call).collect();
    store.insert_calls(&calls).await.unwrap();
    let (mut seen, mut page) = (Vec::new(), Page::first(3));
    loop {
        let rows = store.calls(&CallFilter::default(), page).await.unwrap();
        let Some(last) = rows.last() else { break };
        page = Page::after(3, last.id);
        seen.extend(rows);
    }
    seen.reverse();
    assert_eq!(seen, calls);
    // And the other way round.
    let (mut seen, mut page) = (Vec::new(), Page::first(3));
    loop {
        let rows = store.calls_since(&CallFilter::default(), page).await;
        let rows = rows.unwrap();
        let Some(last) = rows.last() else { break };
        page = Page::after(3, last.id);
        seen.extend(rows);
    }
    assert_eq!(seen, calls);
}

fn different_in_everything(n: u128) -> Call {
    Call {
        key: key_id(2),
        user: Some(UserId(uuid(3))),
        org: Some(OrgId(uuid(4))),
        session: session_id(5),
        model_sent: Some("m".to_owned()),
        provider: Some("p".to_owned()),
        caller: "c".to_owned(),
        agent: Some("a".to_owned()),
        endpoint: "e".to_owned(),
        protocol: Some(Protocol::Chat),
        outcome: Outcome::Refused,
        status: Some(429),
        error: Some("budget_exceeded".to_owned()),
        fallback: Some("rate_limited".to_owned()),
        credential_id: Some(CredentialId(uuid(6))),
        ..call(n)
    }
}

async fn every_condition_of_a_filter_counts(place: Place) {
    let store = place.open().await;
    let plain = call(1);
    let odd = different_in_everything(2);
    store
        .insert_calls(&[plain.clone(), odd.clone()])
        .await
        .unwrap();
    let of = |set: fn(&mut CallFilter, &Call)| {
        let mut filter = CallFilter::default();
        set(&mut filter, &odd);
        filter
    };
    let conditions = [
        of(|filter, odd| filter.key = Some(odd.key)),
        of(|filter, odd| filter.user = odd.user),
        of(|filter, odd| filter.org = odd.org),
        of(|filter, odd| filter.session = Some(odd.session)),
        of(|filter, odd| filter.model.clone_from(&odd.model_sent)),
        of(|filter, odd| filter.provider.clone_from(&odd.provider)),
        of(|filter, odd| filter.caller = Some(odd.caller.clone())),
        of(|filter, odd| filter.agent.clone_from(&odd.agent)),
        of(|filter, odd| filter.endpoint = Some(odd.endpoint.clone())),
        of(|filter, odd| filter.protocol = odd.protocol),
        of(|filter, odd| filter.outcome = Some(Ended::As(odd.outcome))),
        of(|filter, _| filter.outcome = Some(Ended::Unsuccessfully)),
        of(|filter, odd| filter.error.clone_from(&odd.error)),
        of(|filter, _| filter.fallback = Some(TurnedElsewhere::Anyhow)),
        of(|filter, odd| filter.credential = odd.credential_id),
        of(|filter, odd| filter.status = odd.status),
        of(|filter, odd| filter.from = Some(odd.at)),
    ];
    for filter in conditions {
        assert_eq!(
            found(&store, filter.clone()).await,
            std::slice::from_ref(&odd),
            "{filter:?}"
        );
        let both = CallFilter {
            to: Some(odd.at),
            ..filter.clone()
        };
        assert!(found(&store, both).await.is_empty(), "{filter:?}");
    }
    let before = of(|filter, odd| filter.to = Some(odd.at));
    assert_eq!(found(&store, before).await, [plain]);
}

async fn an_upstream_object_finds_the_newest_call_of_its_key(place: Place) {
    let store = place.open().await;
    let with = |n, key, object: &str| Call {
        key: key_id(key),
        upstream_object: Some(object.to_owned()),
        ..call(n)
    };
    let calls = [
        with(1, 1, "resp_1"),
        with(2, 1, "resp_1"),
        with(3, 2, "resp_1"),
        call(4),
    ];
    store.insert_calls(&calls).await.unwrap();
    let by = async |object, key| {
        store
            .call_by_upstream_object(object, key_id(key))
            .await
            .unwrap()
    };
    assert_eq!(by("resp_1", 1).await.as_ref(), Some(&calls[1]));
    assert_eq!(by("resp_1", 2).await.as_ref(), Some(&calls[2]));
    assert_eq!(by("resp_1", 3).await, None);
    assert_eq!(by("resp_2", 1).await, None);
}

async fn retention_forgets_the_oldest_in_bounded_steps(place: Place) {
    let store = place.open().await;
    let calls: Vec<Call> = (1..=5).map(call).collect();
    store.insert_calls(&calls).await.unwrap();
    assert_eq!(store.delete_calls_before(seconds(5), 3).await.unwrap(), 3);
    assert_eq!(store.call(call_id(3)).await.unwrap(), None);
    assert_eq!(
        store.call(call_id(4)).await.unwrap().as_ref(),
        Some(&calls[3])
    );
    assert_eq!(store.delete_calls_before(seconds(5), 3).await.unwrap(), 1);
    assert_eq!(store.delete_calls_before(seconds(5), 3).await.unwrap(), 0);
    assert_eq!(
        found(&store, CallFilter::default()).await,
        [calls[4].clone()]
    );
}

async fn a_large_batch_arrives_whole(place: Place) {
    let store = place.open().await;
    let calls: Vec<Call> = (1..=4_500).map(call).collect();
    assert_eq!(store.insert_calls(&calls).await.unwrap(), 4_500);
    let totals = store.totals(&CallFilter::default()).await.unwrap();
    assert_eq!(totals.calls, 4_500);
}

async fn found(store: &Store, filter: CallFilter) -> Vec<Call> {
    store.calls(&filter, Page::first(100)).await.unwrap()
}
