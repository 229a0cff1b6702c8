//! Accounts: what changes of a login with every refresh and every limit. Its tokens are the sealed secret
//! of its credential.
//!
//! Whoever refreshes an account claims it first, and nobody else does so meanwhile: the claim is a row and
//! no open transaction, so that nothing of the database waits for the network. Tokens take the place of
//! those that they were got with, and of no others.

mod row;
mod sign_ins;
pub(crate) mod take;

use std::fmt;

use tollhouse_domain::account::window::Windows;
use tollhouse_domain::account::{Facts, Lost, Why};
use tollhouse_domain::credential::Owner;
use tollhouse_domain::id::CredentialId;
use tollhouse_domain::time::Timestamp;
use uuid::Uuid;

use self::row::{AccountRow, FactsRow};
pub use self::sign_ins::{SignIn, Step};
use self::take::take;
use crate::convert::to_json;
use crate::credentials::{CredentialRecord, stored};
use crate::db::Store;
use crate::error::Result;

/// An account with its sealed tokens.
#[derive(Clone, PartialEq)]
pub struct AccountRecord {
    /// The credential that it is.
    pub credential: CredentialRecord,
    /// What is known of it besides.
    pub facts: Facts,
}

impl fmt::Debug for AccountRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccountRecord")
            .field("meta", &self.credential.meta)
            .field("facts", &self.facts)
            .finish_non_exhaustive()
    }
}

/// Who may refresh an account now.
#[derive(Debug)]
pub enum Claim {
    /// Whoever asked, with the account as it is now.
    Yours(Box<AccountRecord>),
    /// Somebody else, until then at the latest.
    Held(Timestamp),
    /// Nobody: there is no such account any more.
    Gone,
}

/// New tokens, sealed.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "holds people's addresses")]
pub struct Renewed {
    /// The tokens, sealed for the account's credential.
    pub sealed: Vec<u8>,
    /// Tells the secrets apart.
    pub fingerprint: String,
    /// Whom the provider knows it by.
    pub holder: Option<String>,
    /// The plan.
    pub plan: Option<String>,
    /// Whether there is anything to renew them with.
    pub renewable: bool,
    /// When the access token was issued.
    pub issued_at: Timestamp,
    /// When the access token ends.
    pub expires_at: Timestamp,
    /// When they came.
    pub at: Timestamp,
}

/// What was learned of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Its login does not work, since when and why.
    Lost(Timestamp, Lost),
    /// It rests, until when and why.
    Rest(Timestamp, Why),
}

const FACTS: &str = "SELECT credential_id, generation, holder, plan, renewable, issued_at, expires_at, \
    refreshed_at, lost_at, lost_why, rest_until, rest_why, failures, next_try_at, last_error, windows, \
    windows_at, enabled FROM accounts JOIN credentials ON credentials.id = credential_id";
macro_rules! select {
    () => {
        "SELECT accounts.*, id, kind, owner_kind, owner_id, provider, name, fingerprint, \
         configured_at, managed, enabled, base_url, stale_since, sealed \
         FROM accounts JOIN credentials ON credentials.id = credential_id"
    };
}

const ONE: &str = concat!(select!(), " WHERE id = $1");
const ALL: &str = concat!(select!(), " ORDER BY id");
const OF_OWNER: &str = concat!(
    select!(),
    " WHERE owner_kind = $1 AND owner_id = $2 ORDER BY id"
);
const CLAIM: &str = "UPDATE accounts SET refresher = $2, refresher_until = $3 WHERE credential_id = $1 \
    AND (refresher IS NULL OR refresher = $2 OR refresher_until <= $4)";
const HELD: &str = "SELECT refresher_until FROM accounts WHERE credential_id = $1";
const RENEW: &str = "UPDATE accounts SET generation = generation + 1, holder = COALESCE($3, holder), \
    plan = COALESCE($4, plan), renewable = $5, issued_at = $6, expires_at = $7, refreshed_at = $8, \
    lost_at = NULL, lost_why = NULL, failures = 0, next_try_at = NULL, last_error = NULL, \
    refresher = NULL, refresher_until = NULL WHERE credential_id = $1 AND generation = $2";
