//! Reading requests: JSON bodies, query strings and path segments, each into a type, each refused in
//! our own envelope with the name of the field.
//!
//! What was sent is never repeated in an error: it may be a secret in the wrong place.

use std::str::FromStr;

use axum::body::to_bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer};

use super::error::{ApiError, sentence};

const MEBIBYTE: usize = 1 << 20;
/// The most characters of a path that is repeated: its last part is in the caller's words.
const MAX_PATH: usize = 200;

/// A type that a request's body is read into.
pub(super) trait Payload: DeserializeOwned {
    /// The most bytes that are read.
    const LIMIT: usize = MEBIBYTE;
}

/// A JSON body.
pub(super) struct Body<T>(pub(super) T);

impl<T: Payload, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let bytes = read(request, T::LIMIT).await?;
        json(&bytes).map(Self)
    }
}

/// A JSON body as text, for those that are not read into one type.
pub(super) async fn read(request: Request, limit: usize) -> Result<Vec<u8>, ApiError> {
    if !is_json(request.headers()) {
        let message = "The body must be JSON, sent with content-type: application/json.";
        return Err(ApiError::Invalid {
            field: None,
            message: message.into(),
        });
    }
    let declared = request.headers().get(header::CONTENT_LENGTH);
    let declared = declared.and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|bytes| bytes > limit) {
        return Err(ApiError::TooLarge(limit));
    }
    match to_bytes(request.into_body(), limit).await {
        Ok(bytes) => Ok(bytes.into()),
        Err(error) if is_limit(&error) => Err(ApiError::TooLarge(limit)),
        Err(_) => {
            let message = "The body ended before it was whole.";
            Err(ApiError::Invalid {
                field: None,
                message: message.into(),
            })
        }
    }
}

fn is_limit(error: &axum::Error) -> bool {
    let source = std::error::Error::source(error);
    source.is_some_and(<dyn std::error::Error>::is::<http_body_util::LengthLimitError>)
}

fn is_json(headers: &HeaderMap) -> bool {
    let text = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let essence = text
        .and_then(|text| text.split(';').next())
        .unwrap_or("")
        .trim();
    essence.eq_ignore_ascii_case("application/json")
}

/// Reads JSON into `T`, naming the field that is wrong.
fn json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        explain(&error.into_inner(), &path)
    })?;
    reader.end().map_err(|error| explain(&error, ""))?;
    Ok(value)
}

fn explain(error: &serde_json::Error, path: &str) -> ApiError {
    use serde_json::error::Category;
    let message = match error.classify() {
        Category::Data => {
            let text = error.to_string();
            let text = text
                .rsplit_once(" at line ")
                .map_or(&*text, |(message, _)| message);
            return wrong(
                path,
                text,
                "There is no such field here; GET /api/openapi.json lists those there are.",
            );
        }
        Category::Eof => "The body ends in the middle of its JSON.".into(),
        Category::Syntax | Category::Io => {
            let (line, column) = (error.line(), error.column());
            format!("The body is not JSON: line {line}, column {column}.").into()
        }
    };
    ApiError::Invalid {
        field: None,
        message,
    }
}

/// What serde says of the field at `path`, less the value that it quotes.
fn wrong(path: &str, text: &str, unknown: &'static str) -> ApiError {
    let absent = |start: &str| text.strip_prefix(start)?.strip_suffix('`');
    // These two are said of the object, and name the field in words of our own types.
    let inner = absent("missing field `").or_else(|| absent("duplicate field `"));
    let outer = if path == "." { "" } else { path };
    let field = match inner {
        Some(inner) if outer.is_empty() => inner.to_owned(),
        Some(inner) => format!("{outer}.{inner}"),
        None => outer
            .chars()
            .filter(|c| !c.is_control())
            .take(MAX_PATH)
            .collect(),
    };
    let quotes = [
        "invalid type: ",
        "invalid value: ",
        "unknown variant ",
        "invalid length ",
    ];
    let message = if quotes.iter().any(|start| text.starts_with(start)) {
        let expected = text
            .rsplit_once(", expected ")
            .map_or("something else", |(_, what)| what);
        format!("Expected {expected} here.").into()
    } else if text.starts_with("unknown field ") {
        unknown.into()
    } else {
        sentence(text).into()
    };
    ApiError::Invalid {
        field: Some(field).filter(|field| !field.is_empty()),
        message,
    }
}

/// The query string.
pub(super) struct Query<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        query(parts.uri.query().unwrap_or("")).map(Self)
    }
}

fn query<T: DeserializeOwned>(text: &str) -> Result<T, ApiError> {
    let pairs = serde_urlencoded::Deserializer::new(form_urlencoded::parse(text.as_bytes()));
    serde_path_to_error::deserialize(pairs).map_err(|error| {
        let path = error.path().to_string();
        let text = error.into_inner().to_string();
        wrong(&path, &text, "There is no such query parameter here.")
    })
}

/// No query parameters at all.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

/// An id in the path. One that does not read names nothing, so it is not found.
pub(super) struct Id<T>(pub(super) T);

impl<T: FromStr, S: Send + Sync> FromRequestParts<S> for Id<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Name(text) = Name::from_request_parts(parts, state).await?;
        let missing = |_| ApiError::missing("There is nothing with this id.");
        text.parse().map(Self).map_err(missing)
    }
}

/// A name in the path.
pub(super) struct Name(pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for Name {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let missing = |_| ApiError::missing("There is nothing with this name.");
        let Path(text) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(missing)?;
        Ok(Self(text))
    }
}

/// What a change says of a field that may be empty.
#[derive(Clone, Default)]
pub(super) enum Change<T> {
    /// Nothing: it stays as it is.
    #[default]
    Keep,
    /// Null: it becomes empty.
    Clear,
    /// A value: it becomes that.
    Set(T),
}

impl<T> Change<T> {
    /// Makes the change, reading a new value with `read`.
    pub(super) fn over<U>(
        self,
        current: &mut Option<U>,
        read: impl FnOnce(T) -> Result<U, ApiError>,
    ) -> Result<(), ApiError> {
        match self {
            Self::Keep => {}
            Self::Clear => *current = None,
            Self::Set(value) => *current = Some(read(value)?),
        }
        Ok(())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Change<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::<T>::deserialize(deserializer)?.map_or(Self::Clear, Self::Set))
    }
}

#[cfg(test)]
mod tests;
