//! Passwords, as argon2id hashes in the usual text form.
//!
//! Unlike keys and tokens, passwords can be guessed; what makes that slow is memory. Both functions
//! take some tens of milliseconds and 19 MiB, so callers bound how many run at once.

use std::sync::LazyLock;

use argon2::password_hash::phc::PasswordHash as Phc;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use thiserror::Error;

use crate::Secret;
use crate::primitive::random_key;

/// What OWASP recommends where 19 MiB a guess can be afforded.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const SALT_BYTES: usize = 16;

/// The fewest characters of a password.
pub const MIN_PASSWORD_CHARS: usize = 12;
/// The most bytes of a password.
pub const MAX_PASSWORD_BYTES: usize = 1024;

/// A password as somebody typed it; wiped when dropped.
#[expect(
    missing_debug_implementations,
    reason = "a secret must not be printable"
)]
pub struct Password(Secret);

impl Password {
    /// One that may be set: long enough, and not absurdly long.
    pub fn choose(text: Secret) -> Result<Self, PasswordError> {
        if text.expose().chars().count() < MIN_PASSWORD_CHARS {
            return Err(PasswordError::TooShort);
        }
        Self::try_out(text)
    }

    /// One that is only compared: whatever was typed, unless it is too long to be anybody's.
    pub fn try_out(text: Secret) -> Result<Self, PasswordError> {
        if text.expose().len() > MAX_PASSWORD_BYTES {
            return Err(PasswordError::TooLong);
        }
        Ok(Self(text))
    }

    /// What is stored of it. Different each time, for the salt is random.
    pub fn hash(&self) -> PasswordHash {
        PasswordHash(salted(self.bytes()))
    }

    /// Whether this is the password that `hash` was made of. Without a hash it is not, after the
    /// same work: how long the answer takes must not say whether there is one.
    pub fn is(&self, hash: Option<&PasswordHash>) -> bool {
        static NOBODY: LazyLock<PasswordHash> = LazyLock::new(|| {
            let text = crate::admin_token();
            Password(text).hash()
        });
        let stored = hash.and_then(|hash| Phc::new(&hash.0).ok());
        let real = stored.is_some();
        let stored = stored.or_else(|| Phc::new(&NOBODY.0).ok());
        let same = stored.is_some_and(|stored| {
            let verified = hasher().verify_password(self.bytes(), &stored);
            verified.is_ok()
        });
        real && same
    }

    fn bytes(&self) -> &[u8] {
        self.0.expose().as_bytes()
    }
}

/// What is stored of a password. Whoever has it can test guesses, so it is not printable either.
#[expect(
    missing_debug_implementations,
    reason = "whoever sees it can test guesses"
)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// The one in storage.
    pub const fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The text to store.
    pub fn stored(&self) -> &str {
        &self.0
    }
}

/// Why a text cannot be a password. Never contains the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PasswordError {
    /// Too easily guessed.
    #[error("a password has at least {MIN_PASSWORD_CHARS} characters")]
    TooShort,
    /// Longer than anybody types.
    #[error("a password has at most {MAX_PASSWORD_BYTES} bytes")]
    TooLong,
}

fn salted(password: &[u8]) -> String {
    let random = random_key();
    let hash = hasher().hash_password_with_salt(password, &random[..SALT_BYTES]);
    hash.expect("a salt of 16 bytes is long enough").to_string()
}

fn hasher() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None);
    let params = params.expect("the parameters are within argon2's bounds");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret {
        Secret::new(text.to_owned())
    }

    fn tried(text: &str) -> Password {
        Password::try_out(secret(text)).ok().unwrap()
    }

    #[test]
    fn knows_its_own_password_and_no_other() {
        let hash = tried("correct horse battery").hash();
        assert!(hash.stored().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        let broken = PasswordHash::from_stored("$argon2id$nonsense".to_owned());
        let cases = [
            ("correct horse battery", Some(&hash), true),
            ("correct horse batterz", Some(&hash), false),
            ("", Some(&hash), false),
            ("correct horse battery", None, false),
            ("correct horse battery", Some(&broken), false),
        ];
        for (text, hash, expected) in cases {
            let same = tried(text).is(hash);
            assert_eq!(same, expected, "{text:?}, {}", hash.is_some());
        }
    }

    #[test]
    fn equal_passwords_have_different_hashes() {
        let (one, other) = (
            tried("twelve or more").hash(),
            tried("twelve or more").hash(),
        );
        assert_ne!(one.stored(), other.stored());
    }

    #[test]
    fn bounds_what_may_be_chosen() {
        let cases = [
            ("eleven char".to_owned(), Some(PasswordError::TooShort)),
            ("twelve chars".to_owned(), None),
            ("äöüäöüäöüäöü".to_owned(), None),
            ("x".repeat(MAX_PASSWORD_BYTES), None),
            (
                "x".repeat(MAX_PASSWORD_BYTES + 1),
                Some(PasswordError::TooLong),
            ),
        ];
        for (text, expected) in cases {
            let outcome = Password::choose(secret(&text)).err();
            assert_eq!(outcome, expected, "{} bytes", text.len());
        }
    }
}
