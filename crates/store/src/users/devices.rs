//! Devices that ask to be let in. Digests stand for both of their codes.
//!
//! Asking and answering raise no revision: no snapshot holds them. A token that comes of it does.

use std::net::IpAddr;
use std::time::Duration;

use sqlx::FromRow;
use tollhouse_domain::audit::Note;
use tollhouse_domain::device::{Grant, LIFE, MOST_OPEN, Poll, Status};
use tollhouse_domain::id::{DeviceId, UserId};
use tollhouse_domain::time::Timestamp;
use uuid::Uuid;

use super::tokens::{self, ApiToken, TokenScope};
use crate::audit::Trail;
use crate::convert::{moment, uncount, word};
use crate::db::Store;
use crate::error::{Result, StoreError};

/// A device that asks; everything about it but its codes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceGrant {
    /// Its id.
    pub id: DeviceId,
    /// What it says it is called.
    pub name: String,
    /// Where it asked from.
    pub from: Option<IpAddr>,
    /// How it stands.
    pub grant: Grant,
    /// Who let it in, and what its token may do.
    pub approved: Option<(UserId, TokenScope)>,
}

#[derive(FromRow)]
struct DeviceRow {
    id: Uuid,
    name: String,
    address: Option<String>,
    status: String,
    user_id: Option<Uuid>,
    scope: Option<String>,
    created_at: i64,
    polled_at: Option<i64>,
    interval_us: i64,
}

impl DeviceRow {
    fn device(self) -> Result<DeviceGrant> {
        let status = Status::parse(&self.status);
        let status = status.ok_or_else(|| StoreError::corrupt("a device's status"))?;
        let scope = self.scope.as_deref();
        let scope: Option<TokenScope> = scope
            .map(|text| word("a device's scope", text))
            .transpose()?;
        Ok(DeviceGrant {
            id: DeviceId(self.id),
            name: self.name,
            from: self.address.and_then(|text| text.parse().ok()),
            grant: Grant {
                status,
                created_at: Timestamp(self.created_at),
                polled_at: moment(self.polled_at),
                interval: Duration::from_micros(uncount(self.interval_us)),
            },
            approved: self.user_id.map(UserId).zip(scope),
        })
    }
}

macro_rules! columns {
    () => {
        "id, name, address, status, user_id, scope, created_at, polled_at, interval_us"
    };
}

const COUNT: &str = "SELECT COUNT(*) FROM device_grants WHERE expires_at > $1";
const INSERT: &str = "INSERT INTO device_grants (id, device_digest, code_digest, name, address, \
    status, created_at, expires_at, interval_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
const BY_CODE: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM device_grants WHERE code_digest = $1"
);
const KNOWN: &str = "SELECT COUNT(*) FROM device_grants WHERE device_digest = $1";
// Writes to hold the row: of several questions at once, each sees those before it.
const CLAIM: &str = concat!(
    "UPDATE device_grants SET interval_us = interval_us WHERE device_digest = $1 RETURNING ",
    columns!()
);
const POLLED: &str = "UPDATE device_grants SET polled_at = $2, interval_us = $3 WHERE id = $1";
const ANSWER: &str = "UPDATE device_grants SET status = $2, user_id = $3, scope = $4 \
    WHERE id = $1 AND status = 'pending' AND expires_at > $5";
const REDEEM: &str = "UPDATE device_grants SET status = 'used' \
    WHERE id = $1 AND status = 'approved' AND user_id = $2 AND EXISTS \
    (SELECT 1 FROM users WHERE users.id = $2 AND users.disabled_at IS NULL)";
const FORGET: &str = "DELETE FROM device_grants WHERE expires_at <= $1";
/// Whom a user let in, so that nothing of theirs comes of it any more.
pub(super) const DELETE_OF: &str = "DELETE FROM device_grants WHERE user_id = $1";

impl Store {
    /// Begins a device's question under the digests of its two codes. `false` when as many are waiting
    /// already as may.
    pub async fn open_device(
        &self,
        device: &DeviceGrant,
        (device_digest, code_digest): ([u8; 32], [u8; 32]),
    ) -> Result<bool> {
        let grant = device.grant;
        let address = device.from.map(|address| address.to_string());
        // A little longer than they can be answered, so that whoever is late hears why.
        let forgotten = grant.created_at.minus(LIFE);
        transact!(self, |tx| {
            sqlx::query(FORGET)
                .bind(forgotten.0)
                .execute(&mut *tx)
                .await?;
            let open: i64 = sqlx::query_scalar(COUNT)
                .bind(grant.created_at.0)
                .fetch_one(&mut *tx)
                .await?;
            let room = open < i64::from(MOST_OPEN);
            if room {
                sqlx::query(INSERT)
                    .bind(device.id.0)
                    .bind(device_digest.as_slice())
                    .bind(code_digest.as_slice())
                    .bind(&device.name)
                    .bind(&address)
                    .bind(grant.status.as_str())
                    .bind(grant.created_at.0)
                    .bind(grant.expires_at().0)
                    .bind(micros(grant.interval))
                    .execute(&mut *tx)
                    .await?;
            }
            (room, true)
        })
    }

