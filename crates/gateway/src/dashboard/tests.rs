use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use http_body_util::BodyExt as _;

use super::*;

const PAGE: &str = "<!doctype html><p>the page</p>";
const CODE: &str = "console.log('code')";

fn packed(text: &str) -> &'static [u8] {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap().leak()
}

fn site() -> Site {
    Site::new(&[
        ("index.html", packed(PAGE)),
        ("theme.js", packed(CODE)),
        ("favicon.svg", packed("<svg/>")),
        ("assets/index-1a2b.js", packed(CODE)),
        ("assets/index-3c4d.css", packed("p{}")),
    ])
}

fn asked(pairs: &[(&HeaderName, &'static str)]) -> HeaderMap {
    let pairs = pairs.iter().copied();
    pairs
        .map(|(name, value)| (name.clone(), HeaderValue::from_static(value)))
        .collect()
}

async fn text(response: Response) -> String {
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn said<'a>(response: &'a Response, name: &HeaderName) -> &'a str {
    let value = response.headers().get(name);
    value.map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn each_path_shows_what_it_should() {
    let forever = "public, max-age=31536000, immutable";
    let html = "text/html; charset=utf-8";
    let script = "text/javascript; charset=utf-8";
    for (path, media_type, keep, body) in [
        ("index.html", html, "no-cache", PAGE),
        ("theme.js", script, "no-cache", CODE),
        ("favicon.svg", "image/svg+xml", "no-cache", "<svg/>"),
        ("assets/index-1a2b.js", script, forever, CODE),
        (
            "assets/index-3c4d.css",
            "text/css; charset=utf-8",
            forever,
            "p{}",
        ),
        // Addresses of the page's own.
        ("calls", html, "no-cache", PAGE),
        ("calls/call_1", html, "no-cache", PAGE),
        ("sessions/a.b", html, "no-cache", PAGE),
        // Names are looked up, never resolved.
        ("../Cargo.toml", html, "no-cache", PAGE),
        ("/etc/passwd", html, "no-cache", PAGE),
        ("", html, "no-cache", PAGE),
    ] {
        let response = site().answer(path, &HeaderMap::new());
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        assert_eq!(said(&response, &header::CONTENT_TYPE), media_type, "{path}");
        assert_eq!(said(&response, &header::CACHE_CONTROL), keep, "{path}");
        assert_eq!(said(&response, &header::CONTENT_ENCODING), "", "{path}");
        assert_eq!(text(response).await, body, "{path}");
    }
}

#[tokio::test]
async fn a_page_of_another_build_is_told_that_its_code_is_gone() {
    for path in ["assets/index-0000.js", "assets/../index.html", "assets/"] {
        let response = site().answer(path, &HeaderMap::new());
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
        // Nothing that a browser would keep as if it were the file.
        assert_eq!(said(&response, &header::CACHE_CONTROL), "no-cache");
        assert_eq!(said(&response, &header::CONTENT_TYPE), "text/plain");
    }
}

#[tokio::test]
async fn who_takes_gzip_gets_it() {
    for (accepted, compressed) in [
        ("gzip", true),
        ("gzip, deflate, br", true),
        ("br, GZIP ; q=0.5", true),
        ("gzip;q=0", false),
        ("gzip; q=0.0, br", false),
        ("br", false),
        ("identity", false),
        ("", false),
    ] {
        let response = site().answer("theme.js", &asked(&[(&header::ACCEPT_ENCODING, accepted)]));
        let encoding = if compressed { "gzip" } else { "" };
        assert_eq!(
            said(&response, &header::CONTENT_ENCODING),
            encoding,
            "{accepted}"
        );
        assert_eq!(said(&response, &header::VARY), "accept-encoding");
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let expected = if compressed {
            packed(CODE)
        } else {
            CODE.as_bytes()
        };
        assert_eq!(body, expected, "{accepted}");
    }
}

#[tokio::test]
async fn what_is_known_is_not_sent_again() {
    let plain = site().answer("theme.js", &HeaderMap::new());
    let tag = said(&plain, &header::ETAG).to_owned();
    assert!(
        tag.len() > 8 && tag.starts_with('"') && tag.ends_with('"'),
        "{tag}"
    );
    for (known, status) in [
        (tag.clone(), StatusCode::NOT_MODIFIED),
        (format!("W/{tag}"), StatusCode::NOT_MODIFIED),
        (format!("\"other\", {tag}"), StatusCode::NOT_MODIFIED),
        ("*".to_owned(), StatusCode::NOT_MODIFIED),
        ("\"other\"".to_owned(), StatusCode::OK),
        // The other encoding's.
        (format!("{}-gz\"", &tag[..tag.len() - 1]), StatusCode::OK),
    ] {
        let mut headers = HeaderMap::new();
        headers.insert(
            header::IF_NONE_MATCH,
            HeaderValue::try_from(&known).unwrap(),
        );
        let response = site().answer("theme.js", &headers);
        assert_eq!(response.status(), status, "{known}");
        assert_eq!(said(&response, &header::ETAG), tag);
        assert_eq!(said(&response, &header::CONTENT_ENCODING), "");
        if status == StatusCode::NOT_MODIFIED {
            assert_eq!(text(response).await, "");
        }
    }
}

#[tokio::test]
async fn every_answer_is_guarded() {
    let unbuilt = Site::new(&[]);
    let none = HeaderMap::new();
    for response in [
        site().answer("index.html", &none),
        site().answer("assets/index-1a2b.js", &none),
        site().answer("assets/gone.js", &none),
        site().answer("index.html", &asked(&[(&header::IF_NONE_MATCH, "*")])),
        unbuilt.answer("index.html", &none),
    ] {
        let policy = said(&response, &header::CONTENT_SECURITY_POLICY);
        for part in [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        ] {
            assert!(policy.contains(part), "{part}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(said(&response, &header::X_CONTENT_TYPE_OPTIONS), "nosniff");
        assert_eq!(said(&response, &header::REFERRER_POLICY), "no-referrer");
    }
}

#[tokio::test]
async fn without_a_build_the_page_says_how_to_make_one() {
    for path in ["index.html", "calls", "theme.js"] {
        let response = Site::new(&[]).answer(path, &HeaderMap::new());
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(said(&response, &header::CACHE_CONTROL), "no-cache");
        assert!(text(response).await.contains("make web"));
    }
}
