//! The vault as its callers use it.
#![expect(clippy::unwrap_used, reason = "a failure in a helper fails the test")]

mod bridges;
mod hygiene;
mod key_file;
mod keys;
mod rotation;
mod sealing;

use tollhouse_vault::{Context, MasterKey};
use uuid::Uuid;

/// The same key once more.
fn copy(key: &MasterKey) -> MasterKey {
    MasterKey::from_base64(&key.to_base64()).unwrap()
}

/// A place for a secret.
fn place(row: u128) -> Context<'static> {
    Context {
        table: "credential",
        row: Uuid::from_u128(row),
        column: "secret",
    }
}
