//! How a bridge was when it was last looked at, and what went before that.

use tollhouse_domain::bridge::health::{Health, State};
use tollhouse_domain::time::Timestamp;

/// How a bridge was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) health: Health,
    pub(crate) at: Timestamp,
    /// Since when it is as it is, as far as that was seen.
    pub(crate) since: Timestamp,
    /// When it last took no calls, and why. It outlives that: what is over may come back.
    pub(crate) last_error: Option<Trouble>,
}

/// Why a bridge took no calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trouble {
    pub(crate) at: Timestamp,
    pub(crate) detail: String,
}

impl Seen {
    /// What is known of a bridge that is found to be like this at `at`.
    pub(super) fn after(before: Option<&Self>, health: Health, at: Timestamp) -> Self {
        let since = match before {
            Some(before) if before.health.state == health.state => before.since,
            Some(_) | None => at,
        };
        let last_error = match health.state {
            State::Unreachable | State::AuthRequired => {
                let detail = health.detail.as_deref().unwrap_or(health.state.as_str());
                Some(Trouble {
                    at,
                    detail: detail.to_owned(),
                })
            }
            State::Ready | State::Starting => before.and_then(|before| before.last_error.clone()),
        };
        Self {
            health,
            at,
            since,
            last_error,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bridge_has_been_so_since_it_changed_and_its_last_error_stays() {
        use State::{AuthRequired, Ready, Starting, Unreachable};
        // How it is found each second; since when it is so; the last error.
        let looks = [
            (Starting, None, 0, None),
            (Ready, Some("v1"), 1, None),
            (Ready, Some("v2"), 1, None),
            (
                Unreachable,
                Some("nobody answers"),
                3,
                Some((3, "nobody answers")),
            ),
            (Unreachable, Some("too slow"), 3, Some((4, "too slow"))),
            (AuthRequired, None, 5, Some((5, "auth_required"))),
            (Ready, None, 6, Some((5, "auth_required"))),
        ];
        let mut seen: Option<Seen> = None;
        for (second, (state, detail, since, error)) in (0..).zip(looks) {
            let detail = detail.map(str::to_owned);
            let next = Seen::after(
                seen.as_ref(),
                Health { state, detail },
                Timestamp::from_secs(second),
            );
            assert_eq!(next.since, Timestamp::from_secs(since), "{second}");
            let found = next.last_error.as_ref();
            let found = found.map(|trouble| (trouble.at, trouble.detail.as_str()));
            let error = error.map(|(at, detail)| (Timestamp::from_secs(at), detail));
            assert_eq!(found, error, "{second}");
            seen = Some(next);
        }
    }
}
