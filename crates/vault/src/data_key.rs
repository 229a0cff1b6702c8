//! Data keys: seal secrets, and are themselves stored wrapped by the master key.

use std::fmt;

use uuid::Uuid;
use zeroize::Zeroizing;

use crate::primitive::{Cipher, KEY_BYTES, KeyBytes, OVERHEAD, derive};
use crate::{MasterKey, MasterKeyId, VaultError};

const VERSION: u8 = 1;
const LABEL: &[u8] = b"tollhouse/data-key/v1";
const CONTENT_LABEL: &[u8] = b"tollhouse/content/v1";

/// Names a data key: a `UUIDv7`, so that the newest key has the greatest id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DataKeyId(Uuid);

impl DataKeyId {
    /// An id read from storage.
    pub const fn from_uuid(id: Uuid) -> Self {
        Self(id)
    }

    /// The id as it is stored.
    pub const fn uuid(self) -> Uuid {
        self.0
    }

    /// A new id, greater than `previous` even when the clock was set back in between.
    pub(crate) fn after(previous: Option<Self>) -> Self {
        let now = Self(Uuid::now_v7());
        match previous {
            Some(previous) if previous >= now => {
                Self(Uuid::from_u128(previous.0.as_u128().saturating_add(1)))
            }
            Some(_) | None => now,
        }
    }
}

impl fmt::Display for DataKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for DataKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DataKeyId({self})")
    }
}

/// A data key as it is stored. Useless without its master key.
#[derive(Clone, PartialEq, Eq)]
pub struct WrappedDataKey {
    /// The data key's own name.
    pub id: DataKeyId,
    /// The master key that opens it.
    pub master: MasterKeyId,
    /// Version, nonce, ciphertext and tag.
    pub bytes: Vec<u8>,
}

impl fmt::Debug for WrappedDataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WrappedDataKey")
            .field("id", &self.id)
            .field("master", &self.master)
            .finish_non_exhaustive()
    }
}

impl WrappedDataKey {
    pub(crate) fn wrap(id: DataKeyId, key: &KeyBytes, master: &MasterKey) -> Self {
        let master_id = master.id();
        let context = associated_data(id, master_id);
        let bytes = master.cipher().seal(&[VERSION], &context, key.as_slice());
        Self {
            id,
            master: master_id,
            bytes,
        }
    }

    pub(crate) fn unwrap(&self, master: &MasterKey) -> Result<KeyBytes, VaultError> {
        let found = master.id();
        if self.master != found {
            return Err(VaultError::WrongMasterKey {
                expected: self.master,
                found,
            });
        }
        let (&version, body) = self
            .bytes
            .split_first()
            .ok_or(VaultError::TooShort { bytes: 0 })?;
        if version != VERSION {
            return Err(VaultError::UnknownVersion(version));
        }
        if body.len() != KEY_BYTES + OVERHEAD {
            return Err(VaultError::DamagedDataKey(self.id));
        }
        let plain = master
            .cipher()
            .open(&[VERSION], &associated_data(self.id, self.master), body)
            .ok_or(VaultError::DamagedDataKey(self.id))?;
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        key.copy_from_slice(&plain);
        Ok(key)
    }
}

/// Binds a wrapped key to its id, so that two rows cannot be swapped. Fixed lengths throughout.
fn associated_data(id: DataKeyId, master: MasterKeyId) -> Vec<u8> {
    [
        LABEL,
        id.0.as_bytes().as_slice(),
        master.as_bytes().as_slice(),
    ]
    .concat()
}

/// An opened data key.
pub(crate) struct DataKey {
    pub(crate) id: DataKeyId,
    pub(crate) cipher: Cipher,
    /// Gives every content a key of its own.
    content: KeyBytes,
}

impl DataKey {
    pub(crate) fn new(id: DataKeyId, key: &KeyBytes) -> Self {
        Self {
            id,
            cipher: Cipher::new(key),
            content: derive(key, CONTENT_LABEL),
        }
    }

    /// The key of one content. There may be more contents than one key may draw random nonces for.
    pub(crate) fn content_cipher(&self, context: &[u8]) -> Cipher {
        Cipher::new(&derive(&self.content, context))
    }

    pub(crate) fn open(wrapped: &WrappedDataKey, master: &MasterKey) -> Result<Self, VaultError> {
        Ok(Self::new(wrapped.id, &wrapped.unwrap(master)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_id_is_the_greatest_even_when_the_clock_was_set_back() {
        let future = DataKeyId(Uuid::from_u128(0xefff_0000_0000_7000_8000_0000_0000_0000));
        assert!(DataKeyId::after(Some(future)) > future);
        let now = DataKeyId::after(None);
        assert!(DataKeyId::after(Some(now)) > now);
    }
}
