//! A call as its table has it.
//!
//! Rows come from clients and upstreams, and one that a database refused would block the ledger
//! behind it. So what cannot be stored as it is is bounded here: text is cut, its NULs (which
//! PostgreSQL does not take) become U+FFFD, counts and amounts have a ceiling that no true call
//! reaches and below which sums do not overflow.

use std::borrow::Cow;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use sqlx::FromRow;
use tollhouse_domain::call::{Attempt, Call, Mode};
use tollhouse_domain::capture::Kept;
use tollhouse_domain::id::{CallId, CredentialId, KeyId, OrgId, SessionId, UserId};
use tollhouse_domain::money::Money;
use tollhouse_domain::tags::Tags;
use tollhouse_domain::time::Timestamp;
use tollhouse_wire::Protocol;
use tollhouse_wire::usage::Usage;
use uuid::Uuid;

use super::columns::with_columns;
use crate::convert::{amount, count, from_json, to_json_without_nul, uncount, word};
use crate::error::{Result, StoreError};

/// The most bytes stored of a text column of a call. PostgreSQL cannot index much longer ones.
pub const MAX_TEXT: usize = 2_000;
/// The largest count stored (tokens, bytes): a million million.
pub const MAX_COUNT: u64 = 1_000_000_000_000;
/// The largest amount stored: a million dollars for one call.
pub const MAX_COST: Money = Money(1_000_000_000_000_000);

macro_rules! define_row {
    (($row:ident) $($name:ident: $type:ty = $_postgres:literal,)+) => {
        #[derive(FromRow)]
        pub(crate) struct $row {
            $(pub(crate) $name: $type,)+
        }
    };
}

with_columns!(define_row!(CallRow));

/// What is neither filtered nor summed.
#[derive(Serialize, Deserialize)]
struct Detail<'a> {
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    tags: Cow<'a, Tags>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    subagent_type: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    subagent_parent: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    credential_fingerprint: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    usage_raw: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    charged_usd: Option<Money>,
    /// A column by now; a replica that is not of this version yet still writes it here.
    #[serde(default, skip_serializing)]
    fallback: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "<[String]>::is_empty")]
    losses: Cow<'a, [String]>,
    #[serde(default, skip_serializing_if = "<[Attempt]>::is_empty")]
    tried: Cow<'a, [Attempt]>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    protocol_sent: Option<Protocol>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    upstream_request_id: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    from: Option<IpAddr>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    capture: Option<Kept>,
}

impl CallRow {
    pub(crate) fn new(call: &Call) -> Result<Self> {
        let detail = Detail {
            tags: Cow::Borrowed(&call.tags),
            subagent_type: call.subagent_type.as_deref().map(Cow::Borrowed),
            subagent_parent: call.subagent_parent.as_deref().map(Cow::Borrowed),
            credential_fingerprint: call.credential_fingerprint.as_deref().map(Cow::Borrowed),
            usage_raw: call.usage_raw.as_deref().map(Cow::Borrowed),
            charged_usd: call.charged_usd,
            fallback: None,
            losses: Cow::Borrowed(&call.losses),
            tried: Cow::Borrowed(&call.tried),
            protocol_sent: call.protocol_sent,
            upstream_request_id: call.upstream_request_id.as_deref().map(Cow::Borrowed),
            from: call.from,
            capture: call.capture,
        };
        let usage = &call.usage;
        Ok(Self {
            id: call.id.0,
            at: call.at.0,
            key_id: call.key.0,
            user_id: call.user.map(|id| id.0),
            org_id: call.org.map(|id| id.0),
            agent: text(call.agent.as_deref()),
            caller: bounded(&call.caller),
            session_id: call.session.0,
            session_name: text(call.session_name.as_deref()),
            subagent: text(call.subagent.as_deref()),
            protocol: call.protocol.map(|protocol| protocol.as_str().to_owned()),
            endpoint: bounded(&call.endpoint),
            stream: call.stream,
            provider: text(call.provider.as_deref()),
            credential_id: call.credential_id.map(|id| id.0),
            credential_source: call
                .credential_source
                .map(|source| source.as_str().to_owned()),
            credential_kind: call.credential_kind.map(|kind| kind.as_str().to_owned()),
            mode: call.mode.as_str().to_owned(),
            model_requested: text(call.model_requested.as_deref()),
            model_sent: text(call.model_sent.as_deref()),
            model_served: text(call.model_served.as_deref()),
            status: call.status.map(i64::from),
            outcome: call.outcome.as_str().to_owned(),
            error: text(call.error.as_deref()),
            stop_reason: text(call.stop_reason.as_deref()),
            tokens_input: tokens(usage.input),
            tokens_cache_read: tokens(usage.cache_read),
            tokens_cache_write_5m: tokens(usage.cache_write_5m),
            tokens_cache_write_1h: tokens(usage.cache_write_1h),
            tokens_output: tokens(usage.output),
            tokens_reasoning: tokens(usage.reasoning),
            estimated: call.estimated,
            cost: money(call.cost_usd),
            list_cost: money(call.list_cost_usd),
            ttft_ms: call.ttft_ms.filter(|ms| ms.is_finite()),
            duration_ms: call.duration_ms.filter(|ms| ms.is_finite()),
            bytes_in: count(call.bytes_in.min(MAX_COUNT)),
            bytes_out: count(call.bytes_out.min(MAX_COUNT)),
            attempts: i64::from(call.attempts),
            fallback: text(call.fallback.as_deref()),
            upstream_object: text(call.upstream_object.as_deref()),
            snapshot_revision: call.snapshot_revision,
            detail: to_json_without_nul("a call's detail", &detail)?,
        })
    }

