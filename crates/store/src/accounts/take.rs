//! Putting an account in its place, unless it is somebody's already.

use sqlx::FromRow;
use tollhouse_domain::credential::Credential;
use tollhouse_domain::time::Timestamp;
use uuid::Uuid;

use crate::credentials::stored;
use crate::error::{Result, StoreError};

/// Whose an account of the same login is, and under which name.
#[derive(FromRow)]
pub(crate) struct HeldRow {
    owner_kind: String,
    owner_id: Uuid,
    provider: String,
    name: String,
}

/// An account of the same login elsewhere: by who it is at its provider, or else by its refresh token.
pub(crate) const SAME_LOGIN: &str = "SELECT owner_kind, owner_id, provider, name FROM accounts \
    JOIN credentials ON credentials.id = credential_id \
    WHERE credential_id <> $1 AND (identity = $2 OR fingerprint = $3) ORDER BY credential_id LIMIT 1";
/// The account that is there now.
#[derive(FromRow)]
pub(crate) struct ThereRow {
    identity: Option<Vec<u8>>,
    issued_at: i64,
    lost_at: Option<i64>,
}

pub(crate) const THERE: &str =
    "SELECT identity, issued_at, lost_at FROM accounts WHERE credential_id = $1";
pub(crate) const INSERT: &str = "INSERT INTO accounts (credential_id, generation, holder, plan, renewable, issued_at, \
    expires_at, failures, identity) VALUES ($1, 1, $2, $3, $4, $5, $6, 0, $7)";
pub(crate) const REPLACE: &str = "UPDATE accounts SET generation = generation + 1, holder = $2, plan = $3, \
    renewable = $4, issued_at = $5, expires_at = $6, identity = $7, failures = 0, refreshed_at = NULL, lost_at = NULL, \
    lost_why = NULL, rest_until = NULL, rest_why = NULL, next_try_at = NULL, last_error = NULL, \
    refresher = NULL, refresher_until = NULL, windows = NULL, windows_at = NULL WHERE credential_id = $1";

/// Puts an account in its place within a transaction. `identity` tells who it is at its provider; where it is
/// not `alone`, the same login may be elsewhere too.
macro_rules! take {
    ($tx:ident, $record:ident, $identity:expr, $alone:expr, $most:ident) => {{
        use crate::accounts::take;
        let crate::accounts::AccountRecord { credential, facts } = $record;
        let identity: Option<&[u8; 32]> = $identity;
        let identity = identity.map(<[u8; 32]>::as_slice);
        let alone: bool = $alone;
        let same: Option<take::HeldRow> = sqlx::query_as(take::SAME_LOGIN)
            .bind(credential.meta.id.0)
            .bind(identity)
            .bind(alone.then_some(&credential.meta.fingerprint))
            .fetch_optional(&mut *$tx)
            .await?;
        take::nobody_elses(&credential.meta, same.as_ref())?;
        let there: Option<take::ThereRow> = sqlx::query_as(take::THERE)
            .bind(credential.meta.id.0)
            .fetch_optional(&mut *$tx)
            .await?;
        take::no_other(&credential.meta, identity, there.as_ref())?;
        if alone {
            take::no_older(&credential.meta, facts.issued_at, there.as_ref())?;
        }
        let known = crate::credentials::put!($tx, credential, $most);
        sqlx::query(if known.is_some() {
            take::REPLACE
        } else {
            take::INSERT
        })
        .bind(credential.meta.id.0)
        .bind(&facts.holder)
        .bind(&facts.plan)
        .bind(facts.renewable)
        .bind(facts.issued_at.0)
        .bind(facts.expires_at.0)
        .bind(identity)
        .execute(&mut *$tx)
        .await?;
    }};
}
pub(crate) use take;

/// Two that refresh the same login end it for both, so it is here once. Whose it is else is not said.
pub(crate) fn nobody_elses(meta: &Credential, same: Option<&HeldRow>) -> Result<()> {
    let Some(same) = same else {
        return Ok(());
    };
    let (kind, id) = stored(meta.owner);
    if (same.owner_kind.as_str(), same.owner_id) == (kind, id) {
        let (provider, name) = (&same.provider, &same.name);
        return Err(StoreError::conflict(format!(
            "this login is here already as `{name}` of `{provider}`; sign in under that name to renew it, \
             or remove it first"
        )));
    }
    Err(StoreError::conflict(
        "this login is in use here already, and has one owner: sign in with another account",
    ))
}

/// Another login does not take the place of one that somebody signed in with.
pub(crate) fn no_other(
    meta: &Credential,
    identity: Option<&[u8]>,
    there: Option<&ThereRow>,
) -> Result<()> {
    match (identity, there.and_then(|there| there.identity.as_deref())) {
        (Some(new), Some(old)) if new != old => {
            let (provider, name) = (&meta.provider, &meta.name);
            Err(StoreError::conflict(format!(
                "`{name}` of `{provider}` is another login; choose another name, or remove that one first"
            )))
        }
        _ => Ok(()),
    }
}

/// An older copy of a login does not take the place of one that works: its refresh token is used up since, and
/// using it again would end both.
pub(crate) fn no_older(
    meta: &Credential,
    issued_at: Timestamp,
    there: Option<&ThereRow>,
) -> Result<()> {
    let works = there.filter(|there| there.lost_at.is_none());
    if works.is_none_or(|there| there.issued_at <= issued_at.0) {
        return Ok(());
    }
    let (provider, name) = (&meta.provider, &meta.name);
    Err(StoreError::conflict(format!(
        "`{name}` of `{provider}` is newer than this copy of its login, and works; sign in anew instead, or \
         remove it first"
    )))
}
