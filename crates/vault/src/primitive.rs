//! The only calls into the cryptographic library: random bytes, AES-256-GCM, HKDF and HMAC.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::{constant_time, hkdf, hmac, rand};
use zeroize::Zeroizing;

/// Bytes of every key in this crate.
pub(crate) const KEY_BYTES: usize = 32;
const TAG_BYTES: usize = 16;
/// What sealing adds to a plaintext.
pub(crate) const OVERHEAD: usize = NONCE_LEN + TAG_BYTES;

/// A 256-bit key that is wiped when dropped.
pub(crate) type KeyBytes = Zeroizing<[u8; KEY_BYTES]>;

/// Whether two byte strings are equal, in a time that depends on their lengths alone.
pub fn constant_time_eq(a: &[u8], b: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(a, b).is_ok()
}

/// 256 fresh random bits.
pub(crate) fn random_key() -> KeyBytes {
    let mut bytes = Zeroizing::new([0; KEY_BYTES]);
    // There is nothing sensible to do without randomness, and every weaker answer is a trap.
    rand::fill(bytes.as_mut()).expect("the system's random generator works");
    bytes
}

/// HKDF-SHA-256 without salt: `secret` is already uniformly random.
pub(crate) fn derive(secret: &[u8; KEY_BYTES], label: &[u8]) -> KeyBytes {
    let mut out = Zeroizing::new([0; KEY_BYTES]);
    hkdf::Salt::new(hkdf::HKDF_SHA256, &[])
        .extract(secret)
        .expand(&[label], hkdf::HKDF_SHA256)
        .and_then(|okm| okm.fill(out.as_mut()))
        .expect("HKDF-SHA-256 gives 32 bytes");
    out
}

/// HMAC-SHA-256.
pub(crate) fn hmac_sha256(key: &hmac::Key, data: &[u8]) -> [u8; KEY_BYTES] {
    let mut out = [0; KEY_BYTES];
    out.copy_from_slice(hmac::sign(key, data).as_ref());
    out
}

/// One AES-256-GCM key. The library draws the nonces, so they cannot be chosen wrongly here.
pub(crate) struct Cipher(RandomizedNonceKey);

impl Cipher {
    pub(crate) fn new(key: &[u8; KEY_BYTES]) -> Self {
        Self(RandomizedNonceKey::new(&AES_256_GCM, key).expect("AES-256 takes 32 bytes"))
    }

    /// `header`, then nonce, ciphertext and tag. `header` and `context` are both authenticated.
    pub(crate) fn seal(&self, header: &[u8], context: &[u8], plaintext: &[u8]) -> Vec<u8> {
        let aad = associated_data(header, context);
        // Room for the tag at once: growing would leave a copy of the plaintext behind.
        let mut text = Vec::with_capacity(plaintext.len() + TAG_BYTES);
        text.extend_from_slice(plaintext);
        let nonce = self
            .0
            .seal_in_place_append_tag(Aad::from(aad), &mut text)
            .expect("AES-256-GCM seals anything below 64 GiB");
        let mut out = Vec::with_capacity(header.len() + NONCE_LEN + text.len());
        out.extend_from_slice(header);
        out.extend_from_slice(nonce.as_ref());
        out.extend_from_slice(&text);
        out
    }

    /// Undoes [`Cipher::seal`], given what follows the header. `None` when anything differs.
    pub(crate) fn open(
        &self,
        header: &[u8],
        context: &[u8],
        body: &[u8],
    ) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, text) = body.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut text = Zeroizing::new(text.to_vec());
        let aad = Aad::from(associated_data(header, context));
        let length = self.0.open_in_place(nonce, aad, &mut text).ok()?.len();
        text.truncate(length);
        Some(text)
    }
}

/// Header and context, unambiguous because the header's length comes first.
fn associated_data(header: &[u8], context: &[u8]) -> Vec<u8> {
    let mut aad = Vec::with_capacity(8 + header.len() + context.len());
    aad.extend_from_slice(&(header.len() as u64).to_le_bytes());
    aad.extend_from_slice(header);
    aad.extend_from_slice(context);
    aad
}
