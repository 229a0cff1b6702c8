//! The stage between where a call may go and its going there: whether there is room and money for it.

use http::Method;
use tollhouse_domain::id::SessionId;
use tollhouse_domain::limits::{
    Ask, Asks, Caps, Denied, Estimate, Limits, Rules, Scope, worst_case,
};
use tollhouse_domain::money::Money;
use tollhouse_domain::price::Paid;
use tollhouse_domain::time::Timestamp;
use tollhouse_wire::Peek;

use super::refusals::{refusal, unmetered, unpriced};
use super::{Limiter, Reservation};
use crate::proxy::authenticate::Principal;
use crate::proxy::inbound::Inbound;
use crate::proxy::operation::Inference;
use crate::proxy::refusal::Refusal;
use crate::proxy::target::Target;
use crate::snapshot::Snapshot;
use crate::state::Gateway;

/// Targets that a call may go to, with the room that is held for it.
pub(crate) struct Granted {
    pub(crate) targets: Vec<Target>,
    pub(crate) reservation: Option<Reservation>,
}

impl Granted {
    /// Targets of a call that everything is held for already.
    pub(crate) const fn held_before(targets: Vec<Target>) -> Self {
        Self {
            targets,
            reservation: None,
        }
    }
}

/// What a call is to the limits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Demand<'a> {
    kind: Kind,
    asks: Asks,
    model: Option<&'a str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Costs nothing anywhere: counting tokens, reading below `/proxy`.
    Free,
    /// Costs nothing, and is a call all the same: asking after what was made.
    Lookup,
    /// Its tokens are metered and priced.
    Metered,
    /// What it costs is not to be known; what it is, as a sentence says it.
    Unmetered(&'static str),
}

/// Who asks, and when.
#[derive(Clone, Copy)]
pub(crate) struct Caller<'a> {
    pub(crate) principal: &'a Principal,
    pub(crate) session: SessionId,
    pub(crate) at: Timestamp,
}

impl<'a> Demand<'a> {
    /// A call that counts, or reads.
    pub(crate) fn free() -> Self {
        Self::costless(Kind::Free)
    }

    /// A call that asks after what was made, which has to be looked up before anybody is asked.
    pub(crate) fn lookup() -> Self {
        Self::costless(Kind::Lookup)
    }

    fn costless(kind: Kind) -> Self {
        Self {
            kind,
            asks: Asks::default(),
            model: None,
        }
    }

    /// A call whose body names a model.
    pub(crate) fn inference(inference: Inference, inbound: &'a Inbound) -> Self {
        let (peek, bytes) = (&inbound.peek, inbound.plain().len());
        let kind = if !inference.is_billed() {
            Kind::Free
        } else if peek.background == Some(true) {
            Kind::Unmetered("a background response")
        } else {
            Kind::Metered
        };
        Self {
            kind,
            asks: asks(inference, peek, bytes),
            model: peek.model.as_ref().map(|model| model.name.as_str()),
        }
    }

    /// A `/proxy` call: what its path amounts to, or something that may cost anything.
    pub(crate) fn proxied(
        method: &Method,
        inference: Option<Inference>,
        inbound: &'a Inbound,
    ) -> Self {
        match inference {
            _ if is_reading(method) => Self::free(),
            Some(inference) => Self::inference(inference, inbound),
            None => Self::unmetered("a call to this path", inbound.plain().len()),
        }
    }

    /// Making a message batch.
    pub(crate) fn batch(inbound: &Inbound) -> Self {
        Self::unmetered("a message batch", inbound.plain().len())
    }

    fn unmetered(what: &'static str, bytes: u64) -> Self {
        Self {
            kind: Kind::Unmetered(what),
            asks: Asks {
                bytes,
                ..Asks::default()
            },
            model: None,
        }
    }
}

fn asks(inference: Inference, peek: &Peek, bytes: u64) -> Asks {
    let generates = match inference {
        Inference::Messages | Inference::Chat | Inference::Responses | Inference::Compact => true,
        Inference::Embeddings | Inference::CountTokens | Inference::InputTokens => false,
    };
    let answers = match inference {
        Inference::Chat => peek.answers.unwrap_or(1),
        Inference::Messages
        | Inference::Responses
        | Inference::Compact
        | Inference::Embeddings
        | Inference::CountTokens
        | Inference::InputTokens => 1,
    };
    Asks {
        bytes,
        max_tokens: peek.max_tokens,
        answers,
        generates,
        continues: peek.previous_response_id.is_some(),
    }
}

/// Methods that change nothing upstream, and so cost nothing.
fn is_reading(method: &Method) -> bool {
    matches!(
        *method,
        Method::GET | Method::HEAD | Method::OPTIONS | Method::DELETE
    )
}

/// Holds room and money for a call at the dearest of its targets, or says why there is none.
pub(crate) fn admit(
    gateway: &Gateway,
    snapshot: &Snapshot,
    caller: Caller<'_>,
    demand: Demand<'_>,
    targets: Result<Vec<Target>, Refusal>,
) -> Result<Granted, Refusal> {
    let targets = targets?;
    let limiter = gateway.limiter();
    let scopes = scopes(limiter, snapshot, caller, demand.kind);
    if scopes.is_empty() {
        return Ok(Granted {
            targets,
            reservation: None,
        });
    }
    let estimate = estimate(limiter, snapshot, demand, &targets);
    let ask = weigh(&scopes, demand.kind, &estimate)?;
    let reserved = limiter.reserve(&scopes, ask, caller.at);
    let reservation = reserved.map_err(|denied| told(denied, ask, demand, caller))?;
    let worst = estimate.cost.zip(estimate.ceiling);
    Ok(Granted {
        targets,
        reservation: Some(reservation.bounded(estimate.tokens(), worst)),
    })
}

