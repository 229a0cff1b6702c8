//! How bridges are: asked in the background, each in a task of its own, and read by calls from memory.
//!
//! What a bridge answers is judged in `domain::bridge::health`. A bridge that is away or wants a login is a
//! state that is shown, and a word to whoever calls it; it holds up no start, no readiness and no other call.

mod seen;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tollhouse_domain::bridge::Holder;
use tollhouse_domain::bridge::health::{Health, State};
use tollhouse_domain::provider::Provider;
use tollhouse_domain::time::Timestamp;
use tollhouse_vault::Secret;
use tracing::info;

pub(crate) use self::seen::{Seen, Trouble};
use crate::clock;
use crate::config::ConfiguredBridge;
use crate::snapshot::People;
use crate::state::Gateway;
use crate::upstream::Untold;

/// How soon after a look a call may ask for the next one: whoever retries must not be the clock.
const SOONEST: Duration = Duration::from_secs(2);

/// The bridges that the configuration names.
pub(crate) struct Bridges {
    by_provider: HashMap<String, Bridge>,
    owned: Vec<Owned>,
    people_changed: Notify,
}

/// A bridge to the login of somebody who may not have an account yet.
pub(crate) struct Owned {
    /// It as a provider; whose it is is not settled in it.
    pub(crate) row: Provider,
    pub(crate) secret: Secret,
    /// The address of whoever logged in.
    email: String,
}

impl Owned {
    /// Whose it is, as far as these people go.
    pub(crate) fn holder(&self, people: &People) -> Holder {
        let user = people.user_at(&self.email);
        user.map_or(Holder::Nobody, |user| Holder::User(user.id))
    }
}

struct Bridge {
    about: About,
    pause: Duration,
    /// What to do about a login that is wanted.
    remedy: String,
    seen: Mutex<Option<Seen>>,
    doubted: Notify,
}

/// What the configuration says of a bridge.
pub(crate) struct About {
    /// What people call the subscription.
    pub(crate) label: String,
    pub(crate) address: SocketAddr,
    /// What starts it, where `tollhouse bridge` serves it.
    pub(crate) start: Option<String>,
    /// What somebody types to log in, where that is known.
    pub(crate) login: Option<String>,
    /// Whether it has to prove that it knows the secret.
    pub(crate) proves: bool,
    /// The address of whoever logged in, where that is not the operator.
    pub(crate) email: Option<String>,
}

impl About {
    fn new(configured: &ConfiguredBridge) -> Self {
        let (known, address) = (&configured.known, configured.address);
        let start = |_| {
            let usual = known.usual_url() == format!("http://{address}");
            let listen = if usual {
                String::new()
            } else {
                format!(" --listen {address}")
            };
            format!("tollhouse bridge {}{listen}", known.id)
        };
        Self {
            label: known.label.clone(),
            address,
            start: known.serve.as_ref().map(start),
            login: known.login.clone(),
            proves: configured.proves,
            email: configured.owner.clone(),
        }
    }

    fn how_to_start(&self) -> String {
        match &self.start {
            Some(start) => format!("start it with `{start}`"),
            None => "start it".to_owned(),
        }
    }
}

impl Bridges {
    pub(crate) fn new(configured: &[ConfiguredBridge]) -> Self {
        let one = |configured: &ConfiguredBridge| {
            let bridge = Bridge {
                about: About::new(configured),
                pause: configured.pause,
                remedy: configured.known.remedy(),
                seen: Mutex::default(),
                doubted: Notify::new(),
            };
            (configured.provider.name.clone(), bridge)
        };
        let owned = |configured: &ConfiguredBridge| {
            Some(Owned {
                row: configured.provider.clone(),
                secret: configured.secret.duplicate(),
                email: configured.owner.clone()?,
            })
        };
        Self {
            by_provider: configured.iter().map(one).collect(),
            owned: configured.iter().filter_map(owned).collect(),
            people_changed: Notify::new(),
        }
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.by_provider.keys().cloned().collect()
    }

    /// Those to somebody's own login.
    pub(crate) fn owned(&self) -> &[Owned] {
        &self.owned
    }

    /// People came or went: a bridge may be somebody else's now.
    pub(crate) fn people_change(&self) {
        self.people_changed.notify_one();
    }

