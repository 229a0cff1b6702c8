//! Opening, closing, refusing to open, and copying.

use std::error::Error;
use std::fmt::Write;
use std::path::Path;

use tollhouse_domain::call::Fallback;
use tollhouse_store::{
    CallFilter, DatabaseUrl, Page, Store, StoreError, StoreOptions, TurnedElsewhere, backup,
};

use crate::support::{Place, call, call_id, key_id, on_both, virtual_key};

on_both!(
    a_newer_schema_is_refused_and_left_alone,
    a_changed_schema_is_refused,
    a_closed_store_says_so,
    opening_twice_changes_nothing,
    why_calls_turned_elsewhere_before_is_known_after,
);

async fn a_newer_schema_is_refused_and_left_alone(place: Place) {
    let store = place.open().await;
    store
        .insert_key(&virtual_key(1, "a"), [1; 32])
        .await
        .unwrap();
    let known = store.schema_version().await.unwrap();
    store.close().await;
    for version in [7001, 7002] {
        let sql = match version {
            7001 => {
                "INSERT INTO _sqlx_migrations SELECT 7001, 'later', installed_on, success, \
                     checksum, 0 FROM _sqlx_migrations WHERE version = 1"
            }
            _ => {
                "INSERT INTO _sqlx_migrations SELECT 7002, 'latest', installed_on, success, \
                  checksum, 0 FROM _sqlx_migrations WHERE version = 1"
            }
        };
        place.execute(sql).await;
    }
    let refused = Store::open(&place.url()).await.unwrap_err();
    assert!(
        matches!(refused, StoreError::NewerSchema { found: 7002, .. }),
        "{refused:?}"
    );
    assert!(!refused.is_transient());
    assert_eq!(
        refused.to_string(),
        format!(
            "database schema 7002 is newer than this tollhouse knows ({known}): use a newer release"
        )
    );
    place
        .execute("DELETE FROM _sqlx_migrations WHERE version > 7000")
        .await;
    let store = place.open().await;
    assert_eq!(
        store.keys(Page::first(9)).await.unwrap(),
        [virtual_key(1, "a")]
    );
    store.close().await;
}

async fn a_changed_schema_is_refused(place: Place) {
    place.open().await.close().await;
    place
        .execute("UPDATE _sqlx_migrations SET checksum = substr(checksum, 2)")
        .await;
    let refused = Store::open(&place.url()).await.unwrap_err();
    assert!(matches!(refused, StoreError::Corrupt { .. }), "{refused:?}");
}

async fn a_closed_store_says_so(place: Place) {
    let store = place.open().await;
    let other = store.clone();
    store.close().await;
    let refused = other.ping().await.unwrap_err();
    assert!(matches!(refused, StoreError::Unavailable(_)), "{refused:?}");
    assert!(!refused.is_transient());
}

async fn opening_twice_changes_nothing(place: Place) {
    let store = place.open().await;
    store.insert_calls(&[call(1)]).await.unwrap();
    let again = place.open().await;
    assert_eq!(again.call(call_id(1)).await.unwrap(), Some(call(1)));
    assert_eq!(again.revision().await.unwrap(), 0);
    store.close().await;
    again.ping().await.unwrap();
    again.close().await;
}

