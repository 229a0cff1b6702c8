//! Batches and their results as the protocol shows them.

use serde::Serialize;
use serde_json::value::RawValue;

use super::{Batch, State};
use crate::{
    reply::Reply,
    shared::{CREATED_RFC3339, Shared},
    sse,
};

const EXPIRES_RFC3339: &str = "2026-11-23T12:00:00Z";

#[derive(Serialize)]
pub(super) struct View<'a> {
    pub(super) id: &'a str,
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) processing_status: &'static str,
    pub(super) request_counts: Counts,
    pub(super) ended_at: Option<&'static str>,
    pub(super) created_at: &'static str,
    pub(super) expires_at: &'static str,
    pub(super) archived_at: Option<&'static str>,
    pub(super) cancel_initiated_at: Option<&'static str>,
    pub(super) results_url: Option<String>,
}

#[derive(Serialize, Default)]
pub(super) struct Counts {
    pub(super) processing: usize,
    pub(super) succeeded: usize,
    pub(super) errored: usize,
    pub(super) canceled: usize,
    pub(super) expired: usize,
}

#[derive(Serialize)]
pub(super) struct Line<'a> {
    pub(super) custom_id: &'a str,
    pub(super) result: LineResult,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum LineResult {
    Succeeded { message: Box<RawValue> },
    Errored { error: Box<RawValue> },
    Canceled,
}

#[derive(Serialize)]
pub(super) struct Deleted<'a> {
    pub(super) id: &'a str,
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
}

#[derive(Serialize)]
pub(super) struct Page {
    pub(super) data: Vec<Box<RawValue>>,
    pub(super) has_more: bool,
    pub(super) first_id: Option<String>,
    pub(super) last_id: Option<String>,
}

impl Batch {
    pub(super) fn view(&self, shared: &Shared, id: &str) -> Reply {
        Reply::ok(self.json(shared, id))
    }

    pub(super) fn json(&self, shared: &Shared, id: &str) -> String {
        let all = self.results.len();
        let succeeded = self
            .results
            .iter()
            .filter(|result| result.succeeded)
            .count();
        let (processing_status, request_counts, ended) = match self.state {
            State::InProgress => (
                "in_progress",
                Counts {
                    processing: all,
                    ..Counts::default()
                },
                false,
            ),
            State::Canceling => (
                "canceling",
                Counts {
                    processing: all,
                    ..Counts::default()
                },
                false,
            ),
            State::Ended { canceled: true } => (
                "ended",
                Counts {
                    canceled: all,
                    ..Counts::default()
                },
                true,
            ),
            State::Ended { canceled: false } => {
                let errored = all - succeeded;
                (
                    "ended",
                    Counts {
                        succeeded,
                        errored,
                        ..Counts::default()
                    },
                    true,
                )
            }
        };
        let canceled = matches!(
            self.state,
            State::Canceling | State::Ended { canceled: true }
        );
        let url = format!("http://{}/v1/messages/batches/{id}/results", shared.addr);
        sse::json(&View {
            id,
            kind: "message_batch",
            processing_status,
            request_counts,
            ended_at: ended.then_some(CREATED_RFC3339),
            created_at: CREATED_RFC3339,
            expires_at: EXPIRES_RFC3339,
            archived_at: None,
            cancel_initiated_at: canceled.then_some(CREATED_RFC3339),
            results_url: ended.then_some(url),
        })
    }

    /// JSON lines, last request first: the order carries no meaning, so do not suggest one.
    pub(super) fn results(&self) -> Option<String> {
        let State::Ended { canceled } = self.state else {
            return None;
        };
        let mut lines = String::new();
        for outcome in self.results.iter().rev() {
            let json = RawValue::from_string(outcome.json.clone()).ok()?;
            let result = match (canceled, outcome.succeeded) {
                (true, _) => LineResult::Canceled,
                (false, true) => LineResult::Succeeded { message: json },
                (false, false) => LineResult::Errored { error: json },
            };
            lines.push_str(&sse::json(&Line {
                custom_id: &outcome.custom_id,
                result,
            }));
            lines.push('\n');
        }
        Some(lines)
    }
}
