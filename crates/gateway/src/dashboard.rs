//! The dashboard: files that `make web` built and the compiler embedded, below `/dashboard/`.
//!
//! They are kept and sent compressed. Nothing here knows who asks: what the dashboard shows, it gets
//! from the control plane with a session like anybody else.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Read as _;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use flate2::read::GzDecoder;

/// Where it is.
pub(crate) const BASE: &str = "/dashboard/";

/// What was built, by path below [`BASE`], each compressed with gzip.
const BUILT: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/dashboard.rs"));

/// The page itself; every address below [`BASE`] that is no file's shows it.
const INDEX: &str = "index.html";
/// Files below this have a hash of what is in them in their name, and so never change.
const HASHED: &str = "assets/";

/// What is shown where no dashboard was built.
const UNBUILT: &str = "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\">\
    <meta name=\"color-scheme\" content=\"light dark\"><title>Tollhouse</title>\n\
    <h1>This Tollhouse was built without its dashboard</h1>\n\
    <p>Everything else works. To build the dashboard, which takes Node.js 20 or newer, run this in the \
    source tree, and then build the program again:</p>\n<pre>make web</pre>\n\
    <p>The control plane is described at <a href=\"/api/openapi.json\">/api/openapi.json</a>.</p>\n";

/// No script or style but ours, no frame around us, nothing sent elsewhere.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// The files, ready to be sent.
struct Site(BTreeMap<&'static str, File>);

struct File {
    /// With gzip.
    compressed: Bytes,
    /// Of what is in it.
    tag: String,
}

/// Everything below [`BASE`], and the way there for who forgot the last slash.
pub(crate) fn router() -> Router {
    let site = Arc::new(Site::new(BUILT));
    let index = Arc::clone(&site);
    Router::new()
        .route("/dashboard", get(async || Redirect::temporary(BASE)))
        .route(
            BASE,
            get(async move |headers: HeaderMap| index.answer(INDEX, &headers)),
        )
        .route(
            "/dashboard/{*path}",
            get(async move |Path(path): Path<String>, headers: HeaderMap| {
                site.answer(&path, &headers)
            }),
        )
}

impl Site {
    fn new(files: &[(&'static str, &'static [u8])]) -> Self {
        let file = |&(name, compressed): &(&'static str, &'static [u8])| {
            let hash = digest(&SHA256, compressed);
            let start = hash.as_ref().first_chunk().copied().unwrap_or_default();
            let tag = format!("{:016x}", u64::from_be_bytes(start));
            let compressed = Bytes::from_static(compressed);
            (name, File { compressed, tag })
        };
        Self(files.iter().map(file).collect())
    }

    fn answer(&self, path: &str, headers: &HeaderMap) -> Response {
        let found = match self.0.get_key_value(path) {
            None if path.starts_with(HASHED) => {
                return guarded(
                    StatusCode::NOT_FOUND,
                    "text/plain",
                    "There is no such file.",
                );
            }
            // An address of the page's own.
            None => self.0.get_key_value(INDEX),
            found => found,
        };
        let Some((name, file)) = found else {
            return guarded(StatusCode::OK, "text/html; charset=utf-8", UNBUILT);
        };
        let gzip = accepts_gzip(headers);
        // Two encodings are two things to whoever keeps them.
        let tag = format!("\"{}{}\"", file.tag, if gzip { "-gz" } else { "" });
        let known = listed(headers, &header::IF_NONE_MATCH).any(|known| {
            let known = known.trim_start_matches("W/");
            known == tag || known == "*"
        });
        let mut response = if known {
            guarded(StatusCode::NOT_MODIFIED, media_type(name), Body::empty())
        } else if gzip {
            guarded(StatusCode::OK, media_type(name), file.compressed.clone())
        } else {
            guarded(StatusCode::OK, media_type(name), file.plain())
        };
        let keep = if name.starts_with(HASHED) {
            "public, max-age=31536000, immutable"
        } else {
            "no-cache"
        };
        let own = response.headers_mut();
        own.insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
        own.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        if let Ok(tag) = HeaderValue::try_from(tag) {
            own.insert(header::ETAG, tag);
        }
        if gzip && !known {
            own.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        response
    }
}

impl File {
    /// As it was before it was compressed.
    fn plain(&self) -> Bytes {
        let mut plain = Vec::new();
        // What a build embedded is whole: reading it from memory cannot fail.
        let _ = GzDecoder::new(self.compressed.as_ref()).read_to_end(&mut plain);
        Bytes::from(plain)
    }
}

/// An answer that a browser takes for exactly what it is, and lets do nothing else.
fn guarded(status: StatusCode, media_type: &'static str, body: impl Into<Body>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, media_type),
        (header::CACHE_CONTROL, "no-cache"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(), microphone=(), geolocation=()",
        ),
    ];
    (status, headers, body.into()).into_response()
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// The members of a header that is a list.
fn listed<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    let lines = headers.get_all(name).iter();
    lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .map(str::trim)
}

fn accepts_gzip(headers: &HeaderMap) -> bool {
    listed(headers, &header::ACCEPT_ENCODING).any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, "q=1"));
        let weight: Cow<'_, str> = weight.split_whitespace().collect();
        let refused = weight
            .strip_prefix("q=")
            .and_then(|weight| weight.parse::<f32>().ok())
            .is_some_and(|weight| weight <= 0.0);
        name.trim().eq_ignore_ascii_case("gzip") && !refused
    })
}

#[cfg(test)]
mod tests;
