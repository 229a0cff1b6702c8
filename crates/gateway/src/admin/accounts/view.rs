//! An account as shown.

use serde::Serialize;
use tollhouse_domain::account::State;
use tollhouse_domain::account::window::Windows;
use tollhouse_domain::id::CredentialId;
use tollhouse_domain::time::Timestamp;
use tollhouse_store::AccountRecord;
use tollhouse_wire::dialect::Quirk;
use utoipa::ToSchema;

use super::used;
use crate::accounts::{notice, reached};
use crate::admin::auth::Signed;
use crate::admin::credentials::OwnerView;
use tollhouse_domain::credential::Owner;

/// What may be known of an account.
#[derive(Serialize, ToSchema)]
#[schema(as = Account)]
pub(in crate::admin) struct AccountView {
    #[schema(value_type = String, example = "cred_01890a5d7c4e7d1f8a3b000000000000")]
    id: CredentialId,
    provider: String,
    name: String,
    owner: OwnerView,
    /// Whom the provider knows it by, as its tokens say.
    #[serde(skip_serializing_if = "Option::is_none")]
    holder: Option<String>,
    /// The plan, as its tokens say.
    #[serde(skip_serializing_if = "Option::is_none")]
    plan: Option<String>,
    state: AccountState,
    /// When an account that rests is used again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    until: Option<Timestamp>,
    /// Why it is in this state: `cap`, `rate`, `paused`; `expired`, `reused`, `revoked`,
    /// `no_refresh_token`, `refused`, `closed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'static str>,
    /// How much of its plan is used, as last heard: `primary` and `secondary`, each with `used_percent`,
    /// `minutes` and `resets_at`.
    #[schema(value_type = Object)]
    windows: Windows,
    /// Whether its provider's answers say how much of the plan is used.
    tells_windows: bool,
    /// When that was heard.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    windows_at: Option<Timestamp>,
    /// When its access token ends. It is renewed before.
    #[schema(value_type = String)]
    expires_at: Timestamp,
    /// When it was last renewed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    refreshed_at: Option<Timestamp>,
    /// When a renewal is tried again that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    next_try_at: Option<Timestamp>,
    /// What went wrong with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_error: Option<String>,
    /// Eight digits that tell two logins apart and reveal neither.
    fingerprint: String,
    /// When somebody signed in.
    #[schema(value_type = String)]
    configured_at: Timestamp,
    /// The models that lead to its provider: names, and prefixes that end in `*`.
    models: Vec<String>,
    /// What is missing before a call gets there, such as a route, and what to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    missing: Option<String>,
    /// What its terms say of an organization's account.
    #[serde(skip_serializing_if = "Option::is_none")]
    notice: Option<&'static str>,
}

/// Whether calls may draw on an account.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum AccountState {
    /// Calls draw on it.
    Ready,
    /// It rests; see `until` and `why`. A pause has no end of its own.
    Cooling,
    /// Its token has ended and the next one is on its way: calls wait for it.
    Refreshing,
    /// Its holder has to sign in again.
    AuthRequired,
    /// Nothing brings it back.
    Dead,
    /// Accounts, or those of organizations, are switched off here.
    Disabled,
}

impl AccountView {
    pub(super) fn new(record: AccountRecord, signed: &Signed, now: Timestamp) -> Self {
        let AccountRecord { credential, facts } = record;
        let meta = credential.meta;
        let (mut until, mut why) = (None, None);
        let state = match facts.state(now) {
            _ if used(signed, meta.owner).is_err() => AccountState::Disabled,
            State::Ready => AccountState::Ready,
            State::Refreshing => AccountState::Refreshing,
            State::Cooling {
                until: end,
                why: rest,
            } => {
                (until, why) = (end, Some(rest.as_str()));
                AccountState::Cooling
            }
            State::AuthRequired { why: lost } => {
                why = Some(lost.as_str());
                AccountState::AuthRequired
            }
            State::Dead { why: lost } => {
                why = Some(lost.as_str());
                AccountState::Dead
            }
        };
        let snapshot = signed.snapshot();
        let models = reached::models(&snapshot, &meta.provider);
        let missing = reached::missing(&snapshot, &meta.provider);
        let row = snapshot.providers().get(&meta.provider);
        let tells_windows = row.is_some_and(|row| row.quirks.contains(&Quirk::PlanWindows));
        Self {
            id: meta.id,
            models,
            missing,
            provider: meta.provider,
            name: meta.name,
            owner: OwnerView::new(meta.owner),
            holder: facts.holder,
            plan: facts.plan,
            state,
            until,
            why,
            windows: facts.windows,
            tells_windows,
            windows_at: facts.windows_at,
            expires_at: facts.expires_at,
            refreshed_at: facts.refreshed_at,
            next_try_at: facts.tries.next,
            last_error: facts.tries.last_error,
            fingerprint: meta.fingerprint,
            configured_at: meta.configured_at,
            notice: matches!(meta.owner, Owner::Org(_)).then_some(notice::ORGANIZATION),
        }
    }
}
