use std::sync::Arc;
use std::time::Duration;

use tollhouse_domain::credential::{Credential, CredentialKind, Owner};
use tollhouse_vault::Secret;
use uuid::Uuid;

use super::*;

mod accounts;

const NOW: Timestamp = Timestamp::from_secs(1_000_000);

fn meta(n: u128, configured_at: Timestamp, stale_since: Option<Timestamp>) -> Credential {
    Credential {
        id: CredentialId(Uuid::from_u128(n)),
        owner: Owner::Platform,
        provider: "p".to_owned(),
        name: n.to_string(),
        kind: CredentialKind::ApiKey,
        fingerprint: String::new(),
        configured_at,
        enabled: true,
        base_url: None,
        stale_since,
        managed: false,
    }
}

fn member(n: u128, configured_at: Timestamp, stale_since: Option<Timestamp>) -> OpenCredential {
    let meta = meta(n, configured_at, stale_since);
    OpenCredential::new(&meta, &Secret::new("s".to_owned())).unwrap()
}

fn pool(count: u128) -> Pool {
    pool_of((0..count).map(|n| Arc::new(member(n, NOW, None))))
}

fn pool_of(members: impl Iterator<Item = Arc<OpenCredential>>) -> Pool {
    let mut pool = Pool {
        members: members.collect(),
        ..Pool::default()
    };
    pool.complete(1);
    pool
}

fn session(n: usize) -> SessionId {
    SessionId(Uuid::from_u128(n as u128))
}

fn first(choice: Choice) -> usize {
    match choice {
        Choice::Draw { first, .. } => first,
        Choice::Full | Choice::Cooling(_) | Choice::Stale(_) => panic!("{choice:?}"),
    }
}

#[test]
fn a_conversation_that_moved_stays_where_it_went() {
    let (pools, pool) = (Pools::default(), pool(3));
    let before = first(pools.choose(&pool, session(1), NOW));
    pools.on(&pool.members[before], Verdict::Limited(None), NOW);
    let moved = first(pools.choose(&pool, session(1), NOW));
    assert_ne!(moved, before);
    let later = NOW.plus(pool::REST);
    let fit = pools.standing(&pool.members[before]).fit(later);
    assert_eq!(fit, Fit::Ready, "it is back");
    assert_eq!(first(pools.choose(&pool, session(1), later)), moved);
}

#[test]
fn another_secret_starts_afresh() {
    let pools = Pools::default();
    pools.on(&member(1, NOW, None), Verdict::Refused, NOW);
    assert_eq!(
        pools.standing(&member(1, NOW, None)).fit(NOW),
        Fit::Stale(NOW)
    );
    let anew = NOW.plus(Duration::from_secs(1));
    assert_eq!(pools.standing(&member(1, anew, None)).fit(anew), Fit::Ready);
    // What another replica stored counts here too.
    let told = member(2, NOW, Some(NOW));
    assert_eq!(pools.standing(&told).fit(NOW), Fit::Stale(NOW));
    pools.on(&told, Verdict::Taken, NOW);
    assert_eq!(pools.standing(&told).fit(NOW), Fit::Ready);
}

#[test]
fn the_store_is_told_the_last_word_and_nothing_that_was_taken_back() {
    let pools = Pools::default();
    let (one, two) = (member(1, NOW, None), member(2, NOW, None));
    pools.on(&one, Verdict::Refused, NOW);
    pools.on(&two, Verdict::Refused, NOW);
    pools.on(&two, Verdict::Refused, NOW);
    pools.on(&one, Verdict::Taken, NOW);
    let mut told = pools.take_marks();
    told.sort();
    assert_eq!(told, [(one.id, None), (two.id, Some(NOW))]);
    pools.put_back(two.id, Some(NOW));
    pools.forget(two.id);
    assert!(pools.take_marks().is_empty());
    assert_eq!(pools.standing(&two).fit(NOW), Fit::Ready);
}

