//! What is said of keys when they are made and changed, and whether it can be so.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tollhouse_domain::capture::Capture;
use tollhouse_domain::credential::CredentialPolicy;
use tollhouse_domain::id::{KeyId, OrgId, UserId};
use tollhouse_domain::key::{KeyKind, LONGEST_SCOPED, VirtualKey};
use tollhouse_domain::limits::Limits;
use tollhouse_domain::pattern::Pattern;
use tollhouse_domain::provider::Provider;
use tollhouse_domain::route::RouteTable;
use tollhouse_domain::time::Timestamp;
use utoipa::ToSchema;

use crate::admin::error::ApiError;
use crate::admin::input::{Change, Payload};
use crate::admin::keys::life::ExpiresIn;
use crate::admin::quota::{BudgetInput, LimitsInput, OneOrMany, budgets};

/// The most characters of a name.
const MAX_NAME: usize = 100;
/// The most entries of a list of models or providers.
const MAX_LIST: usize = 256;
/// How long a scoped key lives when nobody says.
pub(super) const SCOPED_FOR: Duration = Duration::from_hours(2);

/// What a key is for.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = KeyKind)]
pub(crate) enum KindInput {
    /// Lives until it is revoked or expires.
    #[default]
    Standard,
    /// Short-lived and for the data plane only; two hours unless `expires_in` says otherwise, and seven
    /// days at most, renewals included.
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
    /// Whose key it is: a user's id, or `me`. The caller's own in an organization when left out;
    /// nobody's when an administrator leaves it out.
    pub(super) owner: Option<String>,
    /// The organization it belongs to: id or name.
    pub(super) org: Option<String>,
    #[serde(default)]
    kind: KindInput,
    /// The models it may use: names, or prefixes ending in `*`. All when left out.
    #[schema(value_type = Option<Vec<String>>, example = json!(["claude-*", "gpt-5"]))]
    models: Option<Vec<Pattern>>,
    /// The providers it may use. All when left out.
    providers: Option<Vec<String>>,
    /// The routes it may use, each by its model pattern as written. All when left out.
    #[schema(value_type = Option<Vec<String>>)]
    routes: Option<Vec<Pattern>>,
    /// Seconds, or text: a number with `s`, `m`, `h` or `d`.
    #[schema(example = "30d")]
    expires_in: Option<ExpiresIn>,
    #[serde(default)]
    credentials: PolicyInput,
    /// Whether a call that a translation would lose anything of is refused; false unless said.
    strict: Option<bool>,
    limits: Option<LimitsInput>,
    /// One budget or a list with one for each window.
    #[schema(value_type = Option<Vec<BudgetInput>>)]
    budget: Option<OneOrMany<BudgetInput>>,
    /// What is kept of its calls' bodies; what the installation keeps when left out. Whose key it is decides
    /// who may say this.
    capture: Option<CaptureInput>,
}

/// What is to be different about a key. What is left out stays as it is.
#[derive(Clone, Deserialize, ToSchema)]
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
    /// A user's id, or `me`; null for nobody.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(super) owner: Change<String>,
    /// Id or name; null for none.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub(super) org: Change<String>,
    /// The routes it may use, each by its model pattern as written; null for all.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    routes: Change<Vec<Pattern>>,
    /// Taken as a whole; null for none.
    #[serde(default)]
    #[schema(value_type = Option<LimitsInput>)]
    limits: Change<LimitsInput>,
    /// Taken as a whole; null for none.
    #[serde(default)]
    #[schema(value_type = Option<Vec<BudgetInput>>)]
    budget: Change<OneOrMany<BudgetInput>>,
    /// What is kept of its calls' bodies; null for what the installation keeps.
    #[serde(default)]
    #[schema(value_type = Option<CaptureInput>)]
    capture: Change<CaptureInput>,
}

/// What is kept of a call's bodies.
#[derive(Debug, Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = Capture)]
pub(crate) enum CaptureInput {
    /// Nothing.
    Off,
    /// What both sides said, without what looks like a secret.
    Redacted,
    /// What both sides said.
    Full,
}

impl From<CaptureInput> for Capture {
    fn from(mode: CaptureInput) -> Self {
        match mode {
            CaptureInput::Off => Self::Off,
            CaptureInput::Redacted => Self::Redacted,
            CaptureInput::Full => Self::Full,
        }
    }
}

impl From<Capture> for CaptureInput {
    fn from(mode: Capture) -> Self {
        match mode {
            Capture::Off => Self::Off,
            Capture::Redacted => Self::Redacted,
            Capture::Full => Self::Full,
        }
    }
}

