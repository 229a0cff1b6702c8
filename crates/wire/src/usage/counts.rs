//! The usage objects of the three protocols, as written, and how they become [`Usage`].

use super::Usage;
use crate::Protocol;
use crate::walk::{Raw, Step, Visitor, Walker};

/// The counts of one or more usage objects under their native meaning: `input` includes the cache in Chat and
/// Responses, and excludes it in Messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    input: Option<u64>,
    cache_read: Option<u64>,
    /// Read from the cache, in the spelling of servers that put it beside the details.
    cache_hit: Option<u64>,
    cache_write: Option<u64>,
    cache_write_5m: Option<u64>,
    cache_write_1h: Option<u64>,
    output: Option<u64>,
    reasoning: Option<u64>,
    total: Option<u64>,
    /// Some count was no whole number.
    unreadable: bool,
}

impl Counts {
    /// Reads one usage object. Whatever is broken in it leaves its count absent and marks the whole.
    pub(crate) fn read(raw: &[u8]) -> Self {
        let mut counts = Self::default();
        let mut walker = Walker::new(Place::Root);
        walker.feed(raw, &mut counts);
        counts.unreadable |= walker.check_end().is_err();
        counts
    }

    /// Counts given later replace earlier ones; absent ones keep their value.
    pub(crate) fn update(&mut self, later: &Self) {
        let Self {
            input,
            cache_read,
            cache_hit,
            cache_write,
            cache_write_5m,
            cache_write_1h,
            output,
            reasoning,
            total,
            unreadable,
        } = *later;
        self.input = input.or(self.input);
        self.cache_read = cache_read.or(self.cache_read);
        self.cache_hit = cache_hit.or(self.cache_hit);
        self.cache_write = cache_write.or(self.cache_write);
        self.cache_write_5m = cache_write_5m.or(self.cache_write_5m);
        self.cache_write_1h = cache_write_1h.or(self.cache_write_1h);
        self.output = output.or(self.output);
        self.reasoning = reasoning.or(self.reasoning);
        self.total = total.or(self.total);
        self.unreadable |= unreadable;
    }

    /// True if nothing was said.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The disjoint buckets, and whether the counts contradict each other or were unreadable.
    pub(crate) fn usage(&self, protocol: Protocol) -> (Usage, bool) {
        let mut doubtful = self.unreadable;
        let mut usage = match protocol {
            Protocol::Messages => self.beside(&mut doubtful),
            Protocol::Chat | Protocol::Responses => self.inside(&mut doubtful),
        };
        if let (Some(reasoning), Some(output)) = (usage.reasoning, usage.output)
            && reasoning > output
        {
            doubtful = true;
            usage.reasoning = Some(output);
        }
        (usage, doubtful)
    }

    /// Messages: cache counts stand beside `input_tokens`; the write total may be broken down by lifetime.
    fn beside(&self, doubtful: &mut bool) -> Usage {
        let broken_down = self.cache_write_5m.is_some() || self.cache_write_1h.is_some();
        let known = self
            .cache_write_5m
            .unwrap_or(0)
            .saturating_add(self.cache_write_1h.unwrap_or(0));
        let short = match self.cache_write {
            // What no breakdown explains was written with the default, the short lifetime.
            Some(total) if broken_down => {
                *doubtful |= known > total;
                let unexplained = total.saturating_sub(known);
                match self.cache_write_5m {
                    Some(short) => Some(short.saturating_add(unexplained)),
                    None => (unexplained > 0).then_some(unexplained),
                }
            }
            total => total.or(self.cache_write_5m),
        };
        Usage {
            input: self.input,
            cache_read: self.cache_read,
            cache_write_5m: short,
            cache_write_1h: self.cache_write_1h,
            output: self.output,
            reasoning: self.reasoning,
        }
    }

