//! Reading a request: the whole body, bounded, in the pieces it came in, peeked at as it comes.

use std::io::Read;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, EXPECT};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tollhouse_wire::{ErrorKind, Peek, PeekError, Peeker};

use super::refusal::Refusal;
use crate::chunks::Chunks;

/// The longest pause between two pieces of a request body.
const PIECE_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a body is read that was refused already.
const UNWANTED: Duration = Duration::from_secs(5);
/// How long a client may pause in one that is still writing it.
const PAUSE: Duration = Duration::from_millis(500);

/// A request body, read.
pub(crate) struct Inbound {
    /// As it came: what goes upstream when nothing has to change.
    pub(crate) body: Chunks,
    /// Decoded, when it came compressed.
    pub(crate) decoded: Option<Chunks>,
    /// What it asks for: nothing, where it could not be read.
    pub(crate) peek: Peek,
    /// Why it could not be read.
    pub(crate) unread: Option<PeekError>,
}

impl Inbound {
    /// A body that came whole, and not compressed.
    pub(crate) fn whole(body: Bytes) -> Result<Self, Refusal> {
        let mut peeker = Peeker::new();
        peeker.push(&body);
        Ok(Self {
            body: Chunks::from(body),
            decoded: None,
            peek: peeker.finish()?,
            unread: None,
        })
    }

    /// The body as text, whether or not it came compressed.
    pub(crate) fn plain(&self) -> &Chunks {
        self.decoded.as_ref().unwrap_or(&self.body)
    }
}

/// Reads and peeks at a body of at most `limit` bytes, compressed or not.
pub(crate) async fn read(
    headers: &HeaderMap,
    incoming: &mut Incoming,
    limit: u64,
) -> Result<Inbound, Refusal> {
    let encoding = Encoding::read(headers)?;
    let mut peeker = Peeker::new();
    let body = collect(headers, incoming, limit, |chunk| {
        if encoding == Encoding::Identity {
            peeker.push(chunk);
        }
    })
    .await?;
    let decoded = match encoding {
        Encoding::Identity => None,
        _ => {
            let decoded = encoding.decode(&body.contiguous(), limit)?;
            peeker.push(&decoded);
            Some(Chunks::from(decoded))
        }
    };
    Ok(Inbound {
        body,
        decoded,
        peek: peeker.finish()?,
        unread: None,
    })
}

/// Reads a body that need not be JSON, and peeks at it as far as it can be read.
pub(crate) async fn read_tolerant(
    headers: &HeaderMap,
    incoming: &mut Incoming,
    limit: u64,
) -> Result<Inbound, Refusal> {
    let body = collect(headers, incoming, limit, |_| {}).await?;
    let decoded = match Encoding::read(headers) {
        Ok(Encoding::Identity) | Err(_) => None,
        Ok(encoding) => encoding
            .decode(&body.contiguous(), limit)
            .ok()
            .map(Chunks::from),
    };
    let mut peeker = Peeker::new();
    for chunk in decoded.as_ref().unwrap_or(&body).slices() {
        peeker.push(chunk);
    }
    let (peek, unread) = match peeker.finish() {
        Ok(peek) => (peek, None),
        Err(error) => (Peek::default(), Some(error)),
    };
    Ok(Inbound {
        body,
        decoded,
        peek,
        unread,
    })
}

/// Reads a body that nobody looks into.
pub(crate) async fn read_opaque(
    headers: &HeaderMap,
    incoming: &mut Incoming,
    limit: u64,
) -> Result<Chunks, Refusal> {
    collect(headers, incoming, limit, |_| {}).await
}

async fn collect(
    headers: &HeaderMap,
    incoming: &mut Incoming,
    limit: u64,
    mut each: impl FnMut(&[u8]),
) -> Result<Chunks, Refusal> {
    let announced = headers
        .get(CONTENT_LENGTH)
        .and_then(|v| v.to_str().ok()?.parse::<u64>().ok());
    let mut chunks = Chunks::default();
    if announced.is_some_and(|length| length > limit) {
        return Err(too_large(limit));
    }
    loop {
        let frame = match tokio::time::timeout(PIECE_TIMEOUT, incoming.frame()).await {
            Ok(Some(Ok(frame))) => frame,
            Ok(None) => return Ok(chunks),
            Ok(Some(Err(error))) => {
                let message = "The request body broke off before its end.";
                return Err(Refusal::new(ErrorKind::InvalidRequest, message).because(error));
            }
            Err(_) => {
                let message = "The request body stopped arriving for 30 seconds.";
                return Err(Refusal::new(ErrorKind::InvalidRequest, message));
            }
        };
        let Ok(chunk) = frame.into_data() else {
            continue;
        };
        if chunks.len() + chunk.len() as u64 > limit {
            return Err(too_large(limit));
        }
        each(&chunk);
        chunks.push(chunk);
    }
}

