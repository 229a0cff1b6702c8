//! Between the values of the domain and the few types that both databases have.

use std::io;

use serde::de::value::{Error as WordError, StrDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer};
use serde::{Deserialize, Serialize};
use serde_json::ser::{CharEscape, CompactFormatter, Formatter, Serializer};
use tollhouse_domain::money::Money;
use tollhouse_domain::time::Timestamp;

use crate::error::{Result, StoreError};

/// The last id there can be: a page that starts after nothing starts below it.
pub(crate) const NEWEST: uuid::Uuid = uuid::Uuid::max();

/// JSON for a text column.
pub(crate) fn to_json<T: Serialize>(what: &str, value: &T) -> Result<String> {
    serde_json::to_string(value)
        .map_err(|error| StoreError::corrupt(format!("{what} has no JSON form: {error}")))
}

/// The same where PostgreSQL is to look into it, which reads no JSON that says NUL anywhere: U+FFFD stands there instead.
pub(crate) fn to_json_without_nul<T: Serialize>(what: &str, value: &T) -> Result<String> {
    let mut json = Vec::new();
    value
        .serialize(&mut Serializer::with_formatter(&mut json, WithoutNul))
        .map_err(|error| StoreError::corrupt(format!("{what} has no JSON form: {error}")))?;
    String::from_utf8(json).map_err(|_| StoreError::corrupt(format!("{what} has no JSON form")))
}

struct WithoutNul;

impl Formatter for WithoutNul {
    fn write_char_escape<W>(&mut self, writer: &mut W, escape: CharEscape) -> io::Result<()>
    where
        W: ?Sized + io::Write,
    {
        match escape {
            CharEscape::AsciiControl(0) => writer.write_all("\u{fffd}".as_bytes()),
            other => CompactFormatter.write_char_escape(writer, other),
        }
    }
}

/// Reads what [`to_json`] wrote. The error says where, not what.
pub(crate) fn from_json<T: DeserializeOwned>(what: &str, text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        StoreError::corrupt(format!("{what}: {:?} at {line}:{column}", error.classify()))
    })
}

/// Reads one word of a closed set: a unit variant by its serialized name.
pub(crate) fn word<'de, T: Deserialize<'de>>(what: &str, text: &'de str) -> Result<T> {
    let word: StrDeserializer<'de, WordError> = text.into_deserializer();
    T::deserialize(word).map_err(|error| StoreError::corrupt(format!("{what}: {error}")))
}

/// A count as stored.
pub(crate) fn count(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// A stored count; none is ever negative.
pub(crate) fn uncount(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

/// A stored moment, where there may be none.
pub(crate) fn moment(value: Option<i64>) -> Option<Timestamp> {
    value.map(Timestamp)
}

/// A stored amount, where there may be none.
pub(crate) fn amount(value: Option<i64>) -> Option<Money> {
    value.map(Money)
}

/// A digest or key of known length.
pub(crate) fn fixed<const N: usize>(what: &str, bytes: Vec<u8>) -> Result<[u8; N]> {
    let found = bytes.len();
    bytes
        .try_into()
        .map_err(|_| StoreError::corrupt(format!("{what} has {found} bytes, not {N}")))
}
