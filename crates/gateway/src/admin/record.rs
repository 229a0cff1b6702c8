//! Asking the record: which calls are meant, and that the newest are among them.

use std::time::Duration;

use serde::Deserialize;
use tollhouse_domain::call::Outcome;
use tollhouse_domain::id::{KeyId, OrgId, SessionId, UserId};
use tollhouse_domain::tenancy::Visible;
use tollhouse_domain::time::Timestamp;
use tollhouse_store::{CallFilter, GroupBy};
use tollhouse_wire::Protocol;
use utoipa::IntoParams;

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
            /// That ended so.
            #[param(value_type = Option<String>)]
            outcome: Option<Outcome>,
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
                    outcome: self.outcome,
                    status: self.status,
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
    /// What is added up, and by what.
    UsageQuery {
        /// `model`, `model_served`, `provider`, `key`, `user`, `org`, `caller`, `agent`, `session`, `outcome`,
        /// `day` or `hour`.
        #[serde(default = "by_model")]
        #[param(value_type = Option<String>, default = "model")]
        pub(super) group_by: GroupBy,
        /// The most groups to return: the busiest, or the newest days or hours.
        #[serde(default = "Limit::most")]
        #[param(value_type = Option<u32>, minimum = 1, maximum = 1000, default = 1000)]
        pub(super) limit: Limit,
    }
}

const fn by_model() -> GroupBy {
    GroupBy::Model
}
