//! Which index SQLite goes by, which has nothing but the form of a condition to choose by.

use sqlx::{QueryBuilder, Row as _, Sqlite};
use uuid::Uuid;

use super::*;
use crate::convert::NEWEST;
use crate::db::{Db, Store};
use crate::options::DatabaseUrl;
use crate::sessions::push_sessions;

/// What SQLite would do.
async fn plan(store: &Store, mut query: QueryBuilder<Sqlite>) -> String {
    let Db::Sqlite { read, .. } = &store.db else {
        panic!("SQLite was asked for")
    };
    let steps = query.build().fetch_all(read).await.unwrap();
    let steps = steps.iter().map(|step| step.get::<String, _>("detail"));
    steps.collect::<Vec<_>>().join("; ")
}

fn filters() -> Vec<(CallFilter, &'static str)> {
    let all = CallFilter::default;
    let failed = || CallFilter {
        error: Some("rate_limited".to_owned()),
        ..all()
    };
    let turned = || CallFilter {
        fallback: Some(TurnedElsewhere::Anyhow),
        ..all()
    };
    let id = Uuid::nil();
    let member = Visible::Of {
        user: UserId(id),
        orgs: vec![OrgId(id)],
    };
    vec![
        (failed(), "calls_error (error=? AND id>? AND id<?)"),
        (turned(), "calls_turned (id>? AND id<?)"),
        (
            CallFilter {
                fallback: Some(TurnedElsewhere::Because(Fallback::Unreachable)),
                ..all()
            },
            "calls_fallback (fallback=? AND id>? AND id<?)",
        ),
        (
            CallFilter {
                visible: member.clone(),
                ..failed()
            },
            "calls_error (error=? AND id>? AND id<?)",
        ),
        (
            CallFilter {
                org: Some(OrgId(id)),
                credential: Some(CredentialId(id)),
                ..turned()
            },
            "calls_turned (id>? AND id<?)",
        ),
        (
            CallFilter {
                key: Some(KeyId(id)),
                visible: member.clone(),
                ..failed()
            },
            "calls_key (key_id=? AND id>? AND id<?)",
        ),
        (
            CallFilter {
                session: Some(SessionId(id)),
                key: Some(KeyId(id)),
                visible: member,
                ..failed()
            },
            "calls_session (session_id=? AND id>? AND id<?)",
        ),
        (
            CallFilter {
                session: Some(SessionId(id)),
                ..turned()
            },
            "calls_session (session_id=? AND id>? AND id<?)",
        ),
    ]
}

#[tokio::test]
async fn what_is_rare_is_found_by_its_own_index_and_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let url = DatabaseUrl::Sqlite(dir.path().join("tollhouse.db"));
    let store = Store::open(&url).await.unwrap();
    for (filter, index) in filters() {
        let mut list = QueryBuilder::new("EXPLAIN QUERY PLAN SELECT * FROM calls WHERE id < ");
        list.push_bind(NEWEST).push(" AND id >= ");
        list.push_bind(Uuid::nil());
        filter.push_to(&mut list);
        list.push(" ORDER BY id DESC LIMIT 50");
        let found = plan(&store, list).await;
        assert_eq!(
            found,
            format!("SEARCH calls USING INDEX {index}"),
            "{filter:?}"
        );

        let filter = CallFilter {
            from: Some(Timestamp(0)),
            to: Some(Timestamp(1)),
            ..filter
        };
        let mut sum =
            QueryBuilder::new("EXPLAIN QUERY PLAN SELECT SUM(cost) FROM calls WHERE TRUE");
        store.by_ids(&filter).await.unwrap().push_to(&mut sum);
        let found = plan(&store, sum).await;
        assert_eq!(
            found,
            format!("SEARCH calls USING INDEX {index}"),
            "{filter:?}"
        );

        let mut of_sessions =
            QueryBuilder::new("EXPLAIN QUERY PLAN SELECT SUM(cost) FROM calls WHERE TRUE");
        filter.push_beside(&mut of_sessions);
        push_sessions(&mut of_sessions, &[Uuid::nil(), NEWEST]);
        let found = plan(&store, of_sessions).await;
        assert!(
            found.contains("calls_session (session_id=?)"),
            "{found}: {filter:?}"
        );
    }
}
