//! Asking for entries: which are meant, and whether whoever asks may see them.

use serde::Deserialize;
use tollhouse_domain::audit::Action;
use tollhouse_domain::tenancy::Role;
use tollhouse_domain::time::Timestamp;
use tollhouse_store::AuditFilter;
use utoipa::IntoParams;

use crate::admin::auth::Signed;
use crate::admin::error::ApiError;
use crate::admin::page::{Cursor, Limit};

/// A query with the filters of the trail, and more fields of its own.
macro_rules! audit_query {
    ($(#[$doc:meta])* $name:ident { $($extra:tt)* }) => {
        $(#[$doc])*
        #[derive(Deserialize, IntoParams)]
        #[serde(deny_unknown_fields)]
        #[into_params(parameter_in = Query)]
        pub(in crate::admin) struct $name {
            /// Whose doing: an id, or a kind of actor such as `operator`.
            actor: Option<String>,
            /// What was done, such as `key.create`.
            #[param(value_type = Option<String>)]
            action: Option<Action>,
            /// About something of this organization, by id or name.
            org: Option<String>,
            /// Done at this moment or later: RFC 3339, a date, or Unix seconds.
            #[param(value_type = Option<String>)]
            from: Option<Timestamp>,
            /// Done before this moment.
            #[param(value_type = Option<String>)]
            to: Option<Timestamp>,
            $($extra)*
        }

        impl $name {
            /// Which entries are meant, if whoever asks may see them.
            pub(in crate::admin) fn filter(&self, signed: &Signed) -> Result<AuditFilter, ApiError> {
                let org = match &self.org {
                    Some(org) => {
                        let org = signed.org(org)?;
                        signed.in_org(org, Role::Admin)?;
                        Some(org)
                    }
                    None => {
                        signed.platform()?;
                        None
                    }
                };
                Ok(AuditFilter {
                    actor: self.actor.clone(),
                    action: self.action,
                    org,
                    from: self.from,
                    to: self.to,
                })
            }
        }
    };
}

audit_query! {
    /// Which entries are wanted.
    AuditQuery {
        /// The most rows to return.
        #[serde(default)]
        #[param(value_type = Option<u32>, minimum = 1, maximum = 1000, default = 50)]
        pub(super) limit: Limit,
        /// Where to go on: `next` of the part before.
        #[param(value_type = Option<String>)]
        pub(super) cursor: Option<Cursor>,
    }
}

audit_query! {
    /// Which entries are exported.
    ExportQuery {}
}
