//! What slows down whoever tries many passwords or codes: few at a time, and few from one address.

mod strangers;

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tollhouse_domain::audit::Note;
use tollhouse_domain::time::Timestamp;
use tollhouse_vault::{Password, PasswordHash};

pub(in crate::admin) use self::strangers::Unredeemed;
use self::strangers::{Notes, Redemptions};
use crate::admin::error::ApiError;
use crate::state::Gateway;

/// Attempts of one address within [`WINDOW`], at each kind of what could be guessed.
const MOST: u32 = 20;
/// Devices of one address that begin to ask within [`WINDOW`].
const MOST_DEVICES: u32 = 20;
/// Questions of one address' devices within [`WINDOW`]: each asks twelve times a minute, and an office
/// has one address.
const MOST_POLLS: u32 = 600;
/// Requests of one address within [`WINDOW`] on the way to an identity provider and back. A sign-in takes
/// two, and an office has one address.
const MOST_SIGN_ONS: u32 = 60;
const WINDOW: Duration = Duration::from_mins(1);
/// Addresses that are remembered; beyond that, the one heard of first is forgotten.
const ADDRESSES: usize = 4096;
/// Each takes a core and 19 MiB.
const AT_ONCE: usize = 2;
/// Codes that are redeemed at the same time: each holds a connection to the provider.
const REDEEMED_AT_ONCE: usize = 8;

/// Stands before everything that strangers may ask for, or that could be guessed.
pub(in crate::admin) struct Doors {
    hashing: Arc<Semaphore>,
    passwords: Mutex<Attempts>,
    codes: Mutex<Attempts>,
    tokens: Mutex<Attempts>,
    devices: Mutex<Attempts>,
    polls: Mutex<Attempts>,
    sign_ons: Mutex<Attempts>,
    redemptions: Mutex<Redemptions>,
    redeeming: Semaphore,
    notes: Mutex<Notes>,
}

impl Default for Doors {
    fn default() -> Self {
        Self {
            hashing: Arc::new(Semaphore::new(AT_ONCE)),
            passwords: Mutex::new(Attempts::of(MOST)),
            codes: Mutex::new(Attempts::of(MOST)),
            tokens: Mutex::new(Attempts::of(MOST)),
            devices: Mutex::new(Attempts::of(MOST_DEVICES)),
            polls: Mutex::new(Attempts::of(MOST_POLLS)),
            sign_ons: Mutex::new(Attempts::of(MOST_SIGN_ONS)),
            redemptions: Mutex::default(),
            redeeming: Semaphore::new(REDEEMED_AT_ONCE),
            notes: Mutex::default(),
        }
    }
}

