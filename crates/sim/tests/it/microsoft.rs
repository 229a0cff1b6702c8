//! Refreshing at Microsoft.

use serde_json::json;
use tollhouse_sim::{Authority, Vendor};

use crate::{
    accounts::{form, told},
    client::start,
};

const TOKEN: &str = "/organizations/oauth2/v2.0/token";

#[tokio::test]
async fn renews_at_microsoft() {
    let sim = start().await;
    let authority = sim.authority();
    let renew = async |token: &str| {
        let fields = [
            ("client_id", "app"),
            ("grant_type", "refresh_token"),
            ("refresh_token", token),
        ];
        form(&sim, TOKEN, &fields).await
    };
    let first = authority.sign_in(Vendor::Microsoft, "alice", "app");
    let second = renew(&first.refresh_token).await.json();
    assert_ne!(second["refresh_token"], first.refresh_token);
    assert_eq!(second["expires_in"], second["ext_expires_in"]);
    for (act, number) in [
        ((|_| {}) as fn(&Authority), 70_000),
        (|it| it.expire_refresh("bob"), 700_082),
        (|it| it.revoke("bob"), 50_173),
        (|it| it.close("bob"), 50_057),
    ] {
        let token = if number == 70_000 {
            first.refresh_token.clone()
        } else {
            authority
                .sign_in(Vendor::Microsoft, "bob", "app")
                .refresh_token
        };
        act(authority);
        let seen = renew(&token).await;
        assert_eq!(told(&seen), (400, json!("invalid_grant")));
        assert_eq!(seen.json()["error_codes"], json!([number]));
    }
}
