//! Token estimates, for streams that were cut before they reported usage. Always marked as such.

use tollhouse_wire::usage::Usage;

/// Bytes of text per token: the floor that Anthropic documents for calls its own gateway bills after
/// a client left (about four characters a token).
pub const BYTES_PER_TOKEN: u64 = 4;

/// Fills the buckets that a cut answer left unknown. `request_bytes` stands for the prompt,
/// `content_bytes` for what was generated. Returns whether anything was filled in.
pub fn fill(usage: &mut Usage, request_bytes: u64, content_bytes: u64) -> bool {
    let mut estimated = false;
    let prompt_known = usage.input.is_some() || usage.cache_read.is_some();
    if !prompt_known {
        usage.input = Some(request_bytes.div_ceil(BYTES_PER_TOKEN));
        estimated = true;
    }
    let generated = content_bytes.div_ceil(BYTES_PER_TOKEN);
    if usage.output.is_none_or(|reported| reported < generated) {
        usage.output = Some(generated);
        estimated = true;
    }
    estimated
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_what_was_metered() {
        let mut usage = Usage {
            input: Some(10),
            output: Some(50),
            ..Usage::default()
        };
        assert!(!fill(&mut usage, 4_000, 100));
        assert_eq!((usage.input, usage.output), (Some(10), Some(50)));
    }

    #[test]
    fn fills_what_is_unknown() {
        let mut usage = Usage {
            input: Some(10),
            output: Some(1),
            ..Usage::default()
        };
        assert!(fill(&mut usage, 4_000, 100));
        assert_eq!((usage.input, usage.output), (Some(10), Some(25)));
        let mut usage = Usage::default();
        assert!(fill(&mut usage, 4_000, 0));
        assert_eq!((usage.input, usage.output), (Some(1_000), Some(0)));
    }
}