/// What limits would say of a call.
pub(crate) struct Verdict {
    /// The most tokens that it can take.
    pub(crate) tokens: u64,
    /// The most that it can cost; absent where a price is not known.
    pub(crate) cost: Option<Money>,
    /// Whose limits it is under.
    pub(crate) scopes: Vec<Scope>,
    /// Whether there is room and money for it.
    pub(crate) admitted: Result<(), Refusal>,
}

/// What [`admit`] would say of a call, with nothing held for it.
pub(crate) fn preview(
    gateway: &Gateway,
    snapshot: &Snapshot,
    caller: Caller<'_>,
    demand: Demand<'_>,
    targets: &[Target],
) -> Verdict {
    let limiter = gateway.limiter();
    let scopes = scopes(limiter, snapshot, caller, demand.kind);
    let estimate = estimate(limiter, snapshot, demand, targets);
    let admitted = match weigh(&scopes, demand.kind, &estimate) {
        Ok(_) if scopes.is_empty() => Ok(()),
        Ok(ask) => limiter
            .preview(&scopes, ask, caller.at)
            .map_err(|denied| told(denied, ask, demand, caller)),
        Err(refusal) => Err(refusal),
    };
    let bounds = scopes.iter().filter(|(_, rules)| !rules.is_unlimited());
    Verdict {
        tokens: estimate.tokens(),
        cost: estimate.cost,
        scopes: bounds.map(|(scope, _)| *scope).collect(),
        admitted,
    }
}

/// What a call asks of its scopes, or why they cannot know.
fn weigh(scopes: &[(Scope, Rules)], kind: Kind, estimate: &Estimate) -> Result<Ask, Refusal> {
    let budgeted = scopes.iter().any(|(_, rules)| !rules.caps.is_empty());
    match kind {
        Kind::Unmetered(what) if budgeted => return Err(unmetered(what)),
        Kind::Metered if budgeted && estimate.cost.is_none() => return Err(unpriced()),
        Kind::Free | Kind::Lookup | Kind::Metered | Kind::Unmetered(_) => {}
    }
    Ok(Ask {
        tokens: estimate.tokens(),
        cost: estimate.cost.unwrap_or_default(),
    })
}

/// What a client is told that is not admitted.
fn told(denied: Denied, ask: Ask, demand: Demand<'_>, caller: Caller<'_>) -> Refusal {
    let given = demand.asks.max_tokens.is_some();
    refusal(denied, ask.tokens, ask.cost, given, caller.at)
}

/// The most that the call can take at any of its targets.
fn estimate(
    limiter: &Limiter,
    snapshot: &Snapshot,
    demand: Demand<'_>,
    targets: &[Target],
) -> Estimate {
    if matches!(demand.kind, Kind::Free | Kind::Lookup) {
        return Estimate {
            cost: Some(Money::ZERO),
            ceiling: Some(Money::ZERO),
            ..Estimate::default()
        };
    }
    let (prices, assumed) = (&snapshot.prices, limiter.config().assumed);
    let one = |target: &Target| {
        let provider = target.endpoint.provider.as_ref();
        let names = [target.model.as_deref(), demand.model];
        let names = || names.into_iter().flatten();
        let known = names().find(|name| prices.price(provider, name).is_some());
        let model = known.or_else(|| names().next()).unwrap_or_default();
        let worst = worst_case(demand.asks, prices, provider, model, assumed);
        match target.endpoint.paid {
            Paid::ByUse => worst,
            Paid::ByPlan => worst.by_plan(),
        }
    };
    let all = targets.iter().map(one).reduce(Estimate::or);
    all.unwrap_or_default()
}

/// The scopes that a call counts in, in their order, and what each may use.
fn scopes(
    limiter: &Limiter,
    snapshot: &Snapshot,
    caller: Caller<'_>,
    kind: Kind,
) -> Vec<(Scope, Rules)> {
    let (config, key) = (limiter.config(), &caller.principal.key);
    let mut found = Vec::with_capacity(5);
    if !config.global.is_unlimited() {
        let rules = limiter.rules(config.global, Caps::default());
        found.push((Scope::Global, rules));
    }
    if kind == Kind::Free {
        return found;
    }
    let people = &snapshot.people;
    let mut sessions = Caps::default();
    let mut add = |scope, limits, budgets: &[_]| {
        let caps = if kind == Kind::Lookup {
            Caps::default()
        } else {
            Caps::of(budgets)
        };
        sessions = sessions.and(caps.only(true));
        found.push((scope, limiter.rules(limits, caps.only(false))));
    };
    if let Some(org) = key.org.and_then(|id| people.org(id)) {
        add(Scope::Org(org.id), org.limits, &org.budgets);
    }
    if let Some(user) = key.owner.and_then(|id| people.user(id)) {
        add(Scope::User(user.id), user.limits, &user.budgets);
    }
    add(Scope::Key(key.id), key.limits.or(config.key), &key.budgets);
    if !sessions.is_empty() {
        let rules = limiter.rules(Limits::default(), sessions);
        found.push((Scope::Session(caller.session), rules));
    }
    found
}
