//! The master key: wraps data keys and does nothing else.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::key_file::{self, KeyFileError};
use crate::primitive::{Cipher, KEY_BYTES, KeyBytes, derive, random_key};

/// Standard base64, written with padding and read with or without.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// 256 bits that unlock everything, wiped when dropped.
///
/// The bytes are never used directly: the wrapping key and the id are derived from them under
/// different labels, so the stored id says nothing about the key.
#[expect(missing_debug_implementations, reason = "a key must not be printable")]
pub struct MasterKey(KeyBytes);

impl MasterKey {
    /// A fresh random key.
    pub fn generate() -> Self {
        Self(random_key())
    }

    /// Reads 32 bytes of standard base64, padded or not, white space around it ignored.
    pub fn from_base64(text: &str) -> Result<Self, MasterKeyError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(MasterKeyError::Empty);
        }
        // Room for every byte at once: growing would leave a copy behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
        BASE64
            .decode_vec(text, &mut bytes)
            .map_err(|_| MasterKeyError::NotBase64)?;
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        if bytes.len() != KEY_BYTES {
            return Err(MasterKeyError::WrongLength { bytes: bytes.len() });
        }
        key.copy_from_slice(&bytes);
        Ok(Self(key))
    }

    /// The key as [`MasterKey::from_base64`] reads it.
    pub fn to_base64(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(2 * KEY_BYTES));
        BASE64.encode_string(self.0.as_slice(), &mut text);
        text
    }

    /// Recognizes this key without revealing it.
    pub fn id(&self) -> MasterKeyId {
        let mut id = [0; 8];
        id.copy_from_slice(&derive(&self.0, b"tollhouse/master-key-id/v1")[..8]);
        MasterKeyId(id)
    }

    /// The key in the file at `path`; when there is none, a new one is written there.
    /// See [`key_file`].
    pub fn load_or_create(path: &Path) -> Result<Self, KeyFileError> {
        key_file::load_or_create(path)
    }

    pub(crate) fn cipher(&self) -> Cipher {
        Cipher::new(&derive(&self.0, b"tollhouse/wrap/v1"))
    }
}

/// Why a text is not a master key. Never contains the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum MasterKeyError {
    /// Nothing but white space.
    #[error("the master key is empty; expected 32 bytes in base64")]
    Empty,
    /// Not base64.
    #[error("the master key is not valid base64; expected 32 bytes in base64")]
    NotBase64,
    /// Base64 of something else.
    #[error("the master key has {bytes} bytes; expected 32 bytes in base64")]
    WrongLength {
        /// Length after decoding.
        bytes: usize,
    },
}

/// Names a master key: 8 derived bytes, printed as 16 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MasterKeyId([u8; 8]);

impl MasterKeyId {
    /// The bytes, as they are authenticated with each wrapped data key.
    pub fn as_bytes(&self) -> &[u8; 8] {
        &self.0
    }
}

impl fmt::Display for MasterKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", u64::from_be_bytes(self.0))
    }
}

impl fmt::Debug for MasterKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterKeyId({self})")
    }
}

impl FromStr for MasterKeyId {
    type Err = crate::VaultError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let hex = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        u64::from_str_radix(text, 16)
            .ok()
            .filter(|_| hex)
            .map(|id| Self(id.to_be_bytes()))
            .ok_or(crate::VaultError::MalformedMasterKeyId)
    }
}
