//! Accounts: logins at a provider whose tokens end and are renewed, as everyone but the vault may see
//! them.
//!
//! An account belongs to whoever signed in with it. Its tokens are refreshed whether or not anybody
//! calls, each refresh token is used once, and what goes wrong with one account says nothing of another.
//! Everything here is a function of its arguments: talking to the authority that issues the tokens is
//! the gateway's.

pub mod authority;
pub mod device;
pub mod failure;
pub mod import;
pub mod refresh;
pub mod sign_in;
pub mod token;
pub mod window;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use self::window::Windows;
use crate::pool::Fit;
use crate::time::Timestamp;

/// How long an account rests whose plan is used up, where its provider does not say until when.
pub const CAP: Duration = Duration::from_hours(3);
/// The longest that a provider may say: a plan's longest window is a week, and a little more.
pub const LONGEST_CAP: Duration = Duration::from_hours(8 * 24);
/// How long an account rests after too many requests.
pub const RATE: Duration = Duration::from_mins(5);
/// The longest rest that a provider may ask for after too many requests.
pub const LONGEST_RATE: Duration = Duration::from_hours(3);

fn cap_ends(until: Option<Timestamp>, now: Timestamp) -> Timestamp {
    let said = until.filter(|until| *until > now);
    said.map_or(now.plus(CAP), |until| until.min(now.plus(LONGEST_CAP)))
}

fn limit_ends(asked: Option<Duration>, now: Timestamp) -> Timestamp {
    now.plus(asked.unwrap_or(RATE).min(LONGEST_RATE))
}

/// Why an account rests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// What its plan includes is used up.
    Cap,
    /// Too many requests in a short time.
    Rate,
    /// A person asked for it.
    Paused,
}

impl Why {
    /// As printed and stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cap => "cap",
            Self::Rate => "rate",
            Self::Paused => "paused",
        }
    }
}

/// Why an account's login no longer works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lost {
    /// The refresh token has ended.
    Expired,
    /// The refresh token was used before, by whoever else has it: the whole family of tokens is gone.
    Reused,
    /// The authority took the tokens back.
    Revoked,
    /// There is no refresh token, and the access token has ended.
    NoRefreshToken,
    /// The provider refuses a token that was just refreshed.
    Refused,
    /// The authority no longer knows the account, or has closed it.
    Closed,
}

impl Lost {
    /// As printed and stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::Reused => "reused",
            Self::Revoked => "revoked",
            Self::NoRefreshToken => "no_refresh_token",
            Self::Refused => "refused",
            Self::Closed => "closed",
        }
    }

    /// Whether signing in again would not help.
    pub const fn is_final(self) -> bool {
        match self {
            Self::Closed => true,
            Self::Expired | Self::Reused | Self::Revoked | Self::NoRefreshToken | Self::Refused => {
                false
            }
        }
    }
}

/// What is remembered of an account between calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Standing {
    /// Since when its login does not work, and why.
    pub lost: Option<(Timestamp, Lost)>,
    /// Until when it rests, and why.
    pub rest: Option<(Timestamp, Why)>,
    /// Whether its holder has taken it out of use.
    pub paused: bool,
}

/// How an account stands, as shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum State {
    /// Calls may draw on it.
    Ready,
    /// It rests.
    Cooling {
        /// Until then; a pause has no end of its own.
        #[serde(skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
        /// Why.
        why: Why,
    },
    /// Its token has ended and the next one is on its way: calls wait for it.
    Refreshing,
    /// Its holder has to sign in again.
    AuthRequired {
        /// What happened.
        why: Lost,
    },
    /// Nothing brings it back.
    Dead {
        /// What happened.
        why: Lost,
    },
}

impl State {
    /// Every word for a state.
    pub const WORDS: [&str; 5] = ["ready", "cooling", "refreshing", "auth_required", "dead"];

    /// As printed.
    pub const fn word(self) -> &'static str {
        let place = match self {
            Self::Ready => 0,
            Self::Cooling { .. } => 1,
            Self::Refreshing => 2,
            Self::AuthRequired { .. } => 3,
            Self::Dead { .. } => 4,
        };
        Self::WORDS[place]
    }
}

/// What is known of an account besides what is known of every credential.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Facts {
    /// Raised whenever other tokens take the place of these.
    pub generation: i64,
    /// Whom the provider knows it by, as its tokens say.
    pub holder: Option<String>,
    /// The plan, as its tokens say.
    pub plan: Option<String>,
    /// Whether there is anything to renew its access token with.
    pub renewable: bool,
    /// When its access token was issued.
    pub issued_at: Timestamp,
    /// When its access token ends.
    pub expires_at: Timestamp,
    /// When the access token came, unless it came with the sign-in.
    pub refreshed_at: Option<Timestamp>,
    /// How it stands.
    pub standing: Standing,
    /// How its refreshes go.
    pub tries: Tries,
    /// How much of its plan is used, as last heard.
    pub windows: Windows,
    /// When that was heard.
    pub windows_at: Option<Timestamp>,
}

impl Facts {
    /// How it stands at `now`.
    pub fn state(&self, now: Timestamp) -> State {
        self.standing.state(self.expires_at, now)
    }

    /// Whether there is nothing to renew it with, while it works: asking for that would only end it.
    pub fn lasts_unrenewed(&self, now: Timestamp) -> bool {
        !self.renewable && self.expires_at > now
    }
}

/// Refreshes that failed for a reason that passes, in a row.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tries {
    /// How many.
    pub failures: u32,
    /// When it is tried again.
    pub next: Option<Timestamp>,
    /// What went wrong last: a few words of ours, and none of the authority's.
    pub last_error: Option<String>,
}

