//! Signing in with accounts: attempts, which any replica goes on with.
//!
//! Whoever asks an authority about one moves its `next_at` first, and what comes of it is stored only if
//! nobody else has moved it since: so one asks at a time, and one that was given up for lost does not undo
//! what came after. Attempts raise no revision; an account that comes of one does.

use std::fmt;
use std::time::Duration;

use sqlx::FromRow;
use tollhouse_domain::account::device::LONGEST;
use tollhouse_domain::account::sign_in::{MOST_EACH, MOST_OPEN, Status, Way};
use tollhouse_domain::credential::Owner;
use tollhouse_domain::id::{CredentialId, OrgId, SignInId, UserId};
use tollhouse_domain::time::Timestamp;
use uuid::Uuid;

use super::AccountRecord;
use super::take::take;
use crate::convert::{uncount, word};
use crate::credentials::stored;
use crate::db::Store;
use crate::error::{Result, StoreError};

/// An attempt to sign in with an account.
#[derive(Clone, PartialEq, Eq)]
pub struct SignIn {
    /// Its id.
    pub id: SignInId,
    /// Who began it; nobody, if it was whoever holds the administrator's token.
    pub user: Option<UserId>,
    /// Whose the account will be.
    pub owner: Owner,
    /// For which provider.
    pub provider: String,
    /// Under which name.
    pub name: String,
    /// How.
    pub way: Way,
    /// What has become of it.
    pub status: Status,
    /// What it is gone on with, sealed for its row; empty once it is over.
    pub sealed: Vec<u8>,
    /// How often the authority is asked.
    pub interval: Duration,
    /// When it may be asked next.
    pub next_at: Timestamp,
    /// When it began.
    pub created_at: Timestamp,
    /// When nothing can come of it any more.
    pub expires_at: Timestamp,
    /// The account that came of it.
    pub account: Option<CredentialId>,
    /// Why none did: words of ours.
    pub why: Option<String>,
}

impl fmt::Debug for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignIn")
            .field("id", &self.id)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

#[derive(FromRow)]
struct SignInRow {
    id: Uuid,
    user_id: Option<Uuid>,
    owner_kind: String,
    owner_id: Uuid,
    provider: String,
    name: String,
    way: String,
    status: String,
    sealed: Vec<u8>,
    interval_us: i64,
    next_at: i64,
    created_at: i64,
    expires_at: i64,
    credential_id: Option<Uuid>,
    why: Option<String>,
}

impl SignInRow {
    fn read(self) -> Result<SignIn> {
        let owner = match self.owner_kind.as_str() {
            "user" => Owner::User(UserId(self.owner_id)),
            "org" => Owner::Org(OrgId(self.owner_id)),
            "platform" => Owner::Platform,
            _ => return Err(StoreError::corrupt("a sign-in's owner is of no known kind")),
        };
        Ok(SignIn {
            id: SignInId(self.id),
            user: self.user_id.map(UserId),
            owner,
            provider: self.provider,
            name: self.name,
            way: word("a sign-in's way", &self.way)?,
            status: word("a sign-in's status", &self.status)?,
            sealed: self.sealed,
            interval: Duration::from_micros(uncount(self.interval_us)),
            next_at: Timestamp(self.next_at),
            created_at: Timestamp(self.created_at),
            expires_at: Timestamp(self.expires_at),
            account: self.credential_id.map(CredentialId),
            why: self.why,
        })
    }
}

/// What is known of an attempt after a step of it.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "holds what is sealed")]
pub struct Step {
    /// What it is gone on with, sealed for its row.
    pub sealed: Vec<u8>,
    /// How often the authority is asked.
    pub interval: Duration,
    /// When it may be asked next.
    pub next_at: Timestamp,
    /// When nothing can come of it any more.
    pub expires_at: Timestamp,
}

// Those of the administrator's token count as one caller's.
const BEGUN: &str = "SELECT COUNT(*) FROM account_sign_ins WHERE created_at > $1 \
    AND (user_id = $2 OR (user_id IS NULL AND $2 IS NULL))";
const OPEN: &str =
    "SELECT COUNT(*) FROM account_sign_ins WHERE status = 'pending' AND expires_at > $1";
const INSERT: &str = "INSERT INTO account_sign_ins (id, user_id, owner_kind, owner_id, provider, name, way, \
    status, sealed, interval_us, next_at, created_at, expires_at) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
const ONE: &str = "SELECT id, user_id, owner_kind, owner_id, provider, name, way, status, sealed, interval_us, \
    next_at, created_at, expires_at, credential_id, why FROM account_sign_ins WHERE id = $1";
const MOVE: &str = "UPDATE account_sign_ins SET next_at = $3 \
    WHERE id = $1 AND next_at = $2 AND status = 'pending'";
const STEP: &str = "UPDATE account_sign_ins SET sealed = $3, interval_us = $4, next_at = $5, expires_at = $6 \
    WHERE id = $1 AND next_at = $2 AND status = 'pending'";
const END: &str = "UPDATE account_sign_ins SET status = $3, why = $4, sealed = $5 \
    WHERE id = $1 AND next_at = $2 AND status = 'pending'";
const FINISH: &str = "UPDATE account_sign_ins SET status = 'done', credential_id = $3, sealed = $4 \
    WHERE id = $1 AND next_at = $2 AND status = 'pending'";
const CANCEL: &str = "UPDATE account_sign_ins SET status = 'cancelled', sealed = $2 \
    WHERE id = $1 AND status = 'pending'";