impl Doors {
    /// Lets an address try another password, unless it did so too often. Each kind of secret has a count
    /// of its own: an office has one address, and who mistypes one there shuts the others' doors to nobody.
    pub(in crate::admin) fn password(
        &self,
        from: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<(), ApiError> {
        knock(&self.passwords, from, now)
    }

    /// Lets an address try another device's code, unless it did so too often.
    pub(in crate::admin) fn code(
        &self,
        from: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<(), ApiError> {
        knock(&self.codes, from, now)
    }

    /// Lets an address try the administrator's token once more, unless it did so too often.
    pub(in crate::admin) fn token(
        &self,
        from: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<(), ApiError> {
        knock(&self.tokens, from, now)
    }

    /// Lets an address have one more device, unless it had many lately.
    pub(in crate::admin) fn device(
        &self,
        from: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<(), ApiError> {
        knock(&self.devices, from, now)
    }

    /// Lets an address' devices ask once more, unless they asked too often.
    pub(in crate::admin) fn poll(
        &self,
        from: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<(), ApiError> {
        knock(&self.polls, from, now)
    }

    /// Lets a browser go to the identity provider or come back, unless its address did so too often.
    pub(in crate::admin) fn sign_on(
        &self,
        from: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<(), ApiError> {
        knock(&self.sign_ons, from, now)
    }

    /// Lets the answer to the attempt with this state be carried to the identity provider, once. One
    /// answer waits for others until the permit is there.
    pub(in crate::admin) async fn redeem(
        &self,
        state: &str,
        now: Timestamp,
    ) -> Result<SemaphorePermit<'_>, Unredeemed> {
        let redemptions = self.redemptions.lock();
        let taken = redemptions
            .unwrap_or_else(PoisonError::into_inner)
            .take(state, now);
        taken?;
        // Nobody closes it.
        self.redeeming.acquire().await.map_err(|_| Unredeemed::Used)
    }

    /// What is left in the audit trail of a stranger who was turned away: nothing, if there was much of
    /// that lately; then the next that is left says of how many there is nothing (`left_out`).
    pub(in crate::admin) fn note(&self, note: Note, now: Timestamp) -> Option<Note> {
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        match notes.take(now)? {
            0 => Some(note),
            left_out => Some(note.with("left_out", left_out)),
        }
    }

    /// Compares a password where it holds nobody up.
    pub(in crate::admin) async fn compare(
        &self,
        gateway: &Gateway,
        password: Password,
        hash: Option<PasswordHash>,
    ) -> Result<bool, ApiError> {
        self.work(gateway, move || password.is(hash.as_ref())).await
    }

    /// Makes a password's hash where it holds nobody up.
    pub(in crate::admin) async fn hash(
        &self,
        gateway: &Gateway,
        password: Password,
    ) -> Result<PasswordHash, ApiError> {
        self.work(gateway, move || password.hash()).await
    }

    async fn work<T: Send + 'static>(
        &self,
        gateway: &Gateway,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, ApiError> {
        let permit = Arc::clone(&self.hashing).acquire_owned().await;
        let permit = permit.map_err(ApiError::internal)?;
        let task = gateway.0.tasks.spawn_blocking(move || {
            // Held by the work itself: whoever asked may be gone before it is done.
            let _permit = permit;
            work()
        });
        task.await.map_err(ApiError::internal)
    }
}

fn knock(door: &Mutex<Attempts>, from: Option<IpAddr>, now: Timestamp) -> Result<(), ApiError> {
    let from = from.unwrap_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED));
    let mut attempts = door.lock().unwrap_or_else(PoisonError::into_inner);
    attempts.take(from, now).map_err(ApiError::TooSoon)
}

/// How often addresses tried.
struct Attempts {
    most: u32,
    known: HashMap<IpAddr, (Timestamp, u32)>,
}

impl Attempts {
    fn of(most: u32) -> Self {
        let known = HashMap::new();
        Self { most, known }
    }

    /// Counts an attempt, or says how long to wait.
    fn take(&mut self, from: IpAddr, now: Timestamp) -> Result<(), Duration> {
        let from = network(from);
        if !self.known.contains_key(&from) && self.known.len() >= ADDRESSES {
            self.forget(now);
        }
        let (since, count) = self.known.entry(from).or_insert((now, 0));
        if now.since(*since) >= WINDOW {
            (*since, *count) = (now, 0);
        }
        if *count >= self.most {
            return Err(since.plus(WINDOW).since(now));
        }
        *count += 1;
        Ok(())
    }

    fn forget(&mut self, now: Timestamp) {
        self.known
            .retain(|_, (since, _)| now.since(*since) < WINDOW);
        if self.known.len() >= ADDRESSES {
            let oldest = self.known.iter().min_by_key(|(_, (since, _))| *since);
            if let Some(oldest) = oldest.map(|(address, _)| *address) {
                self.known.remove(&oldest);
            }
        }
    }
}

/// An IPv6 address stands for its /64: whoever has one has them all.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(six) => IpAddr::V6(Ipv6Addr::from_bits(six.to_bits() >> 64 << 64)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_tries_twenty_times_a_minute() {
        let now = Timestamp::from_secs(1_000);
        let mut attempts = Attempts::of(MOST);
        let mut take = |from: &str, seconds| {
            let at = now.plus(Duration::from_secs(seconds));
            attempts.take(from.parse().unwrap(), at)
        };
        for _ in 0..MOST {
            assert_eq!(take("192.0.2.1", 0), Ok(()));
            assert_eq!(take("2001:db8::1", 0), Ok(()));
        }
        let cases = [
            ("192.0.2.1", 10, Err(Duration::from_secs(50))),
            ("192.0.2.2", 10, Ok(())),
            ("2001:db8::2", 10, Err(Duration::from_secs(50))),
            ("2001:db8:0:1::1", 10, Ok(())),
            ("192.0.2.1", 60, Ok(())),
        ];
        for (from, second, expected) in cases {
            assert_eq!(take(from, second), expected, "{from} at {second}");
        }
    }

    #[test]
    fn remembers_a_bounded_number_of_addresses() {
        let mut attempts = Attempts::of(MOST);
        for number in 0..2 * u32::try_from(ADDRESSES).unwrap() {
            let at = Timestamp(i64::from(number));
            let taken = attempts.take(IpAddr::V4(number.into()), at);
            assert_eq!(taken, Ok(()));
        }
        assert_eq!(attempts.known.len(), ADDRESSES);
    }
}