/// What happened to an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// Its provider took a call.
    Taken,
    /// What its plan includes is used up, until then if the provider says so.
    Capped(Option<Timestamp>),
    /// Too many requests; it rests as long as asked.
    Limited(Option<Duration>),
    /// Its login no longer works.
    Lost(Lost),
    /// Somebody signed in, or it was refreshed.
    Renewed,
    /// Its holder takes it out of use, or puts it back.
    Pause(bool),
}

impl Standing {
    /// The standing after `event` at `now`.
    #[must_use]
    pub fn on(self, event: Event, now: Timestamp) -> Self {
        match event {
            // A call that began before a cap was found says nothing of what there is now.
            Event::Taken => self,
            Event::Capped(until) => self.resting(cap_ends(until, now), Why::Cap),
            Event::Limited(asked) => self.resting(limit_ends(asked, now), Why::Rate),
            Event::Lost(why) => Self {
                lost: self.lost.or(Some((now, why))),
                ..self
            },
            Event::Renewed => Self { lost: None, ..self },
            Event::Pause(paused) => Self { paused, ..self },
        }
    }

    fn resting(self, until: Timestamp, why: Why) -> Self {
        let longer = self.rest.is_none_or(|(known, _)| until > known);
        Self {
            rest: if longer {
                Some((until, why))
            } else {
                self.rest
            },
            ..self
        }
    }

    /// Whether calls may draw on it at `now`. One whose token is being refreshed is ready: its calls
    /// wait for the next one.
    pub fn fit(self, now: Timestamp) -> Option<Fit> {
        if self.paused {
            return None;
        }
        if let Some((since, _)) = self.lost {
            return Some(Fit::Stale(since));
        }
        match self.rest {
            Some((until, _)) if until > now => Some(Fit::Cooling(until)),
            Some(_) | None => Some(Fit::Ready),
        }
    }

    /// How it stands at `now`; `expires_at` is when its access token ends.
    pub fn state(self, expires_at: Timestamp, now: Timestamp) -> State {
        if let Some((_, why)) = self.lost {
            return if why.is_final() {
                State::Dead { why }
            } else {
                State::AuthRequired { why }
            };
        }
        if self.paused {
            let why = Why::Paused;
            return State::Cooling { until: None, why };
        }
        match self.rest {
            Some((until, why)) if until > now => {
                let until = Some(until);
                State::Cooling { until, why }
            }
            _ if expires_at <= now => State::Refreshing,
            _ => State::Ready,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_000_000);

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_secs(1_000_000 + seconds)
    }

    #[test]
    fn what_cannot_be_renewed_lasts_until_its_end() {
        for (renewable, ends, lasts) in [
            (false, at(1), true),
            (false, at(0), false),
            (true, at(1), false),
            (true, at(0), false),
        ] {
            let facts = Facts {
                renewable,
                expires_at: ends,
                ..Facts::default()
            };
            assert_eq!(facts.lasts_unrenewed(NOW), lasts, "{renewable} {ends}");
        }
    }

    #[test]
    fn stands_as_the_worst_that_happened_to_it() {
        let cooling = |until, why| State::Cooling {
            until: Some(until),
            why,
        };
        let cases: [(&[Event], State); 12] = [
            (&[], State::Ready),
            (&[Event::Taken], State::Ready),
            (&[Event::Capped(Some(at(60)))], cooling(at(60), Why::Cap)),
            (&[Event::Capped(None)], cooling(at(3 * 3600), Why::Cap)),
            (&[Event::Limited(None)], cooling(at(300), Why::Rate)),
            (
                &[Event::Limited(Some(Duration::from_secs(9)))],
                cooling(at(9), Why::Rate),
            ),
            // A short rest does not end a long one, nor does a call that was under way.
            (
                &[
                    Event::Capped(Some(at(900))),
                    Event::Limited(Some(Duration::from_secs(9))),
                    Event::Taken,
                ],
                cooling(at(900), Why::Cap),
            ),
            (
                &[Event::Lost(Lost::Reused)],
                State::AuthRequired { why: Lost::Reused },
            ),
            (
                &[Event::Lost(Lost::Closed)],
                State::Dead { why: Lost::Closed },
            ),
            (&[Event::Lost(Lost::Expired), Event::Renewed], State::Ready),
            (
                &[Event::Pause(true)],
                State::Cooling {
                    until: None,
                    why: Why::Paused,
                },
            ),
            (&[Event::Pause(true), Event::Pause(false)], State::Ready),
        ];
        for (events, expected) in cases {
            let standing = events.iter().fold(Standing::default(), |standing, event| {
                standing.on(*event, NOW)
            });
            assert_eq!(standing.state(at(3600), NOW), expected, "{events:?}");
        }
    }

    #[test]
    fn is_refreshing_once_its_token_has_ended_and_ready_after_its_rest() {
        let standing = Standing::default();
        assert_eq!(standing.state(NOW, NOW), State::Refreshing);
        let rested = standing.on(Event::Capped(Some(at(60))), NOW);
        assert_eq!(rested.state(at(3600), at(60)), State::Ready);
        // A cap outlives the token that ran into it.
        assert!(matches!(rested.state(NOW, NOW), State::Cooling { .. }));
    }

    #[test]
    fn the_first_loss_is_the_one_that_is_told() {
        let standing = Standing::default()
            .on(Event::Lost(Lost::Reused), NOW)
            .on(Event::Lost(Lost::Refused), at(5));
        assert_eq!(standing.lost, Some((NOW, Lost::Reused)));
    }
}
