//! The numbers that tell replicas when to look again, and at what.

use sqlx::FromRow;

use crate::db::Store;
use crate::error::Result;

pub(crate) const RAISE: &str = "UPDATE revision SET value = value + 1 WHERE id = 1";
/// The lock that [`RAISE`] takes, for what only has to come one after the other.
pub(crate) const HOLD: &str = "UPDATE revision SET value = value WHERE id = 1";
// After RAISE in the same transaction, so that both say the same.
pub(crate) const RAISE_SECTION: &str = "UPDATE sections \
    SET revision = (SELECT value FROM revision WHERE id = 1) WHERE name = $1";
// One statement, so that the numbers belong together. The empty name is the revision itself.
const ALL: &str = "SELECT name, revision FROM sections \
    UNION ALL SELECT '', value FROM revision WHERE id = 1";

/// A part of the configuration that is read on its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// Virtual keys.
    Keys,
    /// Providers and routes.
    Catalog,
    /// Sealed upstream secrets.
    Credentials,
    /// Organizations, users, memberships and their tokens.
    People,
    /// Imported prices.
    Prices,
    /// Settings and data keys: nothing that a snapshot holds.
    Settings,
}

impl Section {
    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Keys => "keys",
            Self::Catalog => "catalog",
            Self::Credentials => "credentials",
            Self::People => "people",
            Self::Prices => "prices",
            Self::Settings => "settings",
        }
    }
}

/// The revision, and the one that last touched each section.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Revisions {
    /// Raised by every administrative write that changed something.
    pub newest: i64,
    /// Virtual keys.
    pub keys: i64,
    /// Providers and routes.
    pub catalog: i64,
    /// Sealed upstream secrets.
    pub credentials: i64,
    /// Organizations, users, memberships and their tokens.
    pub people: i64,
    /// Imported prices.
    pub prices: i64,
    /// Settings and data keys.
    pub settings: i64,
}

impl Revisions {
    /// Whether every change is some section's. It is not where somebody raised the revision without
    /// saying what they touched: a release that knows no sections, or an operator by hand. Then
    /// everything has to be read.
    pub fn accounted_for(&self) -> bool {
        let sections = [
            self.keys,
            self.catalog,
            self.credentials,
            self.people,
            self.prices,
            self.settings,
        ];
        sections.contains(&self.newest)
    }
}

#[derive(FromRow)]
struct Row {
    name: String,
    revision: i64,
}

impl Store {
    /// Raised by every administrative write that changed something.
    pub async fn revision(&self) -> Result<i64> {
        Ok(read!(self, |pool| sqlx::query_scalar(
            "SELECT value FROM revision WHERE id = 1"
        )
        .fetch_one(pool)
        .await?))
    }

    /// The revision, and the one that last touched each section. What is read after this is at least
    /// that new.
    pub async fn revisions(&self) -> Result<Revisions> {
        let rows: Vec<Row> = read!(self, |pool| sqlx::query_as(ALL).fetch_all(pool).await?);
        let of = |name: &str| {
            let row = rows.iter().find(|row| row.name == name);
            row.map_or(0, |row| row.revision)
        };
        Ok(Revisions {
            newest: of(""),
            keys: of(Section::Keys.as_str()),
            catalog: of(Section::Catalog.as_str()),
            credentials: of(Section::Credentials.as_str()),
            people: of(Section::People.as_str()),
            prices: of(Section::Prices.as_str()),
            settings: of(Section::Settings.as_str()),
        })
    }
}
