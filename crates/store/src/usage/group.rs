//! What calls are added up by, and how a database says it.

use std::str::FromStr;

use sqlx::{Database, Encode, QueryBuilder, Type};
use tollhouse_domain::id::{KeyId, OrgId, SessionId, UserId};
use tollhouse_domain::time::Timestamp;
use uuid::Uuid;

use crate::calls::push_tag;
use crate::error::{Result, StoreError};

/// What calls are added up by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum GroupBy {
    /// The model asked for.
    Model,
    /// The model that the answer says served it.
    ModelServed,
    /// The provider.
    Provider,
    /// The virtual key.
    Key,
    /// The user whose key it is.
    User,
    /// The organization that the key belongs to.
    Org,
    /// The client application.
    Caller,
    /// The named consumer.
    Agent,
    /// The conversation.
    Session,
    /// How the calls ended.
    Outcome,
    /// The HTTP status that the client saw.
    Status,
    /// The operation.
    Endpoint,
    /// The protocol.
    Protocol,
    /// Whose credential it was.
    Source,
    /// The value of the tag of this name.
    Tag(String),
    /// The day of admission, UTC.
    Day,
    /// The hour of admission.
    Hour,
}

impl FromStr for GroupBy {
    type Err = ();

    /// Reads its name in a query: `model`, …, and `tag:NAME`.
    fn from_str(text: &str) -> std::result::Result<Self, ()> {
        Ok(match text {
            "model" => Self::Model,
            "model_served" => Self::ModelServed,
            "provider" => Self::Provider,
            "key" => Self::Key,
            "user" => Self::User,
            "org" => Self::Org,
            "caller" => Self::Caller,
            "agent" => Self::Agent,
            "session" => Self::Session,
            "outcome" => Self::Outcome,
            "status" => Self::Status,
            "endpoint" => Self::Endpoint,
            "protocol" => Self::Protocol,
            "source" => Self::Source,
            "day" => Self::Day,
            "hour" => Self::Hour,
            _ => match text.strip_prefix("tag:") {
                Some(name) if !name.is_empty() => Self::Tag(name.to_owned()),
                _ => return Err(()),
            },
        })
    }
}

/// How long the parts of a range of time are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Interval {
    /// Hours.
    Hour,
    /// Days, UTC.
    Day,
}

impl Interval {
    /// In microseconds.
    pub const fn micros(self) -> i64 {
        match self {
            Self::Hour => 3_600_000_000,
            Self::Day => 86_400_000_000,
        }
    }

    /// When the part begins that `at` is in.
    pub const fn begin(self, at: i64) -> i64 {
        at - at.rem_euclid(self.micros())
    }
}

impl GroupBy {
    /// Whether it is a part of time.
    pub const fn time(&self) -> Option<Interval> {
        match self {
            Self::Day => Some(Interval::Day),
            Self::Hour => Some(Interval::Hour),
            _ => None,
        }
    }

    /// The tag that it is a value of.
    pub(super) fn tag(&self) -> Option<&str> {
        match self {
            Self::Tag(name) => Some(name),
            _ => None,
        }
    }

    /// The group's value, as the sums have it.
    pub(super) fn of_series(&self) -> &'static str {
        match self {
            Self::Tag(_) => "tag_value",
            other => other.column(),
        }
    }

    fn column(&self) -> &'static str {
        match self {
            Self::Model => "model_requested",
            Self::ModelServed => "model_served",
            Self::Provider => "provider",
            Self::Key => "key_id",
            Self::User => "user_id",
            Self::Org => "org_id",
            Self::Caller => "caller",
            Self::Agent => "agent",
            Self::Session => "session_id",
            Self::Outcome => "outcome",
            Self::Status => "status",
            Self::Endpoint => "endpoint",
            Self::Protocol => "protocol",
            Self::Source => "credential_source",
            Self::Tag(_) => "detail",
            Self::Day => "at / 86400000000 * 86400000000",
            Self::Hour => "at / 3600000000 * 3600000000",
        }
    }

    /// Adds the group's value, as the table of calls has it.
    pub(super) fn push_to<DB>(&self, query: &mut QueryBuilder<DB>)
    where
        DB: Database,
        String: for<'q> Encode<'q, DB> + Type<DB>,
    {
        match self {
            Self::Tag(name) => push_tag(query, name),
            other => {
                query.push(other.column());
            }
        }
    }

    /// Whether there may be very many of it: each of what calls are made by or for.
    pub(super) const fn is_many(&self) -> bool {
        match self {
            Self::Key | Self::User | Self::Agent | Self::Tag(_) => true,
            // Sessions have no sums to find the busiest by; of organizations and of what was done there are few.
            Self::Session
            | Self::Org
            | Self::Model
            | Self::ModelServed
            | Self::Provider
            | Self::Caller
            | Self::Outcome
            | Self::Status
            | Self::Endpoint
            | Self::Protocol
            | Self::Source
            | Self::Day
            | Self::Hour => false,
        }
    }

    /// The value in `name` as text, which [`GroupBy::print`] reads.
    pub(super) fn text<DB: Database>(&self, name: &str) -> String {
        let id = matches!(self, Self::Key | Self::User | Self::Org | Self::Session);
        if id && DB::NAME != sqlx::Postgres::NAME {
            // `HEX` makes text of what is not there.
            return format!("CASE WHEN {name} IS NULL THEN NULL ELSE HEX({name}) END");
        }
        format!("CAST({name} AS TEXT)")
    }

    /// A value as printed everywhere: an id with its prefix, a time as RFC 3339.
    pub(super) fn print(&self, text: String) -> Result<String> {
        let id = || Uuid::parse_str(&text).map_err(|_| StoreError::corrupt("a group's id"));
        Ok(match self {
            Self::Key => KeyId(id()?).to_string(),
            Self::User => UserId(id()?).to_string(),
            Self::Org => OrgId(id()?).to_string(),
            Self::Session => SessionId(id()?).to_string(),
            Self::Day | Self::Hour => {
                let at = text
                    .parse()
                    .map_err(|_| StoreError::corrupt("a group's time"))?;
                Timestamp(at).to_string()
            }
            _ => text,
        })
    }
}
