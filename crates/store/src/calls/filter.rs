//! Which calls are meant.

use sqlx::{Database, Encode, QueryBuilder, Type};
use tollhouse_domain::call::{Fallback, Outcome};
use tollhouse_domain::credential::CredentialSource;
use tollhouse_domain::id::{CallId, CredentialId, KeyId, OrgId, SessionId, UserId};
use tollhouse_domain::money::Money;
use tollhouse_domain::tenancy::Visible;
use tollhouse_domain::time::Timestamp;
use tollhouse_wire::Protocol;
use uuid::Uuid;

use super::row::bounded;

/// Conditions that calls must meet, all of them; an absent one lets every call pass.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CallFilter {
    /// That whoever asks may see.
    pub visible: Visible,
    /// Made with this key.
    pub key: Option<KeyId>,
    /// By this user's keys.
    pub user: Option<UserId>,
    /// By this organization's keys.
    pub org: Option<OrgId>,
    /// In this session.
    pub session: Option<SessionId>,
    /// Of this model, whether it was asked for, sent or served.
    pub model: Option<String>,
    /// That went to this provider.
    pub provider: Option<String>,
    /// By this client application.
    pub caller: Option<String>,
    /// By this agent.
    pub agent: Option<String>,
    /// Of this operation.
    pub endpoint: Option<String>,
    /// In this protocol.
    pub protocol: Option<Protocol>,
    /// That ended so.
    pub outcome: Option<Ended>,
    /// With this error.
    pub error: Option<String>,
    /// That turned to another target or credential.
    pub fallback: Option<TurnedElsewhere>,
    /// That the client saw end with this HTTP status.
    pub status: Option<u16>,
    /// With a credential of this owner.
    pub source: Option<CredentialSource>,
    /// With this credential.
    pub credential: Option<CredentialId>,
    /// With a tag of this name and value.
    pub tag: Option<(String, String)>,
    /// That cost this much or more; calls of unknown cost do not pass.
    pub min_cost: Option<Money>,
    /// Whose ids are from the first of these to the last.
    pub ids: Option<(CallId, CallId)>,
    /// Admitted at this moment or later.
    pub from: Option<Timestamp>,
    /// Admitted before this moment.
    pub to: Option<Timestamp>,
}

/// How calls that are meant ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// This way.
    As(Outcome),
    /// In any way but with success.
    Unsuccessfully,
}

/// Why calls that are meant turned to another target or credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TurnedElsewhere {
    /// For whatever reason.
    Anyhow,
    /// For this one.
    Because(Fallback),
}

impl CallFilter {
    /// Whether it names an error or a fallback: each has an index that goes by ids.
    pub(crate) const fn is_marked(&self) -> bool {
        self.error.is_some() || self.fallback.is_some()
    }

    /// Adds the conditions to a query that ends in a `WHERE` clause with at least one condition.
    pub(crate) fn push_to<DB>(&self, query: &mut QueryBuilder<DB>)
    where
        DB: Database,
        Uuid: for<'q> Encode<'q, DB> + Type<DB>,
        i64: for<'q> Encode<'q, DB> + Type<DB>,
        String: for<'q> Encode<'q, DB> + Type<DB>,
    {
        self.push(query, &Besides::of(self, beside(query)));
    }

    /// The same beside a condition that few calls meet, for which there is an index. SQLite does not know how many
    /// meet which, and would rather go through all calls of an organization.
    pub(crate) fn push_beside<DB>(&self, query: &mut QueryBuilder<DB>)
    where
        DB: Database,
        Uuid: for<'q> Encode<'q, DB> + Type<DB>,
        i64: for<'q> Encode<'q, DB> + Type<DB>,
        String: for<'q> Encode<'q, DB> + Type<DB>,
    {
        self.push(query, &Besides::all(beside(query)));
    }

    fn push<DB>(&self, query: &mut QueryBuilder<DB>, besides: &Besides)
    where
        DB: Database,
        Uuid: for<'q> Encode<'q, DB> + Type<DB>,
        i64: for<'q> Encode<'q, DB> + Type<DB>,
        String: for<'q> Encode<'q, DB> + Type<DB>,
    {
        let Besides {
            session,
            key,
            owner,
            mark,
        } = *besides;
        if let Visible::Of { user, orgs } = &self.visible {
            query.push(" AND (").push(owner).push("user_id = ");
            query.push_bind(user.0);
            for org in orgs {
                query.push(" OR ").push(owner).push("org_id = ");
                query.push_bind(org.0);
            }
            query.push(")");
        }
        let ids = [
            (key, "key_id = ", self.key.map(|id| id.0)),
            (owner, "user_id = ", self.user.map(|id| id.0)),
            (owner, "org_id = ", self.org.map(|id| id.0)),
            (session, "session_id = ", self.session.map(|id| id.0)),
            (owner, "credential_id = ", self.credential.map(|id| id.0)),
        ];
        for (beside, condition, id) in ids {
            if let Some(id) = id {
                query.push(" AND ").push(beside).push(condition);
                query.push_bind(id);
            }
        }
        if let Some(error) = self.error.as_deref().map(bounded) {
            query.push(" AND ").push(mark).push("error = ");
            query.push_bind(error);
        }
        if let Some(turned) = self.fallback {
            query.push(" AND ").push(mark).push("fallback");
            match turned {
                TurnedElsewhere::Anyhow => query.push(" IS NOT NULL"),
                TurnedElsewhere::Because(reason) => {
                    query.push(" = ").push_bind(reason.as_str().to_owned())
                }
            };
        }
        self.push_what(query);
    }

