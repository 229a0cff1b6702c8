//! Passwords, what is remembered of wrong ones, and who is signed in with a browser.
//!
//! Attempts and sessions are no administrative writes: no snapshot holds them, so they raise no
//! revision. What of them belongs in the audit trail is added in the same transaction all the same.

use sqlx::FromRow;
use tollhouse_domain::audit::Note;
use tollhouse_domain::id::{UserId, WebSessionId};
use tollhouse_domain::sign_in::{GRACE, Lockout, SessionTimes};
use tollhouse_domain::time::Timestamp;
use uuid::Uuid;

use crate::audit::Trail;
use crate::convert::{fixed, moment};
use crate::db::Store;
use crate::error::{Result, StoreError};

/// Somebody signed in with a browser; everything about it but its secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WebSession {
    /// Its id, the same for as long as it lasts.
    pub id: WebSessionId,
    /// Whose it is.
    pub holder: Holder,
    /// When it did what.
    pub times: SessionTimes,
}

/// Whose a session is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holder {
    /// A user's.
    User(UserId),
    /// Of whoever presented the administrator's token, by the digest it had then. Whether it is still
    /// that token is for the reader to see.
    Operator([u8; 32]),
}

impl Holder {
    /// The user, if it is one.
    pub const fn user(self) -> Option<UserId> {
        match self {
            Self::User(id) => Some(id),
            Self::Operator(_) => None,
        }
    }

    const fn admin_digest(&self) -> Option<&[u8]> {
        match self {
            Self::User(_) => None,
            Self::Operator(digest) => Some(digest.as_slice()),
        }
    }
}

/// Whether a password may be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    /// Yes. It counts as wrong until [`Store::open_session`] says otherwise.
    Open,
    /// Not before this moment.
    Locked(Timestamp),
}

#[derive(FromRow)]
struct SessionRow {
    id: Uuid,
    user_id: Option<Uuid>,
    admin_digest: Option<Vec<u8>>,
    created_at: i64,
    seen_at: i64,
    rotated_at: i64,
}

impl SessionRow {
    fn session(self) -> Result<WebSession> {
        let holder = match (self.user_id, self.admin_digest) {
            (Some(user), _) => Holder::User(UserId(user)),
            (None, Some(digest)) => Holder::Operator(fixed("a session's token", digest)?),
            (None, None) => return Err(StoreError::corrupt("a session is nobody's")),
        };
        Ok(WebSession {
            id: WebSessionId(self.id),
            holder,
            times: SessionTimes {
                created_at: Timestamp(self.created_at),
                seen_at: Timestamp(self.seen_at),
                rotated_at: Timestamp(self.rotated_at),
            },
        })
    }
}

#[derive(FromRow)]
struct LockoutRow {
    failures: i64,
    locked_until: Option<i64>,
}

const PASSWORD: &str = "SELECT password FROM users WHERE id = $1";
const SET_PASSWORD: &str =
    "UPDATE users SET password = $2, failures = 0, locked_until = NULL WHERE id = $1";
// Writes to hold the row: of several attempts at once, each sees those before it.
const CLAIM: &str =
    "UPDATE users SET failures = failures WHERE id = $1 RETURNING failures, locked_until";
const FAILED: &str = "UPDATE users SET failures = $2, locked_until = $3 WHERE id = $1";
const INSERT: &str = "INSERT INTO web_sessions (id, user_id, digest, created_at, seen_at, \
    rotated_at, expires_at, admin_digest) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
const BY_DIGEST: &str = "SELECT id, user_id, admin_digest, created_at, seen_at, rotated_at \
    FROM web_sessions WHERE expires_at > $2 AND (digest = $1 OR (previous = $1 AND previous_until > $2))";
const LIVES: &str = "SELECT id FROM web_sessions WHERE id = $1 AND expires_at > $2";
const TOUCH: &str = "UPDATE web_sessions SET seen_at = $2, expires_at = $3 \
    WHERE id = $1 AND seen_at < $2";
const ROTATE: &str = "UPDATE web_sessions SET previous = digest, previous_until = $4, digest = $3, \
    seen_at = $5, rotated_at = $5, expires_at = $6 WHERE id = $1 AND digest = $2";
const CLOSE: &str = "DELETE FROM web_sessions WHERE id = $1";
const CLOSE_OTHERS: &str = "DELETE FROM web_sessions WHERE user_id = $1 AND id <> $2";
/// For good: signing in again is all that helps.
pub(super) const CLOSE_ALL: &str = "DELETE FROM web_sessions WHERE user_id = $1";
const FORGET: &str = "DELETE FROM web_sessions WHERE expires_at <= $1";

impl Store {
    /// The hash of a user's password, if they have one.
    pub async fn password_of(&self, user: UserId) -> Result<Option<String>> {
        let found: Option<Option<String>> = read!(self, |pool| sqlx::query_scalar(PASSWORD)
            .bind(user.0)
            .fetch_optional(pool)
            .await?);
        Ok(found.flatten())
    }

