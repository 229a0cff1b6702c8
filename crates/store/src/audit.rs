//! The audit trail. Rows are only ever added, in the transaction of what they tell of, and each is tied
//! to the one before it (see [`tollhouse_domain::audit::chain`]).
//!
//! `audit_head` is the lock that puts the rows of all replicas in one order. It is always the last thing
//! a transaction takes, so that nobody waits for it in a circle, or for long.

mod row;

use sqlx::{FromRow, PgConnection, QueryBuilder, SqliteConnection};
use tollhouse_domain::audit::chain::Head;
use tollhouse_domain::audit::{Action, Entry, Hash, Note};
use tollhouse_domain::id::OrgId;
use tollhouse_domain::time::Timestamp;

use crate::convert::{count, fixed, uncount};
use crate::db::Store;
use crate::error::{Result, StoreError};
use crate::options::Page;
use row::AuditRow;

/// Rows per statement, so that none grows without bound.
const ROWS: usize = 250;

const CLAIM: &str = "UPDATE audit_head SET seq = seq + $1 WHERE id = 1 RETURNING seq, hash";
const ADVANCE: &str = "UPDATE audit_head SET hash = $1 WHERE id = 1";
const HEAD: &str = "SELECT seq, hash FROM audit_head WHERE id = 1";
const INSERT: &str = "INSERT INTO audit (seq, at, actor_kind, actor_id, actor_name, action, \
    subject_kind, subject_id, subject_name, org_id, address, detail, prev, hash) ";
const SELECT: &str = "SELECT seq, at, actor_kind, actor_id, actor_name, action, subject_kind, \
    subject_id, subject_name, org_id, address, detail, prev, hash FROM audit WHERE seq ";

#[derive(FromRow)]
struct HeadRow {
    seq: i64,
    hash: Vec<u8>,
}

impl HeadRow {
    fn head(self) -> Result<Head> {
        Ok(Head {
            seq: uncount(self.seq),
            hash: Hash(fixed("the audit trail's head", self.hash)?),
        })
    }
}

/// What a transaction asks of its connection to add to the trail.
pub(crate) trait Trail {
    /// Adds entries, last of all in the transaction.
    async fn append(&mut self, notes: &[Note]) -> Result<()>;
}

macro_rules! trail {
    ($connection:ty) => {
        impl Trail for $connection {
            async fn append(&mut self, notes: &[Note]) -> Result<()> {
                if notes.is_empty() {
                    return Ok(());
                }
                let claim = sqlx::query_as(CLAIM).bind(count(notes.len() as u64));
                let claimed: HeadRow = claim.fetch_one(&mut *self).await?;
                let mut head = claimed.head()?;
                head.seq = head.seq.saturating_sub(notes.len() as u64);
                for chunk in notes.chunks(ROWS) {
                    let rows = chunk
                        .iter()
                        .map(|note| AuditRow::new(head.append(note.clone())));
                    let rows = rows.collect::<Result<Vec<_>>>()?;
                    let mut query = QueryBuilder::new(INSERT);
                    query.push_values(&rows, |mut values, row| row.push_to(&mut values));
                    // Only the usual one is worth preparing for the next time.
                    let query = query.build().persistent(rows.len() == 1);
                    query.execute(&mut *self).await?;
                }
                let advance = sqlx::query(ADVANCE).bind(head.hash.0.as_slice());
                advance.execute(&mut *self).await?;
                Ok(())
            }
        }
    };
}

trail!(SqliteConnection);
trail!(PgConnection);

/// Which entries are meant; an absent condition lets every entry pass.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Whose doing it was: an id, or a kind of actor.
    pub actor: Option<String>,
    /// What was done.
    pub action: Option<Action>,
    /// About something of this organization.
    pub org: Option<OrgId>,
    /// Done at this moment or later.
    pub from: Option<Timestamp>,
    /// Done before this moment.
    pub to: Option<Timestamp>,
}

macro_rules! push_filter {
    ($filter:expr, $query:expr) => {
        if let Some(actor) = &$filter.actor {
            $query.push(" AND (actor_id = ").push_bind(actor.clone());
            $query.push(" OR actor_kind = ").push_bind(actor.clone());
            $query.push(")");
        }
        if let Some(action) = $filter.action {
            $query.push(" AND action = ").push_bind(action.as_str());
        }
        if let Some(org) = $filter.org {
            $query.push(" AND org_id = ").push_bind(org.0);
        }
        if let Some(from) = $filter.from {
            $query.push(" AND at >= ").push_bind(from.0);
        }
        if let Some(to) = $filter.to {
            $query.push(" AND at < ").push_bind(to.0);
        }
    };
}

/// An entry, or the number of a row that is none: somebody wrote into it what no release writes.
pub type ReadEntry = std::result::Result<Entry, u64>;

impl Store {
    /// The same store for somebody whose administrative writes are noted so. Every one that changes
    /// something leaves this note in the audit trail, in its own transaction.
    #[must_use]
    pub fn noted(&self, note: Note) -> Self {
        self.noted_all(vec![note])
    }

    /// The same for what concerns several organizations, and leaves a note for each.
    #[must_use]
    pub fn noted_all(&self, notes: Vec<Note>) -> Self {
        Self {
            db: self.db.clone(),
            notes: notes.into(),
        }
    }

    /// Under what an administrative write goes into the trail.
    ///
    /// # Errors
    /// [`StoreError::Unnoted`] for a store that was not told: no such write goes unrecorded.
    pub(crate) fn notes(&self) -> Result<&[Note]> {
        let noted = Some(&*self.notes).filter(|notes| !notes.is_empty());
        noted.ok_or(StoreError::Unnoted)
    }

    /// Adds something to the trail that is no write to the store.
    pub async fn remember(&self, note: Note) -> Result<()> {
        self.remember_all(&[note]).await
    }

    /// Adds several things to the trail that are no writes to the store: all of them or none.
    pub async fn remember_all(&self, notes: &[Note]) -> Result<()> {
        transact!(self, |tx| {
            tx.append(notes).await?;
            ((), !notes.is_empty())
        })
    }

    /// Where the trail ends.
    pub async fn audit_head(&self) -> Result<Head> {
        let row: HeadRow = read!(self, |pool| sqlx::query_as(HEAD).fetch_one(pool).await?);
        row.head()
    }

    /// Entries that pass `filter`, newest first.
    pub async fn audit(&self, filter: &AuditFilter, page: Page<u64>) -> Result<Vec<ReadEntry>> {
        let below = page.after.map_or(i64::MAX, count);
        let rows: Vec<AuditRow> = read!(self, |pool| {
            let mut query = QueryBuilder::new(SELECT);
            query.push("< ").push_bind(below);
            push_filter!(filter, query);
            query.push(" ORDER BY seq DESC LIMIT ");
            query.push_bind(i64::from(page.limit));
            query.build_query_as().fetch_all(pool).await?
        });
        Ok(rows.into_iter().map(AuditRow::entry).collect())
    }

    /// Entries that pass `filter`, oldest first, from the one after number `after` on.
    pub async fn audit_from(
        &self,
        filter: &AuditFilter,
        after: u64,
        limit: u32,
    ) -> Result<Vec<ReadEntry>> {
        let rows: Vec<AuditRow> = read!(self, |pool| {
            let mut query = QueryBuilder::new(SELECT);
            query.push("> ").push_bind(count(after));
            push_filter!(filter, query);
            query.push(" ORDER BY seq LIMIT ");
            query.push_bind(i64::from(limit));
            query.build_query_as().fetch_all(pool).await?
        });
        Ok(rows.into_iter().map(AuditRow::entry).collect())
    }
}
