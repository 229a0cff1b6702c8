//! Lists of what is rare are whole, in order, and in pages that meet, although most of the ledger is passed over.

use tollhouse_domain::call::{Call, Fallback, Outcome};
use tollhouse_domain::id::{CallId, CredentialId, OrgId, SessionId, UserId};
use tollhouse_domain::money::Money;
use tollhouse_domain::tenancy::Visible;
use tollhouse_domain::time::Timestamp;
use tollhouse_store::{CallFilter, Ended, Page, Question, Store, TurnedElsewhere};

use crate::support::{Place, key_id, metered, on_both, session_id, uuid};

on_both!(
    what_is_rare_is_found_wherever_it_is,
    what_is_not_there_is_not_looked_for_in_every_call,
    what_the_dearest_cost_says_where_to_look,
    what_a_credential_came_to_is_what_its_calls_did,
);

/// More than are gone through without asking the sums.
const CALLS: u128 = 9_000;
/// The first of a day, although two that came after it are of the day before by their clocks.
const ON_THE_DOT: u128 = 864;
/// 2026-11-22T00:00:00Z.
const MIDNIGHT: i64 = 1_795_305_600_000_000;

/// Three at a time every five minutes, on the dot of some hours; of each three the last came a little before the
/// first, as far as their clocks are concerned.
fn made(n: u128) -> Call {
    let number = i64::try_from(n).unwrap();
    let at = MIDNIGHT + number / 3 * 300_000_000 - number % 3 * 300_000;
    let mut call = metered(n, "common", 5, number);
    call.at = Timestamp(at);
    call.key = key_id(n % 5);
    call.session = session_id(n / 7);
    call.user = n.is_multiple_of(4).then(|| UserId(uuid(n % 8)));
    call.org = (n % 4 == 1).then(|| OrgId(uuid(n % 8)));
    // On the dot of an hour, two of the three are of the hour before.
    if n % 1_080 < 3 {
        call.provider = Some("rare".to_owned());
    }
    if n % 1_500 == 7 || n == ON_THE_DOT {
        call.outcome = Outcome::UpstreamError;
        call.status = Some(529);
        call.error = Some(["overloaded", "api_error"][usize::from(n < 3_000)].to_owned());
    }
    if n == 700 {
        call.cost_usd = Some(Money(50_000));
    }
    call.credential_id = match n {
        _ if n % 2_000 == 17 || n == ON_THE_DOT => Some(CredentialId(uuid(2))),
        _ if n.is_multiple_of(3) => None,
        _ => Some(CredentialId(uuid(1))),
    };
    if n % 1_700 == 5 || n == ON_THE_DOT {
        call.fallback = Some(["server_error", "unreachable"][usize::from(n > 5_000)].to_owned());
        call.attempts = 2;
    }
    if n == 11 {
        call.agent = Some("once".to_owned());
    }
    if n % 400 == 9 {
        call.tags.insert("repo".to_owned(), "rare".to_owned());
    }
    call
}

/// The filters of calls that are rare.
fn of_rare() -> Vec<CallFilter> {
    let filters = [
        CallFilter::default(),
        CallFilter {
            key: Some(key_id(2)),
            ..CallFilter::default()
        },
        CallFilter {
            from: Some(day(1)),
            to: Some(day(6)),
            ..CallFilter::default()
        },
        CallFilter {
            visible: Visible::Of {
                user: UserId(uuid(4)),
                orgs: vec![OrgId(uuid(1))],
            },
            ..CallFilter::default()
        },
        CallFilter {
            min_cost: Some(Money(4_000)),
            ..CallFilter::default()
        },
    ];
    let of_provider = filters.clone().map(|filter| CallFilter {
        provider: Some("rare".to_owned()),
        ..filter
    });
    let of_tag = filters.map(|filter| CallFilter {
        tag: Some(("repo".to_owned(), "rare".to_owned())),
        ..filter
    });
    of_provider.into_iter().chain(of_tag).collect()
}

