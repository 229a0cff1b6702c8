//! A place to store things for the length of one test, and things to store.

use std::convert::Infallible;
use std::path::PathBuf;
use std::str::FromStr;

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use tempfile::TempDir;
use tollhouse_domain::audit::{Action, Actor, Note, Subject, SubjectKind};
use tollhouse_domain::call::{Call, Mode, Outcome};
use tollhouse_domain::credential::{Credential, CredentialKind, CredentialPolicy, Owner};
use tollhouse_domain::id::{CallId, CredentialId, KeyId, SessionId};
use tollhouse_domain::key::{KeyKind, VirtualKey};
use tollhouse_domain::limits::Limits;
use tollhouse_domain::money::Money;
use tollhouse_domain::provider::Provider;
use tollhouse_domain::tags::Tags;
use tollhouse_domain::time::Timestamp;
use tollhouse_store::{
    CredentialRecord, DatabaseUrl, GroupBy, KeyCaps, Question, Store, StoreError,
};
use tollhouse_wire::Protocol;
use tollhouse_wire::dialect::Quirk;
use tollhouse_wire::usage::Usage;
use uuid::Uuid;

/// Makes each named `async fn(Place)` a test on either database.
macro_rules! on_both {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test] async fn $name() {
                super::$name($crate::support::Place::sqlite()).await;
            })+
        }
        mod postgres {
            $(#[tokio::test] async fn $name() {
                if let Some(place) = $crate::support::Place::postgres().await {
                    super::$name(place).await;
                }
            })+
        }
    };
}

pub(crate) use on_both;

/// A database of a test's own, gone when this is.
pub(crate) enum Place {
    Sqlite { dir: TempDir },
    Postgres { server: String, name: String },
}

impl Place {
    pub(crate) fn sqlite() -> Self {
        Self::Sqlite {
            dir: tempfile::tempdir().unwrap(),
        }
    }

    /// `None`, and a word about it, when no server is given.
    pub(crate) async fn postgres() -> Option<Self> {
        #[expect(clippy::disallowed_methods, reason = "a test binary has no other edge")]
        let Ok(server) = std::env::var("TEST_DATABASE_URL") else {
            #[expect(clippy::print_stderr, reason = "a test left out should be seen to be")]
            {
                eprintln!("skipped: TEST_DATABASE_URL is not set");
            }
            return None;
        };
        let name = format!("tollhouse_test_{}", Uuid::now_v7().simple());
        let mut connection = PgConnection::connect(&server).await.unwrap();
        connection
            .execute(AssertSqlSafe(format!("CREATE DATABASE {name}")))
            .await
            .unwrap();
        connection.close().await.unwrap();
        Some(Self::Postgres { server, name })
    }

    pub(crate) fn url(&self) -> DatabaseUrl {
        match self {
            Self::Sqlite { .. } => DatabaseUrl::Sqlite(self.file()),
            Self::Postgres { server, name } => {
                let (server, _) = server.rsplit_once('/').unwrap();
                DatabaseUrl::Postgres(format!("{server}/{name}"))
            }
        }
    }

    /// The SQLite file.
    pub(crate) fn file(&self) -> PathBuf {
        match self {
            Self::Sqlite { dir } => dir.path().join("tollhouse.db"),
            Self::Postgres { .. } => panic!("PostgreSQL is no file"),
        }
    }

    pub(crate) async fn open(&self) -> Store {
        self.open_unnoted().await.noted(note())
    }

    /// Without saying who writes.
    pub(crate) async fn open_unnoted(&self) -> Store {
        Store::open(&self.url()).await.unwrap()
    }

    /// Runs SQL behind the store's back.
    pub(crate) async fn execute(&self, sql: &'static str) {
        match self {
            Self::Sqlite { .. } => {
                let url = format!("sqlite://{}", self.file().display());
                let mut connection = sqlx::SqliteConnection::connect(&url).await.unwrap();
                connection.execute(sql).await.unwrap();
                connection.close().await.unwrap();
            }
            Self::Postgres { .. } => {
                let mut connection = self.connect().await;
                connection.execute(sql).await.unwrap();
                connection.close().await.unwrap();
            }
        }
    }

    /// A connection to PostgreSQL that sees the tables.
    pub(crate) async fn connect(&self) -> PgConnection {
        let DatabaseUrl::Postgres(url) = self.url() else {
            panic!("SQLite has no server")
        };
        let options = PgConnectOptions::from_str(&url).unwrap();
        let options = options.options([("search_path", "tollhouse")]);
        PgConnection::connect_with(&options).await.unwrap()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Self::Postgres { server, name } = self else {
            return;
        };
        let (server, name) = (server.clone(), name.clone());
        // On a thread of its own, because this one is busy with the test's runtime.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let mut connection = PgConnection::connect(&server).await.unwrap();
                let sql = format!("DROP DATABASE {name} WITH (FORCE)");
                connection.execute(AssertSqlSafe(sql)).await.unwrap();
                connection.close().await.unwrap();
            });
        });
        let dropped = dropped.join().is_ok();
        assert!(
            dropped || std::thread::panicking(),
            "the test's database could not be dropped"
        );
    }
}

