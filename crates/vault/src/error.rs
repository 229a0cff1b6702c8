//! Why sealed values do not open.

use thiserror::Error;

use crate::{DataKeyId, MasterKeyId};

/// A failure of the vault. Contains ids only.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum VaultError {
    /// The given master key is not the one the data keys are wrapped by.
    #[error(
        "wrong master key: the stored data keys are wrapped by master key {expected}, \
         but the given one is {found}; nothing was changed"
    )]
    WrongMasterKey {
        /// The key that is needed.
        expected: MasterKeyId,
        /// The key that was given.
        found: MasterKeyId,
    },
    /// A vault cannot be opened without data keys; a new one is made with `Vault::create`.
    #[error("there are no data keys to open")]
    NoDataKeys,
    /// A wrapped data key names the right master key and yet does not open.
    #[error("data key {0} is damaged: it names the given master key but does not open with it")]
    DamagedDataKey(DataKeyId),
    /// A sealed value names a data key the vault does not hold.
    #[error("data key {0} is not known")]
    UnknownDataKey(DataKeyId),
    /// A sealed value is too short to be one.
    #[error("a sealed value of {bytes} bytes is cut short")]
    TooShort {
        /// Its length.
        bytes: usize,
    },
    /// Written by a newer version of this program, or not a sealed value at all.
    #[error("sealed values of version {0} are not known")]
    UnknownVersion(u8),
    /// Altered, or sealed for another row.
    #[error("a sealed value does not open: it was altered, or belongs to another row")]
    Rejected,
    /// Not 16 hex digits.
    #[error("a master key id has 16 hex digits")]
    MalformedMasterKeyId,
}
