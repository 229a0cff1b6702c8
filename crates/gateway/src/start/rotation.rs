//! The vault's master key outside of serving: making it, changing it, saying what there is.
//!
//! A rotation moves through states that can each be found on disk, so that one which was cut short
//! anywhere goes on where it stopped when it is run again, and a server can start in all of them:
//!
//! | beside `master.key` | data keys are wrapped by | next step |
//! |---|---|---|
//! | nothing | `master.key` | write `master.key.next` |
//! | `.next` | either | wrap the rest by `.next`; keep the old key as `.previous`; rename `.next` |
//! | `.previous` | `master.key` | remove `.previous` |
//!
//! A server that runs meanwhile is not disturbed: it holds the data keys, and those do not change.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use tollhouse_domain::audit::{Action, Actor, Note, Subject, SubjectKind};
use tollhouse_store::{DatabaseUrl, Store, StoreError};
use tollhouse_vault::{
    KeyFileError, MasterKey, MasterKeyId, Vault, VaultError, WrappedDataKey, key_file, plan, rewrap,
};

use super::secrets::{master_key, open_vault, row, wrapped_keys};
use super::{StartError, prepare};
use crate::clock;
use crate::config::{MasterKeySource, Storage};

/// Why a rotation does not go on. What was done stays done; it can be run again.
#[derive(Debug, thiserror::Error)]
pub enum RotationError {
    /// Something that would also keep the gateway from starting.
    #[error(transparent)]
    Start(#[from] StartError),
    /// There is no vault yet.
    #[error("there is no vault yet: run `tollhouse vault init`, or start the gateway once")]
    NoVault,
    /// Another rotation runs.
    #[error("another rotation is running (it holds {})", .0.display())]
    Running(PathBuf),
    /// A key is kept under the old key's name that is not the old key.
    #[error(
        "{} holds another key than the one in use; move it away if nothing is sealed with it",
        .0.display()
    )]
    ForeignPrevious(PathBuf),
    /// The new key is the one in use.
    #[error("the new master key is the one in use")]
    SameKey,
    /// A file could not be written, renamed or removed.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl From<StoreError> for RotationError {
    fn from(error: StoreError) -> Self {
        Self::Start(error.into())
    }
}

impl From<VaultError> for RotationError {
    fn from(error: VaultError) -> Self {
        Self::Start(error.into())
    }
}

impl From<KeyFileError> for RotationError {
    fn from(error: KeyFileError) -> Self {
        Self::Start(error.into())
    }
}

/// What a rotation did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotated {
    /// The key before.
    pub from: MasterKeyId,
    /// The key that wraps every data key now.
    pub to: MasterKeyId,
    /// Data keys that were wrapped anew by this run.
    pub rewrapped: usize,
    /// Whether this run finished one that had been cut short.
    pub resumed: bool,
}

/// What there is of a vault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The configured master key; absent when its file is not there.
    pub master: Option<MasterKeyId>,
    /// For each data key, the master key that wraps it.
    pub data_keys: Vec<MasterKeyId>,
    /// Whether a rotation was begun and not finished.
    pub rotating: bool,
    /// Whether every data key opens.
    pub opens: bool,
}

/// Makes the vault where there is none, and says whether there was none.
pub async fn init(storage: &Storage, master_key: &MasterKeySource) -> Result<bool, StartError> {
    prepare(&storage.data_dir)?;
    let store = Store::open(&storage.database).await?;
    let fresh = store.data_keys().await?.is_empty();
    let opened = open_vault(&store, master_key).await;
    store.close().await;
    opened.map(|_vault| fresh)
}

/// Looks, and changes nothing but the schema's version.
pub async fn status(store: &Store, source: &MasterKeySource) -> Result<Status, StartError> {
    let rows = wrapped_keys(&store.data_keys().await?)?;
    let master = match master_key(source, false) {
        Ok(key) => Some(key.id()),
        Err(StartError::MasterKeyMissing(_)) => None,
        Err(error) => return Err(error),
    };
    let rotating = match source {
        MasterKeySource::File(path) => Files::beside(path).unfinished(),
        MasterKeySource::Given(_) => false,
    };
    let opens = open_rows(source, &rows).is_ok();
    let data_keys = rows.iter().map(|row| row.master).collect();
    Ok(Status {
        master,
        data_keys,
        rotating,
        opens,
    })
}

/// Puts a new master key in the place of the one in `path`, or finishes doing so. `database` is
/// where `store` is.
pub async fn rotate_file(
    store: &Store,
    database: &DatabaseUrl,
    path: &Path,
) -> Result<Rotated, RotationError> {
    let files = Files::beside(path);
    if store.data_keys().await?.is_empty() {
        return Err(RotationError::NoVault);
    }
    let _lock = files.lock()?;
    let current = master_key(&MasterKeySource::File(path.to_owned()), false)?;
    let resumed = files.unfinished();
    if !files.next.exists() && files.previous.exists() {
        let old = key_file::load(&files.previous)?;
        let rewrapped = rewrap_all(store, &old, &current).await?;
        sync_database(database)?;
        files.remove_previous()?;
        return Ok(Rotated {
            from: old.id(),
            to: current.id(),
            rewrapped,
            resumed,
        });
    }
    let next = key_file::load_or_create(&files.next)?;
    let rewrapped = rewrap_all(store, &current, &next).await?;
    sync_database(database)?;
    files.keep_current(current.id())?;
    files.promote_next()?;
    files.remove_previous()?;
    Ok(Rotated {
        from: current.id(),
        to: next.id(),
        rewrapped,
        resumed,
    })
}

