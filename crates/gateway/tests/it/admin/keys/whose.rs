//! Whose keys somebody may make, see and change: one table over everybody who may ask.

use http::{Method, StatusCode};
use serde_json::Value;

use crate::admin::{Api, refusal, started};
use crate::support::TestGateway;

/// Somebody with a token of their own.
struct Somebody {
    id: String,
    api: Api,
}

async fn made(api: &Api, path: &str, body: &str) -> Value {
    let answer = api.post(path, body).await;
    assert_eq!(
        answer.status,
        StatusCode::CREATED,
        "{path}: {}",
        answer.text()
    );
    answer.json()
}

async fn somebody(
    gateway: &TestGateway,
    api: &Api,
    name: &str,
    place: Option<(&str, &str)>,
) -> Somebody {
    let body = format!(r#"{{"name":"{name}","email":"{name}@example.org"}}"#);
    let user = made(api, "/api/v1/users", &body).await;
    let id = user["id"].as_str().unwrap().to_owned();
    if let Some((org, role)) = place {
        let path = format!("/api/v1/orgs/{org}/members/{id}");
        let set = api.put(&path, &format!(r#"{{"role":"{role}"}}"#)).await;
        assert!(set.status.is_success(), "{}", set.text());
    }
    let path = format!("/api/v1/users/{id}/tokens");
    let token = made(api, &path, r#"{"name":"t","scope":"admin"}"#).await;
    let api = Api::with(gateway, token["secret"].as_str().unwrap());
    Somebody { id, api }
}

/// What is asked for, and how it is answered for each: stranger, viewer, member, administrator of the
/// organization.
type Row<'a> = (&'a str, &'a str, &'a str, [u16; 4]);

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one table, and who is in it")]
async fn nobody_does_more_than_their_role_lets_them() {
    let (_upstream, gateway, api) = started().await;
    for org in ["acme", "other"] {
        made(&api, "/api/v1/orgs", &format!(r#"{{"name":"{org}"}}"#)).await;
    }
    let stranger = somebody(&gateway, &api, "stranger", Some(("other", "owner"))).await;
    let viewer = somebody(&gateway, &api, "viewer", Some(("acme", "viewer"))).await;
    let member = somebody(&gateway, &api, "member", Some(("acme", "member"))).await;
    let admin = somebody(&gateway, &api, "admin", Some(("acme", "admin"))).await;
    let colleague = somebody(&gateway, &api, "colleague", Some(("acme", "member"))).await;
    let key = async |body: &str| {
        let key = made(&api, "/api/v1/keys", body).await;
        assert_eq!(
            key["credentials"]["platform"].as_bool(),
            Some(body.contains("platform"))
        );
        format!("/api/v1/keys/{}", key["id"].as_str().unwrap())
    };
    let theirs = key(&format!(
        r#"{{"name":"k","owner":"{}","org":"acme","kind":"scoped"}}"#,
        colleague.id
    ))
    .await;
    let own = key(&format!(
        r#"{{"name":"k","owner":"{}","org":"acme"}}"#,
        member.id
    ))
    .await;
    let rich = key(&format!(
        r#"{{"name":"k","owner":"{}","org":"acme","credentials":{{"platform":true}},"limits":{{"rpm":1}}}}"#,
        member.id
    ))
    .await;
    let nobodys = key(r#"{"name":"k"}"#).await;
    let (rotate, renew) = (format!("{theirs}/rotate"), format!("{theirs}/renew"));
    let other = format!(
        r#"{{"name":"k","org":"acme","owner":"{}","credentials":{{"user":false}}}}"#,
        colleague.id
    );
    let away = format!(r#"{{"owner":"{}"}}"#, colleague.id);
    let outside = format!(r#"{{"name":"k","org":"acme","owner":"{}"}}"#, stranger.id);
    let table: [Row<'_>; 25] = [
        (
            "POST",
            "/api/v1/keys",
            r#"{"name":"k"}"#,
            [201, 201, 201, 201],
        ),
        (
            "POST",
            "/api/v1/keys",
            r#"{"name":"k","owner":"me"}"#,
            [201, 201, 201, 201],
        ),
        (
            "POST",
            "/api/v1/keys",
            r#"{"name":"k","org":"acme"}"#,
            [404, 403, 201, 201],
        ),
        ("POST", "/api/v1/keys", &other, [404, 403, 403, 201]),
        ("POST", "/api/v1/keys", &outside, [404, 400, 400, 400]),
        (
            "POST",
            "/api/v1/keys",
            r#"{"name":"k","credentials":{"platform":true}}"#,
            [403, 403, 403, 403],
        ),
        (
            "POST",
            "/api/v1/keys",
            r#"{"name":"k","org":"acme","credentials":{"platform":true}}"#,
            [404, 403, 403, 403],
        ),
        ("GET", &theirs, "", [404, 200, 200, 200]),
        ("PATCH", &theirs, r#"{"agent":"a"}"#, [404, 403, 403, 200]),
        (
            "PATCH",
            &theirs,
            r#"{"credentials":{"platform":true}}"#,
            [404, 403, 403, 403],
        ),
        ("POST", &rotate, "{}", [404, 403, 403, 403]),
        ("POST", &renew, "{}", [404, 403, 403, 200]),
        ("GET", &own, "", [404, 200, 200, 200]),
        ("PATCH", &own, r#"{"models":["m"]}"#, [404, 403, 200, 200]),
        ("PATCH", &own, &away, [404, 403, 403, 403]),
        (
            "PATCH",
            &rich,
            r#"{"name":"renamed"}"#,
            [404, 403, 200, 200],
        ),
        ("PATCH", &rich, r#"{"limits":null}"#, [404, 403, 403, 403]),
        (
            "PATCH",
            &rich,
            r#"{"expires_in":"1h"}"#,
            [404, 403, 403, 403],
        ),
        (
            "PATCH",
            &rich,
            r#"{"budget":null,"models":["x"]}"#,
            [404, 403, 403, 403],
        ),
        ("GET", &nobodys, "", [404, 404, 404, 404]),
        ("PATCH", &nobodys, r#"{"name":"x"}"#, [404, 404, 404, 404]),
        ("DELETE", &nobodys, "", [404, 404, 404, 404]),
        ("DELETE", &theirs, "", [404, 403, 403, 204]),
        (
            "POST",
            "/api/v1/agents/a/bootstrap",
            r#"{"client":"codex","org":"acme"}"#,
            [404, 403, 404, 404],
        ),
        (
            "PATCH",
            &rich,
            r#"{"credentials":{"platform":false},"limits":null}"#,
            [404, 403, 200, 200],
        ),
    ];
    for (method, path, body, expected) in table {
        let everybody = [&stranger, &viewer, &member, &admin];
        for (n, (who, status)) in everybody.into_iter().zip(expected).enumerate() {
            let method: Method = method.parse().unwrap();
            let answer = who.api.send(method.clone(), path, body).await;
            assert_eq!(
                answer.status,
                status,
                "{n}: {method} {path} {body}: {}",
                answer.text()
            );
            if status == 201 {
                assert!(answer.json()["owner"].is_string());
                assert_eq!(answer.json()["credentials"]["platform"], false);
            }
        }
        let nobody = Api::with(&gateway, "nobody")
            .send(method.parse().unwrap(), path, body)
            .await;
        assert_eq!(nobody.status, StatusCode::UNAUTHORIZED, "{method} {path}");
    }
    // Each sees their own and their organization's, and nothing else.
    for who in [&stranger, &viewer, &member] {
        for row in who.api.all("/api/v1/keys", 2).await {
            let own = row["owner"] == *who.id;
            assert!(
                own || row["org"].is_string() && who.id != stranger.id,
                "{row}"
            );
        }
    }
    let all = api.all("/api/v1/keys", 1000).await.len();
    assert!(viewer.api.all("/api/v1/keys", 3).await.len() < all);
    gateway.stop().await;
}

#[tokio::test]
async fn the_platform_is_lent_within_a_budget_only() {
    use crate::support::configuration;
    use crate::support::upstream::ScriptedUpstream;
    let upstream = ScriptedUpstream::start().await;
    let data_dir = tempfile::TempDir::new().unwrap();
    let text = configuration(
        &upstream.url,
        data_dir.path(),
        "[bootstrap]\nplatform = true\n",
    );
    let gateway = TestGateway::from_text(&text, data_dir).await;
    let api = Api::new(&gateway);
    let who = somebody(&gateway, &api, "member", None).await;
    let body = r#"{"client":"codex","model":"m","platform":true}"#;
    let refused = who.api.post("/api/v1/agents/a/bootstrap", body).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.text());
    assert!(refusal(&refused).2.is_none() && refused.text().contains("budget"));
    gateway.stop().await;
}
