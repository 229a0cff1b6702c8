//! Asking for certain groups: what was printed of them, back in a query.

use std::collections::BTreeSet;

use sqlx::{Database, Encode, QueryBuilder, Type};
use tollhouse_domain::id::{InvalidId, KeyId, OrgId, SessionId, UserId};
use tollhouse_domain::time::Timestamp;
use uuid::Uuid;

use super::GroupBy;
use crate::error::{Result, StoreError};

impl GroupBy {
    /// Adds the condition that `column` is one of these values, as [`GroupBy::print`] printed them.
    pub(super) fn push_among<'a, DB>(
        &self,
        query: &mut QueryBuilder<DB>,
        column: impl Fn(&mut QueryBuilder<DB>),
        values: impl Iterator<Item = Option<&'a str>>,
    ) -> Result<()>
    where
        DB: Database,
        Uuid: for<'q> Encode<'q, DB> + Type<DB>,
        i64: for<'q> Encode<'q, DB> + Type<DB>,
        String: for<'q> Encode<'q, DB> + Type<DB>,
    {
        // Each once: of two groups, the first may stand beside many of the second.
        let values: BTreeSet<Option<&str>> = values.collect();
        query.push(" AND (");
        if values.contains(&None) {
            column(query);
            query.push(" IS NULL OR ");
        }
        column(query);
        // Of which nothing is one, and without it there may be none in the list.
        query.push(" IN (NULL");
        for value in values.into_iter().flatten() {
            query.push(", ");
            self.push_value(query, value)?;
        }
        query.push("))");
        Ok(())
    }

    /// Adds a value that was printed, as its column has it.
    fn push_value<DB>(&self, query: &mut QueryBuilder<DB>, value: &str) -> Result<()>
    where
        DB: Database,
        Uuid: for<'q> Encode<'q, DB> + Type<DB>,
        i64: for<'q> Encode<'q, DB> + Type<DB>,
        String: for<'q> Encode<'q, DB> + Type<DB>,
    {
        let unread = || StoreError::corrupt("a group");
        let id = |id: std::result::Result<Uuid, InvalidId>| id.map_err(|_| unread());
        match self {
            Self::Key => query.push_bind(id(value.parse().map(|KeyId(id)| id))?),
            Self::User => query.push_bind(id(value.parse().map(|UserId(id)| id))?),
            Self::Org => query.push_bind(id(value.parse().map(|OrgId(id)| id))?),
            Self::Session => query.push_bind(id(value.parse().map(|SessionId(id)| id))?),
            Self::Status => query.push_bind(value.parse::<i64>().map_err(|_| unread())?),
            Self::Day | Self::Hour => {
                query.push_bind(Timestamp::parse(value).ok_or_else(unread)?.0)
            }
            Self::Model
            | Self::ModelServed
            | Self::Provider
            | Self::Caller
            | Self::Agent
            | Self::Outcome
            | Self::Endpoint
            | Self::Protocol
            | Self::Source
            | Self::Tag(_) => query.push_bind(value.to_owned()),
        };
        Ok(())
    }
}
