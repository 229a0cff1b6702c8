//! Credentials as everyone but the vault may see them: metadata only.

use serde::{Deserialize, Serialize};

use crate::id::{CredentialId, OrgId, UserId};
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

/// Who a credential belongs to, and so whose calls may draw on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "kind", content = "id")]
pub enum Owner {
    /// A user: no other user's key can draw on it.
    User(UserId),
    /// An organization: the keys that belong to it.
    Org(OrgId),
    /// The platform: keys whose policy says so.
    Platform,
}

impl Owner {
    /// The source that calls which draw on it are recorded with.
    pub const fn source(self) -> CredentialSource {
        match self {
            Self::User(_) => CredentialSource::User,
            Self::Org(_) => CredentialSource::Org,
            Self::Platform => CredentialSource::Platform,
        }
    }
}

/// What kind of secret a credential is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CredentialKind {
    /// A key that the provider gave out, and that stays as it is.
    ApiKey,
    /// A login whose tokens end and are renewed; see [`crate::account`].
    OauthAccount,
    /// What a bridge to somebody's login and the gateway share; see [`crate::bridge`].
    Bridge,
}

impl CredentialKind {
    /// As printed and stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ApiKey => "api_key",
            Self::OauthAccount => "oauth_account",
            Self::Bridge => "bridge",
        }
    }

    /// Reads what [`CredentialKind::as_str`] printed.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::ApiKey, Self::OauthAccount, Self::Bridge]
            .into_iter()
            .find(|kind| kind.as_str() == text)
    }
}

/// What is known of a sealed secret without opening it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credential {
    /// Its id.
    pub id: CredentialId,
    /// Who it belongs to.
    pub owner: Owner,
    /// The provider it is for.
    pub provider: String,
    /// Its name among the owner's credentials for this provider; `default` unless named.
    pub name: String,
    /// What kind of secret it is.
    pub kind: CredentialKind,
    /// A few digits of a keyed hash: tells two secrets apart, reveals neither.
    pub fingerprint: String,
    /// When the secret was last set.
    pub configured_at: Timestamp,
    /// Whether calls may draw on it. One that is switched off stops the search for a credential
    /// instead of letting it fall through to somebody else's money.
    pub enabled: bool,
    /// The provider's address to use with it, instead of the provider's own; only users' have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    /// Since when the provider refuses it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stale_since: Option<Timestamp>,
    /// Whether the configuration file manages this row.
    pub managed: bool,
}
