//! Virtual keys.

mod managed;
mod row;

use futures_util::TryStreamExt as _;
use tollhouse_domain::id::{KeyId, UserId};
use tollhouse_domain::key::VirtualKey;
use tollhouse_domain::time::Timestamp;
use uuid::Uuid;

use crate::convert::NEWEST;
use crate::db::Store;
use crate::error::{Result, StoreError};
use crate::options::Page;
use row::{KeyRow, bind_key, columns};

/// A key with the digests of its secrets.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredKey {
    /// The key.
    pub key: VirtualKey,
    /// The digest of its secret.
    pub digest: [u8; 32],
    /// The digest of the secret before the last rotation, which works until `key.grace_until`.
    pub previous: Option<[u8; 32]>,
}

impl std::fmt::Debug for StoredKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoredKey")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

/// How many keys that work there may be of one owner, and in one organization. Keys of nobody are not
/// counted, and neither are those of the configuration file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyCaps {
    /// Of one owner.
    pub per_owner: u32,
    /// In one organization.
    pub per_org: u32,
    /// When they are to work.
    pub now: Timestamp,
}

impl KeyCaps {
    /// As many as anybody likes.
    pub const NONE: Self = Self {
        per_owner: u32::MAX,
        per_org: u32::MAX,
        now: Timestamp(0),
    };
}

// The revision is raised before anything else in the transaction, so this is the row's own.
const INSERT: &str = concat!(
    "INSERT INTO virtual_keys (",
    columns!(),
    ", revision) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, \
     $17, $18, $19, $20, $21, $22, $23, $24, $25, (SELECT value FROM revision WHERE id = 1))"
);
const UPDATE: &str = "UPDATE virtual_keys SET digest = $2, name = $3, prefix = $4, owner_id = $5, \
    org_id = $6, agent = $7, kind = $8, models = $9, providers = $10, credentials = $11, \
    created_at = $12, expires_at = $13, revoked_at = $14, last_used_at = $15, managed = $16, \
    retired = $17, strict = $18, routes = $19, pinned_source = $20, limits = $21, budgets = $22, \
    previous_digest = $23, grace_until = $24, capture = $25, \
    revision = (SELECT value FROM revision WHERE id = 1) WHERE id = $1";
macro_rules! working {
    ($column:literal) => {
        concat!(
            "SELECT COUNT(*) FROM virtual_keys WHERE ",
            $column,
            " = $1 AND id <> $2 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $3)"
        )
    };
}
const WORKING_OF_OWNER: &str = working!("owner_id");
const WORKING_OF_ORG: &str = working!("org_id");
const PAGE: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM virtual_keys WHERE id < $1 ORDER BY id DESC LIMIT $2"
);
// What `Visible::sees` says, as a query.
const PAGE_OF: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM virtual_keys WHERE id < $1 AND (owner_id = $3 OR org_id IN (SELECT org_id FROM memberships \
     JOIN orgs ON orgs.id = org_id WHERE user_id = $3 AND orgs.disabled_at IS NULL)) \
     ORDER BY id DESC LIMIT $2"
);
const ONE: &str = concat!("SELECT ", columns!(), " FROM virtual_keys WHERE id = $1");
const LIVE: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM virtual_keys WHERE revoked_at IS NULL ORDER BY id"
);
const CHANGED: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM virtual_keys WHERE revision > $1 ORDER BY id"
);
// A person's word is final, so it also ends what the file had only retired.
const REVOKE: &str = "UPDATE virtual_keys SET revoked_at = COALESCE(revoked_at, $2), \
    retired = FALSE, revision = (SELECT value FROM revision WHERE id = 1) WHERE id = $1 AND (revoked_at IS NULL OR retired)";
const TOUCH: &str = "UPDATE virtual_keys SET last_used_at = $2 \
    WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)";
const DELETE_EXPIRED: &str = "DELETE FROM virtual_keys WHERE kind = 'scoped' AND expires_at < $1";

/// Refuses a key that would be one too many of its owner or its organization. Counted in the transaction
/// that adds it, so that many at once are no way around it.
macro_rules! check_room {
    ($tx:ident, $row:ident, $caps:ident) => {
        for (query, of, most, what) in [
            (
                WORKING_OF_OWNER,
                $row.owner_id,
                $caps.per_owner,
                "its owner has",
            ),
            (
                WORKING_OF_ORG,
                $row.org_id,
                $caps.per_org,
                "the organization has",
            ),
        ] {
            let Some(of) = of else { continue };
            let query = sqlx::query_scalar(query).bind(of).bind($row.id);
            let others: i64 = query.bind($caps.now.0).fetch_one(&mut *$tx).await?;
            if others >= i64::from(most) {
                let what = format!(
                    "{what} {others} keys that work, and {most} is the most; revoke one first"
                );
                return Err(StoreError::Conflict { what });
            }
        }
    };
}

