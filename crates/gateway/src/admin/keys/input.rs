//! What is said of keys when they are made and changed, and whether it can be so.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use tollhouse_domain::credential::CredentialPolicy;
use tollhouse_domain::id::KeyId;
use tollhouse_domain::key::{KeyKind, VirtualKey};
use tollhouse_domain::limits::Limits;
use tollhouse_domain::pattern::Pattern;
use tollhouse_domain::provider::Provider;
use tollhouse_domain::time::Timestamp;
use utoipa::ToSchema;

use crate::admin::error::ApiError;
use crate::admin::input::{Change, Payload};
use crate::admin::keys::life::ExpiresIn;

/// The most characters of a name.
const MAX_NAME: usize = 100;
/// The most entries of a list of models or providers.
const MAX_LIST: usize = 256;
/// How long a scoped key lives when nobody says.
const SCOPED_FOR: Duration = Duration::from_hours(2);

/// What a key is for.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = KeyKind)]
pub(crate) enum KindInput {
    /// Lives until it is revoked or expires.
    #[default]
    Standard,
    /// Short-lived and for the data plane only; two hours unless `expires_in` says otherwise.
    Scoped,
}

impl From<KindInput> for KeyKind {
    fn from(kind: KindInput) -> Self {
        match kind {
            KindInput::Standard => Self::Standard,
            KindInput::Scoped => Self::Scoped,
        }
    }
}

impl From<KeyKind> for KindInput {
    fn from(kind: KeyKind) -> Self {
        match kind {
            KeyKind::Standard => Self::Standard,
            KeyKind::Scoped => Self::Scoped,
        }
    }
}

/// A key to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewKey {
    /// What people call it: 1 to 100 characters.
    #[serde(default)]
    #[schema(required = true)]
    name: String,
    /// The named consumer that its calls are attributed to.
    agent: Option<String>,
    #[serde(default)]
    kind: KindInput,
    /// The models it may use: names, or prefixes ending in `*`. All when left out.
    #[schema(value_type = Option<Vec<String>>, example = json!(["claude-*", "gpt-5"]))]
    models: Option<Vec<Pattern>>,
    /// The providers it may use. All when left out.
    providers: Option<Vec<String>>,
    /// Seconds, or text: a number with `s`, `m`, `h` or `d`.
    #[schema(example = "30d")]
    expires_in: Option<ExpiresIn>,
    #[serde(default)]
    credentials: PolicyInput,
    /// Whether a call that a translation would lose anything of is refused; false unless said.
    strict: Option<bool>,
    #[schema(ignore)]
    owner: Option<IgnoredAny>,
    #[schema(ignore)]
    limits: Option<IgnoredAny>,
    #[schema(ignore)]
    budget: Option<IgnoredAny>,
    #[schema(ignore)]
    capture: Option<IgnoredAny>,
}

/// What is to be different about a key. What is left out stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyChange {
    /// What people call it: 1 to 100 characters.
    name: Option<String>,
    /// The named consumer; null for none.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    agent: Change<String>,
    /// The models it may use; null for all.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    models: Change<Vec<Pattern>>,
    /// The providers it may use; null for all.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    providers: Change<Vec<String>>,
    /// Counted from now; null for never.
    #[serde(default)]
    #[schema(value_type = Option<ExpiresIn>)]
    expires_in: Change<ExpiresIn>,
    #[serde(default)]
    credentials: PolicyInput,
    /// Whether a call that a translation would lose anything of is refused; false unless said.
    strict: Option<bool>,
    #[schema(ignore)]
    owner: Option<IgnoredAny>,
    #[schema(ignore)]
    limits: Option<IgnoredAny>,
    #[schema(ignore)]
    budget: Option<IgnoredAny>,
    #[schema(ignore)]
    capture: Option<IgnoredAny>,
}

/// Whose credentials the key may draw on; each one that is left out keeps its default or, in a
/// change, its value. By default: user, org and platform, but not the client's own.
#[derive(Deserialize, Default, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CredentialPolicyInput)]
struct PolicyInput {
    client: Option<bool>,
    user: Option<bool>,
    org: Option<bool>,
    platform: Option<bool>,
}

impl PolicyInput {
    fn over(&self, base: CredentialPolicy) -> CredentialPolicy {
        CredentialPolicy {
            client: self.client.unwrap_or(base.client),
            user: self.user.unwrap_or(base.user),
            org: self.org.unwrap_or(base.org),
            platform: self.platform.unwrap_or(base.platform),
        }
    }
}

