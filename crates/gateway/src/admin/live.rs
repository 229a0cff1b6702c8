//! Calls as they run and as they end, as server-sent events.

mod underway;
pub(super) mod watchers;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{self, Stream, StreamExt};
use serde::Serialize;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Interval, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tollhouse_domain::call::Call;
use tollhouse_domain::tenancy::Visible;
use tollhouse_store::WebSession;
use tracing::warn;
use utoipa::ToSchema;

use self::underway::Underway;
use self::watchers::Watcher;
use super::auth::Signed;
use super::error::{ApiError, ErrorBody, Refused};
use super::input::{Nothing, Query};
use super::show::CallSchema;
use crate::clock;
use crate::ledger::running::{Running, Seen};

/// Often enough that nothing on the way takes the connection for dead.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// How long a view goes on at most after the browser's session that asked for it has ended. Sessions are
/// in the store alone, so this is how often it is asked.
const SESSION_CHECK: Duration = Duration::from_secs(1);

/// How often a view is told which calls run, if that has changed.
const RUNNING: Duration = Duration::from_secs(1);

/// What a client that is too slow is told.
#[derive(Serialize, ToSchema)]
#[schema(as = MissedCalls)]
struct Missed {
    /// How many calls it did not see.
    calls: u64,
}

/// The data of an event, by its name: `running`, `call` or `missed`.
#[derive(ToSchema)]
#[schema(as = LiveEvent)]
#[serde(untagged)]
#[expect(dead_code, reason = "describes what is printed by itself")]
enum EventSchema {
    Running(Underway),
    Call(Box<CallSchema>),
    Missed(Missed),
}

