//! The control plane, asked over HTTP.

use std::fmt::Write as _;
use std::sync::Arc;

use anyhow::{Context as _, anyhow, bail};
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tollhouse_vault::Secret;

use crate::record::Page;
use crate::settings::Usage;
use crate::{environment, profile};

/// The most rows that the server gives at once.
const MOST_ROWS: u32 = 1000;

/// An HTTP client that speaks to one server.
pub(crate) struct Api {
    http: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    url: String,
    authorization: Option<HeaderValue>,
}

#[derive(Deserialize)]
struct ErrorBody {
    error: ErrorDetail,
}

#[derive(Deserialize)]
struct ErrorDetail {
    #[serde(default)]
    code: String,
    message: String,
    field: Option<String>,
}

impl Api {
    /// The server of this user: by `TOLLHOUSE_URL` and `TOLLHOUSE_TOKEN`, else by the profile.
    pub(crate) fn find() -> anyhow::Result<Self> {
        let profile = profile::read()?;
        let given = environment::variable("TOLLHOUSE_URL");
        let elsewhere = given.is_some();
        let Some(url) = given.or_else(|| profile.as_ref().map(|profile| profile.url.clone()))
        else {
            let message = "no server is known: sign in to one with `tollhouse login --url URL`, start \
                 one here with `tollhouse serve`, or set TOLLHOUSE_URL and TOLLHOUSE_TOKEN";
            return Err(Usage(message.to_owned()).into());
        };
        let token = match environment::variable("TOLLHOUSE_TOKEN") {
            Some(token) => token,
            // The profile's token belongs to the profile's server and goes nowhere else.
            None if elsewhere => {
                let message = "TOLLHOUSE_URL is set and TOLLHOUSE_TOKEN is not: set it to the \
                     administrator's token of that server";
                return Err(Usage(message.to_owned()).into());
            }
            None => match profile.and_then(|profile| profile.token_file) {
                Some(path) => std::fs::read_to_string(&path)
                    .with_context(|| format!("the token, {}", path.display()))?,
                None => {
                    let message = "the server's configuration names its administrator's token: \
                         set TOLLHOUSE_TOKEN to it";
                    return Err(Usage(message.to_owned()).into());
                }
            },
        };
        let token = Secret::parse(&token).context("the token")?;
        Self::new(&url, &token)
    }

    /// A server whose address and token are known.
    pub(crate) fn new(url: &str, token: &Secret) -> anyhow::Result<Self> {
        let authorization = HeaderValue::try_from(format!("Bearer {}", token.expose()));
        let mut authorization = authorization.context("the token")?;
        authorization.set_sensitive(true);
        Self::at(url, Some(authorization))
    }

    /// A server that is asked as a stranger.
    pub(crate) fn stranger(url: &str) -> anyhow::Result<Self> {
        Self::at(url, None)
    }

    fn at(url: &str, authorization: Option<HeaderValue>) -> anyhow::Result<Self> {
        let crypto = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_webpki_roots(crypto)?
            .https_or_http()
            .enable_all_versions()
            .build();
        let http = Client::builder(TokioExecutor::new()).build(connector);
        Ok(Self {
            http,
            url: url.trim_end_matches('/').to_owned(),
            authorization,
        })
    }

