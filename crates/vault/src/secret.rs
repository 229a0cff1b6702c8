//! Text that must not be seen: API keys, tokens.

use aws_lc_rs::hmac;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::primitive::hmac_sha256;

/// The longest secret [`Secret::parse`] accepts, in bytes after trimming.
pub const MAX_SECRET_BYTES: usize = 4096;

/// A secret text, wiped when dropped. It cannot be printed, compared, cloned or serialized by
/// accident: each of those has a name that can be searched for.
#[expect(
    missing_debug_implementations,
    reason = "a secret must not be printable"
)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes over a text as it is. For what a person or a file supplied, use [`Secret::parse`].
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// A secret as a person pastes it: trimmed; not empty, no control characters (they would break
    /// out of a header), at most [`MAX_SECRET_BYTES`].
    pub fn parse(text: &str) -> Result<Self, SecretError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(SecretError::Empty);
        }
        if text.len() > MAX_SECRET_BYTES {
            return Err(SecretError::TooLong { bytes: text.len() });
        }
        if text.chars().any(char::is_control) {
            return Err(SecretError::ControlCharacter);
        }
        Ok(Self::new(text.to_owned()))
    }

    /// The text itself.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// A second copy, also wiped when dropped.
    #[must_use]
    pub fn duplicate(&self) -> Self {
        Self(self.0.clone())
    }

    /// Eight hex digits that tell two secrets apart without showing either. Only for secrets of
    /// high entropy: whoever sees it can test guesses.
    pub fn fingerprint(&self) -> String {
        let label = hmac::Key::new(hmac::HMAC_SHA256, b"tollhouse/fingerprint/v1");
        let [a, b, c, d, ..] = hmac_sha256(&label, self.0.as_bytes());
        format!("{:08x}", u32::from_be_bytes([a, b, c, d]))
    }

    /// Sixteen hex digits of the same kind that also tell apart in which form a secret was presented.
    pub fn fingerprint_as(&self, form: &str) -> String {
        let label = hmac::Key::new(hmac::HMAC_SHA256, b"tollhouse/fingerprint/v2");
        let text = Zeroizing::new([form, ":", &self.0].concat());
        let mut digits = [0; 8];
        digits.copy_from_slice(&hmac_sha256(&label, text.as_bytes())[..8]);
        format!("{:016x}", u64::from_be_bytes(digits))
    }
}

/// Why a text cannot be a secret. Never contains the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SecretError {
    /// Nothing but white space.
    #[error("the secret is empty")]
    Empty,
    /// Longer than any provider's key.
    #[error("the secret has {bytes} bytes; at most {MAX_SECRET_BYTES} are allowed")]
    TooLong {
        /// Length after trimming.
        bytes: usize,
    },
    /// A line break or another control character inside.
    #[error("the secret contains a line break or another control character")]
    ControlCharacter,
    /// Not 32 bytes in URL-safe base64, where the server secret is expected.
    #[error("the server secret is not 32 bytes in URL-safe base64")]
    NotServerSecret,
}
