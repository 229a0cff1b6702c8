//! Rotation of the master key: the few data keys are wrapped anew, one row at a time; the secrets
//! are not touched.
//!
//! Each row names its master key, so an interrupted rotation shows what is left to do: run
//! [`plan`] over the rows again with the same two keys. Meanwhile `Vault::open_rotating` opens the
//! mixture. The old key may be thrown away once the plan is empty.

use crate::{MasterKey, MasterKeyId, VaultError, WrappedDataKey};

/// The rows still wrapped by `old`, in the given order; empty when the rotation is complete. A row
/// under a third key is an error: neither key could open it.
pub fn plan(
    rows: &[WrappedDataKey],
    old: MasterKeyId,
    new: MasterKeyId,
) -> Result<Vec<&WrappedDataKey>, VaultError> {
    if let Some(row) = rows
        .iter()
        .find(|row| row.master != old && row.master != new)
    {
        return Err(VaultError::WrongMasterKey {
            expected: row.master,
            found: old,
        });
    }
    Ok(rows.iter().filter(|row| row.master != new).collect())
}

/// The same data key wrapped by `new`. A row that is there already comes back as it is, once it
/// has been shown to open.
pub fn rewrap(
    wrapped: &WrappedDataKey,
    old: &MasterKey,
    new: &MasterKey,
) -> Result<WrappedDataKey, VaultError> {
    if wrapped.master == new.id() {
        wrapped.unwrap(new)?;
        return Ok(wrapped.clone());
    }
    let key = wrapped.unwrap(old)?;
    Ok(WrappedDataKey::wrap(wrapped.id, &key, new))
}
