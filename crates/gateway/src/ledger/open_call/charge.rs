//! What a call is charged to its budgets, where that is not what it cost: where the cost is not
//! known, or cannot be true.

use tollhouse_domain::call::Call;
use tollhouse_domain::catalog::PriceBook;
use tollhouse_domain::estimate::BYTES_PER_TOKEN;
use tollhouse_domain::money::Money;
use tollhouse_wire::usage::Usage;

use super::{IMPOSSIBLE, models};
use crate::limits::Reservation;

/// More tokens than any call has, whatever it costs.
const MOST_TOKENS: u64 = 1_000_000_000;

/// How far a call has come.
#[derive(Clone, Copy)]
pub(super) struct Sent {
    /// Tokens are generated for money.
    pub(super) billed: bool,
    /// The upstream said that it would answer.
    pub(super) accepted: bool,
    /// It was asked, and has said nothing.
    pub(super) in_flight: bool,
    /// Bytes of the request as they read.
    pub(super) prompt: u64,
}

/// Notes on the row what its budgets are charged, and says how many tokens it used.
pub(super) fn charge(row: &mut Call, held: &Reservation, sent: Sent, prices: &PriceBook) -> u64 {
    let absurd = row.cost_usd.is_some_and(|cost| held.is_absurd(cost));
    if absurd || tokens(&row.usage) > MOST_TOKENS {
        row.cost_usd = None;
        row.list_cost_usd = None;
        row.error.get_or_insert_with(|| IMPOSSIBLE.to_owned());
    }
    let believed = row.error.as_deref() != Some(IMPOSSIBLE);
    let prompt = sent.prompt.div_ceil(BYTES_PER_TOKEN);
    if row.cost_usd.is_none() && held.is_budgeted() && sent.billed {
        let worst = held.worst();
        row.charged_usd = if sent.accepted {
            worst
        } else if sent.in_flight {
            // The upstream may have begun, and read the prompt at least.
            let cost = prompt_cost(row, prices, prompt);
            cost.zip(worst).map(|(cost, worst)| cost.min(worst))
        } else {
            None
        };
    }
    if row.usage.is_empty() || !believed {
        return match sent {
            Sent { accepted: true, .. } => held.tokens(),
            Sent {
                in_flight: true, ..
            } => prompt.min(held.tokens()),
            Sent { .. } => 0,
        };
    }
    tokens(&row.usage)
}

fn prompt_cost(row: &Call, prices: &PriceBook, tokens: u64) -> Option<Money> {
    let provider = row.provider.as_deref()?;
    let price = models(row).find_map(|model| prices.price(provider, model))?;
    price.cost(&Usage {
        input: Some(tokens),
        ..Usage::default()
    })
}

/// All tokens of a call; reasoning is part of the output.
fn tokens(usage: &Usage) -> u64 {
    let parts = [
        usage.input,
        usage.cache_read,
        usage.cache_write_5m,
        usage.cache_write_1h,
        usage.output,
    ];
    parts.into_iter().flatten().fold(0, u64::saturating_add)
}