const RESEAL: &str = "UPDATE credentials SET sealed = $2, fingerprint = $3 WHERE id = $1";
const FAIL: &str = "UPDATE accounts SET failures = failures + 1, next_try_at = $4, last_error = $5, \
    refresher = NULL, refresher_until = NULL \
    WHERE credential_id = $1 AND generation = $2 AND refresher = $3";
const RELEASE: &str = "UPDATE accounts SET refresher = NULL, refresher_until = NULL \
    WHERE credential_id = $1 AND refresher = $2";
const LOSE: &str = "UPDATE accounts SET lost_at = $3, lost_why = $4, last_error = NULL, refresher = NULL, \
    refresher_until = NULL WHERE credential_id = $1 AND generation = $2 AND lost_at IS NULL";
const REST: &str = "UPDATE accounts SET rest_until = $3, rest_why = $4 WHERE credential_id = $1 \
    AND (rest_until IS NULL OR rest_until < $3) AND generation >= $2";
const WAKE: &str = "UPDATE accounts SET rest_until = NULL, rest_why = NULL WHERE credential_id = $1 \
    AND rest_until IS NOT NULL";
const WINDOWS: &str = "UPDATE accounts SET windows = $2, windows_at = $3 WHERE credential_id = $1 \
    AND (windows_at IS NULL OR windows_at < $3)";

impl Store {
    /// Puts an account where somebody has signed in, as [`Store::put_credential`] does: under the same
    /// owner, provider and name the new tokens take the place of the old, and nothing is left of what was
    /// known of those.
    ///
    /// # Errors
    /// As of [`Store::put_credential`].
    pub async fn put_account(&self, record: &AccountRecord, most: u32) -> Result<()> {
        administer!(self, Credentials, |tx| {
            take!(tx, record, None, false, most);
            ((), true)
        })
    }

    /// The same with who the account is at its provider, as a digest: whoever else has it here keeps it.
    ///
    /// # Errors
    /// As of [`Store::put_credential`], and [`StoreError::Conflict`](crate::StoreError::Conflict) when the
    /// same login is here under another owner or name, or another login under this one.
    pub async fn take_account(
        &self,
        record: &AccountRecord,
        identity: Option<&[u8; 32]>,
        most: u32,
    ) -> Result<()> {
        administer!(self, Credentials, |tx| {
            take!(tx, record, identity, true, most);
            ((), true)
        })
    }

    /// An owner's accounts, or everybody's, in the order they were first set, with their sealed tokens.
    pub async fn accounts_of(&self, owner: Option<Owner>) -> Result<Vec<AccountRecord>> {
        let rows: Vec<AccountRow> = match owner.map(stored) {
            Some((kind, id)) => read!(self, |pool| sqlx::query_as(OF_OWNER)
                .bind(kind)
                .bind(id)
                .fetch_all(pool)
                .await?),
            None => read!(self, |pool| sqlx::query_as(ALL).fetch_all(pool).await?),
        };
        rows.into_iter().map(AccountRow::record).collect()
    }

    /// What is known of every account, by its credential.
    pub async fn accounts(&self) -> Result<Vec<(CredentialId, Facts)>> {
        let rows: Vec<FactsRow> = read!(self, |pool| sqlx::query_as(FACTS).fetch_all(pool).await?);
        rows.into_iter().map(FactsRow::facts).collect()
    }

    /// An account with its sealed tokens.
    pub async fn account(&self, id: CredentialId) -> Result<Option<AccountRecord>> {
        let row: Option<AccountRow> = read!(self, |pool| sqlx::query_as(ONE)
            .bind(id.0)
            .fetch_optional(pool)
            .await?);
        row.map(AccountRow::record).transpose()
    }

