//! Metrics, in Prometheus' text format. Labels are bounded: providers and protocols are configured,
//! outcomes and error kinds are closed sets. Nothing a client sends becomes a label.

use std::sync::{Mutex, PoisonError};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use tollhouse_domain::account::State;
use tollhouse_domain::call::{Call, Fallback};
use tollhouse_wire::ErrorKind;

/// Seconds; the bounds that the GenAI conventions give for operation durations.
const SECONDS: [f64; 14] = [
    0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92,
];

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CallLabels {
    provider: String,
    endpoint: String,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ProviderLabels {
    provider: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TokenLabels {
    provider: String,
    bucket: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KindLabels {
    kind: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LossLabels {
    provider: String,
    loss: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FallbackLabels {
    provider: String,
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AccountLabels {
    provider: String,
    state: &'static str,
}

/// Every metric, and the registry that prints them.
pub(crate) struct Metrics {
    registry: Registry,
    calls: Family<CallLabels, Counter>,
    duration: Family<ProviderLabels, Histogram>,
    first_byte: Family<ProviderLabels, Histogram>,
    tokens: Family<TokenLabels, Counter>,
    cost: Family<ProviderLabels, Counter<f64, std::sync::atomic::AtomicU64>>,
    unpriced: Family<ProviderLabels, Counter>,
    fallbacks: Family<FallbackLabels, Counter>,
    losses: Family<LossLabels, Counter>,
    refusals: Family<KindLabels, Counter>,
    account_refreshes: Family<KindLabels, Counter>,
    accounts: Family<AccountLabels, Gauge>,
    pub(crate) budget_alerts: Counter,
    pub(crate) open_calls: Gauge,
    pub(crate) connections: Gauge,
    pub(crate) ledger_stored: Counter,
    pub(crate) ledger_retries: Counter,
    pub(crate) ledger_lost: Counter,
    pub(crate) ledger_unreadable: Counter,
    pub(crate) captures_stored: Counter,
    pub(crate) captures_dropped: Counter,
    pub(crate) captures_lost: Counter,
    journal_bytes: Gauge,
    /// Held while what is counted at that moment is printed.
    printing: Mutex<()>,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let histogram = || Histogram::new(SECONDS);
        let mut metrics = Self {
            registry: Registry::with_prefix("tollhouse"),
            calls: Family::default(),
            duration: Family::new_with_constructor(histogram),
            first_byte: Family::new_with_constructor(histogram),
            tokens: Family::default(),
            cost: Family::default(),
            unpriced: Family::default(),
            fallbacks: Family::default(),
            losses: Family::default(),
            refusals: Family::default(),
            account_refreshes: Family::default(),
            accounts: Family::default(),
            budget_alerts: Counter::default(),
            open_calls: Gauge::default(),
            connections: Gauge::default(),
            ledger_stored: Counter::default(),
            ledger_retries: Counter::default(),
            ledger_lost: Counter::default(),
            ledger_unreadable: Counter::default(),
            captures_stored: Counter::default(),
            captures_dropped: Counter::default(),
            captures_lost: Counter::default(),
            journal_bytes: Gauge::default(),
            printing: Mutex::default(),
        };
        metrics.register();
        metrics
    }

    fn register(&mut self) {
        let r = &mut self.registry;
        r.register("calls", "Calls that ended", self.calls.clone());
        let (duration, first) = (self.duration.clone(), self.first_byte.clone());
        r.register_with_unit("call_duration", "Admission to end", Unit::Seconds, duration);
        r.register_with_unit(
            "call_first_byte",
            "Admission to first byte",
            Unit::Seconds,
            first,
        );
        r.register(
            "tokens",
            "Tokens metered, in disjoint buckets",
            self.tokens.clone(),
        );
        r.register(
            "cost_usd",
            "Cost of calls with a known price",
            self.cost.clone(),
        );
        r.register(
            "calls_without_price",
            "Calls of unknown cost",
            self.unpriced.clone(),
        );
        r.register(
            "losses",
            "Things that translations could not carry",
            self.losses.clone(),
        );
        r.register("refusals", "Requests refused by us", self.refusals.clone());
        r.register(
            "budget_alerts",
            "Budgets of which four fifths were spent",
            self.budget_alerts.clone(),
        );
        r.register(
            "open_calls",
            "Calls admitted and not ended",
            self.open_calls.clone(),
        );
        r.register(
            "connections",
            "Client connections",
            self.connections.clone(),
        );
        r.register(
            "ledger_stored",
            "Rows moved into the store",
            self.ledger_stored.clone(),
        );
        r.register(
            "ledger_retries",
            "Batches the store refused",
            self.ledger_retries.clone(),
        );
        r.register(
            "ledger_lost",
            "Calls that could not be journaled",
            self.ledger_lost.clone(),
        );
        let unreadable = self.ledger_unreadable.clone();
        r.register(
            "ledger_unreadable",
            "Journal records that did not read",
            unreadable,
        );
        self.register_captures();
        self.register_accounts();
        let r = &mut self.registry;
        let bytes = self.journal_bytes.clone();
        r.register_with_unit("journal", "Journal not yet released", Unit::Bytes, bytes);
    }

    fn register_accounts(&mut self) {
        let r = &mut self.registry;
        r.register(
            "fallbacks",
            "Calls that turned to another target or credential",
            self.fallbacks.clone(),
        );
        r.register(
            "account_refreshes",
            "Refreshes of accounts by how they ended",
            self.account_refreshes.clone(),
        );
        r.register(
            "accounts",
            "Accounts by how they stand",
            self.accounts.clone(),
        );
    }

    fn register_captures(&mut self) {
        let r = &mut self.registry;
        r.register(
            "captures_stored",
            "Calls whose bodies are kept",
            self.captures_stored.clone(),
        );
        r.register(
            "captures_dropped",
            "Calls whose bodies there was no room for",
            self.captures_dropped.clone(),
        );
        r.register(
            "captures_lost",
            "Calls whose bodies were not stored before a stop",
            self.captures_lost.clone(),
        );
    }

    /// Counts a call that ended.
    pub(crate) fn finished(&self, call: &Call) {
        self.open_calls.dec();
        let provider = call.provider.clone().unwrap_or_default();
        let labels = CallLabels {
            provider: provider.clone(),
            endpoint: call.endpoint.clone(),
            outcome: call.outcome.as_str(),
        };
        self.calls.get_or_create(&labels).inc();
        let labels = ProviderLabels { provider };
        if let Some(millis) = call.duration_ms {
            self.duration.get_or_create(&labels).observe(millis / 1e3);
        }
        if let Some(millis) = call.ttft_ms {
            self.first_byte.get_or_create(&labels).observe(millis / 1e3);
        }
        match call.cost_usd {
            #[expect(clippy::cast_precision_loss, reason = "a metric, not the books")]
            Some(cost) => {
                self.cost.get_or_create(&labels).inc_by(cost.0 as f64 / 1e9);
            }
            None if !call.usage.is_empty() => {
                self.unpriced.get_or_create(&labels).inc();
            }
            None => {}
        }
        if let (Some(first), Some(reason)) = (call.tried.first(), reason(call)) {
            let labels = FallbackLabels {
                provider: first.provider.clone(),
                reason: reason.as_str(),
            };
            self.fallbacks.get_or_create(&labels).inc();
        }
        for loss in &call.losses {
            let labels = LossLabels {
                provider: labels.provider.clone(),
                loss: loss.clone(),
            };
            self.losses.get_or_create(&labels).inc();
        }
        self.count_tokens(call, labels.provider);
    }

    fn count_tokens(&self, call: &Call, provider: String) {
        let usage = &call.usage;
        let mut labels = TokenLabels {
            provider,
            bucket: "",
        };
        for (bucket, tokens) in [
            ("input", usage.input),
            ("cache_read", usage.cache_read),
            ("cache_write_5m", usage.cache_write_5m),
            ("cache_write_1h", usage.cache_write_1h),
            ("output", usage.output),
            ("reasoning", usage.reasoning),
        ] {
            if let Some(tokens) = tokens {
                labels.bucket = bucket;
                self.tokens.get_or_create(&labels).inc_by(tokens);
            }
        }
    }

    /// Counts a request that we refused.
    pub(crate) fn refused(&self, kind: ErrorKind) {
        self.refusals
            .get_or_create(&KindLabels { kind: kind.label() })
            .inc();
    }

    /// Counts a refresh of an account.
    pub(crate) fn account_refreshed(&self, kind: &'static str) {
        self.account_refreshes
            .get_or_create(&KindLabels { kind })
            .inc();
    }

    /// Everything in Prometheus' text format. `accounts` are those that there are at the moment: whose, and how each
    /// stands.
    pub(crate) fn print<'a>(
        &self,
        journal_bytes: u64,
        accounts: impl Iterator<Item = (&'a str, State)>,
    ) -> String {
        let _printing = self.printing.lock().unwrap_or_else(PoisonError::into_inner);
        self.accounts.clear();
        for (provider, state) in accounts {
            let labels = |state| AccountLabels {
                provider: provider.to_owned(),
                state,
            };
            // A state that none is in is zero and not absent.
            for state in State::WORDS {
                self.accounts.get_or_create(&labels(state)).inc_by(0);
            }
            self.accounts.get_or_create(&labels(state.word())).inc();
        }
        self.journal_bytes
            .set(i64::try_from(journal_bytes).unwrap_or(i64::MAX));
        let mut text = String::new();
        // Writing to memory fails only when a metric's own encoding does, and then there is no text.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

/// Why a call turned to another target or credential.
fn reason(call: &Call) -> Option<Fallback> {
    Fallback::parse(call.fallback.as_deref()?)
}