/// What was in `detail` alone before schema 26, of rows that PostgreSQL reads as JSON and of such as it does not.
async fn why_calls_turned_elsewhere_before_is_known_after(place: Place) {
    let store = place.open().await;
    let calls: Vec<_> = (1..=4).map(call).collect();
    store.insert_calls(&calls).await.unwrap();
    store.close().await;
    place
        .execute(
            r#"DROP INDEX calls_credential; DROP INDEX calls_fallback; DROP INDEX calls_turned; DROP INDEX calls_error;
            ALTER TABLE calls DROP COLUMN fallback;
            DELETE FROM _sqlx_migrations WHERE version >= 26;
            UPDATE calls SET attempts = 2, detail = '{"tags":{"fallback":"\\u0000"}}';
            UPDATE calls SET detail = '{"tags":{"fallback":"mine"},"fallback":"unreachable"}'
                WHERE at = 1795000002000000;
            UPDATE calls SET detail = '{"fallback":"server_error","tried":[{"provider":"\u0000",'
                || '"model_sent":"\\\u0000\u0000","reason":"server_error","ended_ms":1.0}]}'
                WHERE at = 1795000003000000;"#,
        )
        .await;
    let store = place.open().await;
    let found = async |turned| {
        let filter = CallFilter {
            fallback: Some(turned),
            ..CallFilter::default()
        };
        let calls = store.calls(&filter, Page::first(9)).await.unwrap();
        calls.iter().map(|call| call.id).collect::<Vec<_>>()
    };
    let because = TurnedElsewhere::Because;
    assert_eq!(found(because(Fallback::Unreachable)).await, [call_id(2)]);
    assert_eq!(found(because(Fallback::ServerError)).await, [call_id(3)]);
    let all = found(TurnedElsewhere::Anyhow).await;
    assert_eq!(all, [call_id(3), call_id(2)]);
    store.close().await;
}

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[cfg(unix)]
#[tokio::test]
async fn only_its_owner_reads_a_sqlite_file() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::sqlite();
    std::fs::write(place.file(), "").unwrap();
    std::fs::set_permissions(place.file(), std::fs::Permissions::from_mode(0o644)).unwrap();
    let store = place.open().await;
    store.insert_calls(&[call(1)]).await.unwrap();
    for side in ["", "-wal", "-shm"] {
        let path = format!("{}{side}", place.file().display());
        assert_eq!(mode(Path::new(&path)), 0o600, "{path}");
    }
    store.close().await;
}

/// The locks that this process has on a file, as the kernel lists them.
#[cfg(target_os = "linux")]
fn locks(path: &Path) -> usize {
    use std::os::unix::fs::MetadataExt;
    let (pid, inode) = (std::process::id(), std::fs::metadata(path).unwrap().ino());
    let ours = |line: &&str| {
        let mut fields = line.split_whitespace().skip(4);
        let holder = fields.next().is_some_and(|at| at == pid.to_string());
        holder
            && fields
                .next()
                .is_some_and(|at| at.ends_with(&format!(":{inode}")))
    };
    let list = std::fs::read_to_string("/proc/locks").unwrap();
    list.lines().filter(ours).count()
}

/// Without its lock, the log would be taken away from under it by whoever comes and goes.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn opening_again_costs_the_first_no_lock() {
    let place = Place::sqlite();
    let store = place.open().await;
    store.insert_calls(&[call(1)]).await.unwrap();
    let held = locks(&place.file());
    assert!(held > 0, "SQLite marks a file that is in use");
    let again = place.open().await;
    assert!(locks(&place.file()) >= held);
    again.close().await;
    assert!(locks(&place.file()) >= held, "nor does closing it");
    store.close().await;
}

#[tokio::test]
async fn what_is_no_database_is_refused() {
    let place = Place::sqlite();
    let text = "This is a diary. ".repeat(100);
    std::fs::write(place.file(), &text).unwrap();
    let refused = Store::open(&place.url()).await.unwrap_err();
    assert!(matches!(refused, StoreError::Open { .. }), "{refused:?}");
    assert!(refused.to_string().contains("tollhouse.db"), "{refused}");
    assert!(!refused.is_transient());
    assert_eq!(std::fs::read_to_string(place.file()).unwrap(), text);
    let nowhere = DatabaseUrl::Sqlite(place.file().join("no").join("where"));
    let refused = Store::open(&nowhere).await.unwrap_err();
    assert!(matches!(refused, StoreError::Open { .. }), "{refused:?}");
}