    /// The server's address, without a trailing slash.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Reads one thing.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<T> {
        let bytes = self.whole(Method::GET, path, Bytes::new()).await?;
        serde_json::from_slice(&bytes).with_context(|| format!("the answer to GET {path}"))
    }

    /// Reads one thing, if there is such a thing.
    pub(crate) async fn find_one<T: DeserializeOwned>(
        &self,
        path: &str,
    ) -> anyhow::Result<Option<T>> {
        let (status, body) = self.ask(Method::GET, path, Bytes::new()).await?;
        if status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        if !status.is_success() {
            bail!(refusal(status, &body));
        }
        let read = serde_json::from_slice(&body);
        read.map(Some)
            .with_context(|| format!("the answer to GET {path}"))
    }

    /// Reads one thing as text.
    pub(crate) async fn text(&self, path: &str) -> anyhow::Result<String> {
        let bytes = self.whole(Method::GET, path, Bytes::new()).await?;
        String::from_utf8(bytes.into()).with_context(|| format!("the answer to GET {path}"))
    }

    /// Sends something and reads the answer.
    pub(crate) async fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &impl Serialize,
    ) -> anyhow::Result<T> {
        self.send_bytes(method, path, serde_json::to_vec(body)?.into())
            .await
    }

    /// Sends something that is answered with nothing.
    pub(crate) async fn tell(
        &self,
        method: Method,
        path: &str,
        body: &impl Serialize,
    ) -> anyhow::Result<()> {
        let body = serde_json::to_vec(body)?.into();
        self.whole(method, path, body).await.map(drop)
    }

    /// Sends JSON that is there already.
    pub(crate) async fn send_bytes<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
    ) -> anyhow::Result<T> {
        let bytes = self.whole(method, path, body).await?;
        serde_json::from_slice(&bytes).with_context(|| format!("the answer of {path}"))
    }

    /// Removes something.
    pub(crate) async fn delete(&self, path: &str) -> anyhow::Result<()> {
        self.whole(Method::DELETE, path, Bytes::new())
            .await
            .map(drop)
    }

    /// The first `limit` rows of a list, however many parts that takes; all of them without a limit.
    pub(crate) async fn list(
        &self,
        path: &str,
        query: &Query,
        limit: Option<u32>,
    ) -> anyhow::Result<Page> {
        let mut rows = Page {
            data: Vec::new(),
            next: None,
        };
        loop {
            let had = u32::try_from(rows.data.len()).unwrap_or(u32::MAX);
            let wanted = limit.map_or(MOST_ROWS, |limit| limit.saturating_sub(had).min(MOST_ROWS));
            if wanted == 0 {
                return Ok(rows);
            }
            let mut query = query.clone();
            query.add("limit", &wanted.to_string());
            if let Some(cursor) = &rows.next {
                query.add("cursor", cursor);
            }
            let page: Page = self.get(&query.on(path)).await?;
            rows.data.extend(page.data);
            rows.next = page.next;
            if rows.next.is_none() {
                return Ok(rows);
            }
        }
    }

    /// Opens an answer that is read while it comes.
    pub(crate) async fn open(&self, path: &str) -> anyhow::Result<Incoming> {
        Ok(self
            .call(Method::GET, path, Bytes::new())
            .await?
            .into_body())
    }

    /// Sends JSON as a client of the data plane does, and leaves the answer to be judged.
    pub(crate) async fn post(
        &self,
        path: &str,
        header: Option<(&'static str, &'static str)>,
        body: Bytes,
    ) -> anyhow::Result<Response<Incoming>> {
        let mut request = self.request(Method::POST, path, body)?;
        if let Some((name, value)) = header {
            request
                .headers_mut()
                .insert(name, HeaderValue::from_static(value));
        }
        self.exchange(request).await
    }

    /// Sends something and leaves the answer to be judged, whatever it is.
    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
    ) -> anyhow::Result<(StatusCode, Bytes)> {
        let response = self.exchange(self.request(method, path, body)?).await?;
        let status = response.status();
        let body = response.into_body().collect().await;
        let body = body.with_context(|| format!("the answer of {}", self.url))?;
        Ok((status, body.to_bytes()))
    }

    async fn whole(&self, method: Method, path: &str, body: Bytes) -> anyhow::Result<Bytes> {
        let response = self.call(method, path, body).await?;
        let body = response.into_body().collect().await;
        Ok(body
            .with_context(|| format!("the answer of {}", self.url))?
            .to_bytes())
    }

    async fn call(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
    ) -> anyhow::Result<Response<Incoming>> {
        let request = self.request(method, path, body)?;
        let response = self.exchange(request).await?;
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        bail!(refusal(status, &body))
    }

    fn request(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
    ) -> anyhow::Result<Request<Full<Bytes>>> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url));
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization.clone());
        }
        if !body.is_empty() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        let wrong = |_| Usage(format!("\"{}\" is not the address of a server", self.url));
        Ok(request.body(Full::new(body)).map_err(wrong)?)
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> anyhow::Result<Response<Incoming>> {
        self.http.request(request).await.map_err(|error| {
            // The layers between say where in the client it happened, which helps nobody here.
            let mut cause: &dyn std::error::Error = &error;
            while let Some(source) = cause.source() {
                cause = source;
            }
            let url = &self.url;
            anyhow!("{url} does not answer ({cause}); is `tollhouse serve` running there?")
        })
    }
}

/// The word that a refused request is refused with.
pub(crate) fn refusal_code(body: &[u8]) -> Option<String> {
    let body: ErrorBody = serde_json::from_slice(body).ok()?;
    Some(body.error.code)
}

/// What a refused request says.
pub(crate) fn refusal(status: StatusCode, body: &[u8]) -> String {
    let Ok(ErrorBody { error }) = serde_json::from_slice(body) else {
        return format!("the server answered {status}");
    };
    let mut text = error.message;
    if let Some(field) = error.field {
        // Writing to a string cannot fail.
        let _ = write!(text, " ({field})");
    }
    if status == StatusCode::UNAUTHORIZED {
        text.push_str(
            " TOLLHOUSE_TOKEN, or the profile's token file, holds another one; `tollhouse login` gets \
             one of your own.",
        );
    }
    text
}

/// A query string.
#[derive(Debug, Clone, Default)]
pub(crate) struct Query(String);

impl Query {
    /// Adds a parameter.
    pub(crate) fn add(&mut self, name: &str, value: &str) {
        self.0.push(if self.0.is_empty() { '?' } else { '&' });
        self.0.push_str(name);
        self.0.push('=');
        self.0.push_str(&escape(value));
    }

    /// Adds a parameter that may be absent.
    pub(crate) fn maybe(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.add(name, value);
        }
    }

    /// The path with this query.
    pub(crate) fn on(&self, path: &str) -> String {
        format!("{path}{}", self.0)
    }
}

/// Text as one segment of a path, or one value of a query.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            escaped.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_hold_any_text() {
        let mut query = Query::default();
        query.add("model", "a&b=ü *");
        query.maybe("none", None);
        query.maybe("to", Some("2026-11-22"));
        assert_eq!(
            query.on("/x"),
            "/x?model=a%26b%3D%C3%BC%20%2A&to=2026-11-22"
        );
    }

    #[test]
    fn refusals_name_the_field() {
        let body =
            br#"{"error":{"code":"invalid_request","message":"Expected a name.","field":"name"}}"#;
        assert_eq!(
            refusal(StatusCode::BAD_REQUEST, body),
            "Expected a name. (name)"
        );
        let text = refusal(StatusCode::BAD_GATEWAY, b"<html>");
        assert_eq!(text, "the server answered 502 Bad Gateway");
    }
}