fn too_large(limit: u64) -> Refusal {
    let message = format!("The request body is larger than the limit of {limit} bytes.");
    Refusal::new(ErrorKind::RequestTooLarge, message)
}

/// Whether a client sends its body only when it is asked to: one that is refused instead keeps it.
pub(super) fn waits_to_be_asked(headers: &HeaderMap) -> bool {
    headers
        .get(EXPECT)
        .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"))
}

/// Reads on for a while what nobody wants, and keeps nothing: a client that is still writing when the
/// connection closes would see a reset instead of the refusal.
pub(super) async fn drain(mut incoming: Incoming) {
    let reading = async {
        while let Ok(Some(Ok(_))) = tokio::time::timeout(PAUSE, incoming.frame()).await {}
    };
    let _ = tokio::time::timeout(UNWANTED, reading).await;
}

/// Whether what a body claims to be leaves no reading of it but as JSON: text can be JSON and a form at once.
pub(super) fn claims_json(headers: &HeaderMap) -> bool {
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let Some(value) = types.next() else {
        return true;
    };
    let name = value.to_str().unwrap_or("").split(';').next();
    let name = name.unwrap_or("").trim().to_ascii_lowercase();
    types.next().is_none() && (name == "application/json" || name.ends_with("+json"))
}

/// Whether a body is not compressed.
pub(super) fn is_identity(headers: &HeaderMap) -> bool {
    matches!(Encoding::read(headers), Ok(Encoding::Identity))
}

/// An upstream's body, decoded; it was asked not to compress it, and some do.
pub(super) fn decoded(headers: &HeaderMap, body: Vec<u8>, limit: u64) -> Result<Vec<u8>, Refusal> {
    let undone = match Encoding::read(headers) {
        Ok(Encoding::Identity) => return Ok(body),
        Ok(encoding) => encoding.decode(&body, limit),
        Err(refusal) => Err(refusal),
    };
    undone.map(Vec::from).map_err(|refusal| Refusal {
        kind: ErrorKind::UpstreamBroken,
        message: "The provider's answer is compressed in a way that cannot be read.".into(),
        ..refusal
    })
}

/// How a body is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Identity,
    Gzip,
    Zstd,
}

impl Encoding {
    fn read(headers: &HeaderMap) -> Result<Self, Refusal> {
        let Some(value) = headers.get(CONTENT_ENCODING) else {
            return Ok(Self::Identity);
        };
        match value
            .to_str()
            .unwrap_or("")
            .trim()
            .to_ascii_lowercase()
            .as_str()
        {
            "" | "identity" => Ok(Self::Identity),
            "gzip" | "x-gzip" => Ok(Self::Gzip),
            "zstd" => Ok(Self::Zstd),
            _ => Err(Refusal::new(
                ErrorKind::InvalidRequest,
                "content-encoding: gzip, zstd and identity are read here.",
            )),
        }
    }

    /// Decodes, but never to more than `limit` bytes.
    fn decode(self, body: &[u8], limit: u64) -> Result<Bytes, Refusal> {
        let mut out = Vec::new();
        let bound = limit.saturating_add(1);
        let read = match self {
            Self::Identity => return Ok(Bytes::copy_from_slice(body)),
            Self::Gzip => flate2::read::MultiGzDecoder::new(body)
                .take(bound)
                .read_to_end(&mut out),
            Self::Zstd => zstd::stream::read::Decoder::new(body)
                .and_then(|decoder| decoder.take(bound).read_to_end(&mut out)),
        };
        if let Err(error) = read {
            let message = "The request body does not decode as its content-encoding says.";
            return Err(Refusal::new(ErrorKind::InvalidRequest, message).because(error));
        }
        if out.len() as u64 > limit {
            return Err(too_large(limit));
        }
        Ok(out.into())
    }
}