/// Those of what was made with a credential, failed in a way, or turned elsewhere.
fn of_marked() -> Vec<CallFilter> {
    let all = CallFilter::default;
    let with = |n| Some(CredentialId(uuid(n)));
    let member = Visible::Of {
        user: UserId(uuid(4)),
        orgs: vec![OrgId(uuid(1))],
    };
    vec![
        CallFilter {
            credential: with(2),
            ..all()
        },
        // Nobody's.
        CallFilter {
            credential: with(3),
            ..all()
        },
        CallFilter {
            credential: with(1),
            outcome: Some(Ended::Unsuccessfully),
            from: Some(day(1)),
            visible: member.clone(),
            ..all()
        },
        CallFilter {
            credential: with(2),
            key: Some(key_id(2)),
            min_cost: Some(Money(2_000)),
            ..all()
        },
        CallFilter {
            fallback: Some(TurnedElsewhere::Anyhow),
            ..all()
        },
        CallFilter {
            fallback: Some(TurnedElsewhere::Because(Fallback::Unreachable)),
            visible: member,
            ..all()
        },
        CallFilter {
            fallback: Some(TurnedElsewhere::Because(Fallback::Unauthorized)),
            ..all()
        },
        CallFilter {
            fallback: Some(TurnedElsewhere::Anyhow),
            provider: Some("test".to_owned()),
            to: Some(day(2)),
            ..all()
        },
        CallFilter {
            error: Some("overloaded".to_owned()),
            ..all()
        },
        CallFilter {
            error: Some("api_error".to_owned()),
            status: Some(529),
            from: Some(day(1)),
            ..all()
        },
    ]
}

/// Those of others.
fn of_others() -> Vec<CallFilter> {
    let all = CallFilter::default;
    vec![
        all(),
        CallFilter {
            outcome: Some(Ended::As(Outcome::UpstreamError)),
            status: Some(529),
            ..all()
        },
        CallFilter {
            outcome: Some(Ended::Unsuccessfully),
            ..all()
        },
        CallFilter {
            agent: Some("once".to_owned()),
            ..all()
        },
        CallFilter {
            model: Some("common".to_owned()),
            to: Some(day(2)),
            ..all()
        },
        CallFilter {
            from: Some(day(1)),
            ..all()
        },
        CallFilter {
            from: Some(day(20)),
            ..all()
        },
        CallFilter {
            caller: Some("nobody".to_owned()),
            ..all()
        },
        // One and the newest, all, the one long ago, none although an hour comes to as much, and none by far.
        CallFilter {
            min_cost: Some(Money(8_990)),
            ..all()
        },
        CallFilter {
            min_cost: Some(Money(1)),
            ..all()
        },
        CallFilter {
            min_cost: Some(Money(20_000)),
            ..all()
        },
        CallFilter {
            min_cost: Some(Money(50_001)),
            ..all()
        },
        CallFilter {
            min_cost: Some(Money(1_000_000_000_000)),
            ..all()
        },
    ]
}

fn day(number: i64) -> Timestamp {
    Timestamp(MIDNIGHT + number * 86_400_000_000)
}

/// What a filter says, said once more.
fn passes(filter: &CallFilter, call: &Call) -> bool {
    let seen = match &filter.visible {
        Visible::All => true,
        Visible::Of { user, orgs } => {
            call.user == Some(*user) || call.org.is_some_and(|org| orgs.contains(&org))
        }
    };
    let is = |wanted: &Option<String>, value: Option<&String>| {
        wanted.is_none() || wanted.as_ref() == value
    };
    let tag = filter.tag.as_ref();
    seen && filter.key.is_none_or(|key| key == call.key)
        && is(&filter.provider, call.provider.as_ref())
        && is(&filter.agent, call.agent.as_ref())
        && is(&filter.caller, Some(&call.caller))
        && is(&filter.model, call.model_requested.as_ref())
        && tag.is_none_or(|(name, value)| call.tags.get(name) == Some(value))
        && filter.outcome.is_none_or(|ended| match ended {
            Ended::As(outcome) => outcome == call.outcome,
            Ended::Unsuccessfully => call.outcome != Outcome::Success,
        })
        && is(&filter.error, call.error.as_ref())
        && filter.fallback.is_none_or(|turned| match turned {
            TurnedElsewhere::Anyhow => call.fallback.is_some(),
            TurnedElsewhere::Because(reason) => call.fallback.as_deref() == Some(reason.as_str()),
        })
        && filter
            .credential
            .is_none_or(|credential| call.credential_id == Some(credential))
        && filter
            .status
            .is_none_or(|status| call.status == Some(status))
        && filter
            .min_cost
            .is_none_or(|cost| call.cost_usd >= Some(cost))
        && filter.from.is_none_or(|from| call.at >= from)
        && filter.to.is_none_or(|to| call.at < to)
}

async fn filled(place: &Place) -> (Store, Vec<Call>) {
    let store = place.open().await;
    let calls: Vec<Call> = (0..CALLS).map(made).collect();
    for batch in calls.chunks(2_000) {
        store.insert_calls(batch).await.unwrap();
    }
    assert!(store.rollups_are_whole().await.unwrap());
    (store, calls)
}

/// All pages, one after another.
async fn pages<T>(
    limit: u32,
    last: impl Fn(&T) -> CallId,
    page: impl AsyncFn(Page<CallId>) -> Vec<T>,
) -> Vec<T> {
    let mut found = Vec::new();
    let mut after = None;
    loop {
        let mut rows = page(Page { limit, after }).await;
        let Some(row) = rows.last() else { return found };
        after = Some(last(row));
        found.append(&mut rows);
    }
}

