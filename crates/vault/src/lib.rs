//! Envelope encryption of provider secrets: the part an auditor reads.
//!
//! Secrets are sealed with AES-256-GCM under a *data key*; data keys are stored wrapped by the
//! *master key*, which is never stored beside them. Every sealed value names its data key and
//! every wrapped data key names its master key, so both can be rotated while the gateway serves,
//! and a wrong key is recognized before anything is touched. The associated data of a sealed
//! secret binds it to its table, row and column: a ciphertext moved elsewhere does not open.
//!
//! Formats (version 1):
//!
//! | value | bytes |
//! |---|---|
//! | [`Sealed`] | `1`, data key id (16), nonce (12), ciphertext and tag |
//! | [`WrappedDataKey`]`::bytes` | `1`, nonce (12), ciphertext (32) and tag (16) |
//!
//! All bytes are authenticated: the leading ones as associated data. Nonces are 12 random bytes
//! drawn by the cryptographic library itself; one data key may seal about 2³² values before their
//! collision becomes a concern, far more than a gateway has credentials. Of what calls said there may
//! be more: [`Vault::seal_content`] derives a key for each place from the data key, by HKDF-SHA-256 over
//! the place, and uses that key for it alone.
//!
//! This crate refuses to know what a secret is for, whom it belongs to and where sealed values are
//! stored. It reads no clock (but for the time inside a new data key's `UUIDv7`), opens no socket,
//! and touches the file system only in [`key_file`]. [`MasterKey`], [`ServerSecret`] and
//! [`Secret`] have no `Debug`, `Display`, `Clone` or `Serialize`, and are wiped when dropped.
#![warn(missing_docs)]

mod data_key;
mod digest;
mod error;
pub mod key_file;
mod master;
mod password;
mod primitive;
mod rotate;
mod seal;
mod secret;
mod vault;

pub use data_key::{DataKeyId, WrappedDataKey};
pub use digest::{
    KeyDigester, ServerSecret, admin_token, is_proof, new_api_token, new_bridge_secret,
    new_device_code, new_nonce, new_virtual_key, prefix, proof,
};
pub use error::VaultError;
pub use key_file::KeyFileError;
pub use master::{MasterKey, MasterKeyError, MasterKeyId};
pub use password::{MAX_PASSWORD_BYTES, MIN_PASSWORD_CHARS, Password, PasswordError, PasswordHash};
pub use primitive::constant_time_eq;
pub use rotate::{plan, rewrap};
pub use seal::{Context, Sealed};
pub use secret::{MAX_SECRET_BYTES, Secret, SecretError};
pub use vault::Vault;