#[tokio::test]
async fn a_password_is_never_printed() {
    let canary = "cAnArY-7d1b2c7e";
    // Port 1 of this machine: nobody answers. And a URL that does not read.
    for url in [
        format!("postgres://u:{canary}@127.0.0.1:1/x"),
        format!("postgres://u:{canary}@[/"),
    ] {
        let url = DatabaseUrl::Postgres(url);
        let mut said = format!("{url:?}");
        let options = StoreOptions {
            patience: std::time::Duration::from_secs(1),
            ..StoreOptions::default()
        };
        let error = Store::open_with(&url, &options).await.unwrap_err();
        assert!(matches!(error, StoreError::Open { .. }), "{error:?}");
        write!(said, "{error:?}").unwrap();
        let mut cause: Option<&dyn Error> = Some(&error);
        while let Some(error) = cause {
            write!(said, "{error}").unwrap();
            cause = error.source();
        }
        assert!(!said.contains(canary), "{said}");
    }
}

#[tokio::test]
async fn a_backup_is_a_database() {
    let place = Place::sqlite();
    let store = place.open().await;
    store
        .insert_key(&virtual_key(1, "a"), [1; 32])
        .await
        .unwrap();
    store.insert_calls(&[call(1), call(2)]).await.unwrap();
    let copy = Place::sqlite();
    backup(&place.url(), &copy.file()).await.unwrap();
    #[cfg(unix)]
    assert_eq!(mode(&copy.file()), 0o600);
    // What comes later is not in it, and it does not overwrite.
    store.insert_calls(&[call(3)]).await.unwrap();
    let refused = backup(&place.url(), &copy.file()).await.unwrap_err();
    assert!(
        matches!(refused, StoreError::Conflict { .. }),
        "{refused:?}"
    );
    let nowhere = backup(&place.url(), &copy.file().join("no"))
        .await
        .unwrap_err();
    assert!(matches!(nowhere, StoreError::Open { .. }), "{nowhere:?}");
    let copied = copy.open().await;
    assert_eq!(
        copied.key(key_id(1)).await.unwrap(),
        Some(virtual_key(1, "a"))
    );
    assert_eq!(copied.call(call_id(2)).await.unwrap(), Some(call(2)));
    assert_eq!(copied.call(call_id(3)).await.unwrap(), None);
    copied.close().await;
    store.close().await;
}

/// A newer release serves from it, or an older one: neither is any business of a backup's.
#[tokio::test]
async fn a_backup_leaves_the_schema_alone() {
    let place = Place::sqlite();
    place.open().await.close().await;
    place
        .execute(
            "INSERT INTO _sqlx_migrations SELECT 7001, 'later', installed_on, success, checksum, 0 \
             FROM _sqlx_migrations WHERE version = 1",
        )
        .await;
    let copy = Place::sqlite();
    backup(&place.url(), &copy.file()).await.unwrap();
    let opened = Store::open(&copy.url()).await.unwrap_err();
    assert!(
        matches!(opened, StoreError::NewerSchema { found: 7001, .. }),
        "{opened:?}"
    );
}

#[tokio::test]
async fn postgres_has_its_own_tool_for_backups() {
    let Some(place) = Place::postgres().await else {
        return;
    };
    let store = place.open().await;
    let refused = backup(&place.url(), Path::new("/nowhere"))
        .await
        .unwrap_err();
    assert!(refused.to_string().contains("pg_dump"), "{refused}");
    store.close().await;
}

#[tokio::test]
async fn postgres_tables_stay_in_their_own_schema() {
    let Some(place) = Place::postgres().await else {
        return;
    };
    // A table of someone else's with a name like ours, and a schema prepared beforehand.
    place
        .execute("CREATE TABLE public.calls (theirs TEXT)")
        .await;
    place.execute("CREATE SCHEMA tollhouse").await;
    let store = place.open().await;
    assert_eq!(store.insert_calls(&[call(1)]).await.unwrap(), 1);
    place.execute("DROP SCHEMA tollhouse CASCADE").await;
    place
        .execute("INSERT INTO public.calls VALUES ('still there')")
        .await;
    assert!(store.call(call_id(1)).await.is_err());
    store.close().await;
}
