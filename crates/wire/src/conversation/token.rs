//! Reasoning tokens: a vendor's proof or cipher of a thought, and how it crosses a foreign protocol.
//!
//! A token means something to the vendor that issued it and to nobody else. When an answer is translated
//! the token travels in the caller's own field for such things, sealed: a prefix that we recognize, the
//! origin, and the token as it came. When it comes back it is opened again, and whoever encodes the
//! request hands it out only to the vendor and protocol it came from.

use std::borrow::Cow;

use super::Text;
use crate::Protocol;

/// What every sealed token begins with.
const PREFIX: &str = "th1.";

/// Where a token comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The signature of a Messages `thinking` block.
    Signature,
    /// The data of a Messages `redacted_thinking` block.
    Redacted,
    /// The cipher of a Responses `reasoning` item.
    Cipher,
    /// Nothing was issued: a Chat thought whose text is all there is.
    Unsigned,
}

impl Origin {
    /// Every origin.
    pub const ALL: [Self; 4] = [
        Self::Signature,
        Self::Redacted,
        Self::Cipher,
        Self::Unsigned,
    ];

    const fn letter(self) -> char {
        match self {
            Self::Signature => 's',
            Self::Redacted => 'x',
            Self::Cipher => 'c',
            Self::Unsigned => 'u',
        }
    }

    /// The protocol whose upstreams issue it.
    pub const fn protocol(self) -> Protocol {
        match self {
            Self::Signature | Self::Redacted => Protocol::Messages,
            Self::Cipher => Protocol::Responses,
            Self::Unsigned => Protocol::Chat,
        }
    }
}

/// A vendor's proof or cipher of a thought.
#[derive(Clone, PartialEq, Eq)]
pub struct Token<'a> {
    /// What it is.
    pub origin: Origin,
    /// The provider that issued it; absent when it came unsealed, from a vendor we do not know.
    pub vendor: Option<Text<'a>>,
    /// The id of the Responses item it belongs to; empty for the others.
    pub item: Text<'a>,
    /// The token as its vendor wrote it.
    pub value: Text<'a>,
}

impl<'a> Token<'a> {
    /// A token as its vendor just wrote it.
    pub fn fresh(origin: Origin, item: impl Into<Text<'a>>, value: impl Into<Text<'a>>) -> Self {
        Self {
            origin,
            vendor: None,
            item: item.into(),
            value: value.into(),
        }
    }

    /// Whether it only says that nothing was issued.
    pub(crate) fn is_blank(&self) -> bool {
        self.origin == Origin::Unsigned && self.value.is_empty()
    }

    /// The sealed form, for a field of a foreign protocol. `vendor` is the provider that issued it.
    pub fn seal(&self, vendor: &str) -> String {
        let letter = self.origin.letter();
        format!("{PREFIX}{letter}.{vendor}.{}.{}", self.item, self.value)
    }

    /// Opens what [`Token::seal`] wrote; `None` for anything else.
    pub fn open(sealed: &'a str) -> Option<Self> {
        let mut fields = sealed.strip_prefix(PREFIX)?.splitn(4, '.');
        let letter = fields.next()?;
        let origin = Origin::ALL
            .into_iter()
            .find(|origin| letter.len() == 1 && letter.starts_with(origin.letter()))?;
        let vendor = fields.next().map(Cow::Borrowed);
        let item = Cow::Borrowed(fields.next()?);
        let value = Cow::Borrowed(fields.next()?);
        Some(Self {
            origin,
            vendor,
            item,
            value,
        })
    }

    /// The same for a text that may have to be owned.
    pub fn open_text(sealed: Text<'a>) -> Result<Self, Text<'a>> {
        match sealed {
            Cow::Borrowed(text) => Self::open(text).ok_or(Cow::Borrowed(text)),
            Cow::Owned(text) => match Token::open(&text).map(Token::into_owned) {
                Some(token) => Ok(token),
                None => Err(Cow::Owned(text)),
            },
        }
    }

    /// The same token, borrowing nothing.
    pub fn into_owned<'b>(self) -> Token<'b> {
        Token {
            origin: self.origin,
            vendor: self.vendor.map(|vendor| Cow::Owned(vendor.into_owned())),
            item: Cow::Owned(self.item.into_owned()),
            value: Cow::Owned(self.value.into_owned()),
        }
    }

    /// Whether `vendor` issued it on its endpoint of `protocol`. One that came unsealed was issued by
    /// some upstream of the caller's own protocol, which is never the one a translation goes to.
    pub fn belongs_to(&self, protocol: Protocol, vendor: &str) -> bool {
        self.origin.protocol() == protocol && self.vendor.as_deref() == Some(vendor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_token_opens_as_it_was() {
        for origin in Origin::ALL {
            let token = Token::fresh(origin, "rs_1", "gAAA.b+c/d==");
            let sealed = token.seal("openai");
            let opened = Token::open(&sealed).unwrap();
            assert_eq!(opened.vendor.as_deref(), Some("openai"));
            assert!(opened.origin == origin && opened.item == "rs_1");
            assert_eq!(opened.value, "gAAA.b+c/d==");
            assert!(opened.belongs_to(origin.protocol(), "openai"));
            assert!(!opened.belongs_to(origin.protocol(), "other"));
        }
    }

    #[test]
    fn what_others_issued_does_not_open() {
        for foreign in [
            "",
            "th1",
            "th1.",
            "th1.q.v.i.t",
            "th1.s.v",
            "EqQBCgIYAhIM",
            "th2.s.v.i.t",
        ] {
            assert!(Token::open(foreign).is_none(), "{foreign}");
            assert!(Token::open_text(Cow::Borrowed(foreign)).is_err());
        }
    }
}
