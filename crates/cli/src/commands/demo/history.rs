//! Made-up calls of the last hours, so that there is something to look at before the first one is made.

use std::time::Duration;

use anyhow::Context as _;
use tollhouse_domain::call::{Call, Outcome};
use tollhouse_domain::id::{CallId, KeyId, SessionId};
use tollhouse_domain::price::{Price, Rates};
use tollhouse_domain::time::Timestamp;
use tollhouse_gateway::ids;
use tollhouse_store::{Page, Store};
use tollhouse_wire::Protocol;
use tollhouse_wire::usage::Usage;

/// A conversation begins this often.
const BETWEEN: Duration = Duration::from_mins(4);
const MINUTE: Duration = Duration::from_mins(1);

/// Who talks: a client, what it speaks, and the model it asks.
const CALLERS: [(&str, Protocol, &str, &str); 4] = [
    ("claude-code", Protocol::Messages, "messages", "sim-coder"),
    ("codex", Protocol::Responses, "responses", "sim-think"),
    ("opencode", Protocol::Chat, "chat.completions", "sim-tool"),
    ("claude-code", Protocol::Messages, "messages", "sim-echo"),
];
const REPOSITORIES: [&str; 3] = ["web", "billing", "infrastructure"];

/// Puts `minutes` of calls on record, made with the key that is there.
pub(super) async fn write(
    store: &Store,
    rates: Rates,
    now: Timestamp,
    minutes: u32,
) -> anyhow::Result<()> {
    let first = Page {
        limit: 1,
        after: None,
    };
    let keys = store.keys(first).await?;
    let key = keys.first().context("the demo's key is not there yet")?.id;
    let price = Price {
        rates,
        long_context: None,
    };
    for batch in calls(key, &price, now, minutes).chunks(1000) {
        store.insert_calls(batch).await?;
    }
    Ok(())
}

/// The calls, by the same dice every time. None of them begins or ends after `now`.
fn calls(key: KeyId, price: &Price, now: Timestamp, minutes: u32) -> Vec<Call> {
    let mut dice = Dice(7);
    let mut calls = Vec::new();
    let mut begins = now.minus(MINUTE * minutes);
    while begins < now {
        conversation(&mut dice, key, price, begins, &mut calls);
        begins = begins.plus(dice.up_to(2 * BETWEEN));
    }
    calls.retain(|call| {
        let took = Duration::from_secs_f64(call.duration_ms.unwrap_or(0.0) / 1e3);
        call.at.plus(took) < now
    });
    calls
}

fn conversation(
    dice: &mut Dice,
    key: KeyId,
    price: &Price,
    begins: Timestamp,
    calls: &mut Vec<Call>,
) {
    let (caller, protocol, endpoint, model) = CALLERS[dice.index(CALLERS.len())];
    let repository = REPOSITORIES[dice.index(REPOSITORIES.len())];
    let agent = (dice.below(4) == 0).then_some("reviewer");
    let session = SessionId(ids::uuid(begins));
    let (mut at, mut context) = (begins, 6_000 + dice.below(9_000));
    for turn in 0..=dice.below(16) {
        let mut call = Call::opened(CallId(ids::uuid(at)), at, key, session);
        caller.clone_into(&mut call.caller);
        call.agent = agent.map(str::to_owned);
        call.tags = [("repo".to_owned(), repository.to_owned())].into();
        // Now and then a part of the work is handed on.
        if let Some((name, kind, parent)) = handed_on(turn) {
            call.subagent = Some(name.to_owned());
            call.subagent_type = Some(kind.to_owned());
            call.subagent_parent = parent.map(str::to_owned);
        }
        call.protocol = Some(protocol);
        endpoint.clone_into(&mut call.endpoint);
        call.stream = true;
        call.provider = Some("sim".to_owned());
        for name in [&mut call.model_requested, &mut call.model_sent] {
            *name = Some(model.to_owned());
        }
        call.attempts = 1;
        call.bytes_in = 4 * context;
        let grown = answer(dice, &mut call, turn, context);
        call.cost_usd = price.cost(&call.usage);
        call.list_cost_usd = call.cost_usd;
        calls.push(call);
        context += grown;
        at = at.plus(Duration::from_secs(8) + dice.up_to(MINUTE));
    }
}

