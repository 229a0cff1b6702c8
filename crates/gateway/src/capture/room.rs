//! How much memory all captures take together.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Room is taken in pieces of this many bytes, so that not every frame of an answer asks for some.
const STEP: u64 = 16 << 10;

/// The room there is.
pub(super) struct Room {
    left: AtomicU64,
}

impl Room {
    pub(super) fn new(bytes: u64) -> Self {
        Self {
            left: AtomicU64::new(bytes),
        }
    }

    fn take(&self, bytes: u64) -> bool {
        let less = |left: u64| left.checked_sub(bytes);
        self.left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less)
            .is_ok()
    }
}

/// What one capture takes of it; given back when dropped.
pub(super) struct Share {
    room: Arc<Room>,
    held: u64,
}

impl Share {
    pub(super) fn of(room: &Arc<Room>) -> Self {
        Self {
            room: Arc::clone(room),
            held: 0,
        }
    }

    /// Takes what it needs to hold `bytes`; `false`, and nothing is taken, if that is not there.
    pub(super) fn cover(&mut self, bytes: u64) -> bool {
        let Some(missing) = bytes.checked_sub(self.held).filter(|missing| *missing > 0) else {
            return true;
        };
        let more = missing.div_ceil(STEP).saturating_mul(STEP);
        let taken = self.room.take(more);
        if taken {
            self.held += more;
        }
        taken
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.room.left.fetch_add(self.held, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_comes_back_and_no_more_is_given_than_there_is() {
        let room = Arc::new(Room::new(3 * STEP));
        let left = || room.left.load(Ordering::Relaxed);
        let (mut a, mut b) = (Share::of(&room), Share::of(&room));
        assert!(a.cover(0) && left() == 3 * STEP);
        assert!(a.cover(1) && a.cover(STEP) && left() == 2 * STEP);
        assert!(b.cover(2 * STEP) && left() == 0);
        assert!(!a.cover(STEP + 1) && !a.cover(u64::MAX) && left() == 0);
        drop(b);
        assert!(a.cover(STEP + 1) && left() == STEP);
        drop(a);
        assert_eq!(left(), 3 * STEP);
    }
}
