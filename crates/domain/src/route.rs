//! Routes: which targets answer for a model, in which order.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tollhouse_wire::Protocol;
use tollhouse_wire::dialect::Speech;

use crate::key::VirtualKey;
use crate::pattern::Pattern;
use crate::provider::Provider;

/// One place a call may go.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// The provider's name.
    pub provider: String,
    /// The model sent instead of the one asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The protocol to call it in; absent means the caller's own where the provider has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<Protocol>,
}

/// A model pattern and its targets, first choice first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// The models meant.
    pub model: Pattern,
    /// Where they go.
    pub targets: Vec<Target>,
    /// Whether the configuration file manages this row.
    #[serde(default)]
    pub managed: bool,
}

/// Every route, closest fit first.
#[derive(Debug, Clone, Default)]
pub struct RouteTable {
    exact: BTreeMap<String, Route>,
    prefixes: Vec<Route>,
}

impl RouteTable {
    /// Builds the table. Written routes come before those the catalog implies for a provider, and
    /// within each kind the closer pattern wins.
    pub fn new(routes: &[Route], providers: &BTreeMap<String, Provider>) -> Self {
        let mut table = Self::default();
        for route in routes {
            table.add(route.clone());
        }
        let mut implied = Vec::new();
        for provider in providers.values() {
            let target = Target {
                provider: provider.name.clone(),
                model: None,
                protocol: None,
            };
            implied.extend(
                provider
                    .models
                    .iter()
                    .map(|model| (model.clone(), target.clone())),
            );
        }
        implied.sort_by_key(|(model, _)| std::cmp::Reverse(model.specificity()));
        table
            .prefixes
            .sort_by_key(|route| std::cmp::Reverse(route.model.specificity()));
        for (model, target) in implied {
            table.imply(model, target);
        }
        table
    }

    fn add(&mut self, route: Route) {
        match &route.model {
            Pattern::Exact(name) => {
                self.exact.insert(name.clone(), route);
            }
            Pattern::Prefix(_) => self.prefixes.push(route),
        }
    }

    fn imply(&mut self, model: Pattern, target: Target) {
        let taken = match &model {
            Pattern::Exact(name) => self.find(name).is_some(),
            Pattern::Prefix(_) => self.prefixes.iter().any(|route| route.model == model),
        };
        if !taken {
            self.add(Route {
                model,
                targets: vec![target],
                managed: false,
            });
        }
    }

    /// The route that answers for `model`.
    pub fn find(&self, model: &str) -> Option<&Route> {
        let exact = self.exact.get(model);
        exact.or_else(|| {
            self.prefixes
                .iter()
                .find(|route| route.model.matches(model))
        })
    }

    /// The targets for `model`.
    pub fn resolve(&self, model: &str) -> Option<&[Target]> {
        self.find(model).map(|route| route.targets.as_slice())
    }

    /// Whether a route has this pattern, as written.
    pub fn has(&self, pattern: &Pattern) -> bool {
        match pattern {
            Pattern::Exact(name) => self.exact.contains_key(name),
            Pattern::Prefix(_) => self.prefixes.iter().any(|route| route.model == *pattern),
        }
    }

    /// The models of which a target is at `provider`, names first.
    pub fn leading_to(&self, provider: &str) -> impl Iterator<Item = &Pattern> {
        let all = self.exact.values().chain(&self.prefixes);
        let leads = move |route: &&Route| route.targets.iter().any(|to| to.provider == provider);
        all.filter(leads).map(|route| &route.model)
    }

    /// The names that routes spell out in full.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.exact.keys().map(String::as_str)
    }
}

/// A target that may be called: everything but its credential is settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate<'a> {
    /// The provider.
    pub provider: &'a Provider,
    /// The protocol of the endpoint that is called.
    pub protocol: Protocol,
    /// What is spoken there.
    pub speech: Speech,
    /// The model to send, when it differs from the one asked for.
    pub model: Option<&'a str>,
}

/// Why no target can be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoRoute {
    /// The key may not use the model.
    ModelForbidden,
    /// The key may not use the route that answers for the model.
    RouteForbidden,
    /// The key may use none of the route's providers.
    ProviderForbidden,
    /// No route names the model.
    UnknownModel,
    /// Every target speaks another protocol, and this call cannot be translated.
    OtherProtocol(Protocol),
    /// Every target is spoken to in what no client speaks, and this call cannot be translated.
    Untranslatable,
}

/// What a call asks of its targets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked<'a> {
    /// The protocol of the caller.
    pub protocol: Protocol,
    /// The model named.
    pub model: &'a str,
    /// Whether the call can be carried to another protocol.
    pub translatable: bool,
}

/// The targets that `key` may call, in order: those of the caller's own protocol first, where bytes
/// cross unchanged; then the others, richest protocol first; the route's order within each.
///
/// # Errors
/// Says in which way there was nothing to call.
pub fn candidates<'a>(
    table: &'a RouteTable,
    providers: &'a BTreeMap<String, Provider>,
    key: &VirtualKey,
    asked: Asked<'_>,
) -> Result<Vec<Candidate<'a>>, NoRoute> {
    let Asked {
        protocol, model, ..
    } = asked;
    if !key.may_use_model(model) {
        return Err(NoRoute::ModelForbidden);
    }
    let route = table.find(model).ok_or(NoRoute::UnknownModel)?;
    if !key.may_use_route(&route.model) {
        return Err(NoRoute::RouteForbidden);
    }
    let targets = &route.targets;
    let mut found = Vec::with_capacity(targets.len());
    let mut reason = NoRoute::UnknownModel;
    for target in targets {
        let Some(provider) = providers.get(&target.provider) else {
            continue;
        };
        if !key.may_use_provider(&provider.name) {
            reason = NoRoute::ProviderForbidden;
            continue;
        }
        let sent = target.model.as_deref().unwrap_or(model);
        let Some(spoken) = provider.protocol_for(sent, protocol, target.protocol) else {
            continue;
        };
        match provider.speech(spoken) {
            speech if speech.protocol() == Some(protocol) || asked.translatable => {
                let model = target.model.as_deref().filter(|renamed| *renamed != model);
                found.push(Candidate {
                    provider,
                    protocol: spoken,
                    speech,
                    model,
                });
            }
            Speech::Protocol(other) => reason = NoRoute::OtherProtocol(other),
            Speech::Graph => reason = NoRoute::Untranslatable,
        }
    }
    if found.is_empty() {
        return Err(reason);
    }
    found.sort_by_key(|candidate| distance(protocol, candidate.speech));
    Ok(found)
}

/// How much is lost on the way from a protocol to what a target is spoken to in, least first.
const fn distance(caller: Protocol, target: Speech) -> u8 {
    let Some(target) = target.protocol() else {
        return 3;
    };
    match (caller, target) {
        (Protocol::Messages, Protocol::Messages)
        | (Protocol::Chat, Protocol::Chat)
        | (Protocol::Responses, Protocol::Responses) => 0,
        // Both carry reasoning across turns; Chat cannot.
        (_, Protocol::Responses | Protocol::Messages) => 1,
        (_, Protocol::Chat) => 2,
    }
}

#[cfg(test)]
mod tests;