    /// Claims an account for `me` until `until`, to refresh it. No administrative write.
    pub async fn claim_account(
        &self,
        id: CredentialId,
        me: Uuid,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Claim> {
        transact!(self, |tx| {
            let claim = sqlx::query(CLAIM).bind(id.0).bind(me).bind(until.0);
            let claimed = claim.bind(now.0).execute(&mut *tx).await?.rows_affected() > 0;
            let claim = if claimed {
                let row: Option<AccountRow> = sqlx::query_as(ONE)
                    .bind(id.0)
                    .fetch_optional(&mut *tx)
                    .await?;
                let record = row.map(AccountRow::record).transpose()?;
                record.map_or(Claim::Gone, |record| Claim::Yours(Box::new(record)))
            } else {
                let held: Option<Option<i64>> = sqlx::query_scalar(HELD)
                    .bind(id.0)
                    .fetch_optional(&mut *tx)
                    .await?;
                held.map_or(Claim::Gone, |until| {
                    Claim::Held(until.map_or(now, Timestamp))
                })
            };
            (claim, claimed)
        })
    }

    /// Stores what a refresh brought in place of the tokens of `generation`, and gives the account free.
    /// `false` when those are no longer there: somebody signed in meanwhile, or it is gone.
    pub async fn renew_account(
        &self,
        id: CredentialId,
        generation: i64,
        renewed: &Renewed,
    ) -> Result<bool> {
        administer!(self, Credentials, |tx| {
            let done = sqlx::query(RENEW)
                .bind(id.0)
                .bind(generation)
                .bind(&renewed.holder)
                .bind(&renewed.plan)
                .bind(renewed.renewable)
                .bind(renewed.issued_at.0)
                .bind(renewed.expires_at.0)
                .bind(renewed.at.0)
                .execute(&mut *tx)
                .await?
                .rows_affected()
                > 0;
            if done {
                let reseal = sqlx::query(RESEAL).bind(id.0).bind(&renewed.sealed);
                reseal.bind(&renewed.fingerprint).execute(&mut *tx).await?;
            }
            (done, done)
        })
    }

    /// Notes that a refresh by `me` of the tokens of `generation` failed for a reason that passes, and gives
    /// the account free. No administrative write: nothing that a call needs has changed.
    pub async fn fail_account(
        &self,
        id: CredentialId,
        generation: i64,
        me: Uuid,
        next: Timestamp,
        error: &str,
    ) -> Result<()> {
        transact!(self, |tx| {
            let query = sqlx::query(FAIL).bind(id.0).bind(generation).bind(me);
            let query = query.bind(next.0).bind(error);
            let changed = query.execute(&mut *tx).await?.rows_affected() > 0;
            ((), changed)
        })
    }

    /// Gives an account free that `me` claimed and did not refresh.
    pub async fn release_account(&self, id: CredentialId, me: Uuid) -> Result<()> {
        transact!(self, |tx| {
            let query = sqlx::query(RELEASE).bind(id.0).bind(me);
            let changed = query.execute(&mut *tx).await?.rows_affected() > 0;
            ((), changed)
        })
    }

    /// Notes what was learned of an account by means of its tokens of `generation`. `false` when that
    /// changes nothing: it was known, or other tokens are there now.
    pub async fn mark_account(
        &self,
        id: CredentialId,
        generation: i64,
        mark: Mark,
    ) -> Result<bool> {
        administer!(self, Credentials, |tx| {
            let (query, at, why) = match mark {
                Mark::Lost(since, why) => (LOSE, since, why.as_str()),
                Mark::Rest(until, why) => (REST, until, why.as_str()),
            };
            let query = sqlx::query(query).bind(id.0).bind(generation);
            let query = query.bind(at.0).bind(why);
            let changed = query.execute(&mut *tx).await?.rows_affected() > 0;
            (changed, changed)
        })
    }

    /// Ends an account's rest. `false` when it does not rest.
    pub async fn wake_account(&self, id: CredentialId) -> Result<bool> {
        administer!(self, Credentials, |tx| {
            let query = sqlx::query(WAKE).bind(id.0);
            let changed = query.execute(&mut *tx).await?.rows_affected() > 0;
            (changed, changed)
        })
    }

    /// Notes how much of an account's plan is used, as heard at `at`. No administrative write, and no part of
    /// any revision.
    pub async fn note_windows(
        &self,
        id: CredentialId,
        windows: &Windows,
        at: Timestamp,
    ) -> Result<()> {
        let windows = to_json("usage windows", windows)?;
        transact!(self, |tx| {
            let query = sqlx::query(WINDOWS).bind(id.0).bind(&windows).bind(at.0);
            let changed = query.execute(&mut *tx).await?.rows_affected() > 0;
            ((), changed)
        })
    }
}