const FORGET: &str = "DELETE FROM account_sign_ins WHERE expires_at <= $1";

impl Store {
    /// Begins an attempt. `false` when its caller has begun as many as may be, or as many wait altogether.
    pub async fn open_sign_in(&self, sign_in: &SignIn) -> Result<bool> {
        let (kind, owner) = stored(sign_in.owner);
        let now = sign_in.created_at;
        let user = sign_in.user.map(|user| user.0);
        transact!(self, |tx| {
            // Else those that begin at once would not see each other.
            sqlx::query(crate::revision::HOLD).execute(&mut *tx).await?;
            let begun = sqlx::query_scalar(BEGUN).bind(now.minus(LONGEST).0);
            let begun: i64 = begun.bind(user).fetch_one(&mut *tx).await?;
            let open = sqlx::query_scalar(OPEN).bind(now.0);
            let open: i64 = open.fetch_one(&mut *tx).await?;
            let room = begun < i64::from(MOST_EACH) && open < i64::from(MOST_OPEN);
            if room {
                sqlx::query(INSERT)
                    .bind(sign_in.id.0)
                    .bind(user)
                    .bind(kind)
                    .bind(owner)
                    .bind(&sign_in.provider)
                    .bind(&sign_in.name)
                    .bind(sign_in.way.as_str())
                    .bind(sign_in.status.as_str())
                    .bind(&sign_in.sealed)
                    .bind(micros(sign_in.interval))
                    .bind(sign_in.next_at.0)
                    .bind(now.0)
                    .bind(sign_in.expires_at.0)
                    .execute(&mut *tx)
                    .await?;
            }
            (room, room)
        })
    }

    /// An attempt.
    pub async fn sign_in(&self, id: SignInId) -> Result<Option<SignIn>> {
        let row: Option<SignInRow> = read!(self, |pool| sqlx::query_as(ONE)
            .bind(id.0)
            .fetch_optional(pool)
            .await?);
        row.map(SignInRow::read).transpose()
    }

    /// Claims the next step of an attempt that is as `seen`, until `until`. `false` when somebody else has.
    pub async fn claim_sign_in(&self, seen: &SignIn, until: Timestamp) -> Result<bool> {
        transact!(self, |tx| {
            let query = sqlx::query(MOVE).bind(seen.id.0).bind(seen.next_at.0);
            let moved = query.bind(until.0).execute(&mut *tx).await?.rows_affected() > 0;
            (moved, moved)
        })
    }

    /// Stores what a step brought that was claimed until `claim`. `false` when it is no longer that one's.
    pub async fn step_sign_in(&self, id: SignInId, claim: Timestamp, step: &Step) -> Result<bool> {
        transact!(self, |tx| {
            let query = sqlx::query(STEP).bind(id.0).bind(claim.0);
            let query = query.bind(&step.sealed).bind(micros(step.interval));
            let query = query.bind(step.next_at.0).bind(step.expires_at.0);
            let stepped = query.execute(&mut *tx).await?.rows_affected() > 0;
            (stepped, stepped)
        })
    }

    /// Ends an attempt without an account, by a step that was claimed until `claim`.
    pub async fn end_sign_in(
        &self,
        id: SignInId,
        claim: Timestamp,
        status: Status,
        why: Option<&str>,
    ) -> Result<bool> {
        transact!(self, |tx| {
            let query = sqlx::query(END).bind(id.0).bind(claim.0);
            let query = query.bind(status.as_str()).bind(why).bind(&[][..] as &[u8]);
            let ended = query.execute(&mut *tx).await?.rows_affected() > 0;
            (ended, ended)
        })
    }

    /// Puts the account that came of an attempt in its place, by a step that was claimed until `claim`, and
    /// ends the attempt. `false` when it was given up meanwhile. `identity` and errors are as of
    /// [`Store::take_account`].
    pub async fn finish_sign_in(
        &self,
        (id, claim): (SignInId, Timestamp),
        record: &AccountRecord,
        identity: Option<&[u8; 32]>,
        most: u32,
    ) -> Result<bool> {
        administer!(self, Credentials, |tx| {
            let query = sqlx::query(FINISH).bind(id.0).bind(claim.0);
            let query = query
                .bind(record.credential.meta.id.0)
                .bind(&[][..] as &[u8]);
            let finished = query.execute(&mut *tx).await?.rows_affected() > 0;
            if finished {
                take!(tx, record, identity, true, most);
            }
            (finished, finished)
        })
    }

    /// Gives an attempt up. `false` when it is over already.
    pub async fn cancel_sign_in(&self, id: SignInId) -> Result<bool> {
        transact!(self, |tx| {
            let query = sqlx::query(CANCEL).bind(id.0).bind(&[][..] as &[u8]);
            let cancelled = query.execute(&mut *tx).await?.rows_affected() > 0;
            (cancelled, cancelled)
        })
    }

    /// Forgets attempts that nothing could come of any more at that moment; says how many.
    pub async fn delete_sign_ins_before(&self, before: Timestamp) -> Result<u64> {
        transact!(self, |tx| {
            let query = sqlx::query(FORGET).bind(before.0);
            let deleted = query.execute(&mut *tx).await?.rows_affected();
            (deleted, deleted > 0)
        })
    }
}

fn micros(interval: Duration) -> i64 {
    i64::try_from(interval.as_micros()).unwrap_or(i64::MAX)
}
