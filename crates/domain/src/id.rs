//! Identifiers: a UUIDv7 inside, a type prefix in print (`key_…`, `call_…`).
//!
//! The text after the prefix is the UUID's 32 hexadecimal digits, so ids sort by time as text too.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

/// An id whose text did not read as `prefix_` and 32 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected `{prefix}_` followed by 32 hexadecimal digits")]
pub struct InvalidId {
    /// The prefix of the wanted kind of id.
    pub prefix: &'static str,
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub Uuid);

        impl $name {
            /// What stands before the underscore.
            pub const PREFIX: &'static str = $prefix;
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut buffer = [0u8; 32];
                let hex = self.0.as_simple().encode_lower(&mut buffer);
                f.write_str(concat!($prefix, "_"))?;
                f.write_str(hex)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                text.strip_prefix(concat!($prefix, "_"))
                    .filter(|hex| hex.len() == 32)
                    .and_then(|hex| Uuid::try_parse(hex).ok())
                    .map(Self)
                    .ok_or(InvalidId { prefix: $prefix })
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

id!(
    /// A virtual key.
    KeyId, "key"
);
id!(
    /// One request and its answer.
    CallId, "call"
);
id!(
    /// One conversation; derived from what the client sends, see [`crate::session`].
    SessionId, "ses"
);
id!(
    /// A sealed upstream secret.
    CredentialId, "cred"
);
id!(
    /// A person or a service that owns keys.
    UserId, "user"
);
id!(
    /// A tenant.
    OrgId, "org"
);
id!(
    /// A personal API token of the control plane.
    TokenId, "tok"
);
id!(
    /// Somebody signed in with a browser.
    WebSessionId, "web"
);
id!(
    /// A device that asks to be let in.
    DeviceId, "dev"
);
id!(
    /// Somebody signing in with an account at a provider.
    SignInId, "login"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_and_reads_back() {
        let id = CallId(Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0001));
        assert_eq!(id.to_string(), "call_01920000000070008000000000000001");
        assert_eq!(id.to_string().parse(), Ok(id));
    }

    #[test]
    fn refuses_another_kind_of_id() {
        let text = KeyId(Uuid::nil()).to_string();
        assert_eq!(text.parse::<CallId>(), Err(InvalidId { prefix: "call" }));
        assert!("key_0".parse::<KeyId>().is_err());
    }
}
