//! Credentials as everyone but the vault may see them: metadata only.

use serde::{Deserialize, Serialize};

use crate::id::CredentialId;
use crate::time::Timestamp;

/// Whose secret went upstream, recorded on every call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CredentialSource {
    /// The client's own, presented with the call.
    Client,
    /// The key's user's.
    User,
    /// The organization's.
    Org,
    /// The platform's.
    Platform,
}

impl CredentialSource {
    /// As printed in headers and rows.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::User => "user",
            Self::Org => "org",
            Self::Platform => "platform",
        }
    }

    /// Reads what [`CredentialSource::as_str`] printed.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Client, Self::User, Self::Org, Self::Platform]
            .into_iter()
            .find(|source| source.as_str() == text)
    }
}

/// Which sources a key may draw on.
#[expect(
    clippy::struct_excessive_bools,
    reason = "four independent permissions, as in the API"
)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CredentialPolicy {
    /// The client's own credential beside `x-tollhouse-key`.
    #[serde(default)]
    pub client: bool,
    /// The key's user's credentials.
    #[serde(default = "yes")]
    pub user: bool,
    /// The organization's credentials.
    #[serde(default = "yes")]
    pub org: bool,
    /// The platform's credentials: its money, so never by default.
    #[serde(default)]
    pub platform: bool,
}

const fn yes() -> bool {
    true
}

impl Default for CredentialPolicy {
    fn default() -> Self {
        Self {
            client: false,
            user: true,
            org: true,
            platform: false,
        }
    }
}

/// What is known of a sealed secret without opening it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credential {
    /// Its id.
    pub id: CredentialId,
    /// The provider it is for.
    pub provider: String,
    /// Its name among the owner's credentials for this provider; `default` unless named.
    pub name: String,
    /// A few digits of a keyed hash: tells two secrets apart, reveals neither.
    pub fingerprint: String,
    /// When the secret was last set.
    pub configured_at: Timestamp,
    /// Whether the configuration file manages this row.
    pub managed: bool,
}
