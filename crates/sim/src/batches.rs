//! Message batches. A batch is worked off between two looks at it: the first `GET` after its
//! creation finds it ended.

mod view;

use http::StatusCode;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{messages, refusal::Refusal, reply::Reply, route::Call, sse};
use view::{Deleted, Page};

#[derive(Debug)]
pub(crate) struct Batch {
    state: State,
    results: Vec<Outcome>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    InProgress,
    Canceling,
    Ended { canceled: bool },
}

#[derive(Debug)]
struct Outcome {
    custom_id: String,
    succeeded: bool,
    /// The message, or the error in its envelope.
    json: String,
}

#[derive(Deserialize)]
struct Create {
    requests: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    custom_id: String,
    params: Box<RawValue>,
}

pub(crate) fn route(call: &Call<'_>, method: &str, path: &[&str]) -> Result<Reply, Refusal> {
    messages::require_version(call)?;
    let shelf = &call.shared.batches;
    let found = |id: &str, action: &mut dyn FnMut(&mut Batch) -> Reply| {
        shelf.with(id, action).ok_or_else(|| Refusal::not_found(id))
    };
    match (method, path) {
        ("POST", []) => create(call),
        ("GET", []) => Ok(list(call)),
        ("GET", [id]) => found(id, &mut |batch| {
            batch.advance();
            batch.view(call.shared, id)
        }),
        ("POST", [id, "cancel"]) => found(id, &mut |batch| {
            if batch.state == State::InProgress {
                batch.state = State::Canceling;
            }
            batch.view(call.shared, id)
        }),
        ("GET", [id, "results"]) => match shelf.with(id, |batch| batch.results()) {
            None => Err(Refusal::not_found(id)),
            Some(None) => Err(Refusal::not_found(
                "results: the batch has not ended and they",
            )),
            Some(Some(lines)) => Ok(Reply::whole(StatusCode::OK, "application/x-jsonl", lines)),
        },
        ("DELETE", [id]) => match shelf.with(id, |batch| batch.state) {
            None => Err(Refusal::not_found(id)),
            Some(State::Ended { .. }) => {
                shelf.remove(id);
                Ok(Reply::ok(sse::json(&Deleted {
                    id,
                    kind: "message_batch_deleted",
                })))
            }
            Some(State::InProgress | State::Canceling) => Err(Refusal::new(
                StatusCode::CONFLICT,
                "the batch has not ended",
            )),
        },
        _ => Err(Refusal::not_found("this batch operation")),
    }
}

fn create(call: &Call<'_>) -> Result<Reply, Refusal> {
    let create: Create = serde_json::from_slice(call.body)
        .map_err(|error| Refusal::invalid(format!("invalid request body: {error}")))?;
    let results = create
        .requests
        .into_iter()
        .map(|item| {
            let (succeeded, json) = match messages::whole(call, item.params.get()) {
                Ok(message) => (true, message),
                Err(refusal) => {
                    let error = sse::json(&refusal.messages(call.request_id));
                    (false, error)
                }
            };
            Outcome {
                custom_id: item.custom_id,
                succeeded,
                json,
            }
        })
        .collect();
    let id = call.shared.id("msgbatch");
    let batch = Batch {
        state: State::InProgress,
        results,
    };
    let reply = batch.view(call.shared, &id);
    call.shared.batches.put(&id, batch);
    Ok(reply)
}

fn list(call: &Call<'_>) -> Reply {
    let all = call
        .shared
        .batches
        .map(|(id, batch)| (id.clone(), batch.json(call.shared, id)));
    let after = call.parameter("after_id");
    let start = after
        .and_then(|after| all.iter().position(|(id, _)| id == after))
        .map_or(0, |position| position + 1);
    let limit = call
        .parameter("limit")
        .and_then(|limit| limit.parse().ok())
        .unwrap_or(20);
    let end = all.len().min(start.saturating_add(limit));
    let page = &all[start..end];
    Reply::ok(sse::json(&Page {
        data: page
            .iter()
            .filter_map(|(_, json)| RawValue::from_string(json.clone()).ok())
            .collect(),
        has_more: end < all.len(),
        first_id: page.first().map(|(id, _)| id.clone()),
        last_id: page.last().map(|(id, _)| id.clone()),
    }))
}

impl Batch {
    fn advance(&mut self) {
        self.state = match self.state {
            State::InProgress => State::Ended { canceled: false },
            State::Canceling => State::Ended { canceled: true },
            ended @ State::Ended { .. } => ended,
        };
    }
}
