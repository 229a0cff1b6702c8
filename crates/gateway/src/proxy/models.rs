//! The models that a key may use, in the caller's shape.

use std::collections::BTreeMap;

use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Response};
use tollhouse_domain::catalog::Model;
use tollhouse_domain::key::VirtualKey;
use tollhouse_domain::pattern::Pattern;
use tollhouse_wire::models::{
    ModelEntry, PageQuery, list_messages, list_openai, one_messages, one_openai, page,
};
use tollhouse_wire::{ErrorKind, Protocol};

use super::authenticate::authenticate;
use super::refusal::{Refusal, sign};
use super::{Arrival, operation};
use crate::body::Body;
use crate::snapshot::Snapshot;
use crate::state::Gateway;

/// `GET /v1/models`.
pub(crate) fn list(
    gateway: &Gateway,
    arrival: Arrival,
    protocol: Protocol,
    parts: &Parts,
) -> Result<Response<Body>, Refusal> {
    let snapshot = gateway.snapshot();
    let principal = authenticate(&snapshot, &parts.headers, arrival.at)?;
    let entries: Vec<ModelEntry> = usable(&snapshot, &principal.key).into_values().collect();
    let body = match protocol {
        Protocol::Chat | Protocol::Responses => list_openai(&entries),
        Protocol::Messages => {
            let query = Query::read(parts.uri.query().unwrap_or(""));
            let page = page(&entries, query.page()?).map_err(|error| {
                Refusal::new(ErrorKind::InvalidRequest, error.to_string()).about(error.param())
            })?;
            list_messages(page)
        }
    };
    Ok(json(body, protocol, arrival))
}

/// `GET /v1/models/{id}`.
pub(crate) fn one(
    gateway: &Gateway,
    arrival: Arrival,
    protocol: Protocol,
    id: &str,
    headers: &HeaderMap,
) -> Result<Response<Body>, Refusal> {
    let snapshot = gateway.snapshot();
    let principal = authenticate(&snapshot, headers, arrival.at)?;
    let entries = usable(&snapshot, &principal.key);
    let entry = match entries.get(id) {
        Some(entry) => entry.clone(),
        None if may_use(&snapshot, &principal.key, id) => entry(&snapshot, id),
        None => {
            let message = "This model is not known here, or this key may not use it.";
            return Err(Refusal::new(ErrorKind::ModelNotFound, message).about("model"));
        }
    };
    let body = match protocol {
        Protocol::Messages => one_messages(&entry),
        Protocol::Chat | Protocol::Responses => one_openai(&entry),
    };
    Ok(json(body, protocol, arrival))
}

fn json(body: Vec<u8>, protocol: Protocol, arrival: Arrival) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    sign(headers, protocol, &arrival.id.to_string());
    response
}

/// Every model that is known by name: those that routes spell out, and those of the catalog that a
/// configured provider serves.
pub(crate) fn known(snapshot: &Snapshot) -> impl Iterator<Item = &str> {
    let listed = snapshot.prices.models().filter(|model| {
        // Behind a catch-all anything may be; only the vendor's own names are worth listing.
        model
            .provider
            .as_ref()
            .is_some_and(|provider| snapshot.providers().contains_key(provider))
    });
    let listed = listed.map(|model| model.name.as_str());
    snapshot.routes().names().chain(listed)
}

/// Every model that is known by name and that the key may use: [`known`] ones,
/// and those that the key spells out.
pub(crate) fn usable(snapshot: &Snapshot, key: &VirtualKey) -> BTreeMap<String, ModelEntry> {
    let named = key
        .models
        .iter()
        .flatten()
        .filter_map(|pattern| match pattern {
            Pattern::Exact(name) => Some(name.as_str()),
            Pattern::Prefix(_) => None,
        });
    known(snapshot)
        .chain(named)
        .filter(|name| may_use(snapshot, key, name))
        .map(|name| (name.to_owned(), entry(snapshot, name)))
        .collect()
}

fn may_use(snapshot: &Snapshot, key: &VirtualKey, model: &str) -> bool {
    let route = snapshot.routes().find(model);
    key.may_use_model(model)
        && route.is_some_and(|route| {
            key.may_use_route(&route.model)
                && route.targets.iter().any(|target| {
                    let row = snapshot.providers().get(&target.provider);
                    key.may_use_provider(&target.provider) && row.is_some_and(|row| row.admits(key))
                })
        })
}

fn entry(snapshot: &Snapshot, name: &str) -> ModelEntry {
    let target = snapshot
        .routes()
        .resolve(name)
        .and_then(|targets| targets.first());
    let provider = target.map_or("", |target| target.provider.as_str());
    let known = snapshot.prices.models().find(|model| model.name == name);
    ModelEntry {
        id: name.to_owned(),
        display_name: name.to_owned(),
        // Nobody publishes when a model was made; clients sort by it, so it must be there.
        created_at: 0,
        owned_by: provider.to_owned(),
        max_input_tokens: known.and_then(|model: &Model| model.max_input_tokens),
        max_tokens: known.and_then(|model: &Model| model.max_output_tokens),
    }
}

/// The paging part of a query string.
struct Query {
    limit: Option<String>,
    after: Option<String>,
    before: Option<String>,
}

impl Query {
    fn read(query: &str) -> Self {
        let find = |name: &str| {
            let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs
                .rev()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| operation::decode(value))
        };
        Self {
            limit: find("limit"),
            after: find("after_id"),
            before: find("before_id"),
        }
    }

    fn page(&self) -> Result<PageQuery<'_>, Refusal> {
        let limit = self.limit.as_deref().map(|text| {
            text.parse().map_err(|_| {
                let message = "`limit` must be between 1 and 1000";
                Refusal::new(ErrorKind::InvalidRequest, message).about("limit")
            })
        });
        Ok(PageQuery {
            limit: limit.transpose()?,
            after_id: self.after.as_deref(),
            before_id: self.before.as_deref(),
        })
    }
}
