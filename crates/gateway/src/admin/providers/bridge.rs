//! What is shown of a bridge beside what every provider has.

use serde::Serialize;
use tollhouse_domain::bridge::Holder;
use utoipa::ToSchema;

use crate::bridges::{About, Seen, Trouble};

/// A bridge, as it was when it was last looked at, and as this replica's configuration has it.
#[derive(Serialize, ToSchema)]
#[schema(as = Bridge)]
pub(super) struct BridgeView {
    /// What people call the subscription.
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    /// Where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    /// What starts it, where `tollhouse bridge` serves it.
    #[serde(skip_serializing_if = "Option::is_none")]
    start: Option<String>,
    /// What somebody types to log in where it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    login: Option<String>,
    /// Whether it has to prove that it knows the secret before it is told anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    proof: Option<bool>,
    /// The user whose login it is, and whose keys alone it serves; absent where it is the operator's.
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<String>,
    /// The address of that user, as it is configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    owner_email: Option<String>,
    /// Whether whoever it belongs to has no account here yet: until then it serves nobody.
    ownerless: bool,
    /// What it says of itself, or what is wrong with its answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// Since when it says so, as far as this replica has seen; RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<String>,
    /// When this replica looked, RFC 3339; absent before that.
    #[serde(skip_serializing_if = "Option::is_none")]
    checked_at: Option<String>,
    /// Why it last took no calls, which may be over.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_error: Option<BridgeError>,
}

/// Why a bridge took no calls.
#[derive(Serialize, ToSchema)]
struct BridgeError {
    /// When that was seen, RFC 3339.
    at: String,
    /// What was wrong.
    detail: String,
}

impl BridgeView {
    pub(super) fn new(holder: Holder, about: Option<&About>, seen: Option<Seen>) -> Self {
        Self {
            label: about.map(|about| about.label.clone()),
            address: about.map(|about| about.address.to_string()),
            start: about.and_then(|about| about.start.clone()),
            login: about.and_then(|about| about.login.clone()),
            proof: about.map(|about| about.proves),
            owner: match holder {
                Holder::User(id) => Some(id.to_string()),
                Holder::Platform | Holder::Nobody => None,
            },
            owner_email: about.and_then(|about| about.email.clone()),
            ownerless: holder == Holder::Nobody,
            since: seen.as_ref().map(|seen| seen.since.to_string()),
            checked_at: seen.as_ref().map(|seen| seen.at.to_string()),
            last_error: seen.as_ref().and_then(|seen| {
                let Trouble { at, detail } = seen.last_error.clone()?;
                let at = at.to_string();
                Some(BridgeError { at, detail })
            }),
            detail: seen.and_then(|seen| seen.health.detail),
        }
    }
}
