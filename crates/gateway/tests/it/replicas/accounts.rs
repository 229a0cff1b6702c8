//! Signing in with an account at one replica and finishing at another.

use http::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use tollhouse_sim::{Sim, SimConfig};
use tollhouse_store::{DatabaseUrl, Store};

use super::{Database, admin};
use crate::admin::accounts::{due, seconds, tables};
use crate::support::client::Client;
use crate::support::upstream::ScriptedUpstream;
use crate::support::{ADMIN, SOON, TestGateway, configuration};

/// A replica whose providers take accounts.
async fn replica(database: &Database, sim: &Sim, upstream: &str) -> TestGateway {
    let data_dir = TempDir::new().unwrap();
    let url = database.url();
    let extra = format!("database = \"{url}\"\n[vault]\nmaster_key = \"env:MASTER\"");
    let text = configuration(upstream, data_dir.path(), &extra);
    TestGateway::from_text(&(text + &tables(&sim.base_url(), upstream)), data_dir).await
}

async fn poll(replica: &TestGateway, begun: &Value) -> Value {
    let path = begun["poll"].as_str().unwrap();
    admin(replica, Method::GET, path, "").await
}

#[tokio::test]
async fn a_sign_in_begins_at_one_replica_and_ends_at_another() {
    let Some(database) = Database::new("accounts") else {
        return;
    };
    let sim = Sim::start(SimConfig::default()).await.unwrap();
    sim.authority().set_now(seconds());
    let upstream = ScriptedUpstream::start().await;
    let here = replica(&database, &sim, &upstream.url).await;
    let there = replica(&database, &sim, &upstream.url).await;
    let store = DatabaseUrl::Postgres(database.url());
    let store = Store::open(&store).await.unwrap();
    let login = "/api/v1/accounts/login";
    let open =
        async |replica, body: Value| admin(replica, Method::POST, login, &body.to_string()).await;

    let begun = open(&here, json!({ "provider": "plan" })).await;
    due(&store, &begun).await;
    assert_eq!(poll(&there, &begun).await["state"], "pending");
    // It was just asked there: here it is not due again.
    let code = begun["user_code"].as_str().unwrap();
    assert!(sim.authority().approve(code, "ada"));
    assert_eq!(poll(&here, &begun).await["state"], "pending");
    due(&store, &begun).await;
    let polls = (0..20).map(|n| poll([&here, &there][n % 2], &begun));
    let told = futures_util::future::join_all(polls).await;
    let done = |told: &&Value| told["state"] == "done";
    assert!(told.iter().any(|told| done(&told)), "{told:?}");
    assert_eq!(sim.authority().counters("ada").sign_ins, 1);
    let done = poll(&here, &begun).await;
    let account = &done["account"];
    assert_eq!(account["holder"], "ada@example.com");
    let id = account["id"].as_str().unwrap();
    let shown = admin(&here, Method::GET, &format!("/api/v1/accounts/{id}"), "").await;
    assert_eq!(&shown, account);

    let cancelled = open(&here, json!({ "provider": "plan", "name": "second" })).await;
    let path = cancelled["poll"].as_str().unwrap();
    admin(&there, Method::DELETE, path, "").await;
    assert_eq!(poll(&here, &cancelled).await["state"], "cancelled");
    here.stop().await;
    there.stop().await;
}

#[tokio::test]
async fn what_was_signed_in_with_is_kept_until_the_store_takes_it() {
    let Some(database) = Database::new("pending") else {
        return;
    };
    let sim = Sim::start(SimConfig::default()).await.unwrap();
    sim.authority().set_now(seconds());
    let upstream = ScriptedUpstream::start().await;
    let replica = replica(&database, &sim, &upstream.url).await;
    let store = DatabaseUrl::Postgres(database.url());
    let store = Store::open(&store).await.unwrap();
    let wish = json!({ "provider": "plan" }).to_string();
    let begun = admin(&replica, Method::POST, "/api/v1/accounts/login", &wish).await;
    let code = begun["user_code"].as_str().unwrap();
    assert!(sim.authority().approve(code, "ada"));
    due(&store, &begun).await;
    database.execute(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'the disk is full'; \
         END $$; CREATE TRIGGER refuse BEFORE INSERT ON credentials FOR EACH ROW EXECUTE FUNCTION refuse()",
    );
    let client = Client::new(&replica.url);
    let bearer = format!("Bearer {ADMIN}");
    let path = begun["poll"].as_str().unwrap();
    let asked = client.request(Method::GET, path, &[("authorization", &bearer)], "");
    let told = client.whole(asked).await;
    assert!(told.status.is_server_error(), "{}", told.text());
    assert_eq!(sim.authority().counters("ada").sign_ins, 1);
    assert_eq!(poll(&replica, &begun).await["state"], "pending");
    database.execute("DROP TRIGGER refuse ON credentials");
    let done = async {
        loop {
            let told = poll(&replica, &begun).await;
            if told["state"] != "pending" {
                break told;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    let told = tokio::time::timeout(SOON, done).await.unwrap();
    assert_eq!(told["state"], "done", "{told}");
    assert_eq!(told["account"]["holder"], "ada@example.com");
    assert_eq!(sim.authority().counters("ada").sign_ins, 1);
    replica.stop().await;
}
