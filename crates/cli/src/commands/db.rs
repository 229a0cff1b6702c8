//! `db`: the database, without a server.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use tollhouse_domain::audit::{Action, Actor, Note, Subject, SubjectKind};
use tollhouse_gateway::config::MasterKeySource;
use tollhouse_gateway::{clock, rotation};
use tollhouse_store::{DatabaseUrl, Store};

use crate::args::{BackupArgs, ConfigArgs, DbCommand, RestoreArgs, RollupArgs};
use crate::{output, settings};

/// What SQLite keeps beside a database.
const SIDE_FILES: [&str; 2] = ["-wal", "-shm"];

pub(super) async fn run(command: DbCommand) -> anyhow::Result<()> {
    match command {
        DbCommand::Migrate(args) => migrate(&args).await,
        DbCommand::Backup(args) => backup(&args).await,
        DbCommand::Restore(args) => restore(&args).await,
        DbCommand::Rollup(args) => rollup(&args).await,
    }
}

/// Looking at a database must not make one.
pub(super) fn must_exist(database: &DatabaseUrl) -> anyhow::Result<()> {
    match database {
        DatabaseUrl::Sqlite(path) if !path.exists() => {
            bail!(
                "there is no database at {}: `tollhouse serve` makes one",
                path.display()
            )
        }
        DatabaseUrl::Sqlite(_) | DatabaseUrl::Postgres(_) => Ok(()),
    }
}

async fn migrate(args: &ConfigArgs) -> anyhow::Result<()> {
    let storage = settings::storage(args)?;
    if matches!(storage.database, DatabaseUrl::Sqlite(_)) {
        private_directory(&storage.data_dir)?;
    }
    let store = Store::open(&storage.database).await?;
    let version = store.schema_version().await;
    store.close().await;
    output::line(&format!("the schema is at version {}", version?))?;
    Ok(())
}

async fn rollup(args: &RollupArgs) -> anyhow::Result<()> {
    let storage = settings::storage(&args.config)?;
    must_exist(&storage.database)?;
    let store = Store::open(&storage.database).await?;
    let done = if args.verify {
        verify(&store).await
    } else {
        rebuild(&store).await
    };
    store.close().await;
    done
}

async fn rebuild(store: &Store) -> anyhow::Result<()> {
    let calls = store.rebuild_rollups().await?;
    output::line(&format!("the sums are made anew from {calls} calls"))?;
    Ok(())
}

async fn verify(store: &Store) -> anyhow::Result<()> {
    if !store.rollups_are_whole().await? {
        bail!(
            "there are calls from before all sums were kept: `tollhouse db rollup --rebuild` adds them up"
        )
    }
    let found = store.verify_rollups().await?;
    if found.differing > 0 {
        let times: Vec<String> = found.at.iter().map(ToString::to_string).collect();
        bail!(
            "{} sums are wrong, of the hours or days from {}: `tollhouse db rollup --rebuild` makes them anew",
            found.differing,
            times.join(", ")
        )
    }
    output::line(&format!(
        "the sums are right: {} calls in {} hours",
        found.calls, found.hours
    ))?;
    Ok(())
}

async fn backup(args: &BackupArgs) -> anyhow::Result<()> {
    let storage = settings::storage(&args.config)?;
    must_exist(&storage.database)?;
    tollhouse_store::backup(&storage.database, &args.to).await?;
    output::line(&format!("the database is copied to {}", args.to.display()))?;
    Ok(())
}