    /// Adds the conditions on what was done, when, and how it ended.
    fn push_what<DB>(&self, query: &mut QueryBuilder<DB>)
    where
        DB: Database,
        Uuid: for<'q> Encode<'q, DB> + Type<DB>,
        i64: for<'q> Encode<'q, DB> + Type<DB>,
        String: for<'q> Encode<'q, DB> + Type<DB>,
    {
        if let Some(model) = self.model.as_deref().map(bounded) {
            query
                .push(" AND (model_requested = ")
                .push_bind(model.clone());
            query.push(" OR model_sent = ").push_bind(model.clone());
            query.push(" OR model_served = ").push_bind(model).push(")");
        }
        let words = [
            (" AND provider = ", self.provider.as_deref()),
            (" AND caller = ", self.caller.as_deref()),
            (" AND agent = ", self.agent.as_deref()),
            (" AND endpoint = ", self.endpoint.as_deref()),
            (" AND protocol = ", self.protocol.map(Protocol::as_str)),
            match self.outcome {
                Some(Ended::As(outcome)) => (" AND outcome = ", Some(outcome.as_str())),
                Some(Ended::Unsuccessfully) => {
                    (" AND outcome <> ", Some(Outcome::Success.as_str()))
                }
                None => (" AND outcome = ", None),
            },
            (
                " AND credential_source = ",
                self.source.map(CredentialSource::as_str),
            ),
        ];
        for (condition, word) in words {
            if let Some(word) = word {
                query.push(condition).push_bind(bounded(word));
            }
        }
        if let Some((name, value)) = &self.tag {
            query.push(" AND ");
            push_tag(query, name);
            query.push(" = ").push_bind(without_nul(value));
        }
        if let Some((first, last)) = self.ids {
            query.push(" AND id >= ").push_bind(first.0);
            query.push(" AND id <= ").push_bind(last.0);
        }
        let numbers = [
            (" AND status = ", self.status.map(i64::from)),
            (" AND cost >= ", self.min_cost.map(|cost| cost.0)),
            (" AND at >= ", self.from.map(|at| at.0)),
            (" AND at < ", self.to.map(|at| at.0)),
        ];
        for (condition, number) in numbers {
            if let Some(number) = number {
                query.push(condition).push_bind(number);
            }
        }
    }
}

/// What goes before columns that have an index, each empty or [`beside`]. SQLite knows of no index how many calls it
/// finds, and takes one of those that nothing goes before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Besides {
    session: &'static str,
    key: &'static str,
    /// Users, organizations and credentials, some of which made most of the calls.
    owner: &'static str,
    /// Errors and fallbacks.
    mark: &'static str,
}

impl Besides {
    /// Before all of them.
    const fn all(beside: &'static str) -> Self {
        Self {
            session: beside,
            key: beside,
            owner: beside,
            mark: beside,
        }
    }

    /// Errors and fallbacks are rare, until an agent that goes wrong makes millions of one: what is asked of a session
    /// or a key beside them is sought among its own calls.
    const fn of(filter: &CallFilter, beside: &'static str) -> Self {
        if !filter.is_marked() {
            return Self::all("");
        }
        let (session, key) = (filter.session.is_some(), filter.key.is_some());
        Self {
            session: "",
            key: if session { beside } else { "" },
            owner: beside,
            mark: if session || key { beside } else { "" },
        }
    }
}

/// What keeps a database from going through an index of the column behind it. What is computed is in no index;
/// PostgreSQL, which knows how many meet which condition, has no such operator for ids.
pub(crate) fn beside<DB: Database>(_: &QueryBuilder<DB>) -> &'static str {
    if DB::NAME == sqlx::Postgres::NAME {
        ""
    } else {
        "+"
    }
}

/// `detail` as PostgreSQL reads it. In JSON of either kind it refuses a NUL wherever that stands, and what releases
/// before schema 26 stored may have one. An escape that begins with an escaped backslash is none.
const READABLE: &str = concat!(
    r"CAST(CASE WHEN strpos(detail, '\u0000') > 0 THEN ",
    r"regexp_replace(detail, '(?<!\\)((?:\\\\)*)\\u0000', '\1\\ufffd', 'g') ELSE detail END AS json)",
);

/// Adds the value of the tag of that name. Here the databases differ, and `detail` may hold what only one
/// of PostgreSQL's two kinds of JSON reads.
pub(crate) fn push_tag<DB>(query: &mut QueryBuilder<DB>, name: &str)
where
    DB: Database,
    String: for<'q> Encode<'q, DB> + Type<DB>,
{
    if DB::NAME == sqlx::Postgres::NAME {
        query.push("(").push(READABLE).push(" -> 'tags' ->> ");
    } else {
        query.push("(SELECT value FROM json_each(detail, '$.tags') WHERE key = ");
    }
    query.push_bind(without_nul(name)).push(")");
}

/// Text that PostgreSQL takes. No tag has a NUL in it, or what stands here in its place.
fn without_nul(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

#[cfg(test)]
mod tests;
