//! What an ID token says, and whether it says it to us, now, about this attempt.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::time::Timestamp;

/// How far the provider's clock may be from ours, and those of our replicas from each other.
pub const SKEW: Duration = Duration::from_mins(1);
/// The longest subject that `OpenID` Connect knows, in bytes.
const LONGEST_SUBJECT: usize = 255;
/// Seconds beyond which a time is nonsense (the year 9999).
const LAST_SECOND: f64 = 253_402_300_799.0;

/// An ID token's claims, as far as they matter here.
#[derive(Clone, PartialEq, Eq)]
#[expect(
    missing_debug_implementations,
    reason = "holds the nonce and people's addresses"
)]
pub struct Claims {
    /// Who says it.
    pub issuer: String,
    /// About whom: never reused and never changed there.
    pub subject: String,
    /// To whom.
    pub audience: Vec<String>,
    /// Who asked for it, where that is said.
    pub party: Option<String>,
    /// Until when it holds.
    pub expires: Timestamp,
    /// From when on it holds, where that is said.
    pub not_before: Option<Timestamp>,
    /// When it was said.
    pub issued: Timestamp,
    /// What the request had for a nonce.
    pub nonce: Option<String>,
    /// Their address.
    pub email: Option<String>,
    /// Whether the provider knows the address to be theirs. Only a plain `true` is taken for that.
    pub email_verified: bool,
    /// The organization whose account it is, where the provider says so (Google's `hd`).
    pub hosted: Option<String>,
    /// What people call them.
    pub name: Option<String>,
    /// The groups they are in; absent where the provider does not say.
    pub groups: Option<Vec<String>>,
}

/// A claim that is missing or is something else than it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the claim `{0}` is missing or malformed")]
pub struct UnreadableClaims(String);

/// What a token must say to be taken.
#[derive(Clone, Copy)]
#[expect(missing_debug_implementations, reason = "holds the nonce")]
pub struct Expected<'a> {
    /// The provider that was asked.
    pub issuer: &'a str,
    /// What we are called there.
    pub client_id: &'a str,
    /// The attempt's nonce.
    pub nonce: &'a str,
    /// The time.
    pub now: Timestamp,
}

/// Why a token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// Somebody else says it.
    #[error("it is from another issuer")]
    Issuer,
    /// It is not meant for us.
    #[error("it is meant for another client")]
    Audience,
    /// Another client asked for it, or it is for several and does not say who asked.
    #[error("another client asked for it")]
    Party,
    /// It does not hold any more.
    #[error("it has expired")]
    Expired,
    /// It does not hold yet.
    #[error("it does not hold yet")]
    Early,
    /// It comes from the future.
    #[error("it is issued later than now")]
    Issued,
    /// It belongs to another attempt.
    #[error("it belongs to another attempt to sign in")]
    Nonce,
    /// It says about nobody.
    #[error("it has no usable subject")]
    Subject,
}

/// One of something, or several.
#[derive(Deserialize)]
#[serde(untagged)]
enum Several {
    One(String),
    Many(Vec<String>),
}

impl Several {
    fn list(self) -> Vec<String> {
        match self {
            Self::One(one) => vec![one],
            Self::Many(many) => many,
        }
    }
}

/// The claims by name, each read when its type is known: what the groups are called is configuration.
struct Fields(BTreeMap<String, Box<RawValue>>);

impl Fields {
    fn optional<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, UnreadableClaims> {
        let Some(value) = self.0.get(name) else {
            return Ok(None);
        };
        serde_json::from_str(value.get()).map_err(|_| UnreadableClaims(name.to_owned()))
    }

    fn needed<T: DeserializeOwned>(&self, name: &str) -> Result<T, UnreadableClaims> {
        self.optional(name)?
            .ok_or_else(|| UnreadableClaims(name.to_owned()))
    }

    /// A `NumericDate`: seconds, possibly with a fraction, which is cut off.
    fn time(&self, name: &str) -> Result<Option<Timestamp>, UnreadableClaims> {
        let Some(seconds) = self.optional::<f64>(name)? else {
            return Ok(None);
        };
        if !(0.0..=LAST_SECOND).contains(&seconds) {
            return Err(UnreadableClaims(name.to_owned()));
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "within the years of four digits"
        )]
        let seconds = seconds as i64;
        Ok(Some(Timestamp::from_secs(seconds)))
    }

    fn moment(&self, name: &str) -> Result<Timestamp, UnreadableClaims> {
        self.time(name)?
            .ok_or_else(|| UnreadableClaims(name.to_owned()))
    }
}

impl Claims {
    /// Reads a token's payload, whose signature has been checked. `groups` is the name of the claim that
    /// has the groups.
    pub fn read(payload: &[u8], groups: &str) -> Result<Self, UnreadableClaims> {
        let fields =
            serde_json::from_slice(payload).map_err(|_| UnreadableClaims("*".to_owned()))?;
        let fields = Fields(fields);
        let in_groups: Option<Several> = fields.optional(groups)?;
        // Entra ID points elsewhere when there are too many of them for a token.
        let elsewhere: Option<BTreeMap<String, Box<RawValue>>> = fields.optional("_claim_names")?;
        let elsewhere = elsewhere.is_some_and(|names| names.contains_key(groups));
        Ok(Self {
            issuer: fields.needed("iss")?,
            subject: fields.needed("sub")?,
            audience: fields.needed::<Several>("aud")?.list(),
            party: fields.optional("azp")?,
            expires: fields.moment("exp")?,
            not_before: fields.time("nbf")?,
            issued: fields.moment("iat")?,
            nonce: fields.optional("nonce")?,
            email: fields.optional("email")?,
            // Some providers say "true"; a stranger's word about an address needs more care than that.
            email_verified: fields.optional("email_verified").ok().flatten() == Some(true),
            hosted: fields.optional("hd").ok().flatten(),
            name: fields.optional("name")?,
            groups: in_groups.map(Several::list).filter(|_| !elsewhere),
        })
    }

    /// Whether the token is what was asked for (`OpenID` Connect Core 3.1.3.7).
    pub fn check(&self, expected: &Expected<'_>) -> Result<(), Mismatch> {
        let us = expected.client_id;
        let several = self.audience.len() > 1;
        let now = expected.now;
        let asked = match &self.party {
            Some(party) => party == us,
            None => !several,
        };
        let nonce = self.nonce.as_deref() == Some(expected.nonce) && !expected.nonce.is_empty();
        let subject = (1..=LONGEST_SUBJECT).contains(&self.subject.len())
            && !self.subject.chars().any(char::is_control);
        let checks = [
            (self.issuer == expected.issuer, Mismatch::Issuer),
            (self.audience.iter().any(|to| to == us), Mismatch::Audience),
            (asked, Mismatch::Party),
            (now < self.expires.plus(SKEW), Mismatch::Expired),
            (
                self.not_before.is_none_or(|from| from <= now.plus(SKEW)),
                Mismatch::Early,
            ),
            (self.issued <= now.plus(SKEW), Mismatch::Issued),
            (nonce, Mismatch::Nonce),
            (subject, Mismatch::Subject),
        ];
        let wrong = checks.into_iter().find(|(holds, _)| !holds);
        wrong.map_or(Ok(()), |(_, mismatch)| Err(mismatch))
    }
}

#[cfg(test)]
mod tests;
