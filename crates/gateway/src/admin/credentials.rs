//! Credentials of users, organizations and the platform: written, tried out, removed, and never shown.

pub(super) mod one;
pub(super) mod owned;
pub(super) mod trial;

use serde::{Deserialize, Deserializer, Serialize};
use tollhouse_domain::audit::{Action, Note, Subject, SubjectKind};
use tollhouse_domain::credential::{Credential, CredentialKind, Owner};
use tollhouse_domain::id::{CredentialId, OrgId};
use tollhouse_domain::pool::{Fit, LastRefusal, Standing};
use tollhouse_domain::provider::{Provider, valid_name};
use tollhouse_domain::time::Timestamp;
use tollhouse_vault::Secret;
use utoipa::ToSchema;

pub(super) use self::trial::Tests;
use super::auth::Signed;
use super::error::ApiError;
use super::input::Payload;
use crate::accounts::reached;
use crate::state::Gateway;

/// What may be known of a credential.
#[derive(Serialize, ToSchema)]
#[schema(as = Credential)]
pub(super) struct CredentialView {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "cred_01890a5d7c4e7d1f8a3b000000000000")]
    id: Option<CredentialId>,
    owner: OwnerView,
    provider: String,
    name: String,
    /// `api_key`, or `oauth_account`: a login, which GET /api/v1/accounts says more about.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    kind: Option<CredentialKind>,
    configured: bool,
    /// When the secret was last set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    configured_at: Option<Timestamp>,
    /// Eight digits that tell two secrets apart and reveal neither.
    #[serde(skip_serializing_if = "Option::is_none")]
    fingerprint: Option<String>,
    state: CredentialState,
    /// When a credential that rests is used again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    until: Option<Timestamp>,
    /// Since when its provider refuses it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    stale_since: Option<Timestamp>,
    /// When its provider last turned it away in a call, as this replica has seen since it started; absent
    /// also where nobody has called. Trying it out does not count.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_refusal: Option<LastRefusalView>,
    /// The address it is used with, where that is not the provider's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    base_url: Option<String>,
    /// Whether the configuration file states it.
    managed: bool,
}

/// When a provider turned a credential away.
#[derive(Serialize, ToSchema)]
#[schema(as = CredentialRefusal)]
struct LastRefusalView {
    /// 401: it was refused. 429: it had reached a limit.
    status: u16,
    #[schema(value_type = String)]
    at: Timestamp,
}

impl From<LastRefusal> for LastRefusalView {
    fn from(LastRefusal { status, at }: LastRefusal) -> Self {
        Self { status, at }
    }
}

/// Whose a credential is.
#[derive(Serialize, ToSchema)]
#[schema(as = CredentialOwner)]
pub(super) struct OwnerView {
    /// `user`, `org` or `platform`.
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
}

impl OwnerView {
    pub(super) fn new(owner: Owner) -> Self {
        let id = match owner {
            Owner::User(id) => Some(id.to_string()),
            Owner::Org(id) => Some(id.to_string()),
            Owner::Platform => None,
        };
        Self {
            kind: owner.source().as_str(),
            id,
        }
    }
}

/// Whether a credential is in use.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum CredentialState {
    /// Calls to its provider draw on it.
    Ready,
    /// It rests after a limit, and others of its provider are used; see `until`.
    Cooling,
    /// Its provider refuses it; see `stale_since`. Set it anew, or switch it on again.
    Stale,
    /// It is switched off: calls of its owner that would draw on it are refused.
    Disabled,
    /// It is kept and cannot be used: it does not open, or its provider is gone.
    Unusable,
    /// There is none.
    Missing,
}

