//! Text for a browser. What comes from elsewhere is escaped on its way in; only what is written in
//! this program is not.

use std::sync::LazyLock;

use aws_lc_rs::digest;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Looks the same without a network, without scripts and on a telephone.
const STYLE: &str = include_str!("style.css");

/// No scripts, no pictures, nothing from elsewhere, in nobody's frame.
static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let hash = STANDARD.encode(digest::digest(&digest::SHA256, STYLE.as_bytes()));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; form-action 'self'; frame-ancestors 'none'; \
         base-uri 'none'"
    );
    HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
});

/// A piece of a page.
#[derive(Default)]
pub(in crate::admin) struct Html(String);

impl Html {
    /// Markup of ours. Nothing that was made while running is of this type.
    pub(in crate::admin) fn ours(mut self, markup: &'static str) -> Self {
        self.0.push_str(markup);
        self
    }

    /// Anybody's text, as text or as the value of a quoted attribute.
    pub(in crate::admin) fn text(mut self, text: &str) -> Self {
        for c in text.chars() {
            match c {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                // Control characters, and those that turn text around: neither means well here.
                c if c.is_control() || turns(c) => self.0.push('\u{fffd}'),
                c => self.0.push(c),
            }
        }
        self
    }

    /// Another piece.
    pub(in crate::admin) fn piece(mut self, piece: &Self) -> Self {
        self.0.push_str(&piece.0);
        self
    }
}

/// Whether a character changes the direction of what is around it.
fn turns(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A page.
pub(in crate::admin) struct Page {
    pub(in crate::admin) status: StatusCode,
    pub(in crate::admin) title: &'static str,
    pub(in crate::admin) body: Html,
}

impl Page {
    /// A page that is what was asked for.
    pub(in crate::admin) fn new(title: &'static str, body: Html) -> Self {
        Self {
            status: StatusCode::OK,
            title,
            body,
        }
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let whole = Html::default()
            .ours("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">")
            .ours("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">")
            .ours("<meta name=\"color-scheme\" content=\"light dark\"><title>")
            .text(self.title)
            .ours(" · Tollhouse</title><style>")
            .ours(STYLE)
            .ours("</style></head><body><main><p class=\"brand\">Tollhouse</p><h1>")
            .text(self.title)
            .ours("</h1>")
            .piece(&self.body)
            .ours("</main></body></html>\n");
        let mut headers = HeaderMap::new();
        let html = HeaderValue::from_static("text/html; charset=utf-8");
        headers.insert(header::CONTENT_TYPE, html);
        headers.insert(header::CONTENT_SECURITY_POLICY, POLICY.clone());
        // With `no-referrer`, browsers would send `Origin: null` with our own forms.
        let own = HeaderValue::from_static("same-origin");
        headers.insert(header::REFERRER_POLICY, own);
        headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
        (self.status, headers, whole.0).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_elsewhere_is_markup() {
        let cases = [
            ("plain ü 漢", "plain ü 漢"),
            (
                "<script>alert(1)</script>",
                "&lt;script&gt;alert(1)&lt;/script&gt;",
            ),
            ("\" onfocus='x' &lt;", "&quot; onfocus=&#39;x&#39; &amp;lt;"),
            ("a\u{202e}b\u{0}c\n", "a\u{fffd}b\u{fffd}c\u{fffd}"),
        ];
        for (text, expected) in cases {
            assert_eq!(Html::default().text(text).0, expected);
        }
    }
}
