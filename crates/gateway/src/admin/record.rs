//! Asking the record: which calls are meant, and that the newest are among them.

mod values;

use std::borrow::Cow;
use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use tollhouse_domain::credential::CredentialSource;
use tollhouse_domain::id::{CredentialId, KeyId, OrgId, SessionId, UserId};
use tollhouse_domain::money::Money;
use tollhouse_domain::tenancy::Visible;
use tollhouse_domain::time::Timestamp;
use tollhouse_store::{CallFilter, GroupBy, Interval};
use tollhouse_wire::Protocol;
use utoipa::IntoParams;

use self::values::{Elsewhere, Ending, IdPrefix, Tag};
use super::calls::export::Format;
use super::page::{Cursor, Limit};
use crate::state::Gateway;

/// How long a list waits for the calls that ended just before it was asked for.
const CATCH_UP: Duration = Duration::from_secs(2);

/// Waits until what has ended is in the store, so that a script sees the call it just made. A store
/// that is behind gives an older answer rather than none.
pub(super) async fn caught_up(gateway: &Gateway) {
    // Too late is no error: the answer is then as of a moment ago.
    let _ = tokio::time::timeout(CATCH_UP, gateway.ledger().caught_up()).await;
}

/// A query with the filters that everything on the record shares, and more fields of its own.
macro_rules! record_query {
    ($(#[$doc:meta])* $name:ident { $($extra:tt)* }) => {
        $(#[$doc])*
        #[derive(Deserialize, IntoParams)]
        #[serde(deny_unknown_fields)]
        #[into_params(parameter_in = Query)]
        pub(super) struct $name {
            /// Made with this key, by id.
            #[param(value_type = Option<String>)]
            key: Option<KeyId>,
            /// With a key of this user, by id.
            #[param(value_type = Option<String>)]
            user: Option<UserId>,
            /// With a key of this organization, by id.
            #[param(value_type = Option<String>)]
            org: Option<OrgId>,
            /// In this session, by id.
            #[param(value_type = Option<String>)]
            session: Option<SessionId>,
            /// That went to this provider.
            provider: Option<String>,
            /// Of this model, whether it was asked for, sent or served.
            model: Option<String>,
            /// That ended so: `success`, `upstream_error`, `stream_error`, `client_disconnect`, `refused`,
            /// `interrupted`, or `unsuccessful` for all but `success`.
            #[param(value_type = Option<String>)]
            outcome: Option<Ending>,
            /// With this error, as calls have it.
            error: Option<String>,
            /// That turned to another target or credential: `true` for whatever reason, or because of
            /// `unreachable`, `rate_limited`, `unauthorized` or `server_error`.
            #[param(value_type = Option<String>)]
            fallback: Option<Elsewhere>,
            /// That the client saw end with this HTTP status.
            status: Option<u16>,
            /// By this client application.
            caller: Option<String>,
            /// By this named consumer.
            agent: Option<String>,
            /// Of this operation.
            endpoint: Option<String>,
            /// In this protocol.
            #[param(value_type = Option<String>)]
            protocol: Option<Protocol>,
            /// With a credential of this owner: `client`, `user`, `org` or `platform`.
            #[param(value_type = Option<String>)]
            source: Option<CredentialSource>,
            /// With this credential or account, by id.
            #[param(value_type = Option<String>)]
            credential: Option<CredentialId>,
            /// With this tag: `name=value`.
            #[param(value_type = Option<String>)]
            tag: Option<Tag>,
            /// That cost this many US dollars or more.
            #[param(value_type = Option<String>)]
            min_cost_usd: Option<Money>,
            /// Whose id begins so.
            #[param(value_type = Option<String>)]
            id: Option<IdPrefix>,
            /// Admitted at this moment or later: RFC 3339, a date, or Unix seconds.
            #[param(value_type = Option<String>)]
            from: Option<Timestamp>,
            /// Admitted before this moment.
            #[param(value_type = Option<String>)]
            to: Option<Timestamp>,
            $($extra)*
        }

        impl $name {
            /// Which calls are meant, of those that whoever asks may see.
            pub(super) fn filter(&self, visible: Visible) -> CallFilter {
                CallFilter {
                    visible,
                    key: self.key,
                    user: self.user,
                    org: self.org,
                    session: self.session,
                    model: self.model.clone(),
                    provider: self.provider.clone(),
                    caller: self.caller.clone(),
                    agent: self.agent.clone(),
                    endpoint: self.endpoint.clone(),
                    protocol: self.protocol,
                    outcome: self.outcome.map(|Ending(ended)| ended),
                    error: self.error.clone(),
                    fallback: self.fallback.map(|Elsewhere(turned)| turned),
                    status: self.status,
                    source: self.source,
                    credential: self.credential,
                    tag: self.tag.clone().map(|Tag(name, value)| (name, value)),
                    min_cost: self.min_cost_usd,
                    ids: self.id.map(|IdPrefix(first, last)| (first, last)),
                    from: self.from,
                    to: self.to,
                }
            }
        }
    };
}

record_query! {
    /// Which calls or sessions are wanted.
    RecordQuery {
        /// The most rows to return.
        #[serde(default)]
        #[param(value_type = Option<u32>, minimum = 1, maximum = 1000, default = 50)]
        pub(super) limit: Limit,
        /// Where to go on: `next` of the part before.
        #[param(value_type = Option<String>)]
        pub(super) cursor: Option<Cursor>,
    }
}

record_query! {
    /// Which calls are wanted as a file, and in which form.
    CallExportQuery {
        /// `csv` or `jsonl`.
        #[serde(default)]
        #[param(value_type = Option<String>, default = "csv")]
        pub(super) format: Format,
    }
}

record_query! {
    /// What is added up, and by what.
    UsageQuery {
        /// One or two, with a comma, of `model`, `model_served`, `provider`, `key`, `user`, `org`, `caller`,
        /// `agent`, `session`, `outcome`, `status`, `endpoint`, `protocol`, `source` and `tag:NAME`; or `day`
        /// or `hour` alone.
        #[serde(default)]
        #[param(value_type = Option<String>, default = "model")]
        pub(super) group_by: Groups,
        /// Every group and the totals also by `hour` or `day` (UTC).
        #[param(value_type = Option<String>)]
        pub(super) interval: Option<Interval>,
        /// `previous`: beside everything what it was in the range of the same length before. Needs `from`.
        #[param(value_type = Option<String>)]
        pub(super) compare: Option<Compare>,
        /// Whether latencies are wanted.
        #[serde(default)]
        #[param(value_type = Option<bool>, default = false)]
        pub(super) latency: bool,
        /// The most groups to return: the busiest, or the newest days or hours.
        #[serde(default = "Limit::most")]
        #[param(value_type = Option<u32>, minimum = 1, maximum = 1000, default = 1000)]
        pub(super) limit: Limit,
    }
}

/// What to compare with.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Compare {
    /// The range of the same length before.
    Previous,
}

/// What calls are added up by.
pub(super) struct Groups(pub(super) Vec<GroupBy>);

impl Default for Groups {
    fn default() -> Self {
        Self(vec![GroupBy::Model])
    }
}

impl<'de> Deserialize<'de> for Groups {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        let groups: Option<Vec<GroupBy>> = text.split(',').map(|one| one.parse().ok()).collect();
        groups
            .filter(|groups| match groups.as_slice() {
                [_] => true,
                [a, b] => a != b && a.time().is_none() && b.time().is_none(),
                _ => false,
            })
            .map(Self)
            .ok_or_else(|| {
                D::Error::custom(
                    "expected one or two, with a comma, of model, model_served, provider, key, user, org, \
                     caller, agent, session, outcome, status, endpoint, protocol, source and tag:NAME; or \
                     day or hour alone",
                )
            })
    }
}
