//! What is kept of a call's bodies: their compression undone, without what looks like a secret where that
//! is asked for, pressed and sealed; and all that back again.
//!
//! A version, then compressed: the length of a description, the description as JSON, the request's bytes,
//! the answer's.

use std::fmt::Write as _;
use std::io::Read;

use aws_lc_rs::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use tollhouse_domain::capture::{Capture, redact};
use tollhouse_domain::id::CallId;
use tollhouse_vault::{Sealed, Vault, VaultError};

use super::tape::Heard;
use super::{Finished, place};

const VERSION: u8 = 1;
const LEVEL: i32 = 3;
/// More than any two bodies come to: what is stored is ours, and still nothing grows without bound.
const LONGEST: u64 = 4 << 30;

/// Why what was kept does not read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ContentError {
    /// It does not open.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// It opens and makes no sense.
    #[error("a capture does not read")]
    Malformed,
}

/// What a call said. Like all that people wrote, it cannot be printed.
pub(crate) struct Said {
    pub(crate) mode: Capture,
    pub(crate) request: Side,
    pub(crate) answer: Side,
}

/// One of its bodies.
#[derive(Serialize, Deserialize)]
pub(crate) struct Side {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) content_type: Option<String>,
    /// How it is still compressed, where that could not be undone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) encoding: Option<String>,
    /// How many bytes passed by.
    pub(crate) total: u64,
    /// Whether there was more of it.
    pub(crate) cut: bool,
    length: u64,
    #[serde(skip)]
    pub(crate) bytes: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
struct Head {
    mode: Capture,
    request: Side,
    answer: Side,
}

/// Seals what a call said. `limit`: the most bytes of a body.
pub(super) fn seal(vault: &Vault, finished: Finished, limit: u64) -> (Sealed, super::Share) {
    let mode = finished.mode;
    let place = place(finished.call);
    let request = side(finished.request.heard(), mode, limit);
    let answer = side(finished.answer.heard(), mode, limit);
    let pressed = press(&Head {
        mode,
        request,
        answer,
    });
    (vault.seal_content(&pressed, &place), finished.share)
}

/// Opens what a call said.
pub(crate) fn open(vault: &Vault, call: CallId, sealed: Vec<u8>) -> Result<Said, ContentError> {
    let sealed = Sealed::from_bytes(sealed)?;
    let plain = vault.open_content(&sealed, &place(call))?;
    unpress(&plain).ok_or(ContentError::Malformed)
}

fn side(heard: Heard, mode: Capture, limit: u64) -> Side {
    let mut cut = heard.total > heard.bytes.len() as u64;
    let (mut bytes, mut encoding) = (heard.bytes, heard.encoding);
    if let Some((plain, more)) = encoding
        .as_deref()
        .and_then(|encoding| decoded(encoding, &bytes, limit))
    {
        cut |= more;
        (bytes, encoding) = (plain, None);
    }
    if cut {
        trim(&mut bytes);
    }
    if mode == Capture::Redacted {
        bytes = redacted(&bytes);
    }
    Side {
        content_type: heard.content_type,
        encoding,
        total: heard.total,
        cut,
        length: bytes.len() as u64,
        bytes,
    }
}

/// Undoes a compression, as far as the bytes go and `limit` allows; and whether there was more.
fn decoded(encoding: &str, bytes: &[u8], limit: u64) -> Option<(Vec<u8>, bool)> {
    let mut out = Vec::new();
    let bound = limit.saturating_add(1);
    let read = match encoding.to_ascii_lowercase().as_str() {
        "gzip" | "x-gzip" => flate2::read::MultiGzDecoder::new(bytes)
            .take(bound)
            .read_to_end(&mut out),
        "zstd" => zstd::stream::read::Decoder::new(bytes)
            .and_then(|decoder| decoder.take(bound).read_to_end(&mut out)),
        _ => return None,
    };
    // What came before an error is there all the same: a body that was cut always ends in one.
    let more = read.is_err() || out.len() as u64 > limit;
    if read.is_err() && out.is_empty() && !bytes.is_empty() {
        return None;
    }
    out.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Some((out, more))
}

/// Takes away the half of a character that a cut left.
fn trim(bytes: &mut Vec<u8>) {
    if let Err(error) = str::from_utf8(bytes)
        && error.error_len().is_none()
    {
        let whole = error.valid_up_to();
        bytes.truncate(whole);
    }
}

/// Of what is no text nobody can say what is in it, so only its length and digest stay.
fn redacted(bytes: &[u8]) -> Vec<u8> {
    if let Ok(text) = str::from_utf8(bytes) {
        return redact::redact(text).into_bytes();
    }
    let mut label = format!("[redacted:binary:{}:sha256:", bytes.len());
    for byte in digest(&SHA256, bytes).as_ref() {
        // Writing into a string does not fail.
        let _ = write!(label, "{byte:02x}");
    }
    label.push(']');
    label.into_bytes()
}

fn press(head: &Head) -> Vec<u8> {
    // A description is names, numbers and short text: it always has a JSON form.
    let description = serde_json::to_vec(head).unwrap_or_default();
    let length = u32::try_from(description.len()).unwrap_or_default();
    let plain = [
        length.to_le_bytes().as_slice(),
        &description,
        &head.request.bytes,
        &head.answer.bytes,
    ]
    .concat();
    let mut pressed = vec![VERSION];
    // Memory to memory: it fails only where a level does not exist, and `tests` reads it back.
    let _ = zstd::stream::copy_encode(plain.as_slice(), &mut pressed, LEVEL);
    pressed
}

fn unpress(pressed: &[u8]) -> Option<Said> {
    let (&version, pressed) = pressed.split_first()?;
    if version != VERSION {
        return None;
    }
    let mut plain = Vec::new();
    let decoder = zstd::stream::read::Decoder::new(pressed).ok()?;
    decoder.take(LONGEST).read_to_end(&mut plain).ok()?;
    let (length, rest) = plain.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    let (description, mut rest) = rest.split_at_checked(length)?;
    let mut head: Head = serde_json::from_slice(description).ok()?;
    for side in [&mut head.request, &mut head.answer] {
        let (bytes, after) = rest.split_at_checked(usize::try_from(side.length).ok()?)?;
        side.bytes = bytes.to_vec();
        rest = after;
    }
    Some(Said {
        mode: head.mode,
        request: head.request,
        answer: head.answer,
    })
}

#[cfg(test)]
mod tests;