async fn what_is_rare_is_found_wherever_it_is(place: Place) {
    let (store, calls) = filled(&place).await;
    let filters = of_rare().into_iter().chain(of_marked());
    for filter in filters.chain(of_others()) {
        let wanted: Vec<CallId> = calls
            .iter()
            .rev()
            .filter(|call| passes(&filter, call))
            .map(|call| call.id)
            .collect();
        let (filter, limit) = (&filter, if wanted.len() > 500 { 1_000 } else { 3 });
        let ask = async |page| store.calls(filter, page).await.unwrap();
        let found = pages(limit, |call: &Call| call.id, ask).await;
        let found: Vec<CallId> = found.iter().map(|call| call.id).collect();
        assert_eq!(found, wanted, "{filter:?}");

        let mut sessions: Vec<SessionId> = Vec::new();
        for call in calls.iter().rev().filter(|call| passes(filter, call)) {
            if !sessions.contains(&call.session) {
                sessions.push(call.session);
            }
        }
        let limit = if sessions.len() > 200 { 500 } else { 2 };
        let ask = async |page| store.sessions(filter, page).await.unwrap();
        let found = pages(limit, |row: &tollhouse_store::SessionRow| row.last, ask).await;
        let found: Vec<SessionId> = found.iter().map(|row| row.session).collect();
        assert_eq!(found, sessions, "sessions: {filter:?}");
    }
}

/// Where the sums say that there is nothing, the calls are not asked: here they are made to say otherwise behind
/// the store's back.
async fn what_is_not_there_is_not_looked_for_in_every_call(place: Place) {
    let (store, calls) = filled(&place).await;
    place
        .execute("UPDATE calls SET provider = 'hidden' WHERE provider = 'rare'")
        .await;
    let hidden = CallFilter {
        provider: Some("hidden".to_owned()),
        ..CallFilter::default()
    };
    let near = calls.iter().rev().take(5_001);
    let near = near
        .filter(|call| call.provider.as_deref() == Some("rare"))
        .count();
    let found = store.calls(&hidden, Page::first(1_000)).await.unwrap();
    assert_eq!(found.len(), near);
    assert!(
        near > 0
            && near
                < calls
                    .iter()
                    .filter(|call| call.provider.as_deref() == Some("rare"))
                    .count()
    );
}

/// The sums are made to say what is not so, and then nothing, as they do where they are from before it was kept.
async fn what_the_dearest_cost_says_where_to_look(place: Place) {
    let (store, calls) = filled(&place).await;
    let dear = CallFilter {
        min_cost: Some(Money(20_000)),
        ..CallFilter::default()
    };
    let found = async || {
        let found = store.calls(&dear, Page::first(9)).await.unwrap();
        found.iter().map(|call| call.id).collect::<Vec<_>>()
    };
    assert_eq!(found().await, [calls[700].id]);
    place
        .execute("UPDATE usage_rollups SET cost_most = 19999 WHERE cost_most > 19999")
        .await;
    assert_eq!(found().await, []);
    place
        .execute("UPDATE usage_rollups SET cost_most = NULL")
        .await;
    assert_eq!(found().await, [calls[700].id]);
    // What is cheap and comes later does not make known what was dear before.
    let late = Call {
        at: calls[700].at,
        ..metered(CALLS + 1, "common", 5, 3)
    };
    store.insert_calls(&[late]).await.unwrap();
    assert_eq!(found().await, [calls[700].id]);
}

async fn what_a_credential_came_to_is_what_its_calls_did(place: Place) {
    let (store, calls) = filled(&place).await;
    let ranges = [
        (None, None),
        (Some(day(1)), Some(day(3))),
        // Within an hour, and where nothing is.
        (
            Some(Timestamp(day(1).0 + 60_000_000)),
            Some(Timestamp(day(1).0 + 900_000_000)),
        ),
        (Some(day(400)), None),
    ];
    for mut filter in of_marked() {
        for (from, to) in ranges {
            (filter.from, filter.to) = (from, to);
            let question = Question {
                filter: filter.clone(),
                groups: vec![tollhouse_store::GroupBy::Key],
                limit: 100,
                ..Question::default()
            };
            let report = store.usage(&question).await.unwrap().unwrap();
            let wanted = calls.iter().filter(|call| passes(&filter, call)).count();
            assert_eq!(report.totals.calls, wanted as u64, "{filter:?}");
            let grouped: u64 = report.rows.iter().map(|row| row.totals.calls).sum();
            assert_eq!(grouped, wanted as u64, "{filter:?}");
        }
    }
}
