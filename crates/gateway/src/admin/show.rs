//! How the record is shown: shapes that several routes share.

use serde::Serialize;
use tollhouse_domain::latency::Histogram;
use tollhouse_domain::money::Money;
use tollhouse_store::Totals;
use tollhouse_wire::usage::Usage;
use utoipa::ToSchema;

/// One request and its answer. A field that is not known is left out: absent and zero are different
/// things. Money is decimal US dollars as text.
#[derive(ToSchema)]
#[schema(as = Call)]
#[expect(
    dead_code,
    reason = "describes `domain::call::Call`, which prints itself; a test compares"
)]
pub(super) struct CallSchema {
    #[schema(example = "call_01890a5d7c4e7d1f8a3b000000000000")]
    id: String,
    /// When it was admitted, RFC 3339.
    at: String,
    /// The virtual key's id.
    key: String,
    user: Option<String>,
    org: Option<String>,
    /// The named consumer.
    agent: Option<String>,
    /// The client application.
    caller: String,
    session: String,
    /// The client's own name for the conversation.
    session_name: Option<String>,
    /// The client's sub-agent that made it.
    subagent: Option<String>,
    /// What kind of sub-agent it is, in the client's word.
    subagent_type: Option<String>,
    /// The sub-agent that began it, where that is one.
    subagent_parent: Option<String>,
    tags: Option<std::collections::BTreeMap<String, String>>,
    /// `messages`, `chat` or `responses`; absent on `/proxy`.
    protocol: Option<String>,
    /// The operation, such as `messages`, `chat.completions`, `responses.compact`, `proxy`.
    endpoint: String,
    stream: bool,
    provider: Option<String>,
    credential_id: Option<String>,
    /// `client`, `user`, `org` or `platform`.
    credential_source: Option<String>,
    /// `api_key`, `oauth_account` or `bridge`; a client's own sign-in is an account. Absent of calls before this
    /// was told.
    credential_kind: Option<String>,
    credential_fingerprint: Option<String>,
    /// `passthrough` or `translated`.
    mode: String,
    /// The protocol the provider was called in, where it is not the caller's.
    protocol_sent: Option<String>,
    model_requested: Option<String>,
    model_sent: Option<String>,
    model_served: Option<String>,
    /// The HTTP status that the client saw.
    status: Option<u16>,
    /// `success`, `upstream_error`, `stream_error`, `client_disconnect`, `refused` or `interrupted`.
    outcome: String,
    error: Option<String>,
    stop_reason: Option<String>,
    usage: Option<UsageSchema>,
    /// The upstream's own usage object as text.
    usage_raw: Option<String>,
    /// Whether any of `usage` is an estimate.
    estimated: bool,
    #[schema(example = "0.0105")]
    cost_usd: Option<String>,
    /// What budgets were charged, where that is not `cost_usd`.
    charged_usd: Option<String>,
    list_cost_usd: Option<String>,
    /// Milliseconds from admission to the first byte of the answer's body.
    ttft_ms: Option<f64>,
    duration_ms: Option<f64>,
    bytes_in: u64,
    bytes_out: u64,
    attempts: u32,
    /// Why the first target did not answer.
    fallback: Option<String>,
    /// The attempts before the last, in their order; the last is told by the fields above.
    tried: Option<Vec<AttemptSchema>>,
    /// What a translation could not carry; docs/translation.md lists the names.
    losses: Option<Vec<String>>,
    upstream_request_id: Option<String>,
    upstream_object: Option<String>,
    /// The address it came from.
    from: Option<String>,
    /// `redacted` or `full` where what it said was handed over to be kept, `dropped` where there was no room
    /// for that; absent where nothing was to be kept.
    capture: Option<String>,
    snapshot_revision: i64,
}

