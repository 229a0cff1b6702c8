//! What tells calls apart.

use aws_lc_rs::digest::{Context, SHA256};
use sqlx::{FromRow, Row};
use uuid::Uuid;

use super::Level;
use crate::calls::{CallRow, bounded};

/// The columns that are ids, in the order of the table.
pub(super) const IDS: usize = 3;
/// The columns that are text.
pub(super) const TEXTS: usize = 12;
/// All columns of the table but the id.
pub(super) const COLUMNS: &str = "key_id, user_id, org_id, status, agent, caller, endpoint, protocol, provider, \
    credential_source, model_requested, model_sent, model_served, outcome, tag_name, tag_value";

/// A row of the table.
#[derive(Clone)]
pub(crate) struct Series {
    pub(super) ids: [Option<Uuid>; IDS],
    pub(super) status: Option<i64>,
    pub(super) texts: [Option<String>; TEXTS],
}

impl Series {
    pub(super) fn of(row: &CallRow) -> Self {
        Self {
            ids: [Some(row.key_id), row.user_id, row.org_id],
            status: row.status,
            texts: [
                row.agent.clone(),
                Some(row.caller.clone()),
                Some(row.endpoint.clone()),
                row.protocol.clone(),
                row.provider.clone(),
                row.credential_source.clone(),
                row.model_requested.clone(),
                row.model_sent.clone(),
                row.model_served.clone(),
                Some(row.outcome.clone()),
                None,
                None,
            ],
        }
    }

    pub(super) fn tagged(mut self, name: &str, value: &str) -> Self {
        self.texts[TEXTS - 2] = Some(bounded(name));
        self.texts[TEXTS - 1] = Some(bounded(value));
        self
    }

    /// Of a series by key, what a level tells apart.
    pub(super) fn wider(&self, level: Level) -> Self {
        let [_key, user, org] = self.ids;
        let agent = self.texts[0].clone();
        let mut wider = self.clone();
        match level {
            Level::Keys => return wider,
            Level::Orgs | Level::TagOrgs => wider.ids = [None, None, org],
            Level::Everybody => wider.ids = [None; IDS],
            Level::Users | Level::TagUsers => {
                wider.ids = [None, user, org];
                wider.status = None;
                wider.texts = [const { None }; TEXTS];
            }
        }
        wider.texts[0] = agent.filter(|_| level == Level::Users);
        wider
    }

    /// The same for the same columns, everywhere and for ever, and never for others: clients choose some of
    /// them.
    pub(super) fn id(&self) -> Uuid {
        let mut context = Context::new(&SHA256);
        let mut field = |bytes: Option<&[u8]>| match bytes {
            None => context.update(&[0]),
            Some(bytes) => {
                context.update(&[1]);
                context.update(&(bytes.len() as u64).to_be_bytes());
                context.update(bytes);
            }
        };
        for id in &self.ids {
            field(id.as_ref().map(|id| &id.as_bytes()[..]));
        }
        let status = self.status.map(i64::to_be_bytes);
        field(status.as_ref().map(|status| &status[..]));
        for text in &self.texts {
            field(text.as_ref().map(String::as_bytes));
        }
        let digest = context.finish();
        let mut half = [0; 16];
        half.copy_from_slice(&digest.as_ref()[..16]);
        Uuid::new_v8(half)
    }
}

/// As it is read: the id, and then [`COLUMNS`].
pub(super) struct SeriesRow {
    pub(super) id: Uuid,
    pub(super) series: Series,
}

impl<'r, R: Row> FromRow<'r, R> for SeriesRow
where
    usize: sqlx::ColumnIndex<R>,
    Uuid: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
    Option<Uuid>: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
    Option<i64>: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
    Option<String>: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
{
    fn from_row(row: &'r R) -> sqlx::Result<Self> {
        let mut series = Series {
            ids: [None; IDS],
            status: row.try_get(1 + IDS)?,
            texts: [const { None }; TEXTS],
        };
        for (id, index) in series.ids.iter_mut().zip(1_usize..) {
            *id = row.try_get(index)?;
        }
        for (text, index) in series.texts.iter_mut().zip(2 + IDS..) {
            *text = row.try_get(index)?;
        }
        Ok(Self {
            id: row.try_get(0_usize)?,
            series,
        })
    }
}
