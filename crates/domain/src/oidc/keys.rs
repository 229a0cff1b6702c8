//! Whether an ID token is the provider's: its signature, by the keys the provider publishes.

use jsonwebtoken::jwk::{
    AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse,
};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Claims, UnreadableClaims};

/// What may sign. Not `none`, and nothing with a shared secret: whoever knows the public keys could
/// make such a signature.
const ALGORITHMS: [Algorithm; 4] = [
    Algorithm::RS256,
    Algorithm::PS256,
    Algorithm::ES256,
    Algorithm::EdDSA,
];

/// The keys a provider signs with, as it published them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keys(Vec<Jwk>);

/// Why a token is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It is no token.
    #[error("the ID token is malformed")]
    Malformed,
    /// It is signed in a way that is not taken from anybody.
    #[error("the ID token is signed in a way that is not accepted")]
    Algorithm,
    /// Signed with a key that is not among these. The provider may have new ones.
    #[error("the ID token is signed with an unknown key")]
    UnknownKey,
    /// The signature is not the key's.
    #[error("the ID token's signature is wrong")]
    Signature,
    /// Signed, and still not what it should be.
    #[error("the ID token: {0}")]
    Claims(#[from] UnreadableClaims),
}

/// A key set as it is published; keys that nobody here understands take no others with them.
#[derive(Deserialize)]
struct Published<'a> {
    #[serde(borrow)]
    keys: Vec<&'a RawValue>,
}

impl Keys {
    /// Reads a published key set; `None` when it is none.
    pub fn read(document: &[u8]) -> Option<Self> {
        let published: Published<'_> = serde_json::from_slice(document).ok()?;
        let known = |key: &RawValue| serde_json::from_str::<Jwk>(key.get()).ok();
        Some(Self(published.keys.into_iter().filter_map(known).collect()))
    }

    /// What a token says, if one of these keys signed it. `groups` is the name of the claim that has
    /// the groups. Whether it says it to us is for [`Claims::check`].
    pub fn open(&self, token: &str, groups: &str) -> Result<Claims, TokenError> {
        use jsonwebtoken::errors::ErrorKind;

        let header = decode_header(token).map_err(|error| match error.kind() {
            // `none` and whatever else has no name there.
            ErrorKind::Json(_) => TokenError::Algorithm,
            _ => TokenError::Malformed,
        })?;
        if !ALGORITHMS.contains(&header.alg) {
            return Err(TokenError::Algorithm);
        }
        let key = self.find(header.kid.as_deref(), header.alg);
        let key = DecodingKey::from_jwk(key.ok_or(TokenError::UnknownKey)?);
        let key = key.map_err(|_| TokenError::UnknownKey)?;
        let mut only_signed = Validation::new(header.alg);
        // Claims are judged by `Claims::check`, which is told the time.
        only_signed.validate_exp = false;
        only_signed.validate_aud = false;
        only_signed.required_spec_claims.clear();
        let opened = decode::<Box<RawValue>>(token, &key, &only_signed);
        let opened = opened.map_err(|error| match error.kind() {
            ErrorKind::InvalidSignature => TokenError::Signature,
            _ => TokenError::Malformed,
        })?;
        Ok(Claims::read(opened.claims.get().as_bytes(), groups)?)
    }

    /// The key that is named, or the only one there can be: without a name, several that fit are none.
    fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Option<&Jwk> {
        let named = |key: &&Jwk| id.is_none() || key.common.key_id.as_deref() == id;
        let mut found = self
            .0
            .iter()
            .filter(|key| fits(key, algorithm))
            .filter(named);
        let first = found.next()?;
        found.next().is_none().then_some(first)
    }
}

/// Whether a key is for this algorithm, and for signatures.
fn fits(key: &Jwk, algorithm: Algorithm) -> bool {
    let shape = match (&key.algorithm, algorithm) {
        (AlgorithmParameters::RSA(_), Algorithm::RS256 | Algorithm::PS256) => true,
        (AlgorithmParameters::EllipticCurve(key), Algorithm::ES256) => {
            key.curve == EllipticCurve::P256
        }
        (AlgorithmParameters::OctetKeyPair(key), Algorithm::EdDSA) => {
            key.curve == EllipticCurve::Ed25519
        }
        _ => false,
    };
    let common = &key.common;
    let named = |of: KeyAlgorithm| of.to_string().parse() == Ok(algorithm);
    let signs = |used: &PublicKeyUse| *used == PublicKeyUse::Signature;
    let verifies = |may: &Vec<KeyOperations>| may.contains(&KeyOperations::Verify);
    shape
        && common.key_algorithm.is_none_or(named)
        && common.public_key_use.as_ref().is_none_or(signs)
        && common.key_operations.as_ref().is_none_or(verifies)
}

#[cfg(test)]
mod tests;
