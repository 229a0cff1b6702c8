//! Finished calls as they come, as server-sent events.

pub(super) mod watchers;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{self, Stream, StreamExt};
use serde::Serialize;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;
use tollhouse_domain::call::Call;
use tollhouse_domain::tenancy::Visible;
use tollhouse_store::WebSession;
use tracing::warn;

use super::auth::Signed;
use super::error::{ApiError, ErrorBody, Refused};
use super::input::{Nothing, Query};
use crate::clock;
use watchers::Watcher;

/// Often enough that nothing on the way takes the connection for dead.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// How long a view goes on at most after the browser's session that asked for it has ended. Sessions are
/// in the store alone, so this is how often it is asked.
const SESSION_CHECK: Duration = Duration::from_secs(1);

/// What a client that is too slow is told.
#[derive(Serialize)]
struct Missed {
    /// How many calls it did not see.
    calls: u64,
}

/// Calls from now on: `event: call` with a row as data. A client that falls behind gets
/// `event: missed` with `{"calls":n}` in place of what it lost. Ends when the server stops, and
/// when whoever watches is not signed in any more. There are `limits.live_views` at once, and a quarter of them are one
/// user's.
#[utoipa::path(
    get, path = "/live", tag = "record", operation_id = "watch_calls",
    responses(
        (status = 200, content_type = "text/event-stream", body = String),
        (status = 429, description = "There are as many as there may be", body = ErrorBody),
        Refused,
    ),
)]
pub(super) async fn live(
    signed: Signed,
    Query(Nothing {}): Query<Nothing>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, ApiError> {
    let most = signed.limiter().config().live_views;
    let who = signed.user().map(|user| user.id);
    let watcher = signed.control().watchers.begin(who, most);
    let watcher = watcher.ok_or(ApiError::Full(
        "There are as many live views as there may be, or you have your share of them; close one.",
    ))?;
    let calls = signed.ledger().watch();
    let closing = signed.control().closing.clone();
    let over = signed_out(signed.clone(), watcher);
    let seen = move || signed.visible_now();
    let events = events(calls, closing, seen).take_until(over);
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

/// Waits until the session that somebody is signed in with has ended, and holds their place meanwhile. Whether a token
/// still works is asked with each call: the snapshot knows.
async fn signed_out(signed: Signed, _watcher: Watcher) {
    let Some(WebSession { id, .. }) = signed.session() else {
        return std::future::pending().await;
    };
    loop {
        tokio::time::sleep(SESSION_CHECK).await;
        match signed.store().session_lives(id, clock::now()).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => {
                warn!(%error, "a live view ends: whether its session goes on cannot be read");
                return;
            }
        }
    }
}

/// Calls as events, until there are no more or the server is `closing`. `seen` says whose calls may be
/// seen at the moment: whoever is switched off or leaves an organization sees no more of it.
fn events(
    calls: Receiver<Arc<Call>>,
    closing: CancellationToken,
    seen: impl Fn() -> Option<Visible>,
) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold(
        (calls, closing, seen),
        |(mut calls, closing, seen)| async move {
            loop {
                let received = tokio::select! {
                    biased;
                    () = closing.cancelled() => return None,
                    received = calls.recv() => received,
                };
                let visible = seen()?;
                let event = match received {
                    Ok(call) if visible.sees(call.user, call.org) => named("call", &*call),
                    Ok(_) => continue,
                    Err(RecvError::Lagged(calls)) => named("missed", &Missed { calls }),
                    Err(RecvError::Closed) => return None,
                };
                return Some((Ok(event), (calls, closing, seen)));
            }
        },
    )
}

fn named(name: &str, data: &impl Serialize) -> Event {
    let event = Event::default().event(name).json_data(data);
    // Only a type that cannot be JSON at all fails here, and a row is none.
    event.unwrap_or_else(|_| Event::default().comment("unprintable"))
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use axum::response::IntoResponse;
    use tokio::sync::broadcast;

    use super::*;
    use crate::admin::show::tests::call;

    #[tokio::test]
    async fn who_falls_behind_is_told_how_far() {
        let (sender, receiver) = broadcast::channel(2);
        for _ in 0..5 {
            sender.send(Arc::new(call())).unwrap();
        }
        drop(sender);
        let body = Sse::new(events(receiver, CancellationToken::new(), || {
            Some(Visible::All)
        }))
        .into_response();
        let text = to_bytes(body.into_body(), usize::MAX).await.unwrap();
        let text = String::from_utf8(text.to_vec()).unwrap();
        let events: Vec<_> = text
            .split("\n\n")
            .filter(|event| !event.is_empty())
            .collect();
        assert_eq!(events.len(), 3, "{text}");
        assert_eq!(events[0], "event: missed\ndata: {\"calls\":3}");
        assert!(
            events[1..]
                .iter()
                .all(|event| event.starts_with("event: call\ndata: {"))
        );
    }
}
