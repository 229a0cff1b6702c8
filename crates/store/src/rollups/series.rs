//! What tells calls apart.

use aws_lc_rs::digest::{Context, SHA256};
use uuid::Uuid;

use crate::calls::{CallRow, bounded};

/// The columns that are ids, in the order of the table.
pub(super) const IDS: usize = 3;
/// The columns that are text.
pub(super) const TEXTS: usize = 12;
/// All columns of the table but the id.
pub(super) const COLUMNS: &str = "key_id, user_id, org_id, status, agent, caller, endpoint, protocol, provider, \
    credential_source, model_requested, model_sent, model_served, outcome, tag_name, tag_value";

/// A row of the table.
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

    pub(super) fn of_tag(row: &CallRow, name: &str, value: &str) -> Self {
        let mut texts = [const { None }; TEXTS];
        texts[TEXTS - 2] = Some(bounded(name));
        texts[TEXTS - 1] = Some(bounded(value));
        Self {
            ids: [None, row.user_id, row.org_id],
            status: None,
            texts,
        }
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
