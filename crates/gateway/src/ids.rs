//! New ids: UUIDv7 from the clock and the system's random numbers.

use aws_lc_rs::rand;
use tollhouse_domain::time::Timestamp;
use uuid::{Builder, Uuid};

/// A new UUIDv7 for the moment `at`.
pub fn uuid(at: Timestamp) -> Uuid {
    let mut random = [0u8; 10];
    // It fails only where the system has no random numbers at all. The vault refuses to start there,
    // so what is left to protect here is uniqueness, and time still gives most of that.
    let _ = rand::fill(&mut random);
    let millis = u64::try_from(at.0.div_euclid(1_000)).unwrap_or(0);
    Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}
