//! Personal tokens of the control plane. A digest stands for the secret, which is nowhere.

use serde::{Deserialize, Serialize};
use sqlx::FromRow;
use tollhouse_domain::id::{TokenId, UserId};
use tollhouse_domain::time::Timestamp;
use uuid::Uuid;

use crate::convert::{fixed, moment, word};
use crate::db::Store;
use crate::error::Result;

/// What a token may do of what its user may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TokenScope {
    /// Look.
    Read,
    /// Also make and change what is the user's own.
    Write,
    /// Everything the user may do.
    Admin,
}

impl TokenScope {
    /// As stored and printed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Admin => "admin",
        }
    }
}

/// A personal token; everything about it but its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiToken {
    /// Its id.
    pub id: TokenId,
    /// Whose it is.
    pub user: UserId,
    /// What they call it.
    pub name: String,
    /// The first characters of the secret.
    pub prefix: String,
    /// What it may do.
    pub scope: TokenScope,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops working by itself.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
}

#[derive(FromRow)]
struct TokenRow {
    id: Uuid,
    user_id: Uuid,
    digest: Vec<u8>,
    name: String,
    prefix: String,
    scope: String,
    created_at: i64,
    expires_at: Option<i64>,
    revoked_at: Option<i64>,
    last_used_at: Option<i64>,
}

impl TokenRow {
    fn token(self) -> Result<ApiToken> {
        Ok(ApiToken {
            id: TokenId(self.id),
            user: UserId(self.user_id),
            name: self.name,
            prefix: self.prefix,
            scope: word("a token's scope", &self.scope)?,
            created_at: Timestamp(self.created_at),
            expires_at: moment(self.expires_at),
            revoked_at: moment(self.revoked_at),
            last_used_at: moment(self.last_used_at),
        })
    }
}

macro_rules! select {
    () => {
        "SELECT id, user_id, digest, name, prefix, scope, created_at, expires_at, revoked_at, \
         last_used_at FROM api_tokens"
    };
}

const LIVE: &str = concat!(select!(), " WHERE revoked_at IS NULL ORDER BY id");
const OF_USER: &str = concat!(select!(), " WHERE user_id = $1 ORDER BY id DESC");
pub(super) const INSERT: &str = "INSERT INTO api_tokens (id, user_id, digest, name, prefix, scope, \
    created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
const REVOKE: &str =
    "UPDATE api_tokens SET revoked_at = $3 WHERE id = $1 AND user_id = $2 AND revoked_at IS NULL";
const TOUCH: &str = "UPDATE api_tokens SET last_used_at = $2 \
    WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)";

impl Store {
    /// Adds a token under the digest of its secret.
    pub async fn insert_token(&self, token: &ApiToken, digest: [u8; 32]) -> Result<()> {
        administer!(self, People, |tx| {
            sqlx::query(INSERT)
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
            ((), true)
        })
    }

    /// A user's tokens, newest first, revoked and expired ones included.
    pub async fn tokens_of(&self, user: UserId) -> Result<Vec<ApiToken>> {
        let rows: Vec<TokenRow> = read!(self, |pool| sqlx::query_as(OF_USER)
            .bind(user.0)
            .fetch_all(pool)
            .await?);
        rows.into_iter().map(TokenRow::token).collect()
    }

    /// Every token that is not revoked, with its digest: what a snapshot needs.
    pub async fn all_tokens_with_digests(&self) -> Result<Vec<([u8; 32], ApiToken)>> {
        let rows: Vec<TokenRow> = read!(self, |pool| sqlx::query_as(LIVE).fetch_all(pool).await?);
        rows.into_iter()
            .map(|row| Ok((fixed("a token's digest", row.digest.clone())?, row.token()?)))
            .collect()
    }

    /// Ends a user's token for good. `false` when there is no such token or it was ended before.
    pub async fn revoke_token(&self, user: UserId, id: TokenId, at: Timestamp) -> Result<bool> {
        administer!(self, People, |tx| {
            let query = sqlx::query(REVOKE).bind(id.0).bind(user.0).bind(at.0);
            let revoked = query.execute(&mut *tx).await?.rows_affected() > 0;
            (revoked, revoked)
        })
    }

    /// Notes when tokens were last used. Not an administrative write.
    pub async fn touch_tokens(&self, used: &[(TokenId, Timestamp)]) -> Result<()> {
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
}
