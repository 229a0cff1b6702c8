//! Credentials that clients bring themselves: of what kind one is, whose it plainly is, and how it
//! stands with a provider.
//!
//! A client's own credential is never kept, so nothing here holds one. What is remembered of a refused
//! one is the pair of conversation and provider; a conversation's id depends on the credential's
//! fingerprint, so another credential is another pair and starts afresh.

mod standing;
mod vendors;

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use aws_lc_rs::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

pub use self::standing::{AGAIN, Refusal, Said, Stale, Standing, next};
pub use self::vendors::Vendors;
use crate::id::SessionId;

/// What a client's own credential is, which follows from the header it came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A key, in a header of its own.
    ApiKey,
    /// A token, such as a sign-in gives, as `Authorization: Bearer`.
    Bearer,
}

impl Kind {
    /// As it goes into fingerprints and is printed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ApiKey => "api_key",
            Self::Bearer => "bearer",
        }
    }
}

/// What a client brings, as far as it shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A key, which is billed by the call.
    ApiKey,
    /// What somebody got by signing in, such as with a subscription.
    SignIn,
}

/// What clients may bring of their own, whatever their keys allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Brought {
    /// Keys and sign-ins.
    #[default]
    Any,
    /// Keys alone.
    ApiKeys,
    /// Nothing.
    None,
}

impl Brought {
    /// As printed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::ApiKeys => "api_keys",
            Self::None => "none",
        }
    }

    /// Whether something of this form is taken.
    pub const fn takes(self, form: Form) -> bool {
        match (self, form) {
            (Self::Any, Form::ApiKey | Form::SignIn) | (Self::ApiKeys, Form::ApiKey) => true,
            (Self::ApiKeys, Form::SignIn) | (Self::None, Form::ApiKey | Form::SignIn) => false,
        }
    }

    /// The same where accounts are switched off: subscriptions are then, whoever holds them.
    #[must_use]
    pub const fn without_accounts(self) -> Self {
        match self {
            Self::Any | Self::ApiKeys => Self::ApiKeys,
            Self::None => Self::None,
        }
    }
}

/// A conversation and a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pair([u8; 16]);

impl Pair {
    /// The pair of these two.
    pub fn of(session: SessionId, provider: &str) -> Self {
        let text = [session.0.as_bytes(), provider.as_bytes()].concat();
        let mut short = [0; 16];
        short.copy_from_slice(&digest(&SHA256, &text).as_ref()[..16]);
        Self(short)
    }
}

/// What a call asks for, as far as a provider may allow one such thing to a credential and refuse it
/// another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked(u64);

impl Asked {
    /// A model at an endpoint. Two that look alike by chance only share what is remembered of them.
    pub fn of(endpoint: &str, model: Option<&str>) -> Self {
        let mut hasher = DefaultHasher::new();
        (endpoint, model).hash(&mut hasher);
        Self(hasher.finish())
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn what_may_be_brought_is_never_more_without_accounts() {
        for (brought, key, sign_in) in [
            (Brought::Any, true, true),
            (Brought::ApiKeys, true, false),
            (Brought::None, false, false),
            (Brought::Any.without_accounts(), true, false),
            (Brought::ApiKeys.without_accounts(), true, false),
            (Brought::None.without_accounts(), false, false),
        ] {
            assert_eq!(brought.takes(Form::ApiKey), key, "{brought:?}");
            assert_eq!(brought.takes(Form::SignIn), sign_in, "{brought:?}");
        }
    }

    #[test]
    fn pairs_differ_in_either_half() {
        let (a, b) = (SessionId(Uuid::from_u128(1)), SessionId(Uuid::from_u128(2)));
        assert_eq!(Pair::of(a, "p"), Pair::of(a, "p"));
        assert_ne!(Pair::of(a, "p"), Pair::of(b, "p"));
        assert_ne!(Pair::of(a, "p"), Pair::of(a, "q"));
    }

    #[test]
    fn what_is_asked_is_an_endpoint_and_a_model() {
        let all = [
            Asked::of("messages", Some("m")),
            Asked::of("messages", Some("n")),
            Asked::of("messages", None),
            Asked::of("messages.count_tokens", Some("m")),
        ];
        for (n, asked) in all.iter().enumerate() {
            assert!(!all[..n].contains(asked), "{n}");
        }
    }
}
