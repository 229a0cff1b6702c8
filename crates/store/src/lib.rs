//! SQLite and PostgreSQL behind one set of queries.
//!
//! [`Store`] is everything that outlives the process: keys, sealed credentials, providers, routes,
//! prices and the ledger. Each aggregate is one file with an `impl Store` block; its SQL is written
//! once, in what both databases understand, and two private macros expand it for each.
//!
//! Three rules hold throughout. Every *administrative* write raises [`Store::revision`] in its own
//! transaction and adds an entry to the audit trail there, and a write that changes nothing does
//! neither; the ledger's lane (calls, last use, remembered objects, retention) never raises it. No
//! transaction waits for anything but its database. Whatever a client or an upstream sends is bound, never spliced into SQL, and bounded,
//! so that no row can be refused for its content.
//!
//! This crate refuses to know what is inside a sealed secret, what a call costs and why, and what
//! time it is.
#![warn(missing_docs)]

#[macro_use]
mod db;
mod accounts;
mod audit;
mod backup;
mod calls;
mod captures;
mod convert;
mod credentials;
mod error;
mod keys;
mod leases;
mod objects;
mod options;
mod orgs;
mod prices;
mod providers;
mod replicas;
mod revision;
mod rollups;
mod routes;
mod sessions;
mod settings;
mod spend;
mod usage;
mod users;
mod vault;

pub use accounts::{AccountRecord, Claim, Mark, Renewed, SignIn, Step};
pub use audit::{AuditFilter, ReadEntry};
pub use backup::backup;
pub use calls::{CallFilter, Ended, MAX_COST, MAX_COUNT, MAX_TEXT, TurnedElsewhere};
pub use captures::CaptureRow;
pub use credentials::CredentialRecord;
pub use db::Store;
pub use error::{Result, StoreError};
pub use keys::{KeyCaps, StoredKey};
pub use leases::Asked;
pub use objects::{ObjectKind, ObjectRow};
pub use options::{DatabaseUrl, Page, StoreOptions};
pub use prices::StoredPrice;
pub use replicas::{Changes, Singleton, Turn};
pub use revision::{Revisions, Section};
pub use rollups::Verified;
pub use routes::RoutesTag;
pub use sessions::SessionRow;
pub use spend::Spent;
pub use usage::{
    Group, GroupBy, Interval, Latency, MOST_POINTS, Question, Report, Totals, UsageRow,
};
pub use users::{ApiToken, Attempt, DeviceGrant, Holder, SignOn, SignedOn, TokenScope, WebSession};
pub use vault::{DataKeyRow, SealedSetting};