impl Store {
    /// Adds a key under the digest of its secret, however many there are.
    pub async fn insert_key(&self, key: &VirtualKey, digest: [u8; 32]) -> Result<()> {
        self.insert_key_within(key, digest, KeyCaps::NONE).await
    }

    /// Adds a key under the digest of its secret.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when it would be one too many.
    pub async fn insert_key_within(
        &self,
        key: &VirtualKey,
        digest: [u8; 32],
        caps: KeyCaps,
    ) -> Result<()> {
        let row = KeyRow::new(key, digest)?;
        administer!(self, Keys, |tx| {
            check_room!(tx, row, caps);
            bind_key!(sqlx::query(INSERT), row)
                .execute(&mut *tx)
                .await?;
            ((), true)
        })
    }

    /// Keys, newest first, revoked and expired ones included.
    pub async fn keys(&self, page: Page<KeyId>) -> Result<Vec<VirtualKey>> {
        let below = page.after.map_or(NEWEST, |id| id.0);
        let rows: Vec<KeyRow> = read!(self, |pool| sqlx::query_as(PAGE)
            .bind(below)
            .bind(i64::from(page.limit))
            .fetch_all(pool)
            .await?);
        rows.into_iter().map(KeyRow::key).collect()
    }

    /// Keys that a user may see: their own and their organizations', newest first.
    pub async fn keys_seen_by(&self, user: UserId, page: Page<KeyId>) -> Result<Vec<VirtualKey>> {
        let below = page.after.map_or(NEWEST, |id| id.0);
        let rows: Vec<KeyRow> = read!(self, |pool| sqlx::query_as(PAGE_OF)
            .bind(below)
            .bind(i64::from(page.limit))
            .bind(user.0)
            .fetch_all(pool)
            .await?);
        rows.into_iter().map(KeyRow::key).collect()
    }

    /// One key.
    pub async fn key(&self, id: KeyId) -> Result<Option<VirtualKey>> {
        let row: Option<KeyRow> = read!(self, |pool| sqlx::query_as(ONE)
            .bind(id.0)
            .fetch_optional(pool)
            .await?);
        row.map(KeyRow::key).transpose()
    }

    /// Hands over every key that is not revoked, with its digests: what a snapshot needs. Expired
    /// ones are among them until [`Store::delete_expired_scoped`], so that a client can be told the
    /// difference. One by one, because there may be very many.
    pub async fn each_key(&self, mut take: impl FnMut(StoredKey) + Send) -> Result<()> {
        read!(self, |pool| {
            let mut rows = sqlx::query_as::<_, KeyRow>(LIVE).fetch(pool);
            while let Some(row) = rows.try_next().await? {
                take(row.stored()?);
            }
        });
        Ok(())
    }

    /// What [`Store::each_key`] hands over, by the digest of the secret that works now.
    pub async fn all_keys_with_digests(&self) -> Result<Vec<([u8; 32], VirtualKey)>> {
        let mut all = Vec::new();
        self.each_key(|stored| all.push((stored.digest, stored.key)))
            .await?;
        Ok(all)
    }

    /// Keys written after `revision`, those that were revoked included. Keys that were deleted are
    /// not told of: see [`Store::delete_expired_scoped`].
    pub async fn keys_since(&self, revision: i64) -> Result<Vec<StoredKey>> {
        let rows: Vec<KeyRow> = read!(self, |pool| sqlx::query_as(CHANGED)
            .bind(revision)
            .fetch_all(pool)
            .await?);
        rows.into_iter().map(KeyRow::stored).collect()
    }