impl CredentialView {
    fn new(stored: Credential, gateway: &Gateway, now: Timestamp) -> Self {
        let snapshot = gateway.snapshot();
        let pool = snapshot.credentials().pool(stored.owner, &stored.provider);
        let members = pool.map_or(&[][..], |pool| pool.members.as_slice());
        let open = members.iter().find(|member| member.id == stored.id);
        let standing = open.map(|open| gateway.pools().standing(open));
        let stale_since = standing.map_or(stored.stale_since, Standing::stale_since);
        let last_refusal = open.and_then(|open| gateway.pools().last_refusal(open));
        let mut until = None;
        let state = match standing.map(|standing| standing.fit(now)) {
            _ if !snapshot.providers().contains_key(&stored.provider) => CredentialState::Unusable,
            _ if !stored.enabled => CredentialState::Disabled,
            None => CredentialState::Unusable,
            // Also while it is about to be tried again.
            Some(_) if stale_since.is_some() => CredentialState::Stale,
            Some(Fit::Cooling(at)) => {
                until = Some(at);
                CredentialState::Cooling
            }
            Some(Fit::Ready | Fit::Full | Fit::Stale(_)) => CredentialState::Ready,
        };
        Self {
            id: Some(stored.id),
            owner: OwnerView::new(stored.owner),
            provider: stored.provider,
            name: stored.name,
            kind: Some(stored.kind),
            configured: true,
            configured_at: Some(stored.configured_at),
            fingerprint: Some(stored.fingerprint),
            state,
            until,
            stale_since,
            last_refusal: last_refusal.map(LastRefusalView::from),
            base_url: stored.base_url,
            managed: stored.managed,
        }
    }

    fn missing(owner: Owner, provider: String, name: String) -> Self {
        Self {
            id: None,
            owner: OwnerView::new(owner),
            provider,
            name,
            kind: None,
            configured: false,
            configured_at: None,
            fingerprint: None,
            state: CredentialState::Missing,
            until: None,
            stale_since: None,
            last_refusal: None,
            base_url: None,
            managed: false,
        }
    }
}

/// Which of a provider's credentials is meant.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// Its name, when there are several.
    #[serde(default = "default_name")]
    #[param(value_type = Option<String>, default = "default")]
    name: String,
}

fn default_name() -> String {
    "default".to_owned()
}

impl Which {
    fn checked(self) -> Result<String, ApiError> {
        if valid_name(&self.name) {
            return Ok(self.name);
        }
        Err(ApiError::invalid(
            "name",
            "Expected 1 to 64 of a-z, 0-9, `-` and `_`.",
        ))
    }
}

/// A secret to be kept.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CredentialInput {
    /// The provider's own API key. White space around it is dropped; at most 4 KiB.
    #[serde(deserialize_with = "secret")]
    #[schema(value_type = String, write_only)]
    api_key: Secret,
    /// The address to call the provider at with it, instead of the provider's own: only for credentials
    /// of one's own, and only an `https://` address on the internet.
    base_url: Option<String>,
}

impl Payload for CredentialInput {}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
    let text = zeroize::Zeroizing::new(String::deserialize(deserializer)?);
    Secret::parse(&text).map_err(serde::de::Error::custom)
}

/// Whether `secret` can be a key of `provider`.
fn check(secret: &Secret, provider: &Provider) -> Result<(), ApiError> {
    // A header could carry more than this, but no vendor's key has it: it is a slip of the clipboard.
    if !secret.expose().bytes().all(|byte| byte.is_ascii_graphic()) {
        let message = "A key has letters, digits and signs of ASCII only, and no spaces.";
        return Err(ApiError::invalid("api_key", message));
    }
    match &provider.key_prefix {
        Some(prefix) if !secret.expose().starts_with(prefix.as_str()) => {
            let message = format!("Keys of `{}` start with `{prefix}`.", provider.name);
            Err(ApiError::invalid("api_key", message))
        }
        _ => Ok(()),
    }
}

/// What is done to a credential, for the audit trail.
pub(super) fn note(
    signed: &Signed,
    action: Action,
    owner: Owner,
    provider: &str,
    name: &str,
) -> Note {
    let subject = Subject::name(SubjectKind::Credential, format!("{provider}/{name}"));
    let org = match owner {
        Owner::Org(org) => Some(org),
        Owner::User(_) | Owner::Platform => None::<OrgId>,
    };
    let whose = OwnerView::new(owner);
    let note = signed.note(action, subject).in_org(org);
    let note = note.with("owner", whose.kind);
    match whose.id {
        Some(id) => note.with("owner_id", id),
        None => note,
    }
}

pub(super) fn no_provider(name: &str) -> ApiError {
    ApiError::missing(reached::no_provider(name))
}

fn refuse_managed(stored: Option<&Credential>) -> Result<(), ApiError> {
    if stored.is_some_and(|stored| stored.managed) {
        let message = "The configuration file states this credential; change it there.";
        return Err(ApiError::Conflict(message.to_owned()));
    }
    Ok(())
}
