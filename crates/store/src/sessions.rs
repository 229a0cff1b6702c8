//! Sessions: calls of one conversation, put together when asked for. Nothing is stored of them: the newest are found
//! by going through calls from the newest on, and only the calls of those are added up.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashSet};
use std::sync::LazyLock;

use sqlx::{Database, Encode, FromRow, QueryBuilder, Type};
use tollhouse_domain::id::{CallId, KeyId, SessionId};
use tollhouse_domain::tenancy::Visible;
use tollhouse_domain::time::Timestamp;
use uuid::Uuid;

use crate::calls::{CallFilter, Piece};
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
    /// Its newest call: where the next page begins when this is the last row of one.
    pub last: CallId,
}

impl From<Row> for SessionRow {
    fn from(row: Row) -> Self {
        Self {
            session: SessionId(row.session_id),
            session_name: row.session_name,
            key: KeyId(row.key_id),
            caller: row.caller,
            first_at: Timestamp(row.first_at),
            last_at: Timestamp(row.last_at),
            totals: row.sums.into(),
            models: row.model.into_iter().collect(),
            last: CallId(Uuid::nil()),
        }
    }
}

impl SessionRow {
    /// Adds its calls of another model.
    fn add(&mut self, other: Self) {
        self.session_name = self.session_name.take().max(other.session_name);
        self.caller = std::mem::take(&mut self.caller).max(other.caller);
        self.first_at = self.first_at.min(other.first_at);
        self.last_at = self.last_at.max(other.last_at);
        self.totals.add(&other.totals);
        self.models.extend(other.models);
    }
}

/// How many calls are gone through at first, and at most, to find sessions: few where each is short, and not many
/// trips where one is very long.
const FEWEST: u32 = 1_000;
const MOST: u32 = 16_000;

/// How many calls are gone through next: as many as the sessions still wanted would take if they were like those found
/// by the last `size`, but not many more at a time.
fn next_size(found: usize, wanted: usize, size: u32) -> u32 {
    let missing = u32::try_from(wanted.saturating_sub(found)).unwrap_or(u32::MAX);
    let each = size / u32::try_from(found).unwrap_or(u32::MAX).max(1);
    let enough = missing
        .saturating_mul(each.max(1))
        .saturating_add(FEWEST / 4);
    enough.clamp(FEWEST.min(2 * size), (2 * size).min(MOST))
}

#[derive(FromRow)]
struct Row {
    session_id: Uuid,
    session_name: Option<String>,
    key_id: Uuid,
    caller: String,
    first_at: i64,
    last_at: i64,
    model: Option<String>,
    #[sqlx(flatten)]
    sums: SumsRow,
}

static SELECT: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT session_id, key_id, MAX(session_name) AS session_name, MAX(caller) AS caller, \
         MIN(at) AS first_at, MAX(at) AS last_at, \
         COALESCE(model_served, model_sent, model_requested) AS model, {} FROM calls WHERE TRUE",
        sums()
    )
});

/// A call that is the newest of its session so far.
#[derive(FromRow)]
struct Found {
    session_id: Uuid,
    id: Uuid,
}

const FIND: &str = "SELECT session_id, id FROM calls WHERE id < ";
const SELECT_BEFORE: &str = "SELECT DISTINCT session_id FROM calls WHERE id >= ";

/// Adds the condition that a call is of one of these.
pub(crate) fn push_sessions<DB>(query: &mut QueryBuilder<DB>, sessions: &[Uuid])
where
    DB: Database,
    Uuid: for<'q> Encode<'q, DB> + Type<DB>,
{
    query.push(" AND session_id IN (");
    let mut ids = query.separated(", ");
    for id in sessions {
        ids.push_bind(*id);
    }
    query.push(")");
}

impl Store {
    /// The sessions of the calls that pass `filter`, newest last call first; sums are over those
    /// calls alone. A page begins after the last call of the session before.
    pub async fn sessions(
        &self,
        filter: &CallFilter,
        page: Page<CallId>,
    ) -> Result<Vec<SessionRow>> {
        let newest = self.newest_sessions(filter, page).await?;
        let ids: Vec<Uuid> = newest.iter().map(|found| found.session_id).collect();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let rows: Vec<Row> = read!(self, |pool| {
            let mut query = QueryBuilder::new(SELECT.as_str());
            filter.push_beside(&mut query);
            push_sessions(&mut query, &ids);
            query.push(
                " GROUP BY session_id, key_id, COALESCE(model_served, model_sent, model_requested)",
            );
            query.build_query_as().fetch_all(pool).await?
        });
        let mut sessions = BTreeMap::<Uuid, SessionRow>::new();
        for row in rows {
            let id = row.session_id;
            let row = SessionRow::from(row);
            match sessions.entry(id) {
                Entry::Vacant(entry) => _ = entry.insert(row),
                Entry::Occupied(mut entry) => entry.get_mut().add(row),
            }
        }
        let session = |found: Found| {
            // Retention may have taken it meanwhile.
            let mut row = sessions.remove(&found.session_id)?;
            row.last = CallId(found.id);
            row.models.sort();
            Some(row)
        };
        Ok(newest.into_iter().filter_map(session).collect())
    }

    /// The sessions that come next, each with its newest call.
    async fn newest_sessions(&self, filter: &CallFilter, page: Page<CallId>) -> Result<Vec<Found>> {
        let wanted = usize::try_from(page.limit).unwrap_or(usize::MAX);
        let (mut newest, mut known) = (Vec::new(), HashSet::new());
        let mut search = self.search(filter, page.after).await?;
        // Of one session, the newest call says all.
        let mut size = if filter.session.is_some() { 1 } else { FEWEST };
        while let Some(Piece { from, mut below }) = search.next().await? {
            loop {
                let calls: Vec<Found> = read!(self, |pool| {
                    let mut query = QueryBuilder::new(FIND);
                    query.push_bind(below);
                    query.push(" AND id >= ").push_bind(from);
                    filter.push_to(&mut query);
                    query.push(" ORDER BY id DESC LIMIT ");
                    query.push_bind(i64::from(size));
                    query.build_query_as().fetch_all(pool).await?
                });
                let ended = calls.len() < usize::try_from(size).unwrap_or(usize::MAX);
                below = calls.last().map_or(below, |call| call.id);
                let mut new = calls;
                new.retain(|call| known.insert(call.session_id));
                let before = self.before(&new, filter, page.after).await?;
                new.retain(|call| !before.contains(&call.session_id));
                newest.append(&mut new);
                if newest.len() >= wanted || filter.session.is_some() {
                    newest.truncate(wanted);
                    return Ok(newest);
                }
                if ended {
                    break;
                }
                size = next_size(newest.len(), wanted, size);
            }
        }
        newest.truncate(wanted);
        Ok(newest)
    }

    /// Which of these were on a page before: they have newer calls.
    async fn before(
        &self,
        found: &[Found],
        filter: &CallFilter,
        after: Option<CallId>,
    ) -> Result<HashSet<Uuid>> {
        let Some(after) = after.filter(|_| !found.is_empty()) else {
            return Ok(HashSet::new());
        };
        let ids: Vec<Uuid> = found.iter().map(|call| call.session_id).collect();
        let before: Vec<Uuid> = read!(self, |pool| {
            let mut query = QueryBuilder::new(SELECT_BEFORE);
            query.push_bind(after.0);
            filter.push_beside(&mut query);
            push_sessions(&mut query, &ids);
            query.build_query_scalar().fetch_all(pool).await?
        });
        Ok(before.into_iter().collect())
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
}