    /// Waits until people have come or gone.
    pub(crate) async fn people_changed(&self) {
        self.people_changed.notified().await;
    }

    /// What this replica's configuration says of the bridge that is `provider`.
    pub(crate) fn about(&self, provider: &str) -> Option<&About> {
        Some(&self.by_provider.get(provider)?.about)
    }

    /// How the bridge that is `provider` was last seen; `None` before that, and for what is no bridge of
    /// this replica's.
    pub(crate) fn seen(&self, provider: &str) -> Option<Seen> {
        self.by_provider.get(provider)?.lock().clone()
    }

    /// What a caller has to be told where nobody is logged in. That may have changed meanwhile, and so it
    /// is looked at again.
    pub(crate) fn login_wanted(&self, provider: &str) -> Option<String> {
        let bridge = self.by_provider.get(provider)?;
        let state = bridge.lock().as_ref()?.health.state;
        (state == State::AuthRequired).then(|| {
            bridge.doubted.notify_one();
            format!(
                "Nobody is logged in at the bridge `{provider}`: {}, and try again.",
                bridge.remedy
            )
        })
    }

    /// What a caller has to be told whose call was not made; `None` where it is no bridge of this replica's.
    pub(crate) fn untold(&self, provider: &str, why: &Untold) -> Option<String> {
        let start = self.by_provider.get(provider)?.about.how_to_start();
        let what_is_there = format!("What is at the address of the bridge `{provider}`");
        Some(match why {
            Untold::NotConfigured => return None,
            Untold::NoConnection(_) => {
                format!("The bridge `{provider}` does not run: {start}, and try again.")
            }
            Untold::NoAnswer => format!(
                "{what_is_there} does not answer as a bridge does, and was told nothing: if it is not the \
                 bridge, end it; {start}, and try again."
            ),
            Untold::NotProven => format!(
                "{what_is_there} did not prove that it knows the bridge's secret, and was told nothing: if \
                 it is not the bridge, end it; {start}, with the secret that the gateway has, and try again."
            ),
            Untold::Closed => format!(
                "The bridge `{provider}` ended the connection after its proof; calls are made on that \
                 connection, which has to stay open."
            ),
        })
    }

    /// A call went as if the bridge were no longer as it was seen.
    pub(crate) fn doubt(&self, provider: &str) {
        if let Some(bridge) = self.by_provider.get(provider) {
            bridge.doubted.notify_one();
        }
    }
}

impl Bridge {
    // A panic elsewhere leaves it whole: every change is one assignment.
    fn lock(&self) -> MutexGuard<'_, Option<Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in how it is found to be; how it was before.
    fn look(&self, health: Health, at: Timestamp) -> Option<State> {
        let mut seen = self.lock();
        let before = seen.as_ref().map(|seen| seen.health.state);
        *seen = Some(Seen::after(seen.as_ref(), health, at));
        before
    }

    /// Waits until it is time to look again, or a call gives reason to. `false` when asked to stop.
    async fn wait(&self, stop: &CancellationToken) -> bool {
        let due = async {
            tokio::time::sleep(SOONEST).await;
            let rest = self.pause.saturating_sub(SOONEST);
            tokio::select! {
                () = tokio::time::sleep(rest) => {}
                () = self.doubted.notified() => {}
            }
        };
        stop.run_until_cancelled(due).await.is_some()
    }
}

/// Looks at one bridge for as long as the gateway runs.
pub(crate) async fn watch(gateway: Gateway, name: String, stop: CancellationToken) {
    let Some(bridge) = gateway.bridges().by_provider.get(&name) else {
        return;
    };
    loop {
        let Some(health) = stop
            .run_until_cancelled(gateway.upstream().look(bridge.about.address))
            .await
        else {
            return;
        };
        let (now, state) = (clock::now(), health.state);
        let before = bridge.look(health, now);
        if before != Some(state) {
            let seen = bridge.lock().clone();
            let detail = seen.and_then(|seen| seen.health.detail);
            info!(bridge = name, %state, detail, "a bridge is seen");
        }
        if !bridge.wait(&stop).await {
            return;
        }
    }
}
