//! Sealed secrets and the place each belongs to.

use uuid::Uuid;

use crate::primitive::OVERHEAD;
use crate::{DataKeyId, VaultError};

const VERSION: u8 = 1;
const HEADER_BYTES: usize = 1 + 16;
const LABEL: &[u8] = b"tollhouse/secret/v1";

/// The place of a sealed secret. It opens nowhere else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Context<'a> {
    /// The table's name.
    pub table: &'a str,
    /// The row's primary key.
    pub row: Uuid,
    /// The column's name.
    pub column: &'a str,
}

impl Context<'_> {
    /// Every part with its length before it: no two contexts encode alike.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let parts = [
            LABEL,
            self.table.as_bytes(),
            self.row.as_bytes().as_slice(),
            self.column.as_bytes(),
        ];
        let mut out = Vec::with_capacity(128);
        for part in parts {
            out.extend_from_slice(&(part.len() as u64).to_le_bytes());
            out.extend_from_slice(part);
        }
        out
    }
}

/// A secret that may be stored: version, data key id, nonce, ciphertext and tag.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed(Vec<u8>);

impl Sealed {
    /// Reads a stored value. Only its outline is checked; opening checks the rest.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, VaultError> {
        match bytes.first() {
            Some(&VERSION) if bytes.len() >= HEADER_BYTES + OVERHEAD => Ok(Self(bytes)),
            Some(&VERSION) | None => Err(VaultError::TooShort { bytes: bytes.len() }),
            Some(&version) => Err(VaultError::UnknownVersion(version)),
        }
    }

    /// The value to store.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The value to store, without a copy.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// The data key that opens it.
    pub fn data_key_id(&self) -> DataKeyId {
        let mut id = [0; 16];
        id.copy_from_slice(&self.0[1..HEADER_BYTES]);
        DataKeyId::from_uuid(Uuid::from_bytes(id))
    }

    pub(crate) fn header(id: DataKeyId) -> [u8; HEADER_BYTES] {
        let mut header = [VERSION; HEADER_BYTES];
        header[1..].copy_from_slice(id.uuid().as_bytes());
        header
    }

    /// For bytes that start with [`Sealed::header`].
    pub(crate) fn from_sealing(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// Header, then nonce, ciphertext and tag.
    pub(crate) fn parts(&self) -> (&[u8], &[u8]) {
        self.0.split_at(HEADER_BYTES)
    }
}

impl std::fmt::Debug for Sealed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sealed({})", self.data_key_id())
    }
}