    pub(crate) fn call(self) -> Result<Call> {
        let usage = self.usage();
        let detail: Detail<'_> = from_json("a call's detail", &self.detail)?;
        let of = |text: Option<Cow<'_, str>>| text.map(Cow::into_owned);
        let outcome = word("a call's outcome", &self.outcome)?;
        let mode: Mode = word("a call's mode", &self.mode)?;
        Ok(Call {
            id: CallId(self.id),
            at: Timestamp(self.at),
            key: KeyId(self.key_id),
            user: self.user_id.map(UserId),
            org: self.org_id.map(OrgId),
            agent: self.agent,
            caller: self.caller,
            session: SessionId(self.session_id),
            session_name: self.session_name,
            subagent: self.subagent,
            subagent_type: of(detail.subagent_type),
            subagent_parent: of(detail.subagent_parent),
            tags: detail.tags.into_owned(),
            protocol: optional_word("a call's protocol", self.protocol.as_deref())?,
            endpoint: self.endpoint,
            stream: self.stream,
            provider: self.provider,
            credential_id: self.credential_id.map(CredentialId),
            credential_source: optional_word(
                "a call's credential source",
                self.credential_source.as_deref(),
            )?,
            credential_kind: optional_word(
                "a call's credential kind",
                self.credential_kind.as_deref(),
            )?,
            credential_fingerprint: of(detail.credential_fingerprint),
            mode,
            model_requested: self.model_requested,
            model_sent: self.model_sent,
            model_served: self.model_served,
            status: self.status.map(status).transpose()?,
            outcome,
            error: self.error,
            stop_reason: self.stop_reason,
            usage,
            usage_raw: of(detail.usage_raw),
            estimated: self.estimated,
            cost_usd: amount(self.cost),
            charged_usd: detail.charged_usd,
            list_cost_usd: amount(self.list_cost),
            ttft_ms: self.ttft_ms,
            duration_ms: self.duration_ms,
            bytes_in: uncount(self.bytes_in),
            bytes_out: uncount(self.bytes_out),
            attempts: u32::try_from(self.attempts).unwrap_or(u32::MAX),
            fallback: self.fallback.or_else(|| of(detail.fallback)),
            losses: detail.losses.into_owned(),
            tried: detail.tried.into_owned(),
            protocol_sent: detail.protocol_sent,
            upstream_request_id: of(detail.upstream_request_id),
            upstream_object: self.upstream_object,
            from: detail.from,
            capture: detail.capture,
            snapshot_revision: self.snapshot_revision,
        })
    }

    /// What the client attached.
    pub(crate) fn tags(&self) -> Result<Tags> {
        let detail: Detail<'_> = from_json("a call's detail", &self.detail)?;
        Ok(detail.tags.into_owned())
    }

    fn usage(&self) -> Usage {
        Usage {
            input: self.tokens_input.map(uncount),
            cache_read: self.tokens_cache_read.map(uncount),
            cache_write_5m: self.tokens_cache_write_5m.map(uncount),
            cache_write_1h: self.tokens_cache_write_1h.map(uncount),
            output: self.tokens_output.map(uncount),
            reasoning: self.tokens_reasoning.map(uncount),
        }
    }
}

fn optional_word<'de, T: Deserialize<'de>>(
    what: &str,
    text: Option<&'de str>,
) -> Result<Option<T>> {
    text.map(|text| word(what, text)).transpose()
}

fn status(stored: i64) -> Result<u16> {
    u16::try_from(stored).map_err(|_| StoreError::corrupt("a call's status"))
}

fn text(value: Option<&str>) -> Option<String> {
    value.map(bounded)
}

/// Text that both databases take and can index.
pub(crate) fn bounded(text: &str) -> String {
    let clean = text.replace('\0', "\u{fffd}");
    let end = clean.floor_char_boundary(MAX_TEXT);
    let mut clean = clean;
    clean.truncate(end);
    clean
}

fn tokens(value: Option<u64>) -> Option<i64> {
    value.map(|tokens| count(tokens.min(MAX_COUNT)))
}

fn money(value: Option<Money>) -> Option<i64> {
    value.map(|Money(nanos)| nanos.clamp(-MAX_COST.0, MAX_COST.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_between_characters() {
        assert_eq!(bounded("a\0b"), "a\u{fffd}b");
        assert_eq!(bounded(&"é".repeat(2_000)).len(), MAX_TEXT);
        assert_eq!(
            bounded(&format!("x{}", "é".repeat(2_000))).len(),
            MAX_TEXT - 1
        );
        assert_eq!(bounded("plain"), "plain");
    }

    #[test]
    fn absurd_numbers_have_a_ceiling() {
        assert_eq!(tokens(Some(u64::MAX)), Some(1_000_000_000_000));
        assert_eq!(tokens(Some(0)), Some(0));
        assert_eq!(tokens(None), None);
        assert_eq!(money(Some(Money(i64::MAX))), Some(MAX_COST.0));
        assert_eq!(money(Some(Money(i64::MIN))), Some(-MAX_COST.0));
    }
}
