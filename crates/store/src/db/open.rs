//! From nothing to a database with the schema that this release knows: files, pools, migrations.

use std::path::Path;
use std::time::Duration;

use sqlx::migrate::{Migrate, MigrateError, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection, PgConnection};

use super::{Db, RETRIES};
use crate::error::{Result, StoreError};
use crate::options::StoreOptions;

static SQLITE: Migrator = sqlx::migrate!("../../migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("../../migrations/postgres");

/// The PostgreSQL schema that holds our tables, so that a shared database keeps its own.
const SCHEMA: &str = "tollhouse";
/// Any number that other programs are unlikely to lock: "tollhous" in ASCII.
const MIGRATION_LOCK: i64 = 0x746f_6c6c_686f_7573;

pub(super) const NEWEST_MIGRATION: &str = "SELECT COALESCE(MAX(version), 0) FROM _sqlx_migrations";

pub(super) async fn open_sqlite(path: &Path, options: &StoreOptions) -> Result<Db> {
    let failed = |source| StoreError::Open {
        what: path.display().to_string(),
        source,
    };
    private_file(path).map_err(|error| failed(error.into()))?;
    let connect = SqliteConnectOptions::new()
        .filename(path)
        .busy_timeout(options.patience)
        .foreign_keys(true)
        // What is stored is cleared from the journal, so it must survive the machine too.
        .synchronous(SqliteSynchronous::Full)
        .disable_statement_logging();
    let write = SqlitePoolOptions::new()
        .max_connections(1)
        .acquire_timeout(options.patience)
        .connect_with(connect.clone().journal_mode(SqliteJournalMode::Wal))
        .await
        .map_err(failed)?;
    migrate_sqlite(&write)
        .await
        .map_err(|error| error.opening(failed))?;
    let read = SqlitePoolOptions::new()
        .max_connections(options.sqlite_readers.max(1))
        .acquire_timeout(options.patience)
        .connect_with(connect.read_only(true))
        .await
        .map_err(failed)?;
    Ok(Db::Sqlite { read, write })
}

/// Makes the file, or narrows it, so that only its owner reads it. SQLite gives its side files the
/// same mode.
///
/// A file that is there is not opened: closing it again would drop every lock that this process has on
/// it, and another process that came and went would then take the log away from under us.
fn private_file(path: &Path) -> std::io::Result<()> {
    let mut open = std::fs::OpenOptions::new();
    open.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut open, 0o600);
    match open.open(path) {
        Ok(_) => return Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error),
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        if std::fs::metadata(path)?.permissions().mode() & 0o077 != 0 {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
        }
    }
    Ok(())
}

/// Not `Migrator::run`: its future is not `Send` in every place (sqlx says so itself), and then nor
/// would ours be.
async fn run<C: Migrate>(migrator: &Migrator, connection: &mut C) -> Result<(), MigrateError> {
    migrator.run_direct(None, connection, false).await
}

/// SQLite has no lock that spans several transactions, so of two processes that migrate at once one
/// fails, and finds the work done when it looks again.
async fn migrate_sqlite(pool: &SqlitePool) -> Result<(), Unopened> {
    let mut connection = pool.acquire().await?;
    let mut attempt = 0;
    loop {
        match run(&SQLITE, &mut *connection).await {
            Ok(()) => return Ok(()),
            Err(MigrateError::Execute(_) | MigrateError::ExecuteMigration(..))
                if attempt < RETRIES =>
            {
                tokio::time::sleep(Duration::from_millis(5 << attempt)).await;
                attempt += 1;
            }
            Err(error) => {
                let newest = sqlx::query_scalar(NEWEST_MIGRATION);
                let newest = newest.fetch_one(&mut *connection).await;
                return Err(Unopened::new(error, newest.ok(), &SQLITE));
            }
        }
    }
}

pub(super) async fn open_postgres(url: &str, options: &StoreOptions) -> Result<Db> {
    let failed = |source| StoreError::Open {
        what: "PostgreSQL".to_owned(),
        source,
    };
    let connect: PgConnectOptions = url.parse().map_err(failed)?;
    let connect = connect
        .application_name("tollhouse")
        .options([
            ("search_path", SCHEMA),
            // A replica that vanished in the middle of a transaction must not hold up the others for
            // as long as TCP would.
            ("idle_in_transaction_session_timeout", "15s"),
            ("tcp_keepalives_idle", "10"),
            ("tcp_keepalives_interval", "5"),
            ("tcp_keepalives_count", "3"),
        ])
        .disable_statement_logging();
    let at = |source| {
        let (host, port) = (connect.get_host(), connect.get_port());
        let database = connect.get_database().unwrap_or_default();
        StoreError::Open {
            what: format!("PostgreSQL {host}:{port}/{database}"),
            source,
        }
    };
    // Its own connection: leaving it is what releases the lock, come what may.
    let mut connection = PgConnection::connect_with(&connect).await.map_err(at)?;
    migrate_postgres(&mut connection)
        .await
        .map_err(|error| error.opening(at))?;
    connection.close().await.map_err(at)?;
    let pool = PgPoolOptions::new()
        .max_connections(options.postgres_connections.max(1))
        .acquire_timeout(options.patience)
        .connect_with(connect.clone())
        .await
        .map_err(at)?;
    Ok(Db::Postgres(pool))
}

async fn migrate_postgres(connection: &mut PgConnection) -> Result<(), Unopened> {
    sqlx::query("SELECT pg_advisory_lock($1)")
        .bind(MIGRATION_LOCK)
        .execute(&mut *connection)
        .await?;
    // Looked up first, because asking to create one needs a right that whoever prepared the schema
    // for us may have kept.
    let there: bool =
        sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = $1)")
            .bind(SCHEMA)
            .fetch_one(&mut *connection)
            .await?;
    if !there {
        sqlx::query("CREATE SCHEMA tollhouse")
            .execute(&mut *connection)
            .await?;
    }
    if let Err(error) = run(&POSTGRES, connection).await {
        let newest = sqlx::query_scalar(NEWEST_MIGRATION)
            .fetch_one(&mut *connection)
            .await;
        return Err(Unopened::new(error, newest.ok(), &POSTGRES));
    }
    Ok(())
}

/// Why a schema could not be brought up to date.
enum Unopened {
    Sql(sqlx::Error),
    Schema(StoreError),
}

impl Unopened {
    fn new(error: MigrateError, newest: Option<i64>, migrator: &Migrator) -> Self {
        let known = migrator
            .iter()
            .map(|migration| migration.version)
            .max()
            .unwrap_or(0);
        Self::Schema(match error {
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
                return Self::Sql(error);
            }
            MigrateError::VersionMissing(version) => StoreError::NewerSchema {
                found: newest.unwrap_or(version),
                known,
            },
            other => StoreError::corrupt(format!("database schema: {other}")),
        })
    }

    fn opening(self, failed: impl FnOnce(sqlx::Error) -> StoreError) -> StoreError {
        match self {
            Self::Sql(error) => failed(error),
            Self::Schema(error) => error,
        }
    }
}

impl From<sqlx::Error> for Unopened {
    fn from(error: sqlx::Error) -> Self {
        Self::Sql(error)
    }
}