    /// The device whose typed code has this digest.
    pub async fn device_by_code(&self, digest: &[u8; 32]) -> Result<Option<DeviceGrant>> {
        let row: Option<DeviceRow> = read!(self, |pool| sqlx::query_as(BY_CODE)
            .bind(digest.as_slice())
            .fetch_optional(pool)
            .await?);
        row.map(DeviceRow::device).transpose()
    }

    /// Lets a device in with a token of that user and scope, or turns it away, and notes it. `false`
    /// when it was answered before or its time is over.
    pub async fn answer_device(
        &self,
        id: DeviceId,
        approved: Option<(UserId, TokenScope)>,
        note: Note,
    ) -> Result<bool> {
        let status = match approved {
            Some(_) => Status::Approved,
            None => Status::Denied,
        };
        let now = note.at;
        let notes = [note];
        transact!(self, |tx| {
            let answered = sqlx::query(ANSWER)
                .bind(id.0)
                .bind(status.as_str())
                .bind(approved.map(|(user, _)| user.0))
                .bind(approved.map(|(_, scope)| scope.as_str()))
                .bind(now.0)
                .execute(&mut *tx)
                .await?;
            let answered = answered.rows_affected() > 0;
            if answered {
                tx.append(&notes).await?;
            }
            (answered, answered)
        })
    }

    /// What a device is told that asks with the code of this digest, and how it stands then. `None`
    /// when there is no such device.
    pub async fn poll_device(
        &self,
        digest: &[u8; 32],
        now: Timestamp,
    ) -> Result<Option<(Poll, DeviceGrant)>> {
        // Strangers with a code of their own making must not keep writers waiting.
        let known: i64 = read!(self, |pool| sqlx::query_scalar(KNOWN)
            .bind(digest.as_slice())
            .fetch_one(pool)
            .await?);
        if known == 0 {
            return Ok(None);
        }
        transact!(self, |tx| {
            let claim = sqlx::query_as(CLAIM).bind(digest.as_slice());
            let row: Option<DeviceRow> = claim.fetch_optional(&mut *tx).await?;
            match row.map(DeviceRow::device).transpose()? {
                None => (None, false),
                Some(mut device) => {
                    let (poll, after) = device.grant.poll(now);
                    let changed = after != device.grant;
                    device.grant = after;
                    if changed {
                        sqlx::query(POLLED)
                            .bind(device.id.0)
                            .bind(after.polled_at.map(|at| at.0))
                            .bind(micros(after.interval))
                            .execute(&mut *tx)
                            .await?;
                    }
                    (Some((poll, device)), changed)
                }
            }
        })
    }

    /// Gives a device that was let in its token, which is added under the digest of its secret.
    /// `false` when it has one already, or whoever let it in is switched off.
    pub async fn redeem_device(
        &self,
        id: DeviceId,
        token: &ApiToken,
        digest: [u8; 32],
    ) -> Result<bool> {
        administer!(self, People, |tx| {
            let redeemed = sqlx::query(REDEEM)
                .bind(id.0)
                .bind(token.user.0)
                .execute(&mut *tx)
                .await?;
            let redeemed = redeemed.rows_affected() > 0;
            if redeemed {
                sqlx::query(tokens::INSERT)
                    .bind(token.id.0)
                    .bind(token.user.0)
                    .bind(digest.as_slice())
                    .bind(&token.name)
                    .bind(&token.prefix)
                    .bind(token.scope.as_str())
                    .bind(token.created_at.0)
                    .bind(token.expires_at.map(|at| at.0))
                    .execute(&mut *tx)
                    .await?;
            }
            (redeemed, redeemed)
        })
    }

    /// Forgets devices whose time was over before that moment; says how many.
    pub async fn delete_devices_before(&self, before: Timestamp) -> Result<u64> {
        transact!(self, |tx| {
            let deleted = sqlx::query(FORGET).bind(before.0).execute(&mut *tx).await?;
            let deleted = deleted.rows_affected();
            (deleted, deleted > 0)
        })
    }
}

fn micros(interval: Duration) -> i64 {
    i64::try_from(interval.as_micros()).unwrap_or(i64::MAX)
}
