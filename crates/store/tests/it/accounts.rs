//! Accounts: put, claimed, renewed, marked.

use std::time::Duration;

use tollhouse_domain::account::window::{Window, Windows};
use tollhouse_domain::account::{Facts, Lost, State, Why};
use tollhouse_domain::audit::Action;
use tollhouse_domain::credential::{CredentialKind, CredentialSource, Owner};
use tollhouse_domain::id::{CredentialId, UserId};
use tollhouse_domain::time::Timestamp;
use tollhouse_store::{AccountRecord, AuditFilter, Claim, Mark, Page, Renewed, Store, StoreError};

use crate::support::{Place, call, credential, on_both, seconds, uuid};

on_both!(
    an_account_is_a_credential_of_its_own_kind,
    one_refreshes_and_the_others_hear_until_when,
    tokens_replace_those_they_were_got_with,
    the_longest_rest_counts_until_it_is_ended,
    what_was_heard_later_counts,
    the_trail_tells_of_whoever_uses_a_login,
);

const LATER: Duration = Duration::from_secs(90);

fn account(n: u128, sealed: &[u8]) -> AccountRecord {
    let mut record = credential(n, "chatgpt", sealed);
    record.meta.kind = CredentialKind::OauthAccount;
    AccountRecord {
        credential: record,
        facts: Facts {
            generation: 1,
            holder: Some("ada@example.com".to_owned()),
            plan: Some("plus".to_owned()),
            renewable: true,
            issued_at: seconds(0),
            expires_at: seconds(3600),
            ..Facts::default()
        },
    }
}

fn renewed(sealed: &[u8]) -> Renewed {
    Renewed {
        sealed: sealed.to_vec(),
        fingerprint: "beef".to_owned(),
        holder: None,
        plan: Some("pro".to_owned()),
        renewable: true,
        issued_at: seconds(3000),
        expires_at: seconds(6600),
        at: seconds(3001),
    }
}

async fn one(store: &Store, id: CredentialId) -> AccountRecord {
    store.account(id).await.unwrap().unwrap()
}

async fn claim(store: &Store, id: CredentialId, who: u128, now: Timestamp) -> Claim {
    let until = now.plus(LATER);
    store
        .claim_account(id, uuid(who), now, until)
        .await
        .unwrap()
}

async fn an_account_is_a_credential_of_its_own_kind(place: Place) {
    let store = place.open().await;
    let first = account(1, b"tokens");
    store.put_account(&first, u32::MAX).await.unwrap();
    let id = first.credential.meta.id;
    assert_eq!(one(&store, id).await, first);
    assert_eq!(store.accounts().await.unwrap(), [(id, first.facts.clone())]);
    assert_eq!(
        store.sealed_credential(id).await.unwrap(),
        Some(first.credential.clone())
    );

    // A key does not take its place, nor it a key's.
    let mut key = first.credential.clone();
    key.meta.kind = CredentialKind::ApiKey;
    let refused = store.put_credential(&key, u32::MAX).await;
    assert!(matches!(refused, Err(StoreError::Conflict { .. })));
    let other = credential(2, "openai", b"key");
    store.put_credential(&other, u32::MAX).await.unwrap();
    let mut login = first.clone();
    login.credential.meta = other.meta.clone();
    login.credential.meta.kind = CredentialKind::OauthAccount;
    let refused = store.put_account(&login, u32::MAX).await;
    assert!(matches!(refused, Err(StoreError::Conflict { .. })));

    assert!(store.delete_credential(id).await.unwrap());
    assert_eq!(store.account(id).await.unwrap(), None);
    assert_eq!(store.accounts().await.unwrap(), []);
}

async fn one_refreshes_and_the_others_hear_until_when(place: Place) {
    let store = place.open().await;
    let first = account(1, b"tokens");
    store.put_account(&first, u32::MAX).await.unwrap();
    let id = first.credential.meta.id;
    let now = seconds(3000);
    assert!(matches!(claim(&store, id, 7, now).await, Claim::Yours(found) if *found == first));
    assert!(
        matches!(claim(&store, id, 8, now).await, Claim::Held(until) if until == now.plus(LATER))
    );
    // Whoever has it may ask again; when it was given up for lost, others may.
    assert!(matches!(claim(&store, id, 7, now).await, Claim::Yours(_)));
    assert!(matches!(
        claim(&store, id, 8, now.plus(LATER)).await,
        Claim::Yours(_)
    ));
    store.release_account(id, uuid(7)).await.unwrap();
    assert!(matches!(
        claim(&store, id, 7, now.plus(LATER)).await,
        Claim::Held(_)
    ));
    store.release_account(id, uuid(8)).await.unwrap();
    assert!(matches!(claim(&store, id, 7, now).await, Claim::Yours(_)));
    let nobody = CredentialId(uuid(99));
    assert!(matches!(claim(&store, nobody, 7, now).await, Claim::Gone));
}

