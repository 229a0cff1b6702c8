//! Keeping an account that somebody signed in with or brought.

use tollhouse_domain::account::Facts;
use tollhouse_domain::credential::{Credential, CredentialKind, Owner};
use tollhouse_domain::id::{CredentialId, SignInId};
use tollhouse_domain::time::Timestamp;
use tollhouse_store::{AccountRecord, CredentialRecord, Store, StoreError};

use super::grant::Grant;
use crate::ids;
use crate::start::place;
use crate::state::Gateway;

/// Where an account goes.
#[derive(Clone)]
pub(crate) struct Placed {
    pub(crate) owner: Owner,
    pub(crate) provider: String,
    pub(crate) name: String,
    /// Who issues its tokens.
    pub(crate) authority: String,
}

/// Keeps an account, through a store that knows who does so; as the end of an attempt, if it is one, that
/// was claimed until then. `None` when the attempt was given up meanwhile.
pub(crate) async fn put(
    gateway: &Gateway,
    store: &Store,
    placed: &Placed,
    grant: &Grant,
    attempt: Option<(SignInId, Timestamp)>,
) -> Result<Option<CredentialId>, StoreError> {
    let Placed {
        owner,
        provider,
        name,
        ..
    } = placed;
    let known = store.credential_named(*owner, provider, name).await?;
    let meta = Credential {
        id: known.map_or_else(|| CredentialId(ids::uuid(grant.at)), |meta| meta.id),
        owner: *owner,
        provider: provider.clone(),
        name: name.clone(),
        kind: CredentialKind::OauthAccount,
        fingerprint: grant.tokens.fingerprint(),
        configured_at: grant.at,
        managed: false,
        enabled: true,
        base_url: None,
        stale_since: None,
    };
    let id = meta.id;
    let sealed = gateway.vault().seal(&grant.tokens.secret(), &place(&meta));
    let record = AccountRecord {
        credential: CredentialRecord {
            meta,
            sealed: sealed.into_bytes(),
        },
        facts: Facts {
            generation: 1,
            holder: grant.holder.clone(),
            plan: grant.plan.clone(),
            renewable: grant.tokens.refresh.is_some(),
            issued_at: grant.issued_at,
            expires_at: grant.expires_at,
            ..Facts::default()
        },
    };
    let identity = identity(gateway, placed, grant);
    let most = gateway.limiter().config().credentials_per_provider;
    let telling = gateway.pools().telling().await;
    let kept = match attempt {
        Some(attempt) => {
            let finished = store.finish_sign_in(attempt, &record, identity.as_ref(), most);
            finished.await?
        }
        None => {
            let taken = store.take_account(&record, identity.as_ref(), most);
            taken.await?;
            true
        }
    };
    gateway.pools().forget(id);
    drop(telling);
    if !kept {
        return Ok(None);
    }
    gateway.refresh().await?;
    Ok(Some(id))
}

/// Who an account is at its provider, as its tokens say: so that a login is here once. People of one
/// workspace share its id, so whom it was issued to counts too.
fn identity(gateway: &Gateway, placed: &Placed, grant: &Grant) -> Option<[u8; 32]> {
    let account = grant.tokens.account.as_deref()?;
    let (authority, holder) = (&placed.authority, grant.holder.as_deref().unwrap_or(""));
    let text = format!("account/v1/{authority}/{account}/{holder}");
    Some(gateway.digester().digest(&text))
}