/// Whose credentials the key may draw on; each one that is left out keeps its default or, in a
/// change, its value. By default the user's and the organization's. The platform's only where an
/// administrator of the installation says so, or makes a key while there are no organizations.
#[derive(Clone, Deserialize, Default, ToSchema)]
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

/// What keys can be restricted to.
#[derive(Clone, Copy)]
pub(crate) struct Known<'a> {
    pub(crate) providers: &'a Providers,
    pub(crate) routes: &'a RouteTable,
}

/// What a new key is besides what was written.
pub(crate) struct Made {
    pub(crate) id: KeyId,
    pub(crate) prefix: String,
    pub(crate) now: Timestamp,
    pub(crate) owner: Option<UserId>,
    pub(crate) org: Option<OrgId>,
    /// Whether it may spend the platform's money when nothing is said of that.
    pub(crate) platform: bool,
}

impl NewKey {
    /// The key that was asked for.
    pub(crate) fn key(self, made: Made, known: Known<'_>) -> Result<VirtualKey, ApiError> {
        let policy = CredentialPolicy {
            platform: made.platform,
            ..CredentialPolicy::default()
        };
        let now = made.now;
        let life = match (self.expires_in, self.kind) {
            (Some(life), _) => Some(life.duration()),
            (None, KindInput::Scoped) => Some(SCOPED_FOR),
            (None, KindInput::Standard) => None,
        };
        let key = VirtualKey {
            id: made.id,
            name: name("name", &self.name)?,
            prefix: made.prefix,
            owner: made.owner,
            org: made.org,
            agent: self.agent.map(|agent| name("agent", &agent)).transpose()?,
            kind: self.kind.into(),
            models: self
                .models
                .map(|list| bounded("models", list))
                .transpose()?,
            providers: self
                .providers
                .map(|list| providers(list, known.providers))
                .transpose()?,
            routes: self
                .routes
                .map(|list| routes(list, known.routes))
                .transpose()?,
            credentials: self.credentials.over(policy),
            pinned_source: None,
            limits: self
                .limits
                .map_or(Ok(Limits::default()), LimitsInput::limits)?,
            budgets: self.budget.map_or(Ok(Vec::new()), budgets)?,
            strict: self.strict.unwrap_or(false),
            capture: self.capture.map(Capture::from),
            created_at: now,
            expires_at: life.map(|life| now.plus(life)),
            revoked_at: None,
            grace_until: None,
            last_used_at: None,
            managed: false,
        };
        check_end(&key)?;
        Ok(key)
    }
}

impl KeyChange {
    /// Makes the change, or leaves `key` half changed and says what is wrong.
    pub(crate) fn apply(
        self,
        key: &mut VirtualKey,
        now: Timestamp,
        known: Known<'_>,
    ) -> Result<(), ApiError> {
        if let Some(text) = self.name {
            key.name = name("name", &text)?;
        }
        self.agent
            .over(&mut key.agent, |agent| name("agent", &agent))?;
        self.models
            .over(&mut key.models, |list| bounded("models", list))?;
        self.providers
            .over(&mut key.providers, |list| providers(list, known.providers))?;
        self.routes
            .over(&mut key.routes, |list| routes(list, known.routes))?;
        self.expires_in
            .over(&mut key.expires_at, |life| Ok(now.plus(life.duration())))?;
        key.credentials = self.credentials.over(key.credentials);
        key.strict = self.strict.unwrap_or(key.strict);
        key.limits = match self.limits {
            Change::Keep => key.limits,
            Change::Clear => Limits::default(),
            Change::Set(limits) => limits.limits()?,
        };
        match self.budget {
            Change::Keep => {}
            Change::Clear => key.budgets.clear(),
            Change::Set(list) => key.budgets = budgets(list)?,
        }
        self.capture
            .over(&mut key.capture, |mode| Ok(mode.into()))?;
        check_end(key)
    }
}

/// A scoped key ends, and not too late.
fn check_end(key: &VirtualKey) -> Result<(), ApiError> {
    let Some(latest) = key.renewable_until() else {
        return Ok(());
    };
    if key.expires_at.is_some_and(|at| at <= latest) {
        return Ok(());
    }
    let days = LONGEST_SCOPED.as_secs() / 86_400;
    let message = format!("A scoped key ends {days} days after it was made, or earlier.");
    Err(ApiError::invalid("expires_in", message))
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

fn routes(list: Vec<Pattern>, known: &RouteTable) -> Result<Vec<Pattern>, ApiError> {
    match list.iter().position(|pattern| !known.has(pattern)) {
        None => bounded("routes", list),
        Some(at) => {
            let message = "There is no route with this pattern; GET /api/v1/routes lists them.";
            Err(ApiError::invalid(format!("routes[{at}]"), message))
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