    /// Gives a key a new secret. The one that works now goes on working until `grace_until`, if that
    /// is given, and the one before it no longer.
    ///
    /// `judge` says whether the key, as it is by then, may get one. Says what the key is then.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Conflict`] when the configuration file manages it or
    /// it was revoked.
    pub async fn rotate_key<E: Send>(
        &self,
        id: KeyId,
        digest: [u8; 32],
        prefix: &str,
        grace_until: Option<Timestamp>,
        judge: impl Fn(&VirtualKey) -> Result<(), E>,
    ) -> Result<Result<VirtualKey, E>> {
        administer!(self, Keys, |tx| {
            let one = sqlx::query_as(ONE).bind(id.0);
            let stored = own(one.fetch_optional(&mut *tx).await?)?;
            match judge(&stored.clone().key()?) {
                Err(refusal) => (Err(refusal), false),
                Ok(()) => {
                    let row = KeyRow {
                        digest: digest.to_vec(),
                        prefix: prefix.to_owned(),
                        previous_digest: grace_until.map(|_| stored.digest.clone()),
                        grace_until: grace_until.map(|at| at.0),
                        ..stored
                    };
                    bind_key!(sqlx::query(UPDATE), row)
                        .execute(&mut *tx)
                        .await?;
                    (Ok(row.key()?), true)
                }
            }
        })
    }

    /// Ends a key for good at `at`. `false` when there is no such key or it was ended before.
    pub async fn revoke_key(&self, id: KeyId, at: Timestamp) -> Result<bool> {
        administer!(self, Keys, |tx| {
            let done = sqlx::query(REVOKE)
                .bind(id.0)
                .bind(at.0)
                .execute(&mut *tx)
                .await?;
            let revoked = done.rows_affected() > 0;
            (revoked, revoked)
        })
    }

    /// Makes a change to what is stored of a key, and says what there is then. Of what `change` does
    /// this is kept: name, owner, organization, agent, models, providers, routes, credentials, limits,
    /// budgets, expiry, strictness, capture. What it minds leaves everything as it was.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Conflict`] when the configuration file manages it, it was
    /// revoked, or its new owner or organization has too many.
    pub async fn change_key<E: Send>(
        &self,
        id: KeyId,
        caps: KeyCaps,
        change: impl Fn(&mut VirtualKey) -> Result<(), E>,
    ) -> Result<Result<VirtualKey, E>> {
        administer!(self, Keys, |tx| {
            let one = sqlx::query_as(ONE).bind(id.0);
            let stored = own(one.fetch_optional(&mut *tx).await?)?;
            let mut changed = stored.clone().key()?;
            match change(&mut changed) {
                Err(refusal) => (Err(refusal), false),
                Ok(()) => {
                    let row = stored.clone().edited(&changed)?;
                    let moved = (row.owner_id, row.org_id) != (stored.owner_id, stored.org_id);
                    // One that did not work, and is given time again, is one more too.
                    let ended = |row: &KeyRow| row.expires_at.is_some_and(|at| at <= caps.now.0);
                    if moved || (ended(&stored) && !ended(&row)) {
                        check_room!(tx, row, caps);
                    }
                    bind_key!(sqlx::query(UPDATE), row)
                        .execute(&mut *tx)
                        .await?;
                    let changed = row != stored;
                    (Ok(row.key()?), changed)
                }
            }
        })
    }

    /// Notes when keys were last used. Not an administrative write; unknown keys are passed over.
    pub async fn touch_keys(&self, used: &[(KeyId, Timestamp)]) -> Result<()> {
        // In one order everywhere, so that two replicas never wait for each other in a circle.
        let mut used: Vec<(Uuid, i64)> = used.iter().map(|(id, at)| (id.0, at.0)).collect();
        used.sort_unstable();
        transact!(self, |tx| {
            for (id, at) in &used {
                sqlx::query(TOUCH)
                    .bind(id)
                    .bind(at)
                    .execute(&mut *tx)
                    .await?;
            }
            ((), !used.is_empty())
        })
    }

    /// Forgets scoped keys that expired before `before`, and says how many. They work no longer, so
    /// this is housekeeping and not an administrative write; whoever holds keys in memory lets go of
    /// the same ones by the same rule. No other key is ever deleted.
    pub async fn delete_expired_scoped(&self, before: Timestamp) -> Result<u64> {
        transact!(self, |tx| {
            let done = sqlx::query(DELETE_EXPIRED)
                .bind(before.0)
                .execute(&mut *tx)
                .await?;
            (done.rows_affected(), true)
        })
    }
}

/// A key that may be changed by hand: one that works, and that the file does not state.
fn own(found: Option<KeyRow>) -> Result<KeyRow> {
    let row = found.ok_or(StoreError::NotFound)?;
    let why = if row.managed {
        "the configuration file manages the key"
    } else if row.revoked_at.is_some() {
        "somebody revoked the key"
    } else {
        return Ok(row);
    };
    let what = format!("{why} `{}`", row.name);
    Err(StoreError::Conflict { what })
}
