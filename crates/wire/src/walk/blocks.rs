//! The fast half of the walker: finding where a nested value or a string ends, 64 or 16 bytes at a time.
//!
//! A nested value's end is where its brackets balance outside strings. Whether the bytes between are valid
//! JSON is the upstream's business, so nothing else is looked at.

use wide::u8x16;

/// Finds the end of one nested value across any number of slices.
#[derive(Debug)]
pub(super) struct Skipper {
    depth: usize,
    /// All ones while inside a string, else zero: ready to be combined with a mask.
    in_string: u64,
    /// 1 if the next byte is escaped, else 0.
    escaped: u64,
}

impl Skipper {
    /// Right after the opening bracket.
    pub(super) const fn opened() -> Self {
        Self {
            depth: 1,
            in_string: 0,
            escaped: 0,
        }
    }

    /// How many bytes belong to the value, closing bracket included; `None` if it does not end here.
    pub(super) fn skip(&mut self, bytes: &[u8]) -> Option<usize> {
        let (blocks, rest) = bytes.as_chunks::<64>();
        for (index, block) in blocks.iter().enumerate() {
            if let Some(end) = self.block(block, 64) {
                return Some(index * 64 + end);
            }
        }
        if rest.is_empty() {
            return None;
        }
        let mut padded = [b' '; 64];
        padded[..rest.len()].copy_from_slice(rest);
        self.block(&padded, rest.len())
            .map(|end| bytes.len() - rest.len() + end)
    }

    /// One block of which the first `used` bytes count; the others are blanks.
    #[inline]
    fn block(&mut self, block: &[u8; 64], used: usize) -> Option<usize> {
        let lanes = block.as_chunks::<16>().0;
        let lanes = [lanes[0], lanes[1], lanes[2], lanes[3]].map(u8x16::new);
        let backslashes = equal(&lanes, b'\\');
        let escaped = self.escaped_bytes(backslashes, used);
        let quotes = equal(&lanes, b'"') & !escaped;
        if quotes == 0 && self.in_string != 0 {
            return None;
        }
        let inside = prefix_xor(quotes) ^ self.in_string;
        self.in_string = if inside >> 63 == 0 { 0 } else { u64::MAX };

        // Setting bit 5 maps `[` to `{` and `]` to `}`, and no other byte to either.
        let lanes = lanes.map(|lane| lane | u8x16::splat(0x20));
        let opens = equal(&lanes, b'{') & !inside;
        let closes = equal(&lanes, b'}') & !inside;
        if opens | closes == 0 {
            return None;
        }
        let closing = closes.count_ones() as usize;
        if closing < self.depth {
            self.depth = self.depth + opens.count_ones() as usize - closing;
            return None;
        }
        let mut brackets = opens | closes;
        while brackets != 0 {
            let at = brackets.trailing_zeros();
            if closes >> at & 1 == 0 {
                self.depth += 1;
            } else {
                self.depth -= 1;
                if self.depth == 0 {
                    return Some(at as usize + 1);
                }
            }
            brackets &= brackets - 1;
        }
        None
    }

    /// The bytes that follow an odd run of backslashes. The trick (known from simdjson): subtracting the
    /// runs from the odd bits makes each run's carry land after its end, inverted where it began at an even place.
    #[inline]
    fn escaped_bytes(&mut self, backslashes: u64, used: usize) -> u64 {
        const ODD: u64 = 0xAAAA_AAAA_AAAA_AAAA;
        let carried = self.escaped;
        if backslashes == 0 {
            self.escaped = 0;
            return carried;
        }
        let starts = backslashes & !carried;
        let escapes_and_ends = ((starts << 1 | ODD).wrapping_sub(starts)) ^ ODD;
        let escaped = escapes_and_ends ^ (backslashes | carried);
        self.escaped = if used == 64 {
            (escapes_and_ends & backslashes) >> 63
        } else {
            escaped >> used & 1
        };
        escaped
    }
}

/// Which of the 64 bytes equal `byte`.
#[inline]
fn equal(lanes: &[u8x16; 4], byte: u8) -> u64 {
    let wanted = u8x16::splat(byte);
    let bits = lanes.map(|lane| u64::from(lane.simd_eq(wanted).to_bitmask()));
    bits[0] | bits[1] << 16 | bits[2] << 32 | bits[3] << 48
}

/// Bit n of the result is the parity of bits 0 to n: set from each opening quote up to its closing one.
#[inline]
const fn prefix_xor(mut bits: u64) -> u64 {
    bits ^= bits << 1;
    bits ^= bits << 2;
    bits ^= bits << 4;
    bits ^= bits << 8;
    bits ^= bits << 16;
    bits ^= bits << 32;
    bits
}

/// The first byte a string cannot simply run over: a quote, a backslash or a control byte.
#[inline]
pub(super) fn string_stop(bytes: &[u8]) -> Option<usize> {
    let stops = |byte: u8| byte == b'"' || byte == b'\\' || byte < 0x20;
    let (lanes, rest) = bytes.as_chunks::<16>();
    for (index, lane) in lanes.iter().enumerate() {
        let lane = u8x16::new(*lane);
        let hits = lane.simd_eq(u8x16::splat(b'"'))
            | lane.simd_eq(u8x16::splat(b'\\'))
            | lane.min(u8x16::splat(0x1F)).simd_eq(lane);
        let hits = hits.to_bitmask();
        if hits != 0 {
            return Some(index * 16 + hits.trailing_zeros() as usize);
        }
    }
    let at = rest.iter().position(|&byte| stops(byte))?;
    Some(bytes.len() - rest.len() + at)
}
