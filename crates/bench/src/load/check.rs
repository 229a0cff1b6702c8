//! Compares an answer with its script, chunk by chunk, and reads the time stamps on the way.

use crate::payload::{STAMP_DIGITS, Script, StampKind};

/// The position in one answer.
#[derive(Debug)]
pub(crate) struct Check<'a> {
    script: &'a Script,
    /// Stamps carry digits instead of zeros.
    stamped: bool,
    at: usize,
    next_stamp: usize,
    digits: [u8; STAMP_DIGITS],
    sent: u64,
}

/// A time stamp that has arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seen {
    /// An event that was sent at this time.
    Event {
        /// Monotonic nanoseconds.
        sent: u64,
    },
    /// How long the mock held the request before its first event, nanoseconds.
    Held(u64),
}

impl<'a> Check<'a> {
    pub(crate) fn new(script: &'a Script, stamped: bool) -> Self {
        Self {
            script,
            stamped,
            at: 0,
            next_stamp: 0,
            digits: [0; STAMP_DIGITS],
            sent: 0,
        }
    }

    /// Takes the next bytes; false when they are not the expected ones.
    pub(crate) fn feed(&mut self, mut data: &[u8], mut seen: impl FnMut(Seen)) -> bool {
        while !data.is_empty() {
            let (part, is_stamp) = self.part(data.len());
            let Some(expected) = self.script.bytes.get(self.at..self.at + part) else {
                return false;
            };
            let (head, rest) = data.split_at(part);
            self.at += part;
            data = rest;
            if is_stamp {
                if !self.stamp(head, &mut seen) {
                    return false;
                }
            } else if head != expected {
                return false;
            }
        }
        true
    }

    /// True when every byte has arrived.
    pub(crate) fn is_complete(&self) -> bool {
        self.at == self.script.bytes.len()
    }

    /// Bytes seen so far.
    pub(crate) fn position(&self) -> usize {
        self.at
    }

    /// How many of the next `length` bytes are of one kind, and whether that is a stamp.
    fn part(&self, length: usize) -> (usize, bool) {
        match self.script.stamps.get(self.next_stamp) {
            Some(stamp) if self.stamped => {
                if self.at < stamp.at {
                    (length.min(stamp.at - self.at), false)
                } else {
                    (length.min(stamp.at + STAMP_DIGITS - self.at), true)
                }
            }
            _ => (length, false),
        }
    }

    /// Takes digits that end at the current position.
    fn stamp(&mut self, part: &[u8], seen: &mut impl FnMut(Seen)) -> bool {
        let stamp = self.script.stamps[self.next_stamp];
        let end = self.at - stamp.at;
        self.digits[end - part.len()..end].copy_from_slice(part);
        if end < STAMP_DIGITS {
            return true;
        }
        self.next_stamp += 1;
        let text = std::str::from_utf8(&self.digits).unwrap_or_default();
        let Ok(time) = text.parse::<u64>() else {
            return false;
        };
        match stamp.kind {
            StampKind::Sent => {
                self.sent = time;
                seen(Seen::Event { sent: time });
            }
            StampKind::Received => seen(Seen::Held(self.sent.saturating_sub(time))),
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::Api;

    fn stamped(script: &Script) -> Vec<u8> {
        let mut bytes = script.bytes.to_vec();
        for (number, stamp) in script.stamps.iter().enumerate() {
            let time = match stamp.kind {
                StampKind::Sent => 5_000 + number,
                StampKind::Received => 1_000,
            };
            bytes[stamp.at..stamp.at + STAMP_DIGITS]
                .copy_from_slice(format!("{time:020}").as_bytes());
        }
        bytes
    }

    #[test]
    fn any_chunking_gives_the_same_stamps() {
        let script = Script::stream(Api::Messages, 12);
        let bytes = stamped(&script);
        let read = |size: usize| {
            let mut check = Check::new(&script, true);
            let mut all = Vec::new();
            for chunk in bytes.chunks(size) {
                assert!(check.feed(chunk, |seen| all.push(seen)), "chunks of {size}");
            }
            assert!(check.is_complete());
            all
        };
        let whole = read(bytes.len());
        assert_eq!(whole.len(), script.stamps.len());
        assert_eq!(whole[0], Seen::Event { sent: 5_000 });
        assert_eq!(whole[1], Seen::Held(4_000));
        for size in [1, 2, 7, 19, 20, 21, 333] {
            assert_eq!(read(size), whole);
        }
    }

    #[test]
    fn one_changed_missing_or_added_byte_is_noticed() {
        let script = Script::answer(Api::Messages, 1_024);
        let good = script.bytes.to_vec();
        for at in [0, 500, 1_023] {
            let mut bad = good.clone();
            bad[at] ^= 1;
            assert!(!Check::new(&script, false).feed(&bad, |_| ()));
        }
        let mut longer = good.clone();
        longer.push(b' ');
        assert!(!Check::new(&script, false).feed(&longer, |_| ()));
        let mut short = Check::new(&script, false);
        assert!(short.feed(&good[..1_023], |_| ()));
        assert!(!short.is_complete());
    }

    #[test]
    fn a_stamp_that_is_no_number_is_a_mismatch() {
        let script = Script::stream(Api::Chat, 8);
        let mut bytes = stamped(&script);
        bytes[script.stamps[2].at + 3] = b'x';
        assert!(!Check::new(&script, true).feed(&bytes, |_| ()));
        assert!(!Check::new(&script, false).feed(&stamped(&script), |_| ()));
    }
}