async fn restore(args: &RestoreArgs) -> anyhow::Result<()> {
    let (storage, master_key) = settings::vault(&args.config)?;
    let DatabaseUrl::Sqlite(database) = &storage.database else {
        bail!("a PostgreSQL database is restored with pg_restore or psql (schema `tollhouse`)")
    };
    private_directory(&storage.data_dir)?;
    let _held = hold_journal(&storage.data_dir)?;
    if database.exists() && !args.force {
        bail!(
            "{} is there already: --force puts the backup in its place and keeps it beside",
            database.display()
        );
    }
    let staged = with_suffix(database, ".restoring");
    remove_database(&staged)?;
    copy(&args.from, &staged).with_context(|| args.from.display().to_string())?;
    if let Err(error) = fits(&master_key, &staged).await {
        remove_database(&staged)?;
        return Err(error.context(format!("{} is not restored", args.from.display())));
    }
    if database.exists() {
        keep_beside(database).await?;
    }
    fs::rename(&staged, database).with_context(|| database.display().to_string())?;
    output::line(&format!(
        "the database is restored from {}",
        args.from.display()
    ))?;
    Ok(())
}

/// Whether a server with this master key would start on the copy. Then its audit trail says that it
/// was restored.
async fn fits(master_key: &MasterKeySource, staged: &Path) -> anyhow::Result<()> {
    let store = Store::open(&DatabaseUrl::Sqlite(staged.to_owned())).await?;
    let fits = is_readable(&store, master_key).await;
    let noted = match &fits {
        Ok(()) => {
            let subject = Subject::of(SubjectKind::Database);
            let action = Action::DatabaseRestore;
            let note = Note::new(clock::now(), Actor::OPERATOR, action, subject);
            store.remember(note).await
        }
        Err(_) => Ok(()),
    };
    store.close().await;
    fits?;
    Ok(noted?)
}

async fn is_readable(store: &Store, master_key: &MasterKeySource) -> anyhow::Result<()> {
    let status = rotation::status(store, master_key).await?;
    if !status.opens && !status.data_keys.is_empty() {
        bail!(
            "its credentials are sealed under another master key; put the key of its time back first"
        )
    }
    Ok(())
}

/// Holds what a server holds while it runs, so that none runs or starts meanwhile.
fn hold_journal(data_dir: &Path) -> anyhow::Result<File> {
    let journal = data_dir.join("journal");
    private_directory(&journal)?;
    let path = journal.join("lock");
    let mut options = OpenOptions::new();
    let lock = options
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .with_context(|| path.display().to_string())?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => {
            bail!(
                "a server is running on {}: stop it first",
                data_dir.display()
            )
        }
        Err(TryLockError::Error(error)) => Err(error).with_context(|| path.display().to_string()),
    }
}

fn private_directory(path: &Path) -> anyhow::Result<()> {
    let made = fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path);
    made.with_context(|| path.display().to_string())
}

/// Copies into a new file of mode 0600, down to the disk.
fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    let mut source = File::open(from)?;
    let mut options = OpenOptions::new();
    let mut target = options.write(true).create_new(true).mode(0o600).open(to)?;
    std::io::copy(&mut source, &mut target)?;
    target.sync_all()
}

/// Keeps the database that is there under another name. It stays in place until the backup takes it,
/// so that whenever this is cut short there is a whole database.
async fn keep_beside(database: &Path) -> anyhow::Result<()> {
    let aside = with_suffix(database, ".replaced");
    remove_database(&aside)?;
    // Opening and closing folds its log in. One that does not open keeps its log beside it instead.
    if let Ok(store) = Store::open(&DatabaseUrl::Sqlite(database.to_owned())).await {
        store.close().await;
    }
    for suffix in SIDE_FILES {
        let (from, to) = (with_suffix(database, suffix), with_suffix(&aside, suffix));
        match fs::rename(&from, &to) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(error).with_context(|| from.display().to_string());
            }
            Ok(()) | Err(_) => {}
        }
    }
    fs::hard_link(database, &aside).with_context(|| aside.display().to_string())
}

fn remove_database(path: &Path) -> anyhow::Result<()> {
    for suffix in SIDE_FILES.into_iter().chain([""]) {
        let path = with_suffix(path, suffix);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(error).with_context(|| path.display().to_string());
            }
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}
