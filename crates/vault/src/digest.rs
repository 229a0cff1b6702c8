//! Virtual keys and the digests they are stored as.
//!
//! A virtual key has 256 random bits, so a fast keyed digest is enough to store and to look it up
//! by: there is nothing to guess, and the digest is worthless without the server secret.

use std::fmt::{self, Write as _};

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use crate::primitive::{KEY_BYTES, KeyBytes, constant_time_eq, derive, hmac_sha256, random_key};
use crate::{Secret, SecretError};

/// Characters of a virtual key that may be shown.
const VISIBLE: usize = 9;
/// Below this length the visible part would give away too much.
const VISIBLE_FROM: usize = 32;

/// A new virtual key: `th-` and 43 URL-safe characters of 256 random bits.
pub fn new_virtual_key() -> Secret {
    random_text("th-")
}

/// A new token for the local administrator: 43 URL-safe characters of 256 random bits.
pub fn admin_token() -> Secret {
    random_text("")
}

/// A new personal token of the control plane: `tht_` and 43 URL-safe characters of 256 random bits.
pub fn new_api_token() -> Secret {
    random_text("tht_")
}

/// A new secret that a bridge and a gateway share: `thb_` and 43 URL-safe characters of 256 random bits.
pub fn new_bridge_secret() -> Secret {
    random_text("thb_")
}

/// A number that nobody has seen before: 43 URL-safe characters of 256 random bits.
pub fn new_nonce() -> String {
    URL_SAFE_NO_PAD.encode(random_key().as_slice())
}

/// Shows that whoever makes it knows `secret`, without showing that: the HMAC-SHA-256 of `text` under it, in
/// hex digits.
pub fn proof(secret: &Secret, text: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose().as_bytes());
    let mut digits = String::with_capacity(2 * KEY_BYTES);
    for byte in hmac_sha256(&key, text.as_bytes()) {
        // Writing to a text cannot fail.
        let _ = write!(digits, "{byte:02x}");
    }
    digits
}

/// Whether a text is the [`proof`] of it, in a time that tells nothing.
pub fn is_proof(secret: &Secret, text: &str, given: &[u8]) -> bool {
    constant_time_eq(proof(secret, text).as_bytes(), given)
}

/// A new code for a device that asks to be let in: `thd_` and 43 URL-safe characters of 256 random bits.
pub fn new_device_code() -> Secret {
    random_text("thd_")
}

/// The part of a virtual key that may be shown to recognize it by: its first nine characters,
/// `th-` and six more. Empty for a text shorter than 32 characters.
pub fn prefix(key: &Secret) -> String {
    let key = key.expose();
    if key.chars().count() < VISIBLE_FROM {
        return String::new();
    }
    key.chars().take(VISIBLE).collect()
}

fn random_text(prefix: &str) -> Secret {
    // Longer than needed, for the text must not move while it grows.
    let mut text = String::with_capacity(2 * KEY_BYTES);
    text.push_str(prefix);
    URL_SAFE_NO_PAD.encode_string(random_key().as_slice(), &mut text);
    Secret::new(text)
}

/// 256 bits that belong to one installation for good, stored sealed like any other secret. Keys
/// for digests come from it, so that rotating the master key leaves stored digests valid.
#[expect(
    missing_debug_implementations,
    reason = "a secret must not be printable"
)]
pub struct ServerSecret(KeyBytes);

impl ServerSecret {
    /// A fresh one, for a new installation.
    pub fn generate() -> Self {
        Self(random_key())
    }

    /// The one in storage, opened.
    pub fn from_secret(secret: &Secret) -> Result<Self, SecretError> {
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        match URL_SAFE_NO_PAD.decode_slice(secret.expose(), key.as_mut()) {
            Ok(KEY_BYTES) => Ok(Self(key)),
            Ok(_) | Err(_) => Err(SecretError::NotServerSecret),
        }
    }

    /// The text to seal and store.
    pub fn to_secret(&self) -> Secret {
        let mut text = String::with_capacity(2 * KEY_BYTES);
        URL_SAFE_NO_PAD.encode_string(self.0.as_slice(), &mut text);
        Secret::new(text)
    }

    /// A key for one purpose, by HKDF-SHA-256; different labels give independent keys.
    pub fn derive(&self, label: &str) -> Zeroizing<[u8; 32]> {
        derive(&self.0, format!("tollhouse/server/{label}").as_bytes())
    }

    /// Digests virtual keys.
    pub fn key_digester(&self) -> KeyDigester {
        let key = self.derive("virtual-key-digest/v1");
        KeyDigester(hmac::Key::new(hmac::HMAC_SHA256, key.as_slice()))
    }
}

/// HMAC-SHA-256 of virtual keys, with the key schedule prepared once.
#[derive(Clone)]
pub struct KeyDigester(hmac::Key);

impl KeyDigester {
    /// What a key is stored and looked up by. Any text is fine: a wrong one matches no row.
    pub fn digest(&self, presented: &str) -> [u8; 32] {
        hmac_sha256(&self.0, presented.as_bytes())
    }
}

impl fmt::Debug for KeyDigester {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyDigester").finish_non_exhaustive()
    }
}