    /// Sets a user's password, unlocks them and ends their sessions, but for the one that `keep` names.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such user.
    pub async fn set_password(
        &self,
        user: UserId,
        hash: &str,
        keep: Option<WebSessionId>,
    ) -> Result<()> {
        let keep = keep.map_or(Uuid::nil(), |id| id.0);
        administer!(self, People, |tx| {
            let set = sqlx::query(SET_PASSWORD).bind(user.0).bind(hash);
            if set.execute(&mut *tx).await?.rows_affected() == 0 {
                return Err(StoreError::NotFound);
            }
            let close = sqlx::query(CLOSE_OTHERS).bind(user.0).bind(keep);
            close.execute(&mut *tx).await?;
            ((), true)
        })
    }

    /// Says whether a password for `user` may be looked at. If so, it counts as a wrong one from now
    /// on, so that many at once are not looked at for the price of one.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such user.
    pub async fn attempt(&self, user: UserId, now: Timestamp) -> Result<Attempt> {
        transact!(self, |tx| {
            let claim = sqlx::query_as(CLAIM).bind(user.0);
            let row: Option<LockoutRow> = claim.fetch_optional(&mut *tx).await?;
            let row = row.ok_or(StoreError::NotFound)?;
            let before = Lockout {
                failures: u32::try_from(row.failures).unwrap_or(u32::MAX),
                locked_until: moment(row.locked_until),
            };
            if let Some(until) = before.locked(now) {
                (Attempt::Locked(until), false)
            } else {
                let after = before.failed(now);
                sqlx::query(FAILED)
                    .bind(user.0)
                    .bind(i64::from(after.failures))
                    .bind(after.locked_until.map(|at| at.0))
                    .execute(&mut *tx)
                    .await?;
                (Attempt::Open, true)
            }
        })
    }

    /// Begins a session under the digest of its secret, forgets wrong passwords before it, and notes
    /// that somebody signed in.
    pub async fn open_session(
        &self,
        session: WebSession,
        digest: [u8; 32],
        note: Note,
    ) -> Result<()> {
        let times = session.times;
        let user = session.holder.user().map(|id| id.0);
        let notes = [note];
        transact!(self, |tx| {
            if let Some(user) = user {
                sqlx::query(FAILED)
                    .bind(user)
                    .bind(0_i64)
                    .bind(None::<i64>)
                    .execute(&mut *tx)
                    .await?;
            }
            sqlx::query(FORGET)
                .bind(times.created_at.0)
                .execute(&mut *tx)
                .await?;
            sqlx::query(INSERT)
                .bind(session.id.0)
                .bind(user)
                .bind(digest.as_slice())
                .bind(times.created_at.0)
                .bind(times.seen_at.0)
                .bind(times.rotated_at.0)
                .bind(times.ends_at().0)
                .bind(session.holder.admin_digest())
                .execute(&mut *tx)
                .await?;
            tx.append(&notes).await?;
            ((), true)
        })
    }

    /// The session whose secret has this digest, or had it a moment ago, if it has not ended.
    pub async fn session_by_digest(
        &self,
        digest: &[u8; 32],
        now: Timestamp,
    ) -> Result<Option<WebSession>> {
        let row: Option<SessionRow> = read!(self, |pool| sqlx::query_as(BY_DIGEST)
            .bind(digest.as_slice())
            .bind(now.0)
            .fetch_optional(pool)
            .await?);
        row.map(SessionRow::session).transpose()
    }

    /// Whether a session has not ended.
    pub async fn session_lives(&self, id: WebSessionId, now: Timestamp) -> Result<bool> {
        let found: Option<Uuid> = read!(self, |pool| sqlx::query_scalar(LIVES)
            .bind(id.0)
            .bind(now.0)
            .fetch_optional(pool)
            .await?);
        Ok(found.is_some())
    }

    /// Notes that a session was used.
    pub async fn touch_session(&self, session: WebSession, now: Timestamp) -> Result<()> {
        let mut times = session.times;
        times.seen_at = now;
        transact!(self, |tx| {
            sqlx::query(TOUCH)
                .bind(session.id.0)
                .bind(now.0)
                .bind(times.ends_at().0)
                .execute(&mut *tx)
                .await?;
            ((), true)
        })
    }

    /// Puts a session under a new secret; the one before works a little longer. `false` when another
    /// request did so first.
    pub async fn rotate_session(
        &self,
        session: WebSession,
        (old, new): (&[u8; 32], &[u8; 32]),
        now: Timestamp,
    ) -> Result<bool> {
        let mut times = session.times;
        times.seen_at = now;
        transact!(self, |tx| {
            let rotated = sqlx::query(ROTATE)
                .bind(session.id.0)
                .bind(old.as_slice())
                .bind(new.as_slice())
                .bind(now.plus(GRACE).0)
                .bind(now.0)
                .bind(times.ends_at().0)
                .execute(&mut *tx)
                .await?;
            let rotated = rotated.rows_affected() > 0;
            (rotated, rotated)
        })
    }

    /// Ends a session at once, and notes it. `false` when it had ended.
    pub async fn close_session(&self, id: WebSessionId, note: Note) -> Result<bool> {
        let notes = [note];
        transact!(self, |tx| {
            let query = sqlx::query(CLOSE).bind(id.0);
            let closed = query.execute(&mut *tx).await?.rows_affected() > 0;
            if closed {
                tx.append(&notes).await?;
            }
            (closed, closed)
        })
    }
}