/// Calls from now on. `event: running` says which calls of this process run now, in place of what was said
/// before: at once, and then within a second of a change. At most 200 are told at once, those that have run
/// the longest, and how many more there are. `event: call` is the row of a call that ended; it is in no
/// `running` after that. A client that falls behind gets `event: missed` with `{"calls":n}` in place of rows it
/// lost. Ends when the server stops, and when whoever watches is not signed in any more. There are
/// `limits.live_views` at once, and a quarter of them are one user's.
#[utoipa::path(
    get, path = "/live", tag = "record", operation_id = "watch_calls",
    responses(
        (status = 200, content_type = "text/event-stream", body = EventSchema),
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
    let view = View {
        // In this order: who ends between the two is among the rows, if not among those that run.
        calls: signed.ledger().watch(),
        running: Arc::clone(signed.ledger().running()),
        closing: signed.control().closing.clone(),
        ticks: ticks(),
        told: None,
    };
    let over = signed_out(signed.clone(), watcher);
    let events = events(view, move || signed.visible_now()).take_until(over);
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

fn ticks() -> Interval {
    let mut ticks = interval(RUNNING);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

/// Waits until the session that somebody is signed in with has ended, and holds their place meanwhile. Whether a token
/// still works is asked with each call and once a second: the snapshot knows.
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

/// What a view hears of, and what it was told.
struct View {
    calls: Receiver<Arc<Call>>,
    running: Arc<Running>,
    closing: CancellationToken,
    ticks: Interval,
    told: Option<Seen>,
}

/// Calls as events, until there are no more or the server is closing. `seen` says whose calls may be
/// seen at the moment: whoever is switched off or leaves an organization sees no more of it.
fn events(
    view: View,
    seen: impl Fn() -> Option<Visible>,
) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold((view, seen), |(mut view, seen)| async move {
        let event = view.next(&seen).await?;
        Some((Ok(event), (view, seen)))
    })
}

impl View {
    async fn next(&mut self, seen: &impl Fn() -> Option<Visible>) -> Option<Event> {
        loop {
            let received = if self.told.is_none() {
                None
            } else {
                tokio::select! {
                    biased;
                    () = self.closing.cancelled() => return None,
                    _ = self.ticks.tick() => None,
                    received = self.calls.recv() => Some(received),
                }
            };
            let visible = seen()?;
            let event = match received {
                None => self.tell(&visible),
                Some(Ok(call)) => visible
                    .sees(call.user, call.org)
                    .then(|| named("call", &*call)),
                Some(Err(RecvError::Lagged(calls))) => Some(named("missed", &Missed { calls })),
                Some(Err(RecvError::Closed)) => return None,
            };
            if event.is_some() {
                return event;
            }
        }
    }

    /// What runs now, if that is something else than was told; whoever was told nothing yet hears it first.
    fn tell(&mut self, visible: &Visible) -> Option<Event> {
        let seen = Underway::seen(&self.running, visible);
        if self.told.as_ref() == Some(&seen) {
            return None;
        }
        // Read after they were seen: what changes in between is told once more.
        let underway = Underway::told(&self.running, &seen);
        self.told = Some(seen);
        Some(named("running", &underway))
    }
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
    use tokio::time::timeout;
    use tollhouse_domain::id::UserId;
    use uuid::Uuid;

    use super::*;
    use crate::admin::show::tests::call;
    use crate::ledger::record;

    fn view(calls: Receiver<Arc<Call>>, running: &Arc<Running>) -> View {
        View {
            calls,
            running: Arc::clone(running),
            closing: CancellationToken::new(),
            ticks: ticks(),
            told: None,
        }
    }

    async fn printed(
        events: impl Stream<Item = Result<Event, Infallible>> + Send + 'static,
    ) -> String {
        let body = Sse::new(events).into_response().into_body();
        let text = to_bytes(body, usize::MAX).await.unwrap();
        String::from_utf8(text.to_vec()).unwrap()
    }

    #[tokio::test]
    async fn who_falls_behind_is_told_how_far() {
        let (sender, receiver) = broadcast::channel(2);
        for _ in 0..5 {
            sender.send(Arc::new(call())).unwrap();
        }
        drop(sender);
        let view = view(receiver, &Arc::default());
        let text = printed(events(view, || Some(Visible::All))).await;
        let events: Vec<_> = text
            .split("\n\n")
            .filter(|event| !event.is_empty())
            .collect();
        assert_eq!(events.len(), 4, "{text}");
        assert_eq!(events[0], "event: running\ndata: {\"calls\":[],\"more\":0}");
        assert_eq!(events[1], "event: missed\ndata: {\"calls\":3}");
        assert!(
            events[2..]
                .iter()
                .all(|event| event.starts_with("event: call\ndata: {"))
        );
    }

    #[tokio::test(start_paused = true)]
    async fn what_runs_is_told_when_it_changes_and_to_whom_it_may_be() {
        let (_sender, receiver) = broadcast::channel(2);
        let running = Arc::new(Running::default());
        let mut view = view(receiver, &running);
        let row = call();
        let own = Visible::Of {
            user: row.user.unwrap(),
            orgs: Vec::new(),
        };
        let others = Visible::Of {
            user: UserId(Uuid::max()),
            orgs: Vec::new(),
        };
        let nobody = async |view: &mut View| {
            let seen = || Some(others.clone());
            let told = timeout(RUNNING * 5, view.next(&seen));
            told.await.is_err()
        };
        let told = async |view: &mut View| {
            let seen = || Some(own.clone());
            let event = timeout(RUNNING * 5, view.next(&seen)).await.ok()??;
            let stream = stream::iter([Ok(event)]);
            Some(printed(stream).await)
        };
        assert!(told(&mut view).await.unwrap().contains("\"calls\":[]"));
        let place = running.enter(&row, record::encode(&row));
        assert!(nobody(&mut view).await, "others hear nothing of it");
        assert!(told(&mut view).await.unwrap().contains("\"attempts\":0"));
        assert_eq!(told(&mut view).await, None, "it is the same");
        place.asks("lab", Some(&"m".repeat(999)));
        let text = told(&mut view).await.unwrap();
        assert!(text.contains("\"provider\":\"lab\""), "{text}");
        assert!(text.contains(&format!("\"{}\"", "m".repeat(200))));
        assert!(!text.contains("127.0.0.1"), "no more than is said: {text}");
        drop(place);
        assert!(told(&mut view).await.unwrap().contains("\"calls\":[]"));
        let gone = timeout(RUNNING * 5, view.next(&|| None)).await;
        assert!(gone.unwrap().is_none(), "who is signed out hears the end");
    }
}