impl Payload for NewKey {}
impl Payload for KeyChange {}

/// The providers that keys can be restricted to, by name.
type Providers = BTreeMap<String, Provider>;

impl NewKey {
    /// The key that was asked for.
    pub(crate) fn key(
        self,
        id: KeyId,
        prefix: String,
        now: Timestamp,
        known: &Providers,
    ) -> Result<VirtualKey, ApiError> {
        refuse_later([
            ("owner", self.owner),
            ("limits", self.limits),
            ("budget", self.budget),
            ("capture", self.capture),
        ])?;
        // Whoever holds the administrator's token runs this gateway and pays for its credentials.
        let policy = CredentialPolicy {
            platform: true,
            ..CredentialPolicy::default()
        };
        let life = match (self.expires_in, self.kind) {
            (Some(life), _) => Some(life.duration()),
            (None, KindInput::Scoped) => Some(SCOPED_FOR),
            (None, KindInput::Standard) => None,
        };
        Ok(VirtualKey {
            id,
            name: name("name", &self.name)?,
            prefix,
            owner: None,
            org: None,
            agent: self.agent.map(|agent| name("agent", &agent)).transpose()?,
            kind: self.kind.into(),
            models: self
                .models
                .map(|list| bounded("models", list))
                .transpose()?,
            providers: self
                .providers
                .map(|list| providers(list, known))
                .transpose()?,
            routes: None,
            credentials: self.credentials.over(policy),
            pinned_source: None,
            limits: Limits::default(),
            budgets: Vec::new(),
            strict: self.strict.unwrap_or(false),
            created_at: now,
            expires_at: life.map(|life| now.plus(life)),
            revoked_at: None,
            grace_until: None,
            last_used_at: None,
            managed: false,
        })
    }
}

impl KeyChange {
    /// Makes the change, or leaves `key` half changed and says what is wrong.
    pub(crate) fn apply(
        self,
        key: &mut VirtualKey,
        now: Timestamp,
        known: &Providers,
    ) -> Result<(), ApiError> {
        refuse_later([
            ("owner", self.owner),
            ("limits", self.limits),
            ("budget", self.budget),
            ("capture", self.capture),
        ])?;
        if let Some(text) = self.name {
            key.name = name("name", &text)?;
        }
        self.agent
            .over(&mut key.agent, |agent| name("agent", &agent))?;
        self.models
            .over(&mut key.models, |list| bounded("models", list))?;
        self.providers
            .over(&mut key.providers, |list| providers(list, known))?;
        self.expires_in
            .over(&mut key.expires_at, |life| Ok(now.plus(life.duration())))?;
        key.credentials = self.credentials.over(key.credentials);
        key.strict = self.strict.unwrap_or(key.strict);
        Ok(())
    }
}

/// A setting that is kept without effect would be worse than none.
fn refuse_later(fields: [(&'static str, Option<IgnoredAny>); 4]) -> Result<(), ApiError> {
    match fields.iter().find(|(_, given)| given.is_some()) {
        None => Ok(()),
        Some((field, _)) => Err(ApiError::invalid(
            *field,
            "This is not offered by this release; leave it out.",
        )),
    }
}

fn name(field: &'static str, text: &str) -> Result<String, ApiError> {
    let text = text.trim();
    let length = text.chars().count();
    if (1..=MAX_NAME).contains(&length) && !text.chars().any(char::is_control) {
        return Ok(text.to_owned());
    }
    let message = format!("Expected 1 to {MAX_NAME} characters without line breaks.");
    Err(ApiError::invalid(field, message))
}

fn providers(list: Vec<String>, known: &Providers) -> Result<Vec<String>, ApiError> {
    match list.iter().position(|name| !known.contains_key(name)) {
        None => bounded("providers", list),
        Some(at) => {
            let message = "There is no such provider; GET /api/v1/providers lists them.";
            Err(ApiError::invalid(format!("providers[{at}]"), message))
        }
    }
}

/// An empty list would make a key that can do nothing, which nobody means.
fn bounded<T>(field: &'static str, list: Vec<T>) -> Result<Vec<T>, ApiError> {
    if (1..=MAX_LIST).contains(&list.len()) {
        return Ok(list);
    }
    let message = format!("Expected 1 to {MAX_LIST} entries; leave it out to allow all.");
    Err(ApiError::invalid(field, message))
}

#[cfg(test)]
mod tests;
