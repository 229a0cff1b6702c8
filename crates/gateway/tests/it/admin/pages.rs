//! The pages for people, as a browser without scripts meets them.

use http::{Method, StatusCode};
use serde_json::json;

use super::session::{Browser, PASSWORD, ada};
use super::{Api, started};
use crate::support::client::{Answer, Client};
use crate::support::{ADMIN, TestGateway};

const FORM: &str = "application/x-www-form-urlencoded";

/// A form of ours, sent by somebody who is not signed in.
async fn submit(gateway: &TestGateway, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let client = Client::new(&gateway.url);
    let mut all = vec![("content-type", FORM), ("x-tollhouse-key", "none")];
    all.extend(headers);
    let request = client.request(Method::POST, path, &all, body.to_owned());
    client.whole(request).await
}

async fn get(gateway: &TestGateway, path: &str, cookie: &str) -> Answer {
    let headers = [("cookie", cookie), ("x-tollhouse-key", "none")];
    Client::new(&gateway.url).get(path, &headers).await
}

/// What stands in the hidden field of a page.
fn csrf(page: &Answer) -> String {
    let text = page.text();
    let (_, rest) = text.split_once("name=\"csrf\" value=\"").unwrap();
    rest.split_once('"').unwrap().0.to_owned()
}

fn cookie(answer: &Answer) -> String {
    let cookie = answer.header("set-cookie").unwrap();
    cookie.split_once(';').unwrap().0.to_owned()
}

#[tokio::test]
async fn a_person_signs_in_lets_a_device_in_and_signs_out() {
    let (_upstream, gateway, api) = started().await;
    ada(&api).await;
    let origin = gateway.gateway.public_url().to_owned();
    let ours = [("origin", origin.as_str())];
    let codes = api.post("/api/v1/device/code", "{}").await.json();
    let (kept, typed) = (&codes["device_code"], codes["user_code"].as_str().unwrap());

    let device = format!("/device?code={typed}");
    let asked = get(&gateway, &device, "").await;
    assert_eq!(asked.status, StatusCode::SEE_OTHER);
    let next = format!("%2Fdevice%3Fcode%3D{typed}");
    let detour = format!("/signin?next={next}");
    assert_eq!(asked.header("location"), Some(detour.as_str()));
    let page = get(&gateway, &detour, "").await;
    assert_eq!(page.status, StatusCode::OK);
    let field = format!("name=\"next\" value=\"{device}\"");
    assert!(page.text().contains(&field), "{}", page.text());

    let wrong = format!("email=ada%40example.com&password=wrong&next={next}");
    let wrong = submit(&gateway, "/signin", &ours, &wrong).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    assert!(wrong.text().contains(&field) && wrong.header("set-cookie").is_none());
    let password = PASSWORD.replace(' ', "+");
    let right = format!("email=ada%40example.com&password={password}&next={next}");
    let right = submit(&gateway, "/signin", &ours, &right).await;
    assert_eq!(right.status, StatusCode::SEE_OTHER, "{}", right.text());
    assert_eq!(right.header("location"), Some(device.as_str()));
    let cookie = cookie(&right);

    let page = get(&gateway, &device, &cookie).await;
    assert_eq!(page.status, StatusCode::OK);
    let form = format!(
        "code={typed}&answer=approve&scope=write&csrf={}",
        csrf(&page)
    );
    let with = [("origin", origin.as_str()), ("cookie", cookie.as_str())];
    let done = submit(&gateway, "/device", &with, &form).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.text());
    let body = json!({ "device_code": kept }).to_string();
    let given = api.post("/api/v1/device/token", &body).await;
    assert_eq!(given.status, StatusCode::OK, "{}", given.text());
    let theirs = Api::with(&gateway, given.json()["access_token"].as_str().unwrap());
    assert_eq!(theirs.get("/api/v1/me").await["user"]["name"], "Ada");

    let page = get(&gateway, "/signin", &cookie).await;
    assert!(page.text().contains("Signed in as Ada"), "{}", page.text());
    let out = format!("csrf={}", csrf(&page));
    let out = submit(&gateway, "/signout", &with, &out).await;
    assert_eq!(out.status, StatusCode::SEE_OTHER);
    assert!(out.header("set-cookie").unwrap().contains("Max-Age=0"));
    let page = get(&gateway, "/device", &cookie).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
    gateway.stop().await;
}

