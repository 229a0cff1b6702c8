//! The journal's directory: names, modes, and making things durable in it.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::{JournalError, frame};

const SUFFIX: &str = ".seg";
const CORRUPT_SUFFIX: &str = ".seg.corrupt";

/// The directory of one open journal.
pub(crate) struct Directory {
    path: PathBuf,
    /// Locked for as long as this value lives.
    _lock: File,
}

/// The numbers of the files found.
pub(crate) struct Listing {
    /// Segments, ascending.
    pub(crate) segments: Vec<u64>,
    /// The greatest number of a segment or a corrupt copy; zero when there are none.
    pub(crate) greatest: u64,
}

impl Directory {
    /// Makes the directory if it is missing, and locks it.
    pub(crate) fn open(path: &Path) -> Result<Self, JournalError> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .map_err(JournalError::io("create", path))?;
        let lock_path = path.join("lock");
        let lock = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&lock_path)
            .map_err(JournalError::io("open", &lock_path))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self {
                path: path.to_owned(),
                _lock: lock,
            }),
            Err(TryLockError::WouldBlock) => Err(JournalError::Locked {
                directory: path.to_owned(),
            }),
            Err(TryLockError::Error(source)) => Err(JournalError::io("lock", &lock_path)(source)),
        }
    }

    pub(crate) fn segment(&self, number: u64) -> PathBuf {
        self.path.join(format!("{number:012}{SUFFIX}"))
    }

    pub(crate) fn corrupt(&self, number: u64) -> PathBuf {
        self.path.join(format!("{number:012}{CORRUPT_SUFFIX}"))
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    pub(crate) fn list(&self) -> Result<Listing, JournalError> {
        let mut segments = Vec::new();
        let mut greatest = 0;
        let entries = fs::read_dir(&self.path).map_err(JournalError::io("list", &self.path))?;
        for entry in entries {
            let name = entry
                .map_err(JournalError::io("list", &self.path))?
                .file_name();
            let Some(name) = name.to_str() else { continue };
            if let Some(number) = number(name, SUFFIX) {
                segments.push(number);
                greatest = greatest.max(number);
            } else if let Some(number) = number(name, CORRUPT_SUFFIX) {
                greatest = greatest.max(number);
            }
        }
        segments.sort_unstable();
        Ok(Listing { segments, greatest })
    }

    /// A new segment with its header, ready for appending.
    pub(crate) fn create_segment(&self, number: u64) -> Result<File, JournalError> {
        let path = self.segment(number);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .map_err(JournalError::io("create", &path))?;
        if let Err(source) = file.write_all(&frame::header(number)) {
            // Best effort: recovery deletes a segment that ends within its header.
            drop(fs::remove_file(&path));
            return Err(JournalError::io("write", &path)(source));
        }
        Ok(file)
    }

    /// Deletes a segment; one that is gone already is fine.
    pub(crate) fn remove_segment(&self, number: u64) -> Result<(), JournalError> {
        let path = self.segment(number);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(JournalError::io("delete", &path)(error))
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Gives a segment a second name that outlives its release. A link costs no room on the disk.
    pub(crate) fn keep_corrupt(&self, number: u64) -> io::Result<()> {
        let (from, to) = (self.segment(number), self.corrupt(number));
        match fs::hard_link(&from, &to) {
            // An earlier start has kept it.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
            // Not every file system has links.
            Err(_) => fs::copy(&from, &to).map(drop),
            Ok(()) => Ok(()),
        }
    }

    /// Makes the creation of segments durable.
    pub(crate) fn sync(&self) -> io::Result<()> {
        File::open(&self.path)?.sync_all()
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

fn number(name: &str, suffix: &str) -> Option<u64> {
    let digits = name.strip_suffix(suffix)?;
    (digits.len() >= 12 && digits.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| digits.parse().ok())?
}