async fn tokens_replace_those_they_were_got_with(place: Place) {
    let store = place.open().await;
    let first = account(1, b"old");
    store.put_account(&first, u32::MAX).await.unwrap();
    let id = first.credential.meta.id;
    let revision = store.revision().await.unwrap();
    claim(&store, id, 7, seconds(3000)).await;
    let next = seconds(3020);
    store
        .fail_account(id, 1, uuid(7), next, "the authority answered 503")
        .await
        .unwrap();
    let failed = one(&store, id).await.facts;
    assert_eq!((failed.tries.failures, failed.tries.next), (1, Some(next)));
    // Nothing that a call needs: nobody reads again.
    assert_eq!(store.revision().await.unwrap(), revision);

    claim(&store, id, 7, seconds(3020)).await;
    assert!(store.renew_account(id, 1, &renewed(b"new")).await.unwrap());
    let found = one(&store, id).await;
    assert_eq!(found.credential.sealed, b"new");
    assert_eq!(found.credential.meta.fingerprint, "beef");
    // When somebody signed in stays; who it is stays where nothing else is said.
    assert_eq!(found.credential.meta.configured_at, seconds(0));
    assert_eq!(found.facts.holder.as_deref(), Some("ada@example.com"));
    assert_eq!(found.facts.plan.as_deref(), Some("pro"));
    assert_eq!(found.facts.generation, 2);
    assert_eq!(
        found.facts.tries,
        tollhouse_domain::account::Tries::default()
    );
    assert_eq!(found.facts.refreshed_at, Some(seconds(3001)));
    assert!(store.revision().await.unwrap() > revision);

    // What comes late, for tokens that are gone, changes nothing.
    assert!(!store.renew_account(id, 1, &renewed(b"late")).await.unwrap());
    let lost = Mark::Lost(seconds(4000), Lost::Reused);
    assert!(!store.mark_account(id, 1, lost).await.unwrap());
    assert_eq!(one(&store, id).await.credential.sealed, b"new");

    // Signing in anew leaves nothing of what was known.
    assert!(store.mark_account(id, 2, lost).await.unwrap());
    assert!(!store.mark_account(id, 2, lost).await.unwrap());
    store
        .put_account(&account(1, b"again"), u32::MAX)
        .await
        .unwrap();
    let anew = one(&store, id).await.facts;
    assert_eq!(anew.generation, 3);
    assert_eq!(
        anew.standing,
        tollhouse_domain::account::Standing::default()
    );
}

async fn the_longest_rest_counts_until_it_is_ended(place: Place) {
    let store = place.open().await;
    let first = account(1, b"tokens");
    store.put_account(&first, u32::MAX).await.unwrap();
    let id = first.credential.meta.id;
    let rest = |at, why| Mark::Rest(seconds(at), why);
    assert!(
        store
            .mark_account(id, 1, rest(900, Why::Cap))
            .await
            .unwrap()
    );
    assert!(
        !store
            .mark_account(id, 1, rest(60, Why::Rate))
            .await
            .unwrap()
    );
    let state = one(&store, id).await.facts.state(seconds(10));
    let until = Some(seconds(900));
    assert_eq!(
        state,
        State::Cooling {
            until,
            why: Why::Cap
        }
    );
    // Refreshed, it rests on: the plan is as used up as before.
    assert!(store.renew_account(id, 1, &renewed(b"new")).await.unwrap());
    assert!(one(&store, id).await.facts.standing.rest.is_some());
    assert!(store.wake_account(id).await.unwrap());
    assert!(!store.wake_account(id).await.unwrap());
    assert_eq!(
        one(&store, id).await.facts.state(seconds(3100)),
        State::Ready
    );
    assert!(store.enable_credential(id, false).await.unwrap());
    assert!(one(&store, id).await.facts.standing.paused);
}

async fn what_was_heard_later_counts(place: Place) {
    let store = place.open().await;
    let first = account(1, b"tokens");
    store.put_account(&first, u32::MAX).await.unwrap();
    let id = first.credential.meta.id;
    let revision = store.revision().await.unwrap();
    let windows = |used_percent| Windows {
        primary: Some(Window {
            used_percent,
            minutes: Some(300),
            resets_at: Some(seconds(900)),
        }),
        secondary: None,
    };
    for (used, at) in [(10.0, 5), (20.0, 7), (15.0, 6)] {
        store
            .note_windows(id, &windows(used), seconds(at))
            .await
            .unwrap();
    }
    let facts = one(&store, id).await.facts;
    assert_eq!(facts.windows, windows(20.0));
    assert_eq!(facts.windows_at, Some(seconds(7)));
    assert_eq!(store.revision().await.unwrap(), revision);
}

async fn the_trail_tells_of_whoever_uses_a_login(place: Place) {
    let store = place.open().await;
    let ada = Owner::User(UserId(uuid(40)));
    let mut login = account(1, b"tokens");
    login.credential.meta.owner = ada;
    store.put_account(&login, u32::MAX).await.unwrap();
    let mut key = credential(2, "openai", b"key");
    key.meta.owner = ada;
    store.put_credential(&key, u32::MAX).await.unwrap();
    let drawn = |n: u128, credential: CredentialId| {
        let mut call = call(n);
        call.credential_id = Some(credential);
        call.credential_source = Some(CredentialSource::User);
        call
    };
    let calls = [
        drawn(10, login.credential.meta.id),
        drawn(11, key.meta.id),
        drawn(12, login.credential.meta.id),
    ];
    // Some are sent again, which is another way through.
    store.insert_calls(&calls[..1]).await.unwrap();
    store.insert_calls(&calls).await.unwrap();
    let filter = AuditFilter {
        action: Some(Action::CredentialUse),
        ..AuditFilter::default()
    };
    let told = store.audit(&filter, Page::first(9)).await.unwrap();
    assert_eq!(told.len(), 2);
}
