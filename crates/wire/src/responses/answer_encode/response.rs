//! The response object around the items, as it stands at the beginning and at the end.

use super::object::{Object, list, object};
use crate::Usage;
use crate::answer::StopReason;
use crate::failure::{self, Failure};
use crate::translate::Reply;

/// How far a response has come.
#[derive(Clone, Copy)]
pub(super) enum End<'a> {
    /// It is under way.
    Running,
    /// It is done.
    Completed,
    /// It was cut short, for this reason.
    Incomplete(&'static str),
    /// It failed.
    Failed(&'a Failure<'a>),
}

/// How an answer ends that stopped for `stop`; `refused`: it says so in a refusal part.
pub(super) const fn end(stop: Option<StopReason>, refused: bool) -> End<'static> {
    match stop {
        Some(StopReason::MaxTokens | StopReason::ContextWindow) => {
            End::Incomplete("max_output_tokens")
        }
        Some(StopReason::Refusal) if !refused => End::Incomplete("content_filter"),
        Some(
            StopReason::Refusal
            | StopReason::EndTurn
            | StopReason::StopSequence
            | StopReason::ToolUse
            | StopReason::Pause,
        )
        | None => End::Completed,
    }
}

/// What stays the same in a response from beginning to end.
pub(super) struct Head {
    id: String,
    created: u64,
    /// The model that answers.
    pub(super) model: String,
    /// The members that repeat the request.
    echo: String,
}

impl Head {
    pub(super) fn new(reply: Reply) -> Self {
        Self {
            id: format!("resp_{}", reply.id),
            created: reply.created,
            model: String::new(),
            echo: reply.echo,
        }
    }

    /// Appends the response. `output`: its items, each as JSON text.
    pub(super) fn write<'i>(
        &self,
        out: &mut Vec<u8>,
        end: End<'_>,
        usage: &Usage,
        output: impl Iterator<Item = &'i [u8]>,
    ) {
        object(out, |response| {
            response
                .text("id", &self.id)
                .text("object", "response")
                .number("created_at", self.created)
                // When it was completed is not known here, and may be absent.
                .raw("completed_at", "null")
                .text("status", status(end))
                .with("error", |out| error(out, end));
            match end {
                End::Incomplete(reason) => {
                    response.object("incomplete_details", |details| {
                        details.text("reason", reason);
                    });
                }
                End::Running | End::Completed | End::Failed(_) => {
                    response.raw("incomplete_details", "null");
                }
            }
            response.text("model", &self.model).with("output", |out| {
                list(out, output, Vec::extend_from_slice);
            });
            match end {
                End::Running => response.raw("usage", "null"),
                End::Completed | End::Incomplete(_) | End::Failed(_) => {
                    response.object("usage", |object| counts(object, usage))
                }
            };
            response.members(&self.echo);
        });
    }
}

const fn status(end: End<'_>) -> &'static str {
    match end {
        End::Running => "in_progress",
        End::Completed => "completed",
        End::Incomplete(_) => "incomplete",
        End::Failed(_) => "failed",
    }
}

fn error(out: &mut Vec<u8>, end: End<'_>) {
    match end {
        End::Failed(failure) => object(out, |error| {
            error
                .text("code", failure::responses_code(failure))
                .text("message", &failure.message);
        }),
        End::Running | End::Completed | End::Incomplete(_) => out.extend_from_slice(b"null"),
    }
}

/// The counts as this protocol means them: the cache's are parts of the input's. Clients read every one of
/// them, so that what the upstream did not say is zero.
fn counts(object: &mut Object<'_>, usage: &Usage) {
    let input = usage.total_input().unwrap_or(0);
    let output = usage.output.unwrap_or(0);
    let written = [usage.cache_write_5m, usage.cache_write_1h];
    let written = written.into_iter().flatten().fold(0, u64::saturating_add);
    object
        .number("input_tokens", input)
        .object("input_tokens_details", |details| {
            details
                .number("cached_tokens", usage.cache_read.unwrap_or(0))
                .number("cache_write_tokens", written);
        })
        .number("output_tokens", output)
        .object("output_tokens_details", |details| {
            details.number("reasoning_tokens", usage.reasoning.unwrap_or(0));
        })
        .number("total_tokens", input.saturating_add(output));
}
