//! Getting in: when guessing is stopped, and how long being signed in lasts.
//!
//! Nothing here sees a password or a session's secret. Where the same is asked of several replicas,
//! the answer follows from what they read of one row.

use std::time::Duration;

use crate::time::Timestamp;

const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);

/// Wrong passwords that cost nothing but themselves.
pub const FREE_FAILURES: u32 = 5;
/// How long the first wrong password after those locks an account; each further one twice as long.
pub const FIRST_LOCK: Duration = MINUTE;
/// The longest that a wrong password locks an account.
pub const LONGEST_LOCK: Duration = HOUR;

/// What is remembered of wrong passwords for one account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Lockout {
    /// Wrong ones since the last right one.
    pub failures: u32,
    /// Until when none is looked at, not even the right one.
    pub locked_until: Option<Timestamp>,
}

impl Lockout {
    /// Until when no password is looked at, if that is still to come.
    pub fn locked(self, now: Timestamp) -> Option<Timestamp> {
        self.locked_until.filter(|until| *until > now)
    }

    /// After one more wrong password.
    #[must_use]
    pub fn failed(self, now: Timestamp) -> Self {
        let failures = self.failures.saturating_add(1);
        let beyond = failures.checked_sub(FREE_FAILURES + 1);
        let lock = |beyond: u32| {
            let factor = 1_u32.checked_shl(beyond).unwrap_or(u32::MAX);
            now.plus(FIRST_LOCK.saturating_mul(factor).min(LONGEST_LOCK))
        };
        Self {
            failures,
            locked_until: beyond.map(lock),
        }
    }
}

/// A session that nobody uses ends after this long.
pub const IDLE: Duration = Duration::from_hours(12);
/// Every session ends after this long.
pub const LONGEST: Duration = Duration::from_hours(7 * 24);
/// How old a session's secret gets before it is replaced.
pub const ROTATION: Duration = HOUR;
/// How long the secret before still works, for requests that were under way.
pub const GRACE: Duration = MINUTE;
/// How exactly last use is remembered: a write for every request would buy nothing.
pub const TOUCH: Duration = MINUTE;

/// When a session did what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionTimes {
    /// When somebody signed in.
    pub created_at: Timestamp,
    /// When it was last used, to within [`TOUCH`].
    pub seen_at: Timestamp,
    /// When its secret was last replaced.
    pub rotated_at: Timestamp,
}

/// What becomes of a session that is being used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionStep {
    /// It has ended.
    Over,
    /// It goes on, and nothing needs to be written.
    Keep,
    /// It goes on, and that it was used is written.
    Touch,
    /// It goes on under a new secret.
    Rotate,
}

impl SessionTimes {
    /// A session that begins.
    pub const fn begin(now: Timestamp) -> Self {
        Self {
            created_at: now,
            seen_at: now,
            rotated_at: now,
        }
    }

    /// When it ends if nobody uses it any more.
    pub fn ends_at(self) -> Timestamp {
        let idle = self.seen_at.plus(IDLE);
        idle.min(self.created_at.plus(LONGEST))
    }

    /// What becomes of it when it is used at `now`.
    pub fn used(self, now: Timestamp) -> SessionStep {
        if now >= self.ends_at() {
            SessionStep::Over
        } else if now.since(self.rotated_at) >= ROTATION {
            SessionStep::Rotate
        } else if now.since(self.seen_at) >= TOUCH {
            SessionStep::Touch
        } else {
            SessionStep::Keep
        }
    }
}

/// Where a browser may be sent on after signing in: a path of this very server, however a browser reads
/// it. Browsers take a backslash for a slash and leave tabs and line breaks out.
pub fn local_path(text: &str) -> Option<&str> {
    let rest = text.strip_prefix('/')?;
    let plain = |byte: u8| byte.is_ascii_graphic() && byte != b'\\';
    (!rest.starts_with('/') && text.len() <= MAX_PATH && text.bytes().all(plain)).then_some(text)
}

/// The longest path that a browser is sent on to.
const MAX_PATH: usize = 2000;

#[cfg(test)]
mod tests;