/// Whom a call asked before it turned to somebody else, and what came of it.
#[derive(ToSchema)]
#[schema(as = Attempt)]
#[expect(
    dead_code,
    reason = "describes `domain::call::Attempt`, which prints itself"
)]
pub(super) struct AttemptSchema {
    provider: String,
    model_sent: Option<String>,
    credential_id: Option<String>,
    /// `client`, `user`, `org` or `platform`.
    credential_source: Option<String>,
    /// `api_key`, `oauth_account` or `bridge`.
    credential_kind: Option<String>,
    /// What it answered; absent where it did not.
    status: Option<u16>,
    upstream_request_id: Option<String>,
    /// `unreachable`, `rate_limited`, `unauthorized` or `server_error`.
    reason: String,
    /// Milliseconds from the call's admission until that was known.
    ended_ms: f64,
}

/// Tokens in buckets that do not overlap, but for `reasoning`, which is part of `output`.
#[derive(ToSchema)]
#[schema(as = Usage)]
#[expect(
    dead_code,
    reason = "describes `wire::usage::Usage`, which prints itself"
)]
pub(super) struct UsageSchema {
    /// Uncached input.
    input: Option<u64>,
    cache_read: Option<u64>,
    cache_write_5m: Option<u64>,
    cache_write_1h: Option<u64>,
    /// Output, reasoning included.
    output: Option<u64>,
    reasoning: Option<u64>,
}

/// What a number of calls come to. What is unknown is left out of the sums.
#[derive(Serialize, ToSchema)]
#[schema(as = Totals)]
pub(super) struct TotalsView {
    /// How many calls there are.
    calls: u64,
    /// How many neither succeeded nor were left by their client.
    errors: u64,
    /// How many have an estimate in their usage.
    estimated: u64,
    #[serde(skip_serializing_if = "Usage::is_empty")]
    #[schema(value_type = Option<UsageSchema>)]
    usage: Usage,
    /// What they cost whoever owns the credentials; absent when nothing is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    cost_usd: Option<Money>,
    /// What they would cost at list price.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    list_cost_usd: Option<Money>,
    /// How many have no known cost, and are not in `cost_usd`.
    calls_without_cost: u64,
    /// Bytes of request bodies.
    bytes_in: u64,
    /// Bytes of answers.
    bytes_out: u64,
    /// Upstream requests made: more than `calls` where first targets failed.
    attempts: u64,
    /// How long they took, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    latency: Option<LatencyView>,
}

/// How long calls took. Percentiles are of counted ranges, each at most 1.6 times as wide as it begins.
#[derive(Serialize, ToSchema)]
#[schema(as = Latency)]
struct LatencyView {
    /// From admission to the first byte of the answer's body.
    #[serde(skip_serializing_if = "Option::is_none")]
    ttft: Option<DistributionView>,
    /// From admission to the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    duration: Option<DistributionView>,
}

/// Milliseconds of a number of calls.
#[derive(Serialize, ToSchema)]
#[schema(as = Distribution)]
struct DistributionView {
    /// How many calls it is known of.
    calls: u64,
    /// Exact.
    mean_ms: f64,
    p50_ms: f64,
    p95_ms: f64,
    p99_ms: f64,
}

impl DistributionView {
    fn new(histogram: &Histogram) -> Option<Self> {
        // Nobody reads a thousandth of a millisecond.
        let rounded = |ms: f64| (ms * 1e3).round() / 1e3;
        let percentile = |share| histogram.percentile(share).map(rounded);
        Some(Self {
            calls: histogram.calls(),
            mean_ms: histogram.mean().map(rounded)?,
            p50_ms: percentile(0.5)?,
            p95_ms: percentile(0.95)?,
            p99_ms: percentile(0.99)?,
        })
    }
}

impl From<Totals> for TotalsView {
    fn from(totals: Totals) -> Self {
        Self {
            calls: totals.calls,
            errors: totals.errors,
            estimated: totals.estimated,
            usage: totals.usage,
            cost_usd: totals.cost,
            list_cost_usd: totals.list_cost,
            calls_without_cost: totals.calls_without_cost,
            bytes_in: totals.bytes_in,
            bytes_out: totals.bytes_out,
            attempts: totals.attempts,
            latency: totals.latency.map(|latency| LatencyView {
                ttft: DistributionView::new(&latency.ttft),
                duration: DistributionView::new(&latency.duration),
            }),
        }
    }
}

#[cfg(test)]
pub(super) mod tests;
