//! Objects that upstreams keep for a client: message batches and stored responses. A later request
//! that names one must go where it lives, and only for the key that made it.

use sqlx::FromRow;
use tollhouse_domain::id::{CredentialId, KeyId};
use tollhouse_domain::time::Timestamp;
use uuid::Uuid;

use crate::convert::word;
use crate::db::Store;
use crate::error::Result;

/// What kind of object it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ObjectKind {
    /// A message batch (`msgbatch_…`).
    MessageBatch,
    /// A stored response (`resp_…`).
    Response,
}

impl ObjectKind {
    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MessageBatch => "message_batch",
            Self::Response => "response",
        }
    }
}

/// An object that an upstream keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectRow {
    /// The upstream's id of it.
    pub id: String,
    /// What it is.
    pub kind: ObjectKind,
    /// The key that made it, and the only one that may ask for it.
    pub key: KeyId,
    /// The provider that has it.
    pub provider: String,
    /// The credential it was made with; absent for a client's own.
    pub credential_id: Option<CredentialId>,
    /// When it was made.
    pub created_at: Timestamp,
}

#[derive(FromRow)]
struct Row {
    id: String,
    kind: String,
    key_id: Uuid,
    provider: String,
    credential_id: Option<Uuid>,
    created_at: i64,
}

const PUT: &str = "INSERT INTO objects (id, kind, key_id, provider, credential_id, created_at) \
    VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (key_id, id) DO UPDATE SET kind = excluded.kind, \
    provider = excluded.provider, credential_id = excluded.credential_id, \
    created_at = excluded.created_at";
const ONE: &str = "SELECT id, kind, key_id, provider, credential_id, created_at FROM objects \
    WHERE id = $1 AND key_id = $2";
const FORGET: &str = "DELETE FROM objects WHERE id = $1 AND key_id = $2";
const EXPIRE: &str = "DELETE FROM objects WHERE created_at < $1";

impl Store {
    /// Remembers an object; the same one again replaces what was known of it.
    pub async fn remember_object(&self, object: &ObjectRow) -> Result<()> {
        transact!(self, |tx| {
            sqlx::query(PUT)
                .bind(&object.id)
                .bind(object.kind.as_str())
                .bind(object.key.0)
                .bind(&object.provider)
                .bind(object.credential_id.map(|id| id.0))
                .bind(object.created_at.0)
                .execute(&mut *tx)
                .await?;
            ((), true)
        })
    }

    /// The object of that id, if `key` made it.
    pub async fn object(&self, id: &str, key: KeyId) -> Result<Option<ObjectRow>> {
        let row: Option<Row> = read!(self, |pool| sqlx::query_as(ONE)
            .bind(id)
            .bind(key.0)
            .fetch_optional(pool)
            .await?);
        row.map(|row| {
            Ok(ObjectRow {
                id: row.id,
                kind: word("an object's kind", &row.kind)?,
                key: KeyId(row.key_id),
                provider: row.provider,
                credential_id: row.credential_id.map(CredentialId),
                created_at: Timestamp(row.created_at),
            })
        })
        .transpose()
    }

    /// Forgets an object of `key`. `false` when there was none.
    pub async fn forget_object(&self, id: &str, key: KeyId) -> Result<bool> {
        transact!(self, |tx| {
            let done = sqlx::query(FORGET)
                .bind(id)
                .bind(key.0)
                .execute(&mut *tx)
                .await?;
            (done.rows_affected() > 0, true)
        })
    }

    /// Forgets objects made before `before`, and says how many they were.
    pub async fn delete_objects_before(&self, before: Timestamp) -> Result<u64> {
        transact!(self, |tx| {
            let done = sqlx::query(EXPIRE).bind(before.0).execute(&mut *tx).await?;
            (done.rows_affected(), true)
        })
    }
}