#[test]
fn an_only_one_is_drawn_on_whatever_is_known_of_it() {
    let (pools, pool) = (Pools::default(), pool(1));
    for verdict in [Verdict::Limited(None), Verdict::Refused] {
        pools.on(&pool.members[0], verdict, NOW);
        assert_eq!(first(pools.choose(&pool, session(1), NOW)), 0);
    }
    assert_eq!(pools.standing(&pool.members[0]).fit(NOW), Fit::Stale(NOW));
}

#[test]
fn refused_ones_are_tried_again_by_one_call_each() {
    let (pools, pool) = (Pools::default(), pool(2));
    for member in &pool.members {
        pools.on(member, Verdict::Refused, NOW);
    }
    assert_eq!(pools.choose(&pool, session(1), NOW), Choice::Stale(NOW));
    let later = NOW.plus(pool::TRY_AGAIN);
    for _ in &pool.members {
        first(pools.choose(&pool, session(1), later));
    }
    assert_eq!(pools.choose(&pool, session(1), later), Choice::Stale(NOW));
}

#[test]
fn what_is_remembered_of_conversations_is_bounded() {
    let (pools, pool) = (Pools::default(), pool(2));
    pools.on(&pool.members[0], Verdict::Limited(None), NOW);
    for n in 0..3 * 2 * MOVED {
        pools.choose(&pool, session(n), NOW);
    }
    let book = pools.lock();
    assert!(book.moved.len() <= MOVED && book.moved_before.len() <= MOVED);
    assert!(!book.moved_before.is_empty(), "enough moved to tell");
}

#[test]
fn who_comes_back_is_not_forgotten() {
    let (pools, pool) = (Pools::default(), pool(2));
    let before = first(pools.choose(&pool, session(0), NOW));
    pools.on(&pool.members[before], Verdict::Limited(None), NOW);
    let moved = first(pools.choose(&pool, session(0), NOW));
    let later = NOW.plus(pool::REST);
    for n in 1..=4 * MOVED {
        pools
            .lock()
            .bind((session(n), pool.tag), pool.members[before].id);
        if n % (MOVED / 2) == 0 {
            assert_eq!(first(pools.choose(&pool, session(0), later)), moved);
        }
    }
}

#[test]
fn a_conversation_with_two_providers_keeps_one_of_each() {
    let (pools, one) = (Pools::default(), pool(3));
    let mut other = pool_of((10..13).map(|n| Arc::new(member(n, NOW, None))));
    other.complete(2);
    let before = first(pools.choose(&one, session(1), NOW));
    pools.on(&one.members[before], Verdict::Limited(None), NOW);
    let moved = first(pools.choose(&one, session(1), NOW));
    let there = first(pools.choose(&other, session(1), NOW));
    pools.on(&other.members[there], Verdict::Limited(None), NOW);
    first(pools.choose(&other, session(1), NOW));
    let later = NOW.plus(pool::REST);
    assert_eq!(first(pools.choose(&one, session(1), later)), moved);
}

#[test]
fn the_last_refusal_is_remembered_when_all_is_well_again() {
    let pools = Pools::default();
    let one = member(1, NOW, None);
    assert_eq!(pools.last_refusal(&one), None);
    pools.on(&one, Verdict::Taken, NOW);
    assert_eq!(pools.last_refusal(&one), None);
    pools.on(&one, Verdict::Limited(None), NOW);
    let later = NOW.plus(Duration::from_secs(9));
    pools.on(&one, Verdict::Refused, later);
    pools.on(&one, Verdict::Taken, later.plus(Duration::from_secs(1)));
    let refusal = LastRefusal {
        status: 401,
        at: later,
    };
    assert_eq!(pools.last_refusal(&one), Some(refusal));
    // It says nothing of another secret, nor of what is forgotten.
    assert_eq!(pools.last_refusal(&member(1, later, None)), None);
    pools.forget(one.id);
    assert_eq!(pools.last_refusal(&one), None);
}
