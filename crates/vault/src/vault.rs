//! The open vault: seals and opens secrets.

use std::fmt;

use zeroize::Zeroizing;

use crate::data_key::DataKey;
use crate::primitive::random_key;
use crate::rotate::rewrap;
use crate::{
    Context, DataKeyId, MasterKey, MasterKeyId, Sealed, Secret, VaultError, WrappedDataKey,
};

/// The master key and the opened data keys. Shared by reference between threads.
pub struct Vault {
    master: MasterKey,
    /// Seals every new secret.
    newest: DataKey,
    /// Open what has not been resealed yet.
    older: Vec<DataKey>,
}

impl Vault {
    /// Opens every stored data key, or says what is wrong with the first that does not open.
    pub fn open(master: MasterKey, wrapped: &[WrappedDataKey]) -> Result<Self, VaultError> {
        let keys = wrapped
            .iter()
            .map(|row| DataKey::open(row, &master))
            .collect::<Result<Vec<_>, _>>()?;
        Self::assemble(master, keys)
    }

    /// Opens the data keys in the middle of a rotation of the master key: each may be wrapped by
    /// `master` or by `other`. New data keys are wrapped by `master`.
    pub fn open_rotating(
        master: MasterKey,
        other: &MasterKey,
        wrapped: &[WrappedDataKey],
    ) -> Result<Self, VaultError> {
        let other_id = other.id();
        let keys = wrapped
            .iter()
            .map(|row| {
                DataKey::open(
                    row,
                    if row.master == other_id {
                        other
                    } else {
                        &master
                    },
                )
            })
            .collect::<Result<Vec<_>, _>>()?;
        Self::assemble(master, keys)
    }

    fn assemble(master: MasterKey, mut keys: Vec<DataKey>) -> Result<Self, VaultError> {
        keys.sort_by_key(|key| key.id);
        let newest = keys.pop().ok_or(VaultError::NoDataKeys)?;
        Ok(Self {
            master,
            newest,
            older: keys,
        })
    }

    /// A new vault with one data key. Store the wrapped key before anything sealed with it.
    #[must_use = "what is sealed is lost unless the wrapped data key is stored"]
    pub fn create(master: MasterKey) -> (Self, WrappedDataKey) {
        let (wrapped, newest) = wrap_new(None, &master);
        (
            Self {
                master,
                newest,
                older: Vec::new(),
            },
            wrapped,
        )
    }

    /// Seals a secret for its place with the newest data key.
    pub fn seal(&self, secret: &Secret, context: &Context<'_>) -> Sealed {
        let header = Sealed::header(self.newest.id);
        let plain = secret.expose().as_bytes();
        Sealed::from_sealing(self.newest.cipher.seal(&header, &context.encode(), plain))
    }

    /// Opens a secret, which must have been sealed for this very place.
    pub fn open_secret(
        &self,
        sealed: &Sealed,
        context: &Context<'_>,
    ) -> Result<Secret, VaultError> {
        let id = sealed.data_key_id();
        let key = self.data_key(id).ok_or(VaultError::UnknownDataKey(id))?;
        let (header, body) = sealed.parts();
        let plain = key
            .cipher
            .open(header, &context.encode(), body)
            .ok_or(VaultError::Rejected)?;
        // Authentic, so it is the text `seal` was given; anything else is not ours.
        let text = str::from_utf8(&plain).map_err(|_| VaultError::Rejected)?;
        Ok(Secret::new(text.to_owned()))
    }

    /// Seals bytes of any kind and number for their place. Unlike secrets, which are few, each place has a
    /// key of its own, derived from the newest data key; it is sealed for once, or nearly.
    pub fn seal_content(&self, plain: &[u8], context: &Context<'_>) -> Sealed {
        let header = Sealed::header(self.newest.id);
        let context = context.encode();
        let cipher = self.newest.content_cipher(&context);
        Sealed::from_sealing(cipher.seal(&header, &context, plain))
    }

    /// Opens what [`Vault::seal_content`] sealed for this very place.
    pub fn open_content(
        &self,
        sealed: &Sealed,
        context: &Context<'_>,
    ) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let id = sealed.data_key_id();
        let key = self.data_key(id).ok_or(VaultError::UnknownDataKey(id))?;
        let (header, body) = sealed.parts();
        let context = context.encode();
        let plain = key.content_cipher(&context).open(header, &context, body);
        plain.ok_or(VaultError::Rejected)
    }

    /// The same secret under the newest data key; `None` when it is there already. A pass over all
    /// rows may stop anywhere and start again: old data keys go on opening what is left.
    pub fn reseal(
        &self,
        sealed: &Sealed,
        context: &Context<'_>,
    ) -> Result<Option<Sealed>, VaultError> {
        if sealed.data_key_id() == self.newest.id {
            return Ok(None);
        }
        let secret = self.open_secret(sealed, context)?;
        Ok(Some(self.seal(&secret, context)))
    }

    /// Makes a data key, newer than all others. It is not used yet: store it, then hand it to
    /// [`Vault::add_data_key`]. The other order would lose secrets if storing failed.
    #[must_use = "a data key must be stored, then added"]
    pub fn new_data_key(&self) -> WrappedDataKey {
        wrap_new(Some(self.newest.id), &self.master).0
    }

    /// Opens one more stored data key; if it is the newest, it seals from now on. Adding a known
    /// key again changes nothing.
    pub fn add_data_key(&mut self, wrapped: &WrappedDataKey) -> Result<(), VaultError> {
        let key = DataKey::open(wrapped, &self.master)?;
        if self.data_key(key.id).is_some() {
            return Ok(());
        }
        if key.id > self.newest.id {
            self.older.push(std::mem::replace(&mut self.newest, key));
        } else {
            self.older.push(key);
        }
        Ok(())
    }

    /// A stored data key under a new master key; see [`rewrap`] and [`plan`](crate::plan).
    pub fn rewrap(
        &self,
        wrapped: &WrappedDataKey,
        new_master: &MasterKey,
    ) -> Result<WrappedDataKey, VaultError> {
        rewrap(wrapped, &self.master, new_master)
    }

    /// The master key in use.
    pub fn master_key_id(&self) -> MasterKeyId {
        self.master.id()
    }

    /// The data key that seals.
    pub fn newest_data_key_id(&self) -> DataKeyId {
        self.newest.id
    }

    /// Every data key held, newest first.
    pub fn data_key_ids(&self) -> Vec<DataKeyId> {
        let mut ids: Vec<_> = self.older.iter().map(|key| key.id).collect();
        ids.push(self.newest.id);
        ids.sort_by(|a, b| b.cmp(a));
        ids
    }

    fn data_key(&self, id: DataKeyId) -> Option<&DataKey> {
        std::iter::once(&self.newest)
            .chain(&self.older)
            .find(|key| key.id == id)
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault")
            .field("master", &self.master_key_id())
            .field("data_keys", &self.data_key_ids())
            .finish_non_exhaustive()
    }
}

fn wrap_new(previous: Option<DataKeyId>, master: &MasterKey) -> (WrappedDataKey, DataKey) {
    let id = DataKeyId::after(previous);
    let key = random_key();
    (
        WrappedDataKey::wrap(id, &key, master),
        DataKey::new(id, &key),
    )
}
