//! Sessions: calls of one conversation, put together when asked for. Nothing is stored of them.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use sqlx::{FromRow, QueryBuilder};
use tollhouse_domain::id::{KeyId, SessionId};
use tollhouse_domain::tenancy::Visible;
use tollhouse_domain::time::Timestamp;
use uuid::Uuid;

use crate::calls::CallFilter;
use crate::convert::NEWEST;
use crate::db::Store;
use crate::error::Result;
use crate::options::Page;
use crate::usage::{SumsRow, Totals, sums};

/// One conversation. A session belongs to one key by construction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// Its id.
    pub session: SessionId,
    /// The client's own name for it.
    pub session_name: Option<String>,
    /// The key.
    pub key: KeyId,
    /// The client application.
    pub caller: String,
    /// When its first call was admitted.
    pub first_at: Timestamp,
    /// When its last call was admitted.
    pub last_at: Timestamp,
    /// What its calls come to.
    pub totals: Totals,
    /// The models that answered, or failing that were asked, sorted.
    pub models: Vec<String>,
}

impl SessionRow {
    /// Where the next page begins when this is the last row of one.
    pub const fn cursor(&self) -> SessionCursor {
        SessionCursor {
            last_at: self.last_at,
            session: self.session,
        }
    }
}

/// A place in the list of sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionCursor {
    /// The last call's time of the session before.
    pub last_at: Timestamp,
    /// The session before.
    pub session: SessionId,
}

#[derive(FromRow)]
struct Row {
    session_id: Uuid,
    session_name: Option<String>,
    key_id: Uuid,
    caller: String,
    first_at: i64,
    last_at: i64,
    #[sqlx(flatten)]
    sums: SumsRow,
}

#[derive(FromRow)]
struct ModelRow {
    session_id: Uuid,
    model: String,
}

static SELECT: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT session_id, key_id, MAX(session_name) AS session_name, MAX(caller) AS caller, \
         MIN(at) AS first_at, MAX(at) AS last_at, {} FROM calls WHERE TRUE",
        sums()
    )
});
const SELECT_MODELS: &str = "SELECT DISTINCT session_id, \
    COALESCE(model_served, model_sent, model_requested) AS model FROM calls \
    WHERE COALESCE(model_served, model_sent, model_requested) IS NOT NULL";

impl Store {
    /// The sessions of the calls that pass `filter`, latest activity first; sums are over those
    /// calls alone.
    pub async fn sessions(
        &self,
        filter: &CallFilter,
        page: Page<SessionCursor>,
    ) -> Result<Vec<SessionRow>> {
        let (last_at, id) = page.after.map_or((i64::MAX, NEWEST), |after| {
            (after.last_at.0, after.session.0)
        });
        let rows: Vec<Row> = read!(self, |pool| {
            let mut query = QueryBuilder::new(SELECT.as_str());
            filter.push_to(&mut query);
            query
                .push(" GROUP BY session_id, key_id HAVING MAX(at) < ")
                .push_bind(last_at);
            query.push(" OR (MAX(at) = ").push_bind(last_at);
            query.push(" AND session_id < ").push_bind(id);
            query.push(") ORDER BY last_at DESC, session_id DESC LIMIT ");
            query.push_bind(i64::from(page.limit));
            query.build_query_as().fetch_all(pool).await?
        });
        let ids: Vec<Uuid> = rows.iter().map(|row| row.session_id).collect();
        let mut models = self.models_of(&ids, filter).await?;
        let session = |row: Row| SessionRow {
            session: SessionId(row.session_id),
            session_name: row.session_name,
            key: KeyId(row.key_id),
            caller: row.caller,
            first_at: Timestamp(row.first_at),
            last_at: Timestamp(row.last_at),
            totals: row.sums.into(),
            models: models.remove(&row.session_id).unwrap_or_default(),
        };
        Ok(rows.into_iter().map(session).collect())
    }

    /// One session, all its calls included, for who may see it.
    pub async fn session(&self, id: SessionId, visible: Visible) -> Result<Option<SessionRow>> {
        let filter = CallFilter {
            session: Some(id),
            visible,
            ..CallFilter::default()
        };
        Ok(self.sessions(&filter, Page::first(1)).await?.pop())
    }

    async fn models_of(
        &self,
        sessions: &[Uuid],
        filter: &CallFilter,
    ) -> Result<BTreeMap<Uuid, Vec<String>>> {
        let mut models = BTreeMap::<Uuid, Vec<String>>::new();
        if sessions.is_empty() {
            return Ok(models);
        }
        let rows: Vec<ModelRow> = read!(self, |pool| {
            let mut query = QueryBuilder::new(SELECT_MODELS);
            filter.push_to(&mut query);
            query.push(" AND session_id IN (");
            let mut ids = query.separated(", ");
            for id in sessions {
                ids.push_bind(id);
            }
            query.push(")");
            query.build_query_as().fetch_all(pool).await?
        });
        for row in rows {
            models.entry(row.session_id).or_default().push(row.model);
        }
        for list in models.values_mut() {
            list.sort();
        }
        Ok(models)
    }
}
