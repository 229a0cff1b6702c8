//! A short name for a long text: the same one every time and on every machine.
//!
//! FNV-1a. No secret is involved and nobody gains from a collision: whoever chose the ids and names of a
//! request would only confuse its own conversation.

/// The hash of some texts in a row; `["ab", "c"]` differs from `["a", "bc"]`.
pub(super) fn fnv(texts: &[&str]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for text in texts {
        // 0xff is no byte of any text: it keeps them apart.
        for byte in text.bytes().chain([0xff]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    hash
}

/// 16 hexadecimal digits.
pub(super) fn long(texts: &[&str]) -> String {
    format!("{:016x}", fnv(texts))
}

/// 8 hexadecimal digits.
pub(super) fn short(texts: &[&str]) -> String {
    let hash = fnv(texts);
    format!("{:08x}", (hash >> 32 ^ hash) & 0xffff_ffff)
}
