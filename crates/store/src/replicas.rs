//! Several processes on one PostgreSQL: who is alive, whose turn it is, and hearing of changes.
//!
//! With SQLite there is one process, which is alive, whose turn it always is, and which hears of its
//! own changes anyway. Time is the database's, so that replicas need not agree on it.

use std::time::Duration;

use sqlx::postgres::{PgListener, PgPoolOptions};
use sqlx::{Connection as _, PgConnection};
use uuid::Uuid;

use crate::db::{Db, Store};
use crate::error::Result;

/// What the trigger on `revision` announces on.
const CHANNEL: &str = "tollhouse_revision";
/// "tollturn" in ASCII: the first half of the locks that turns are.
const TURNS: i32 = 0x7475_726e;

macro_rules! now {
    () => {
        "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)"
    };
}

const BEAT: &str = concat!(
    "INSERT INTO replicas (id, seen_at) VALUES ($1, ",
    now!(),
    ") ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at"
);
const ALIVE: &str = concat!(
    "SELECT COUNT(*) FROM replicas WHERE seen_at > ",
    now!(),
    " - $1"
);
const FORGET: &str = concat!("DELETE FROM replicas WHERE seen_at < ", now!(), " - $1");
const LEAVE: &str = "DELETE FROM replicas WHERE id = $1";

/// A piece of work that one replica at a time does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Singleton {
    /// Deleting what is past its time.
    Retention,
}

impl Singleton {
    const fn number(self) -> i32 {
        match self {
            Self::Retention => 1,
        }
    }
}

/// The right to do a piece of work, until it is ended or dropped, or the connection to the database is
/// lost. The connection is its own: leaving it is what ends the turn, come what may.
#[must_use = "dropping it ends the turn"]
pub struct Turn(Option<PgConnection>);

impl std::fmt::Debug for Turn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Turn")
    }
}

impl Turn {
    /// Lets others have their turn.
    pub async fn end(self) -> Result<()> {
        if let Some(connection) = self.0 {
            connection.close().await?;
        }
        Ok(())
    }
}

/// Hears of administrative changes as they are committed.
pub struct Changes(PgListener);

impl std::fmt::Debug for Changes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Changes")
    }
}

impl Changes {
    /// Waits for the next change and says its revision. What was announced while the connection was
    /// lost is lost with it, so after an error the revision must be asked for.
    pub async fn next(&mut self) -> Result<i64> {
        loop {
            let Some(heard) = self.0.try_recv().await? else {
                return Err(sqlx::Error::WorkerCrashed.into());
            };
            if let Ok(revision) = heard.payload().parse() {
                return Ok(revision);
            }
        }
    }
}

impl Store {
    /// Listens for changes, over a connection of its own. `None` where there is nobody to hear of.
    pub async fn changes(&self) -> Result<Option<Changes>> {
        let Db::Postgres(pool) = &self.db else {
            return Ok(None);
        };
        let own = PgPoolOptions::new()
            .max_connections(1)
            .max_lifetime(None)
            .idle_timeout(None)
            .acquire_timeout(pool.options().get_acquire_timeout())
            .connect_with((*pool.connect_options()).clone())
            .await?;
        let mut listener = PgListener::connect_with(&own).await?;
        listener.listen(CHANNEL).await?;
        Ok(Some(Changes(listener)))
    }

    /// Says that replica `id` is alive, and returns how many are: those that said so within `silence`.
    pub async fn beat(&self, id: Uuid, silence: Duration) -> Result<u32> {
        let Db::Postgres(pool) = &self.db else {
            return Ok(1);
        };
        sqlx::query(BEAT).bind(id).execute(pool).await?;
        let alive: i64 = sqlx::query_scalar(ALIVE)
            .bind(micros(silence))
            .fetch_one(pool)
            .await?;
        Ok(u32::try_from(alive).unwrap_or(u32::MAX).max(1))
    }

    /// Says that replica `id` is leaving.
    pub async fn leave(&self, id: Uuid) -> Result<()> {
        if let Db::Postgres(pool) = &self.db {
            sqlx::query(LEAVE).bind(id).execute(pool).await?;
        }
        Ok(())
    }

    /// Forgets replicas that have been silent for longer than `silence`.
    pub async fn forget_silent(&self, silence: Duration) -> Result<u64> {
        let Db::Postgres(pool) = &self.db else {
            return Ok(0);
        };
        let done = sqlx::query(FORGET).bind(micros(silence)).execute(pool);
        Ok(done.await?.rows_affected())
    }

    /// The turn to do `work`, unless another replica has it.
    pub async fn turn(&self, work: Singleton) -> Result<Option<Turn>> {
        let Db::Postgres(pool) = &self.db else {
            return Ok(Some(Turn(None)));
        };
        let options = pool.connect_options();
        let mut connection = PgConnection::connect_with(&options).await?;
        let got: bool = sqlx::query_scalar("SELECT pg_try_advisory_lock($1, $2)")
            .bind(TURNS)
            .bind(work.number())
            .fetch_one(&mut connection)
            .await?;
        Ok(got.then_some(Turn(Some(connection))))
    }
}

fn micros(length: Duration) -> i64 {
    i64::try_from(length.as_micros()).unwrap_or(i64::MAX)
}
