//! Limits of organizations and users, and how budgets stand.

use http::Method;
use serde_json::{Value, json};
use tollhouse_domain::limits::{Budget, BudgetWindow};

use super::{Lab, MESSAGES, answer, request};

async fn made(lab: &Lab, path: &str, body: &str) -> Value {
    let answer = lab.admin(Method::POST, path, body).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json()
}

async fn set(lab: &Lab, path: &str, body: &str) -> Value {
    let answer = lab.admin(Method::PUT, path, body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

fn id<T: std::str::FromStr>(value: &Value) -> T {
    let text = value["id"].as_str().unwrap();
    text.parse().ok().unwrap()
}

#[tokio::test]
async fn organizations_and_users_are_limited_together_with_their_keys() {
    let lab = Lab::start().await;
    let org = made(&lab, "/api/v1/orgs", r#"{"name":"acme"}"#).await;
    let user = r#"{"name":"robot","kind":"service","org":"acme"}"#;
    let user = made(&lab, "/api/v1/users", user).await;
    let (org, user) = (id(&org), id::<tollhouse_domain::id::UserId>(&user));
    let keys = async |usd: &str| {
        lab.key(|key| {
            (key.owner, key.org) = (Some(user), Some(org));
            key.credentials.platform = true;
            let window = BudgetWindow::Total;
            let usd = usd.parse().unwrap();
            key.budgets = vec![Budget { usd, window }];
        })
        .await
    };
    let (first, second) = (keys("10").await, keys("20").await);
    let limits = r#"{"limits":{"rpm":4},"budget":{"usd":"1","window":"day"}}"#;
    let shown = set(&lab, "/api/v1/orgs/acme/limits", limits).await;
    assert_eq!(shown["limits"]["rpm"], 4);
    assert_eq!(shown["budget"][0]["usd"], "1");
    // What was set can be seen, so that whoever changes it need not guess; nothing is limited before.
    let shown = async |path: &str| {
        let answer = lab.admin(Method::GET, path, "").await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.json()
    };
    let whole = json!({"limits": {"rpm": 4}, "budget": [{"usd": "1", "window": "day"}]});
    assert_eq!(shown("/api/v1/orgs/acme/limits").await, whole);
    let path = format!("/api/v1/users/{user}/limits");
    assert_eq!(shown(&path).await, json!({"limits": {}, "budget": []}));
    set(
        &lab,
        &path,
        r#"{"budget":[{"usd":"0.5","window":"month"}]}"#,
    )
    .await;
    lab.upstream.json(200, &answer(400));
    let through = lab.post(&first, MESSAGES, &request("m", 500)).await;
    assert_eq!(through.status, 200, "{}", through.text());
    lab.gateway.calls_when(1).await;
    let denied = lab.post(&second, MESSAGES, &request("m", 101)).await;
    assert_eq!(denied.status, 429);
    assert!(
        denied.text().contains("of this user has 0.1 USD"),
        "{}",
        denied.text()
    );
    let budgets = lab.admin(Method::GET, "/api/v1/budgets", "").await.json();
    let find = |scope: &str, usd: &str| {
        let rows = budgets["data"].as_array().unwrap().iter();
        let mut rows = rows.filter(|row| row["scope"] == scope && row["usd"] == usd);
        let row = rows
            .next()
            .unwrap_or_else(|| panic!("no {scope} in {budgets}"));
        (row["spent_usd"].clone(), row["reserved_usd"].clone())
    };
    let spent = |text: &str| (Value::from(text), Value::from("0"));
    assert_eq!(find("org", "1"), spent("0.4"));
    assert_eq!(find("user", "0.5"), spent("0.4"));
    assert_eq!(find("key", "10"), spent("0.4"));
    assert_eq!(find("key", "20"), spent("0"));
    assert_eq!(budgets["data"].as_array().unwrap().len(), 4);
    let alerted = budgets["data"].as_array().unwrap().iter();
    let alerted: Vec<_> = alerted.filter(|row| !row["alerted_at"].is_null()).collect();
    assert_eq!(alerted.len(), 1);
    assert_eq!(alerted[0]["scope"], "user");
    // A budget that is raised, or taken away, is so for the next call.
    set(&lab, &path, "{}").await;
    lab.upstream.json(200, &answer(1));
    let through = lab.post(&second, MESSAGES, &request("m", 101)).await;
    assert_eq!(through.status, 200, "{}", through.text());
    lab.gateway.stop().await;
}

#[tokio::test]
async fn what_cannot_be_meant_is_refused_by_its_field() {
    let lab = Lab::start().await;
    made(&lab, "/api/v1/orgs", r#"{"name":"acme"}"#).await;
    for (body, field) in [
        (r#"{"budget":{"usd":"0","window":"day"}}"#, "budget.usd"),
        (r#"{"budget":{"usd":"1","window":"year"}}"#, "budget"),
        (r#"{"limits":{"rpm":0}}"#, "limits.rpm"),
        (r#"{"limits":{"rps":1}}"#, "limits"),
        (
            r#"{"budget":[{"usd":"1","window":"day"},{"usd":"2","window":"day"}]}"#,
            "budget.window",
        ),
    ] {
        let path = "/api/v1/orgs/acme/limits";
        let answer = lab.admin(Method::PUT, path, body).await;
        assert_eq!(answer.status, 400, "{body}: {}", answer.text());
        let named = answer.json()["error"]["field"].as_str().unwrap().to_owned();
        assert!(named.starts_with(field), "{body}: {named}");
    }
    for path in ["/api/v1/orgs/none/limits", "/api/v1/users/user_0/limits"] {
        let answer = lab.admin(Method::PUT, path, "{}").await;
        assert_eq!(answer.status, 404, "{}", answer.text());
    }
    lab.gateway.stop().await;
}

#[tokio::test]
async fn budgets_are_shown_to_whom_they_concern_and_set_by_who_may() {
    let lab = Lab::start().await;
    for org in ["acme", "other"] {
        made(&lab, "/api/v1/orgs", &format!(r#"{{"name":"{org}"}}"#)).await;
        let path = format!("/api/v1/orgs/{org}/limits");
        set(&lab, &path, r#"{"budget":{"usd":"1","window":"week"}}"#).await;
    }
    let mut users = Vec::new();
    for (name, role) in [("viewer", "viewer"), ("admin", "admin")] {
        let body = format!(
            r#"{{"name":"{name}","email":"{name}@example.com","org":"acme","role":"{role}"}}"#
        );
        let user = made(&lab, "/api/v1/users", &body).await;
        let user = user["id"].as_str().unwrap().to_owned();
        let path = format!("/api/v1/users/{user}/limits");
        set(&lab, &path, r#"{"budget":{"usd":"2","window":"total"}}"#).await;
        let path = format!("/api/v1/users/{user}/tokens");
        let token = made(&lab, &path, r#"{"name":"t","scope":"admin"}"#).await;
        let token = token["secret"].as_str().unwrap().to_owned();
        users.push((name, user, format!("Bearer {token}")));
    }
    for (name, user, bearer) in &users {
        let ask = async |method: Method, path: &str, body: &str| {
            let headers = [
                ("authorization", bearer.as_str()),
                ("content-type", "application/json"),
            ];
            let request = lab.client.request(method, path, &headers, body.to_owned());
            lab.client.whole(request).await
        };
        let budgets = ask(Method::GET, "/api/v1/budgets", "").await.json();
        let rows = budgets["data"].as_array().unwrap();
        let of = |scope: &str| rows.iter().filter(|row| row["scope"] == scope).count();
        assert_eq!(of("org"), 1, "{name} sees their own organization's");
        // Administrators see what those in their organization may spend.
        assert_eq!(of("user"), if *name == "admin" { 2 } else { 1 }, "{name}");
        let own = format!("/api/v1/users/{user}/limits");
        assert_eq!(
            ask(Method::PUT, &own, "{}").await.status,
            403,
            "{name}: their own"
        );
        let expected = if *name == "admin" { 200 } else { 403 };
        let acme = ask(Method::PUT, "/api/v1/orgs/acme/limits", "{}").await;
        assert_eq!(acme.status, expected, "{name}: {}", acme.text());
        let other = ask(Method::PUT, "/api/v1/orgs/other/limits", "{}").await;
        assert_eq!(other.status, 404, "{name}: somebody else's");
        // As it was, for whoever comes next.
        let path = "/api/v1/orgs/acme/limits";
        set(&lab, path, r#"{"budget":{"usd":"1","window":"week"}}"#).await;
    }
    lab.gateway.stop().await;
}
