//! The trail as a file: line by line, in bounded memory, however long it is.

use std::collections::VecDeque;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use futures_util::stream::{self, Stream};
use serde::Serialize;
use tollhouse_store::{AuditFilter, Store, StoreError};
use tracing::error;

use super::EntryView;
use super::query::ExportQuery;
use crate::admin::auth::Signed;
use crate::admin::error::{ApiError, Refused};
use crate::admin::input::Query;

/// How many entries are read at once, and so held in memory.
const CHUNK: u32 = 500;

/// The trail as JSON lines, oldest first: without filters, all that it takes to verify it anywhere. A
/// row that is no entry is a line with `seq` and `unreadable`.
#[utoipa::path(
    get, path = "/audit/export", tag = "audit", operation_id = "export_audit", params(ExportQuery),
    responses(
        (status = 200, content_type = "application/x-ndjson", body = String),
        Refused,
    ),
)]
pub(in crate::admin) async fn export(
    signed: Signed,
    Query(query): Query<ExportQuery>,
) -> Result<Response, ApiError> {
    let filter = query.filter(&signed)?;
    let mut lines = Lines::new(signed.store().clone(), filter);
    // The first part at once, so that a store that does not answer is an error and no empty file.
    lines.read().await?;
    let mut response = Response::new(Body::from_stream(lines.stream()));
    let kind = HeaderValue::from_static("application/x-ndjson");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    Ok(response)
}

/// What stands for a row that is no entry.
#[derive(Serialize)]
struct Unreadable {
    seq: u64,
    unreadable: bool,
}

/// An export under way: a part of the trail, and where the next begins.
struct Lines {
    store: Store,
    filter: AuditFilter,
    after: u64,
    ended: bool,
    ready: VecDeque<Bytes>,
}

impl Lines {
    const fn new(store: Store, filter: AuditFilter) -> Self {
        Self {
            store,
            filter,
            after: 0,
            ended: false,
            ready: VecDeque::new(),
        }
    }

    /// Reads the next part.
    async fn read(&mut self) -> Result<(), StoreError> {
        let rows = self
            .store
            .audit_from(&self.filter, self.after, CHUNK)
            .await?;
        self.ended = u32::try_from(rows.len()).is_ok_and(|rows| rows < CHUNK);
        for row in rows {
            let line = match row {
                Ok(entry) => {
                    self.after = entry.seq;
                    serde_json::to_vec(&EntryView::from(entry))
                }
                Err(seq) => {
                    self.after = seq;
                    let unreadable = true;
                    serde_json::to_vec(&Unreadable { seq, unreadable })
                }
            };
            // Only a type that cannot be JSON at all fails here, and these are none.
            let mut line = line.unwrap_or_default();
            line.push(b'\n');
            self.ready.push_back(line.into());
        }
        Ok(())
    }

    /// The lines, as fast as they are taken. A store that fails on the way cuts the answer short, so
    /// that nobody takes it for whole.
    fn stream(self) -> impl Stream<Item = Result<Bytes, StoreError>> {
        stream::try_unfold(self, |mut lines| async move {
            if lines.ready.is_empty() && !lines.ended {
                lines.read().await.inspect_err(|error| {
                    error!(%error, "an export of the audit trail was cut short");
                })?;
            }
            Ok(lines.ready.pop_front().map(|line| (line, lines)))
        })
    }
}
