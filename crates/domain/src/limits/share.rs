//! One limit over several replicas.

use crate::limits::Limits;

/// What one of `replicas` may let through of a limit. Rounded up, so that a small limit does not
/// become none: together they let through at most `limit + replicas - 1`.
pub const fn share(limit: u64, replicas: u32) -> u64 {
    let replicas = if replicas == 0 { 1 } else { replicas };
    limit.div_ceil(replicas as u64)
}

impl Limits {
    /// What one of `replicas` may let through.
    #[must_use]
    pub fn shared(self, replicas: u32) -> Self {
        let few = |limit: u32| u32::try_from(share(u64::from(limit), replicas)).unwrap_or(limit);
        Self {
            rpm: self.rpm.map(few),
            tpm: self.tpm.map(|limit| share(limit, replicas)),
            concurrency: self.concurrency.map(few),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up_to_the_limit_and_a_little() {
        for limit in [0, 1, 2, 3, 10, 61, 1_000_000] {
            for replicas in [0, 1, 2, 3, 7, 100] {
                let together = share(limit, replicas) * u64::from(replicas.max(1));
                assert!(together >= limit, "{limit} over {replicas}");
                assert!(
                    together < limit + u64::from(replicas.max(1)),
                    "{limit}/{replicas}"
                );
            }
        }
        let limits = Limits {
            rpm: Some(5),
            tpm: None,
            concurrency: Some(1),
        };
        let shared = Limits {
            rpm: Some(3),
            tpm: None,
            concurrency: Some(1),
        };
        assert_eq!(limits.shared(2), shared);
    }
}
