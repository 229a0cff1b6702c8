//! Lists of models, in the two shapes callers understand. Which models a key may use is decided elsewhere.

use crate::json;

/// One model as it is shown to a caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelEntry {
    /// The name a request must give.
    pub id: String,
    /// The name a person reads.
    pub display_name: String,
    /// Seconds since 1970.
    pub created_at: u64,
    /// The provider, or the owner of the route.
    pub owned_by: String,
    /// Most tokens of a prompt, if known.
    pub max_input_tokens: Option<u64>,
    /// Most tokens of an answer, if known.
    pub max_tokens: Option<u64>,
}

/// The paging part of a Messages-shaped query.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PageQuery<'a> {
    /// Entries per page, 1 to 1000; 20 if absent.
    pub limit: Option<u64>,
    /// Start after this id.
    pub after_id: Option<&'a str>,
    /// End before this id.
    pub before_id: Option<&'a str>,
}

/// One page of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page<'a> {
    /// The entries, in list order.
    pub entries: &'a [ModelEntry],
    /// Whether there are more in the direction asked for.
    pub has_more: bool,
}

/// Why a page cannot be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PageError {
    /// `limit` is out of range.
    #[error("`limit` must be between 1 and 1000")]
    Limit,
    /// Two cursors at once.
    #[error("give either `after_id` or `before_id`, not both")]
    TwoCursors,
    /// The cursor is not in the list.
    #[error("`{field}` names no model in this list: start again without it")]
    UnknownCursor {
        /// `after_id` or `before_id`.
        field: &'static str,
    },
}

impl PageError {
    /// The query parameter at fault.
    pub const fn param(self) -> &'static str {
        match self {
            Self::Limit => "limit",
            Self::TwoCursors => "before_id",
            Self::UnknownCursor { field } => field,
        }
    }
}

/// The page of `entries` that `query` asks for.
pub fn page<'a>(entries: &'a [ModelEntry], query: PageQuery<'_>) -> Result<Page<'a>, PageError> {
    let limit = match query.limit.unwrap_or(20) {
        limit @ 1..=1000 => usize::try_from(limit).map_err(|_| PageError::Limit)?,
        _ => return Err(PageError::Limit),
    };
    let find = |id: &str, field| {
        let found = entries.iter().position(|entry| entry.id == id);
        found.ok_or(PageError::UnknownCursor { field })
    };
    match (query.after_id, query.before_id) {
        (Some(_), Some(_)) => Err(PageError::TwoCursors),
        (None, Some(id)) => {
            let end = find(id, "before_id")?;
            let start = end.saturating_sub(limit);
            Ok(Page {
                entries: &entries[start..end],
                has_more: start > 0,
            })
        }
        (after, None) => {
            let start = after.map_or(Ok(0), |id| find(id, "after_id").map(|at| at + 1))?;
            let end = entries.len().min(start.saturating_add(limit));
            Ok(Page {
                entries: &entries[start..end],
                has_more: end < entries.len(),
            })
        }
    }
}

/// A page in the Messages shape.
pub fn list_messages(page: Page<'_>) -> Vec<u8> {
    let mut out = Vec::with_capacity(64 + page.entries.len() * 160);
    out.extend_from_slice(br#"{"data":["#);
    comma_separated(&mut out, page.entries, write_messages);
    out.extend_from_slice(br#"],"has_more":"#);
    out.extend_from_slice(if page.has_more { b"true" } else { b"false" });
    out.extend_from_slice(br#","first_id":"#);
    json::string_or_null(
        &mut out,
        page.entries.first().map(|entry| entry.id.as_str()),
    );
    out.extend_from_slice(br#","last_id":"#);
    json::string_or_null(&mut out, page.entries.last().map(|entry| entry.id.as_str()));
    out.push(b'}');
    out
}

/// The whole list in the Chat and Responses shape, which has no paging.
pub fn list_openai(entries: &[ModelEntry]) -> Vec<u8> {
    let mut out = Vec::with_capacity(64 + entries.len() * 96);
    out.extend_from_slice(br#"{"object":"list","data":["#);
    comma_separated(&mut out, entries, write_openai);
    out.extend_from_slice(b"]}");
    out
}

/// One entry in the Messages shape.
pub fn one_messages(entry: &ModelEntry) -> Vec<u8> {
    let mut out = Vec::new();
    write_messages(&mut out, entry);
    out
}

/// One entry in the Chat and Responses shape.
pub fn one_openai(entry: &ModelEntry) -> Vec<u8> {
    let mut out = Vec::new();
    write_openai(&mut out, entry);
    out
}

fn comma_separated(
    out: &mut Vec<u8>,
    entries: &[ModelEntry],
    write: impl Fn(&mut Vec<u8>, &ModelEntry),
) {
    for (index, entry) in entries.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write(out, entry);
    }
}

fn write_messages(out: &mut Vec<u8>, entry: &ModelEntry) {
    out.extend_from_slice(br#"{"type":"model","id":"#);
    json::string(out, &entry.id);
    out.extend_from_slice(br#","display_name":"#);
    json::string(out, &entry.display_name);
    out.extend_from_slice(br#","created_at":"#);
    json::string(out, &rfc3339(entry.created_at));
    for (key, value) in [
        ("max_input_tokens", entry.max_input_tokens),
        ("max_tokens", entry.max_tokens),
    ] {
        if let Some(value) = value {
            out.push(b',');
            json::string(out, key);
            out.push(b':');
            json::number(out, value);
        }
    }
    out.push(b'}');
}

fn write_openai(out: &mut Vec<u8>, entry: &ModelEntry) {
    out.extend_from_slice(br#"{"id":"#);
    json::string(out, &entry.id);
    out.extend_from_slice(br#","object":"model","created":"#);
    json::number(out, entry.created_at);
    out.extend_from_slice(br#","owned_by":"#);
    json::string(out, &entry.owned_by);
    out.push(b'}');
}

/// Seconds since 1970 as `YYYY-MM-DDThh:mm:ssZ` (Gregorian, days counted from 1 March of the year 0 so that
/// the leap day is the last of its year).
fn rfc3339(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400 + 719_468, seconds % 86_400);
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests;