/// What the tests' administrative writes leave in the audit trail.
pub(crate) fn note() -> Note {
    Note::new(
        seconds(0),
        Actor::OPERATOR,
        Action::ConfigApply,
        Subject::of(SubjectKind::Database),
    )
}

/// The nth id of its kind; later ones sort later.
pub(crate) const fn uuid(n: u128) -> Uuid {
    Uuid::from_u128(0x0193_0000_0000_7000_8000_0000_0000_0000 + n)
}

pub(crate) const fn key_id(n: u128) -> KeyId {
    KeyId(uuid(n))
}

pub(crate) const fn call_id(n: u128) -> CallId {
    CallId(uuid(n))
}

pub(crate) const fn session_id(n: u128) -> SessionId {
    SessionId(uuid(n))
}

pub(crate) const fn seconds(n: i64) -> Timestamp {
    Timestamp::from_secs(1_795_000_000 + n)
}

pub(crate) fn virtual_key(n: u128, name: &str) -> VirtualKey {
    VirtualKey {
        id: key_id(n),
        name: name.to_owned(),
        prefix: "th-abcd".to_owned(),
        owner: None,
        org: None,
        agent: None,
        kind: KeyKind::Standard,
        models: None,
        providers: None,
        credentials: CredentialPolicy::default(),
        routes: None,
        pinned_source: None,
        limits: Limits::default(),
        budgets: Vec::new(),
        grace_until: None,
        strict: false,
        capture: None,
        created_at: seconds(0),
        expires_at: None,
        revoked_at: None,
        last_used_at: None,
        managed: false,
    }
}

pub(crate) fn provider(name: &str) -> Provider {
    Provider {
        name: name.to_owned(),
        endpoints: [(Protocol::Chat, format!("https://{name}.example/v1"))].into(),
        auth: None,
        open: None,
        upstream_auth: false,
        bridge: None,
        account: None,
        headers: std::collections::BTreeMap::new(),
        protocols: Vec::new(),
        key_prefix: None,
        models: vec!["m-*".parse().unwrap()],
        quirks: vec![Quirk::MaxTokens],
        managed: false,
    }
}

pub(crate) fn credential(n: u128, provider: &str, sealed: &[u8]) -> CredentialRecord {
    CredentialRecord {
        meta: Credential {
            id: CredentialId(uuid(n)),
            provider: provider.to_owned(),
            name: "default".to_owned(),
            kind: CredentialKind::ApiKey,
            fingerprint: "f00d".to_owned(),
            configured_at: seconds(0),
            managed: false,
            owner: Owner::Platform,
            enabled: true,
            base_url: None,
            stale_since: None,
        },
        sealed: sealed.to_vec(),
    }
}

/// The nth call, with nothing known that can be unknown.
pub(crate) fn call(n: u128) -> Call {
    Call {
        id: call_id(n),
        at: seconds(i64::try_from(n).unwrap()),
        key: key_id(1),
        user: None,
        org: None,
        agent: None,
        caller: "curl".to_owned(),
        session: session_id(1),
        session_name: None,
        subagent: None,
        subagent_type: None,
        subagent_parent: None,
        tags: Tags::new(),
        protocol: None,
        endpoint: "messages".to_owned(),
        stream: false,
        provider: None,
        credential_id: None,
        credential_source: None,
        credential_kind: None,
        credential_fingerprint: None,
        mode: Mode::Passthrough,
        protocol_sent: None,
        model_requested: None,
        model_sent: None,
        model_served: None,
        status: None,
        outcome: Outcome::Success,
        error: None,
        stop_reason: None,
        usage: Usage::default(),
        usage_raw: None,
        estimated: false,
        cost_usd: None,
        charged_usd: None,
        list_cost_usd: None,
        ttft_ms: None,
        duration_ms: None,
        bytes_in: 0,
        bytes_out: 0,
        attempts: 0,
        fallback: None,
        tried: Vec::new(),
        losses: Vec::new(),
        upstream_request_id: None,
        upstream_object: None,
        from: None,
        capture: None,
        snapshot_revision: 0,
    }
}

/// A call of `model` that used tokens and cost something.
pub(crate) fn metered(n: u128, model: &str, output: u64, nanos: i64) -> Call {
    Call {
        provider: Some("anthropic".to_owned()),
        model_requested: Some(model.to_owned()),
        model_served: Some(format!("{model}-20260101")),
        status: Some(200),
        usage: Usage {
            input: Some(10),
            output: Some(output),
            ..Usage::default()
        },
        cost_usd: Some(Money(nanos)),
        list_cost_usd: Some(Money(2 * nanos)),
        ..call(n)
    }
}

/// Makes what is stored of a key what `key` says, as far as it can be changed.
pub(crate) async fn edit(store: &Store, key: &VirtualKey) -> Result<VirtualKey, StoreError> {
    let change = |stored: &mut VirtualKey| {
        stored.clone_from(key);
        Ok::<_, Infallible>(())
    };
    let Ok(changed) = store.change_key(key.id, KeyCaps::NONE, change).await?;
    Ok(changed)
}

/// The question for the ten busiest groups of everything.
pub(crate) fn by(group: GroupBy) -> Question {
    Question {
        groups: vec![group],
        limit: 10,
        ..Question::default()
    }
}