    /// Chat and Responses: cache counts are parts of the prompt's.
    fn inside(&self, doubtful: &mut bool) -> Usage {
        let cache_read = self.cache_read.or(self.cache_hit);
        let cached = cache_read
            .unwrap_or(0)
            .saturating_add(self.cache_write.unwrap_or(0));
        if self.input.is_some_and(|input| cached > input) {
            *doubtful = true;
        }
        Usage {
            input: self.input.map(|input| input.saturating_sub(cached)),
            cache_read,
            cache_write_5m: self.cache_write,
            cache_write_1h: None,
            output: self.output_with_reasoning(),
            reasoning: self.reasoning,
        }
    }

    /// Some servers count reasoning beside the completion instead of inside. Their own total gives it away.
    fn output_with_reasoning(&self) -> Option<u64> {
        let (Some(input), Some(output), Some(reasoning), Some(total)) =
            (self.input, self.output, self.reasoning, self.total)
        else {
            return self.output;
        };
        let both = output.saturating_add(reasoning);
        Some(if input.checked_add(both) == Some(total) {
            both
        } else {
            output
        })
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Place {
    Root,
    Input,
    InputDetails,
    CacheRead,
    CacheHit,
    CacheWrite,
    CacheCreation,
    CacheWrite5m,
    CacheWrite1h,
    Output,
    OutputDetails,
    Reasoning,
    Total,
}

impl Visitor for Counts {
    type Place = Place;

    fn member(&mut self, parent: Place, key: &[u8]) -> Step<Place> {
        let place = match (parent, key) {
            (Place::Root, b"input_tokens" | b"prompt_tokens") => Place::Input,
            (Place::Root, b"output_tokens" | b"completion_tokens") => Place::Output,
            (Place::Root, b"total_tokens") => Place::Total,
            (Place::Root, b"cache_read_input_tokens") | (Place::InputDetails, b"cached_tokens") => {
                Place::CacheRead
            }
            (Place::Root, b"prompt_cache_hit_tokens") => Place::CacheHit,
            (Place::Root, b"cache_creation_input_tokens")
            | (Place::InputDetails, b"cache_write_tokens") => Place::CacheWrite,
            (Place::CacheCreation, b"ephemeral_5m_input_tokens") => Place::CacheWrite5m,
            (Place::CacheCreation, b"ephemeral_1h_input_tokens") => Place::CacheWrite1h,
            (Place::OutputDetails, b"reasoning_tokens" | b"thinking_tokens") => Place::Reasoning,
            (Place::Root, b"cache_creation") => return Step::Enter(Place::CacheCreation, 0),
            (Place::Root, b"input_tokens_details" | b"prompt_tokens_details") => {
                return Step::Enter(Place::InputDetails, 0);
            }
            (Place::Root, b"output_tokens_details" | b"completion_tokens_details") => {
                return Step::Enter(Place::OutputDetails, 0);
            }
            _ => return Step::Skip,
        };
        Step::Keep(place, 0)
    }

    fn value(&mut self, place: Place, raw: Raw<'_>) {
        let slot = match place {
            Place::Input => &mut self.input,
            Place::CacheRead => &mut self.cache_read,
            Place::CacheHit => &mut self.cache_hit,
            Place::CacheWrite => &mut self.cache_write,
            Place::CacheWrite5m => &mut self.cache_write_5m,
            Place::CacheWrite1h => &mut self.cache_write_1h,
            Place::Output => &mut self.output,
            Place::Reasoning => &mut self.reasoning,
            Place::Total => &mut self.total,
            Place::Root | Place::InputDetails | Place::CacheCreation | Place::OutputDetails => {
                return;
            }
        };
        if raw.bytes == b"null" {
            return;
        }
        match whole_number(raw.bytes) {
            Some(count) => *slot = Some(count),
            None => self.unreadable = true,
        }
    }
}

/// A count that is not negative; `12.0` is how some servers write 12.
fn whole_number(raw: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(raw).ok()?;
    let whole = match text.split_once('.') {
        Some((whole, fraction)) if fraction.bytes().all(|digit| digit == b'0') => whole,
        Some(_) => return None,
        None => text,
    };
    whole.parse().ok()
}

#[cfg(test)]
mod tests;