#[tokio::test]
async fn the_administrator_signs_in_and_is_told_what_is_nobodys() {
    let (_upstream, gateway, _) = started().await;
    let origin = gateway.gateway.public_url().to_owned();
    let ours = [("origin", origin.as_str())];
    let wrong = submit(&gateway, "/signin", &ours, "token=wrong&next=").await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    let right = format!("token=+{ADMIN}%0A");
    let right = submit(&gateway, "/signin", &ours, &right).await;
    assert_eq!(right.status, StatusCode::SEE_OTHER, "{}", right.text());
    assert_eq!(right.header("location"), Some("/signin"));
    let cookie = cookie(&right);
    let page = get(&gateway, "/signin", &cookie).await;
    assert!(page.text().contains("Signed in as the administrator"));
    let page = get(&gateway, "/device", &cookie).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    gateway.stop().await;
}

#[tokio::test]
async fn every_page_is_closed_to_whatever_is_not_its_own() {
    let (_upstream, gateway, api) = started().await;
    ada(&api).await;
    let browser = Browser::open(&gateway, PASSWORD).await;
    let cases = [
        ("/signin", "", 200),
        ("/signin", browser.cookie.as_str(), 200),
        ("/device", browser.cookie.as_str(), 200),
        ("/device?code=none", browser.cookie.as_str(), 404),
    ];
    for (path, cookie, status) in cases {
        let page = get(&gateway, path, cookie).await;
        assert_eq!(page.status.as_u16(), status, "{path}");
        let policy = page.header("content-security-policy").unwrap();
        for rule in [
            "default-src 'none';",
            "style-src 'sha256-",
            "form-action 'self';",
            "frame-ancestors 'none';",
            "base-uri 'none'",
        ] {
            assert!(policy.contains(rule), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
        let headers = [
            ("content-type", "text/html; charset=utf-8"),
            ("referrer-policy", "same-origin"),
            ("x-content-type-options", "nosniff"),
            ("cache-control", "no-store"),
            ("x-frame-options", "DENY"),
        ];
        for (name, value) in headers {
            assert_eq!(page.header(name), Some(value), "{path}");
        }
        let text = page.text();
        for forbidden in ["<script", "style=\"", " on", "http://", "https://"] {
            let found = text.find(forbidden).map(|at| &text[at..]);
            let attribute = found.is_some_and(|rest| forbidden != " on" || is_handler(rest));
            assert!(!attribute, "{path}: {forbidden}: {text}");
        }
    }
    gateway.stop().await;
}

/// Whether text begins with an attribute such as ` onclick=`.
fn is_handler(text: &str) -> bool {
    let word: String = text[1..]
        .chars()
        .take_while(char::is_ascii_lowercase)
        .collect();
    text[1 + word.len()..].starts_with('=')
}

#[tokio::test]
async fn nobody_is_sent_elsewhere() {
    let (_upstream, gateway, api) = started().await;
    ada(&api).await;
    let origin = gateway.gateway.public_url().to_owned();
    let browser = Browser::open(&gateway, PASSWORD).await;
    let cases = [
        ("%2Fdevice", "/device"),
        ("%2F%2Fevil.example", "/signin"),
        ("%2F%5Cevil.example", "/signin"),
        ("%2F%09%2Fevil.example", "/signin"),
        ("https%3A%2F%2Fevil.example", "/signin"),
        ("%2Fa%0D%0Aset-cookie%3A+a%3Db", "/signin"),
        ("javascript%3Aalert(1)", "/signin"),
    ];
    for (next, expected) in cases {
        let body = format!("token={ADMIN}&next={next}");
        let answer = submit(&gateway, "/signin", &[("origin", &origin)], &body).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{next}");
        assert_eq!(answer.header("location"), Some(expected), "{next}");
        let path = format!("/signin?next={next}");
        let page = get(&gateway, &path, &browser.cookie).await;
        let sent = page.header("location").unwrap_or("/signin");
        assert_eq!(sent, expected, "{next}");
        let page = get(&gateway, &path, "").await.text();
        assert!(!page.contains("evil") && !page.contains("alert"), "{page}");
    }
    gateway.stop().await;
}

#[tokio::test]
async fn a_hostile_name_is_text() {
    let (_upstream, gateway, api) = started().await;
    ada(&api).await;
    let browser = Browser::open(&gateway, PASSWORD).await;
    let name = "<img src=x onerror=alert(1)>\"'&\u{202e}";
    let body = json!({ "name": name }).to_string();
    let codes = api.post("/api/v1/device/code", &body).await.json();
    let path = format!("/device?code={}", codes["user_code"].as_str().unwrap());
    let page = get(&gateway, &path, &browser.cookie).await;
    assert_eq!(page.status, StatusCode::OK);
    let text = page.text();
    let shown = "<dd>&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;\u{fffd}</dd>";
    assert!(text.contains(shown) && !text.contains("<img"), "{text}");
    gateway.stop().await;
}

#[tokio::test]
async fn forms_of_others_do_nothing() {
    let (_upstream, gateway, api) = started().await;
    ada(&api).await;
    let (browser, other) = (
        Browser::open(&gateway, PASSWORD).await,
        Browser::open(&gateway, PASSWORD).await,
    );
    let codes = api.post("/api/v1/device/code", "{}").await.json();
    let typed = codes["user_code"].as_str().unwrap();
    let form = |csrf: &str| format!("code={typed}&answer=approve&scope=admin&csrf={csrf}");
    let (ours, cookie) = (browser.origin.as_str(), browser.cookie.as_str());
    let right = form(&browser.csrf);
    let cases = [
        (&[("cookie", cookie)][..], right.clone(), 403),
        (
            &[("cookie", cookie), ("origin", "null")],
            right.clone(),
            403,
        ),
        (
            &[("cookie", cookie), ("origin", "https://evil.example")],
            right.clone(),
            403,
        ),
        (
            &[("cookie", cookie), ("sec-fetch-site", "cross-site")],
            right.clone(),
            403,
        ),
        (&[("cookie", cookie), ("origin", ours)], form(""), 403),
        (
            &[("cookie", cookie), ("origin", ours)],
            form(&other.csrf),
            403,
        ),
        (&[("cookie", cookie), ("origin", ours)], right, 200),
    ];
    for (headers, body, status) in cases {
        let answer = submit(&gateway, "/device", headers, &body).await;
        assert_eq!(answer.status.as_u16(), status, "{headers:?}");
    }
    for (path, body) in [
        ("/signin", format!("token={ADMIN}")),
        ("/signout", String::new()),
    ] {
        let headers = [("cookie", cookie), ("origin", "https://evil.example")];
        let answer = submit(&gateway, path, &headers, &body).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
        assert_eq!(answer.header("set-cookie"), None);
    }
    let out = submit(
        &gateway,
        "/signout",
        &[("cookie", cookie), ("origin", ours)],
        "csrf=wrong",
    )
    .await;
    assert_eq!(out.status, StatusCode::FORBIDDEN);
    assert_eq!(browser.me().await, StatusCode::OK);
    let large = format!("token={}", "x".repeat(20_000));
    let large = submit(&gateway, "/signin", &[("origin", ours)], &large).await;
    assert_eq!(large.status, StatusCode::PAYLOAD_TOO_LARGE);
    gateway.stop().await;
}
