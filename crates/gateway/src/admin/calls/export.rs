//! The record as a file: in bounded memory, however long it is.

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use futures_util::stream::{self, Stream};
use serde::Deserialize;
use tollhouse_domain::call::Call;
use tollhouse_domain::id::CallId;
use tollhouse_domain::tenancy::Visible;
use tollhouse_store::{CallFilter, Page, StoreError};
use tracing::warn;

use super::csv;
use crate::admin::auth::Signed;
use crate::admin::error::{ApiError, Refused};
use crate::admin::input::Query;
use crate::admin::record::{CallExportQuery, caught_up};

/// How many calls are read at once, and so held in memory.
const CHUNK: u32 = 500;

/// What a file of calls is written in.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::admin) enum Format {
    /// Comma-separated values, for spreadsheets.
    #[default]
    Csv,
    /// A line of JSON for each call, as the list has it.
    Jsonl,
}

/// Calls as a file, newest first: all that pass the filters. No cell of `csv` begins as a formula does; one that
/// would has a `'` before it.
#[utoipa::path(
    get, path = "/calls/export", tag = "record", operation_id = "export_calls", params(CallExportQuery),
    responses(
        (status = 200, content((String = "text/csv"), (String = "application/x-ndjson"))),
        Refused,
    ),
)]
pub(in crate::admin) async fn export(
    signed: Signed,
    Query(query): Query<CallExportQuery>,
) -> Result<Response, ApiError> {
    caught_up(&signed).await;
    let visible = signed.visible();
    let mut file = File {
        filter: query.filter(visible.clone()),
        visible,
        format: query.format,
        after: None,
        ended: false,
        signed,
    };
    // The first part at once, so that a store that does not answer is an error and no empty file.
    let first = file.first().await?;
    let (kind, name) = match file.format {
        Format::Csv => (
            "text/csv; charset=utf-8",
            "attachment; filename=\"calls.csv\"",
        ),
        Format::Jsonl => (
            "application/x-ndjson",
            "attachment; filename=\"calls.jsonl\"",
        ),
    };
    let mut response = Response::new(Body::from_stream(file.stream(first)));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static(name));
    Ok(response)
}

/// Why a file ends early: its answer is cut short, so that nobody takes it for whole.
#[derive(Debug, thiserror::Error)]
enum CutShort {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("whoever asked may no longer see what they asked for")]
    Unseen,
}

/// An export under way: what is asked for, and where the next part begins.
struct File {
    signed: Signed,
    visible: Visible,
    filter: CallFilter,
    format: Format,
    after: Option<CallId>,
    ended: bool,
}

impl File {
    async fn first(&mut self) -> Result<Bytes, StoreError> {
        let mut text = String::new();
        if matches!(self.format, Format::Csv) {
            csv::head(&mut text);
        }
        self.read(&mut text).await?;
        Ok(text.into())
    }

    /// Reads the next part.
    async fn read(&mut self, text: &mut String) -> Result<(), StoreError> {
        let page = Page {
            limit: CHUNK,
            after: self.after,
        };
        let calls = self.signed.store().calls(&self.filter, page).await?;
        self.ended = u32::try_from(calls.len()).is_ok_and(|calls| calls < CHUNK);
        self.after = calls.last().map(|call| call.id);
        for call in &calls {
            print(call, self.format, text);
        }
        Ok(())
    }

    async fn next(&mut self) -> Result<Bytes, CutShort> {
        // It may take long, and rights may be taken away meanwhile.
        if self.signed.visible_now().as_ref() != Some(&self.visible) {
            return Err(CutShort::Unseen);
        }
        let mut text = String::new();
        self.read(&mut text).await?;
        Ok(text.into())
    }

    /// The parts, as fast as they are taken.
    fn stream(self, first: Bytes) -> impl Stream<Item = Result<Bytes, CutShort>> {
        stream::try_unfold((self, Some(first)), |(mut file, first)| async move {
            let part = match first {
                Some(first) => first,
                None if file.ended => return Ok(None),
                None => file.next().await.inspect_err(|error| {
                    warn!(%error, "an export of calls was cut short");
                })?,
            };
            Ok(Some((part, (file, None))))
        })
    }
}

fn print(call: &Call, format: Format, text: &mut String) {
    match format {
        Format::Csv => csv::row(call, text),
        Format::Jsonl => {
            // Only a type that cannot be JSON at all fails here, and a row is none.
            text.push_str(&serde_json::to_string(call).unwrap_or_default());
            text.push('\n');
        }
    }
}
