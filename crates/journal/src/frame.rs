//! The bytes of segment headers and frames.

use crate::JournalError;

/// The largest payload of one record, in bytes. Bounds what a damaged length can make us read.
pub const MAX_PAYLOAD_BYTES: usize = 16 * 1024 * 1024;

/// Bytes of a segment's header.
pub(crate) const HEADER_BYTES: usize = 20;
/// Bytes before a payload: length, checksum, kind.
pub(crate) const HEAD_BYTES: usize = 9;
const MAGIC: [u8; 6] = *b"THJRNL";
const VERSION: u16 = 1;

/// The header of segment `number`.
pub(crate) fn header(number: u64) -> [u8; HEADER_BYTES] {
    let mut header = [0; HEADER_BYTES];
    header[..6].copy_from_slice(&MAGIC);
    header[6..8].copy_from_slice(&VERSION.to_le_bytes());
    header[8..16].copy_from_slice(&number.to_le_bytes());
    let checksum = crc32fast::hash(&header[..16]);
    header[16..].copy_from_slice(&checksum.to_le_bytes());
    header
}

/// What a segment's header says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Header {
    Ours,
    /// A well-formed header of another version.
    Version(u16),
    Damaged,
}

pub(crate) fn parse_header(bytes: &[u8; HEADER_BYTES], number: u64) -> Header {
    if *bytes == header(number) {
        return Header::Ours;
    }
    let version = u16::from_le_bytes([bytes[6], bytes[7]]);
    let intact = crc32fast::hash(&bytes[..16]).to_le_bytes() == bytes[16..];
    if bytes[..6] == MAGIC && intact && version != VERSION {
        return Header::Version(version);
    }
    Header::Damaged
}

/// What goes before `payload`.
pub(crate) fn head(kind: u8, payload: &[u8]) -> Result<[u8; HEAD_BYTES], JournalError> {
    let too_large = JournalError::TooLarge {
        bytes: payload.len(),
    };
    if payload.len() > MAX_PAYLOAD_BYTES {
        return Err(too_large);
    }
    let Ok(length) = u32::try_from(payload.len() + 1) else {
        return Err(too_large);
    };
    let mut head = [0; HEAD_BYTES];
    head[..4].copy_from_slice(&length.to_le_bytes());
    head[4..8].copy_from_slice(&checksum(kind, payload).to_le_bytes());
    head[8] = kind;
    Ok(head)
}

/// What some bytes hold at their start.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    /// A sound frame of so many bytes, [`HEAD_BYTES`] and the payload.
    Whole { kind: u8, bytes: usize },
    /// More bytes are needed to tell.
    Short { needs: usize },
    /// Not a frame. `claims` is the length it gives itself, when that is possible at all.
    Bad { claims: Option<usize> },
}

pub(crate) fn parse(bytes: &[u8]) -> Frame {
    let Some((head, rest)) = bytes.split_first_chunk::<HEAD_BYTES>() else {
        return Frame::Short { needs: HEAD_BYTES };
    };
    let [l0, l1, l2, l3, c0, c1, c2, c3, kind] = *head;
    let length = match usize::try_from(u32::from_le_bytes([l0, l1, l2, l3])) {
        Ok(length) if (1..=MAX_PAYLOAD_BYTES + 1).contains(&length) => length,
        Ok(_) | Err(_) => return Frame::Bad { claims: None },
    };
    let whole = HEAD_BYTES - 1 + length;
    let Some(payload) = rest.get(..length - 1) else {
        return Frame::Short { needs: whole };
    };
    if checksum(kind, payload) == u32::from_le_bytes([c0, c1, c2, c3]) {
        Frame::Whole { kind, bytes: whole }
    } else {
        Frame::Bad {
            claims: Some(whole),
        }
    }
}

fn checksum(kind: u8, payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&[kind]);
    hasher.update(payload);
    hasher.finalize()
}
