//! The store's promises, each kept on SQLite always and on PostgreSQL when `TEST_DATABASE_URL` names
//! a server (`scripts/with-postgres.sh` starts one).
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod account_sign_ins;
mod accounts;
mod audit;
mod calls;
mod captures;
mod concurrency;
mod credentials;
mod devices;
mod hostile;
mod keys;
mod leases;
mod objects;
mod opening;
mod provisioning;
mod rate;
mod replicas;
mod revision;
mod rollups;
mod round_trip;
mod search;
mod sessions;
mod sign_in;
mod sign_on;
mod spawnable;
mod spend;
mod story;
mod support;
mod usage;
mod vault;
