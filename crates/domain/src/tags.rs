//! Tags: what a client attaches to its calls, `repo=…,branch=…,ticket=…`.

use std::collections::BTreeMap;

/// Names and values, sorted by name.
pub type Tags = BTreeMap<String, String>;

/// The most tags kept of one call.
pub const MAX_TAGS: usize = 16;
/// The most characters kept of a tag's name or value.
pub const MAX_LENGTH: usize = 128;

/// Reads `x-tollhouse-tags`: pairs separated by commas. Tags inform and never decide, so a pair
/// without `=` or without a name is left out rather than refused, and long ones are cut.
pub fn parse(header: &str) -> Tags {
    header
        .split(',')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (clean(name), clean(value)))
        .filter(|(name, _)| !name.is_empty())
        .take(MAX_TAGS)
        .collect()
}

fn clean(text: &str) -> String {
    text.trim()
        .chars()
        .filter(|c| !c.is_control())
        .take(MAX_LENGTH)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_pairs_and_leaves_out_the_rest() {
        let tags = parse(" repo = a/b ,branch=main,nonsense,=x,ticket=");
        let pairs: Vec<_> = tags.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        assert_eq!(pairs, [("branch", "main"), ("repo", "a/b"), ("ticket", "")]);
    }

    #[test]
    fn is_bounded() {
        let header = (0..100)
            .map(|n| format!("{n}={}", "x".repeat(500)))
            .collect::<Vec<_>>();
        let tags = parse(&header.join(","));
        assert_eq!(tags.len(), MAX_TAGS);
        assert!(tags.values().all(|value| value.len() == MAX_LENGTH));
    }
}
