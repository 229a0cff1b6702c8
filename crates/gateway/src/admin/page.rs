//! Lists in parts: `?limit&cursor` → `{"data":[…],"next":cursor|null}`.

use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::error::ApiError;

/// The most rows of one part.
const MOST: u32 = 1_000;

/// A part of a list.
#[derive(Serialize, ToSchema)]
pub(super) struct List<T> {
    /// The rows.
    pub(super) data: Vec<T>,
    /// What to send as `cursor` for the part that follows; null at the end.
    #[schema(required = true)]
    pub(super) next: Option<String>,
}

impl<T> List<T> {
    /// A list that is never divided.
    pub(super) const fn whole(data: Vec<T>) -> Self {
        Self { data, next: None }
    }

    /// The same part without the rows that `keep` gives nothing for.
    pub(super) fn keep<U>(self, keep: impl FnMut(T) -> Option<U>) -> List<U> {
        List {
            data: self.data.into_iter().filter_map(keep).collect(),
            next: self.next,
        }
    }

    /// The same part with its rows shown as something else.
    pub(super) fn map<U>(self, show: impl FnMut(T) -> U) -> List<U> {
        List {
            data: self.data.into_iter().map(show).collect(),
            next: self.next,
        }
    }
}

/// How many rows are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limit(u32);

impl Limit {
    /// As many as there may be.
    pub(super) const fn most() -> Self {
        Self(MOST)
    }

    pub(super) const fn get(self) -> u32 {
        self.0
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(50)
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        let number = text
            .parse()
            .ok()
            .filter(|number| (1..=MOST).contains(number));
        number.map(Self).ok_or_else(|| {
            D::Error::custom(format_args!("expected a whole number from 1 to {MOST}"))
        })
    }
}

/// Where a part begins. What it says inside is nobody's business but the list's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cursor(String);

const BAD_CURSOR: &str = "expected what `next` of an earlier answer said";

impl Cursor {
    pub(super) fn print(place: &str) -> String {
        URL_SAFE_NO_PAD.encode(place)
    }

    fn read<C: FromStr>(&self) -> Result<C, ApiError> {
        let refuse = |_| ApiError::invalid("cursor", format!("Expected{}.", &BAD_CURSOR[8..]));
        self.0.parse().map_err(refuse)
    }
}

impl<'de> Deserialize<'de> for Cursor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        let bytes = URL_SAFE_NO_PAD.decode(text.as_bytes()).ok();
        let place = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
        place.map(Self).ok_or_else(|| D::Error::custom(BAD_CURSOR))
    }
}

/// The parameters of every list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct PageQuery {
    /// The most rows to return.
    #[serde(default)]
    #[param(value_type = Option<u32>, minimum = 1, maximum = 1000, default = 50)]
    pub(super) limit: Limit,
    /// Where to go on: `next` of the part before.
    #[param(value_type = Option<String>)]
    pub(super) cursor: Option<Cursor>,
}

/// What to ask the store for: one row more than wanted, which tells whether another part follows.
pub(super) fn ask<C: FromStr>(
    limit: Limit,
    cursor: Option<&Cursor>,
) -> Result<tollhouse_store::Page<C>, ApiError> {
    let after = cursor.map(Cursor::read).transpose()?;
    Ok(tollhouse_store::Page {
        limit: limit.0 + 1,
        after,
    })
}

/// The part out of what [`ask`] brought; `place` is what the cursor after a row says.
pub(super) fn cut<T>(mut rows: Vec<T>, limit: Limit, place: impl Fn(&T) -> String) -> List<T> {
    let wanted = usize::try_from(limit.0).unwrap_or(usize::MAX);
    let more = rows.len() > wanted;
    rows.truncate(wanted);
    let next = rows
        .last()
        .filter(|_| more)
        .map(|row| Cursor::print(&place(row)));
    List { data: rows, next }
}

/// The part of a list that is short enough to be held whole, in the order of `place`.
pub(super) fn slice<T>(
    mut rows: Vec<T>,
    query: &PageQuery,
    place: impl Fn(&T) -> String,
) -> List<T> {
    rows.sort_by_cached_key(&place);
    if let Some(Cursor(after)) = &query.cursor {
        rows.retain(|row| place(row) > *after);
    }
    cut(rows, query.limit, place)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(limit: u32, cursor: Option<String>) -> PageQuery {
        let cursor = cursor.map(|text| {
            let bytes = URL_SAFE_NO_PAD.decode(text).unwrap();
            Cursor(String::from_utf8(bytes).unwrap())
        });
        PageQuery {
            limit: Limit(limit),
            cursor,
        }
    }

    #[test]
    fn parts_follow_one_another_without_gap_or_overlap() {
        let rows = || ["d", "a", "c", "b", "e"].map(str::to_owned).to_vec();
        let (mut seen, mut cursor) = (Vec::new(), None);
        loop {
            let part = slice(rows(), &query(2, cursor), Clone::clone);
            assert!(part.data.len() <= 2);
            seen.extend(part.data);
            match part.next {
                Some(next) => cursor = Some(next),
                None => break,
            }
        }
        assert_eq!(seen, ["a", "b", "c", "d", "e"]);
    }

    #[test]
    fn a_full_last_part_has_nothing_after_it() {
        let part = slice(
            vec!["a".to_owned(), "b".to_owned()],
            &query(2, None),
            Clone::clone,
        );
        assert_eq!((part.data.len(), part.next), (2, None));
    }
}