/// Whom a turn is handed on to, if to anybody: the sub-agent, what kind it is, and which one began it.
const fn handed_on(turn: u64) -> Option<(&'static str, &'static str, Option<&'static str>)> {
    match turn % 6 {
        4 => Some(("explore", "Explore", None)),
        5 => Some(("search", "general-purpose", Some("explore"))),
        _ => None,
    }
}

/// How a call ended; returns by how many tokens the conversation grew.
fn answer(dice: &mut Dice, call: &mut Call, turn: u64, context: u64) -> u64 {
    if dice.below(25) == 0 {
        call.outcome = Outcome::UpstreamError;
        call.status = Some(529);
        call.error = Some("overloaded: made up for the demo".to_owned());
        call.duration_ms = Some(dice.millis(200, 900));
        return 0;
    }
    let (new, output) = (200 + dice.below(2_500), 80 + dice.below(1_200));
    // A first turn finds nothing in the cache, and some later one neither.
    let cold = turn == 0 || dice.below(20) == 0;
    let (read, written) = if cold { (0, context) } else { (context, new) };
    let writes = call.protocol == Some(Protocol::Messages);
    call.usage = Usage {
        input: Some(if writes { 12 } else { written }),
        cache_read: Some(read),
        cache_write_5m: writes.then_some(written),
        output: Some(output),
        ..Usage::default()
    };
    call.outcome = Outcome::Success;
    call.status = Some(200);
    call.stop_reason = Some(
        if dice.below(3) == 0 {
            "end_turn"
        } else {
            "tool_use"
        }
        .to_owned(),
    );
    call.model_served.clone_from(&call.model_sent);
    let first = dice.millis(180, 1_400);
    call.ttft_ms = Some(first);
    call.duration_ms =
        Some(first + dice.millis(8, 15) * f64::from(u32::try_from(output).unwrap_or(0)));
    call.bytes_out = 900 + 40 * output;
    new + output
}

/// The same numbers every time (`SplitMix64`): two demos look alike.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, most: u64) -> u64 {
        self.roll() % most
    }

    fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.below(length as u64)).unwrap_or(0)
    }

    fn up_to(&mut self, most: Duration) -> Duration {
        Duration::from_secs(self.below(most.as_secs()))
    }

    fn millis(&mut self, least: u32, most: u32) -> f64 {
        let part = u32::try_from(self.below(u64::from(most - least) * 100)).unwrap_or(0);
        f64::from(least) + f64::from(part) / 100.0
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use tollhouse_domain::money::Money;

    use super::*;

    const NOW: Timestamp = Timestamp(1_790_000_000_000_000);

    fn made(minutes: u32) -> Vec<Call> {
        let price = Price {
            rates: super::super::rates(),
            long_context: None,
        };
        calls(KeyId(ids::uuid(NOW)), &price, NOW, minutes)
    }

    #[test]
    fn they_lie_in_the_time_that_was_asked_for() {
        let calls = made(240);
        assert!((200..2_000).contains(&calls.len()), "{}", calls.len());
        let begins = NOW.minus(MINUTE * 240);
        assert!(calls.iter().all(|call| begins <= call.at && call.at < NOW));
        assert_eq!(made(0).len(), 0);
    }

    #[test]
    fn there_is_something_of_everything() {
        let calls = made(240);
        let outcomes: BTreeSet<_> = calls.iter().map(|call| call.outcome.as_str()).collect();
        assert_eq!(outcomes, BTreeSet::from(["success", "upstream_error"]));
        let callers: BTreeSet<_> = calls.iter().map(|call| call.caller.as_str()).collect();
        assert_eq!(callers.len(), 3);
        assert!(calls.iter().any(|call| call.subagent.is_some()));
        assert!(calls.iter().any(|call| call.subagent_parent.is_some()));
        assert!(calls.iter().any(|call| call.usage.cache_read > Some(0)));
        // Whatever answered has its price, and nothing else.
        for call in &calls {
            let answered = call.outcome == Outcome::Success;
            assert_eq!(call.cost_usd > Some(Money::ZERO), answered, "{}", call.id);
        }
    }
}
