//! Sessions are their calls, put together.

use tollhouse_domain::call::{Call, Outcome};
use tollhouse_domain::money::Money;
use tollhouse_domain::tenancy::Visible;
use tollhouse_store::{CallFilter, Page};

use crate::support::{Place, call, key_id, metered, on_both, seconds, session_id};

on_both!(
    a_session_adds_its_calls_up,
    sessions_are_paged_by_latest_activity,
    a_filter_narrows_sums
);

async fn a_session_adds_its_calls_up(place: Place) {
    let store = place.open().await;
    let of = |n, call: Call| Call {
        session: session_id(n),
        key: key_id(n),
        ..call
    };
    let named = Call {
        session_name: Some("refactor".to_owned()),
        ..metered(3, "small", 7, 50)
    };
    let failed = Call {
        outcome: Outcome::UpstreamError,
        model_sent: Some("tiny".into()),
        ..call(4)
    };
    let left = Call {
        outcome: Outcome::ClientDisconnect,
        estimated: true,
        ..metered(5, "big", 1, 9)
    };
    let calls = [
        of(1, metered(1, "big", 100, 1_000)),
        of(1, call(2)),
        of(1, named),
        of(1, failed),
    ];
    store.insert_calls(&calls).await.unwrap();
    store
        .insert_calls(&[of(1, left), of(2, metered(6, "big", 100, 1_000))])
        .await
        .unwrap();
    let session = store
        .session(session_id(1), Visible::All)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(session.session, session_id(1));
    assert_eq!(session.key, key_id(1));
    assert_eq!(session.caller, "curl");
    assert_eq!(session.session_name.as_deref(), Some("refactor"));
    assert_eq!(
        (session.first_at, session.last_at),
        (seconds(1), seconds(5))
    );
    assert_eq!(session.models, ["big-20260101", "small-20260101", "tiny"]);
    let totals = session.totals;
    assert_eq!((totals.calls, totals.errors, totals.estimated), (5, 1, 1));
    assert_eq!(
        (totals.usage.input, totals.usage.output),
        (Some(30), Some(108))
    );
    // No call reported these: unknown, not zero.
    assert_eq!(
        (totals.usage.cache_read, totals.usage.reasoning),
        (None, None)
    );
    assert_eq!(totals.cost, Some(Money(1_059)));
    assert_eq!(totals.list_cost, Some(Money(2_118)));
    assert_eq!(totals.calls_without_cost, 2);
    assert_eq!(
        store.session(session_id(9), Visible::All).await.unwrap(),
        None
    );
}

async fn sessions_are_paged_by_latest_activity(place: Place) {
    let store = place.open().await;
    // Sessions 1 to 4, of which 1 came back last; and one with more calls than are gone through at once.
    let calls = [(1, 1), (2, 2), (3, 3), (4, 4), (6_000, 1)].map(|(n, session)| Call {
        session: session_id(session),
        ..call(n)
    });
    let long = (10..5_000).map(|n| Call {
        session: session_id(5),
        ..call(n)
    });
    let calls: Vec<Call> = calls.into_iter().chain(long).collect();
    store.insert_calls(&calls).await.unwrap();
    let (mut seen, mut page) = (Vec::new(), Page::first(1));
    loop {
        let rows = store.sessions(&CallFilter::default(), page).await.unwrap();
        let Some(last) = rows.last() else { break };
        page = Page::after(1, last.last);
        seen.extend(rows.iter().map(|row| row.session));
    }
    assert_eq!(seen, [1, 5, 4, 3, 2].map(session_id));
}

async fn a_filter_narrows_sums(place: Place) {
    let store = place.open().await;
    store
        .insert_calls(&[metered(1, "a", 1, 10), metered(2, "b", 2, 20)])
        .await
        .unwrap();
    let filter = CallFilter {
        model: Some("b".to_owned()),
        ..CallFilter::default()
    };
    let rows = store.sessions(&filter, Page::first(9)).await.unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].totals.calls, 1);
    assert_eq!(rows[0].models, ["b-20260101"]);
    assert_eq!(rows[0].first_at, seconds(2));
    let nothing = CallFilter {
        model: Some("c".to_owned()),
        ..CallFilter::default()
    };
    assert!(
        store
            .sessions(&nothing, Page::first(9))
            .await
            .unwrap()
            .is_empty()
    );
}