/// Wraps every data key by `new`, for a master key that is kept elsewhere than in our file.
pub async fn rotate_given(
    store: &Store,
    old: &MasterKey,
    new: &MasterKey,
) -> Result<Rotated, RotationError> {
    if old.id() == new.id() {
        return Err(RotationError::SameKey);
    }
    if store.data_keys().await?.is_empty() {
        return Err(RotationError::NoVault);
    }
    let rewrapped = rewrap_all(store, old, new).await?;
    Ok(Rotated {
        from: old.id(),
        to: new.id(),
        rewrapped,
        resumed: false,
    })
}

/// Opens the data keys, in the middle of a rotation too.
pub(super) fn open_rows(
    source: &MasterKeySource,
    rows: &[WrappedDataKey],
) -> Result<Vault, StartError> {
    let master = master_key(source, false)?;
    let id = master.id();
    let other = match source {
        MasterKeySource::File(path) if rows.iter().any(|row| row.master != id) => {
            let files = Files::beside(path);
            let there = [&files.next, &files.previous]
                .into_iter()
                .filter(|path| path.exists());
            let mut keys = there.filter_map(|path| key_file::load(path).ok());
            keys.find(|key| {
                rows.iter()
                    .all(|row| row.master == id || row.master == key.id())
            })
        }
        MasterKeySource::File(_) | MasterKeySource::Given(_) => None,
    };
    Ok(match other {
        Some(other) => Vault::open_rotating(master, &other, rows)?,
        None => Vault::open(master, rows)?,
    })
}

/// Until nothing is left: a row may have been added, or wrapped by somebody else, since we looked.
async fn rewrap_all(
    store: &Store,
    old: &MasterKey,
    new: &MasterKey,
) -> Result<usize, RotationError> {
    let subject = Subject::of(SubjectKind::Vault);
    let note = Note::new(clock::now(), Actor::OPERATOR, Action::VaultRotate, subject)
        .with("from", old.id().to_string())
        .with("to", new.id().to_string());
    let noted = store.noted(note);
    let mut rewrapped = 0;
    loop {
        let rows = wrapped_keys(&store.data_keys().await?)?;
        let left = plan(&rows, old.id(), new.id())?;
        if left.is_empty() {
            return Ok(rewrapped);
        }
        for wrapped in left {
            let expected = row(wrapped).master;
            if noted
                .replace_data_key(&row(&rewrap(wrapped, old, new)?), &expected)
                .await?
            {
                rewrapped += 1;
            }
        }
    }
}

/// The embedded database syncs its log to disk only now and then. The old key may go only when what
/// no longer needs it would also survive the death of the machine.
fn sync_database(database: &DatabaseUrl) -> Result<(), RotationError> {
    let DatabaseUrl::Sqlite(path) = database else {
        return Ok(());
    };
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    for path in [Path::new(&log), path] {
        match File::open(path).and_then(|file| file.sync_all()) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                return Err(failed(path)(source));
            }
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}

/// The key file and what stands beside it in the middle of a rotation.
struct Files {
    current: PathBuf,
    next: PathBuf,
    previous: PathBuf,
    lock: PathBuf,
}

impl Files {
    fn beside(current: &Path) -> Self {
        let with = |suffix: &str| {
            let mut name = current.as_os_str().to_owned();
            name.push(suffix);
            PathBuf::from(name)
        };
        let (next, previous, lock) = (with(".next"), with(".previous"), with(".lock"));
        Self {
            current: current.to_owned(),
            next,
            previous,
            lock,
        }
    }

    fn unfinished(&self) -> bool {
        self.next.exists() || self.previous.exists()
    }

    fn lock(&self) -> Result<File, RotationError> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false).mode(0o600);
        let file = options.open(&self.lock).map_err(failed(&self.lock))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => Err(RotationError::Running(self.lock.clone())),
            Err(TryLockError::Error(source)) => Err(failed(&self.lock)(source)),
        }
    }

    /// Keeps the old key under its second name until the new one has taken the first.
    fn keep_current(&self, id: MasterKeyId) -> Result<(), RotationError> {
        if !self.previous.exists() {
            return fs::hard_link(&self.current, &self.previous).map_err(failed(&self.previous));
        }
        if key_file::load(&self.previous)?.id() == id {
            return Ok(());
        }
        Err(RotationError::ForeignPrevious(self.previous.clone()))
    }

    fn promote_next(&self) -> Result<(), RotationError> {
        fs::rename(&self.next, &self.current).map_err(failed(&self.current))?;
        self.sync()
    }

    fn remove_previous(&self) -> Result<(), RotationError> {
        fs::remove_file(&self.previous).map_err(failed(&self.previous))?;
        self.sync()
    }

    /// Names are safe from the death of the machine only once their directory is synced.
    fn sync(&self) -> Result<(), RotationError> {
        let directory = match self.current.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            Some(_) | None => Path::new("."),
        };
        let synced = File::open(directory).and_then(|directory| directory.sync_all());
        synced.map_err(failed(directory))
    }
}

fn failed(path: &Path) -> impl Fn(io::Error) -> RotationError + '_ {
    |source| RotationError::File {
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests;
