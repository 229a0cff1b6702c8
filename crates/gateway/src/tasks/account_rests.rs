//! What calls learned of accounts, on its way into the store.

use std::collections::HashMap;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tollhouse_domain::audit::{Action, Actor, Note, Subject, SubjectKind};
use tollhouse_domain::id::CredentialId;
use tollhouse_domain::time::Timestamp;
use tollhouse_store::Mark;
use tracing::warn;

use super::pause;
use crate::clock;
use crate::patience::{PATIENCE, within};
use crate::state::Gateway;

/// How often it is stored how much of accounts' plans is used.
const STORE_WINDOWS: Duration = Duration::from_secs(30);

/// When somebody signed in with each account that is in use.
fn signed_in(gateway: &Gateway) -> HashMap<CredentialId, Timestamp> {
    let snapshot = gateway.snapshot();
    let accounts = snapshot.credentials().accounts();
    accounts
        .map(|account| (account.id, account.configured_at))
        .collect()
}

/// Stores until when accounts rest; whether any could not be stored. A store that `failed` a moment ago is not
/// asked.
pub(super) async fn tell(gateway: &Gateway, mut failed: bool) -> bool {
    let rests = gateway.pools().take_rests();
    if rests.is_empty() {
        return failed;
    }
    let known = signed_in(gateway);
    for (id, rest) in rests {
        // Who signed in since begins afresh.
        let late = known
            .get(&id)
            .is_some_and(|since| *since > rest.configured_at);
        if late || rest.until <= clock::now() {
            continue;
        }
        if failed {
            gateway.pools().put_back_rest(id, rest);
            continue;
        }
        let subject = Subject::id(SubjectKind::Credential, id);
        let note = Note::new(clock::now(), Actor::SYSTEM, Action::AccountChange, subject)
            .with("rest", rest.why.as_str());
        let store = gateway.store().noted(note);
        let mark = Mark::Rest(rest.until, rest.why);
        let marking = store.mark_account(id, rest.generation, mark);
        if let Err(error) = within(PATIENCE, marking).await {
            warn!(%error, account = %id, "until when an account rests could not be stored");
            gateway.pools().put_back_rest(id, rest);
            failed = true;
        }
    }
    failed
}

/// Stores how much of accounts' plans is used, twice a minute and at the end.
pub(super) async fn windows(gateway: Gateway, stop: CancellationToken) {
    loop {
        let go_on = pause(STORE_WINDOWS, &stop).await;
        store_windows(&gateway).await;
        if !go_on {
            return;
        }
    }
}

async fn store_windows(gateway: &Gateway) {
    let heards = gateway.pools().take_windows();
    if heards.is_empty() {
        return;
    }
    let known = signed_in(gateway);
    let mut failed = false;
    for (id, heard) in heards {
        if known.get(&id) != Some(&heard.configured_at) {
            continue;
        }
        let noting = gateway.store().note_windows(id, &heard.windows, heard.at);
        // A store that did not take one is not asked to wait for each of the others.
        if failed {
            gateway.pools().put_back_windows(id, heard);
        } else if let Err(error) = within(PATIENCE, noting).await {
            warn!(%error, account = %id, "how much of a plan is used could not be stored");
            gateway.pools().put_back_windows(id, heard);
            failed = true;
        }
    }
    gateway.pools().forget_windows(|id| known.contains_key(&id));
}
