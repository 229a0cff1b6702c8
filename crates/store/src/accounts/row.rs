//! Rows of accounts, and what they say.

use sqlx::FromRow;
use tollhouse_domain::account::{Facts, Lost, Standing, Tries, Why};
use tollhouse_domain::id::CredentialId;
use tollhouse_domain::time::Timestamp;
use uuid::Uuid;

use super::AccountRecord;
use crate::convert::{from_json, word};
use crate::credentials::CredentialRow;
use crate::error::Result;

#[derive(FromRow)]
pub(super) struct FactsRow {
    credential_id: Uuid,
    generation: i64,
    holder: Option<String>,
    plan: Option<String>,
    renewable: bool,
    issued_at: i64,
    expires_at: i64,
    refreshed_at: Option<i64>,
    lost_at: Option<i64>,
    lost_why: Option<String>,
    rest_until: Option<i64>,
    rest_why: Option<String>,
    failures: i64,
    next_try_at: Option<i64>,
    last_error: Option<String>,
    windows: Option<String>,
    windows_at: Option<i64>,
    enabled: bool,
}

impl FactsRow {
    pub(super) fn facts(self) -> Result<(CredentialId, Facts)> {
        let windows = match &self.windows {
            Some(json) => from_json("usage windows", json)?,
            None => tollhouse_domain::account::window::Windows::default(),
        };
        let facts = Facts {
            generation: self.generation,
            holder: self.holder,
            plan: self.plan,
            renewable: self.renewable,
            issued_at: Timestamp(self.issued_at),
            expires_at: Timestamp(self.expires_at),
            refreshed_at: self.refreshed_at.map(Timestamp),
            standing: Standing {
                lost: dated::<Lost>(
                    "why an account is lost",
                    self.lost_at,
                    self.lost_why.as_deref(),
                )?,
                rest: dated::<Why>(
                    "why an account rests",
                    self.rest_until,
                    self.rest_why.as_deref(),
                )?,
                paused: !self.enabled,
            },
            tries: Tries {
                failures: u32::try_from(self.failures).unwrap_or(u32::MAX),
                next: self.next_try_at.map(Timestamp),
                last_error: self.last_error,
            },
            windows,
            windows_at: self.windows_at.map(Timestamp),
        };
        Ok((CredentialId(self.credential_id), facts))
    }
}

/// A time and a word that are there together or not at all.
fn dated<T: serde::de::DeserializeOwned>(
    what: &str,
    at: Option<i64>,
    why: Option<&str>,
) -> Result<Option<(Timestamp, T)>> {
    let (Some(at), Some(why)) = (at, why) else {
        return Ok(None);
    };
    Ok(Some((Timestamp(at), word(what, why)?)))
}

#[derive(FromRow)]
pub(super) struct AccountRow {
    #[sqlx(flatten)]
    facts: FactsRow,
    #[sqlx(flatten)]
    credential: CredentialRow,
}

impl AccountRow {
    pub(super) fn record(self) -> Result<AccountRecord> {
        let (_, facts) = self.facts.facts()?;
        let credential = self.credential.record()?;
        Ok(AccountRecord { credential, facts })
    }
}
