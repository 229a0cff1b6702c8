//! What is said of routes, and whether they lead anywhere.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde::de::IgnoredAny;
use tollhouse_domain::pattern::Pattern;
use tollhouse_domain::provider::Provider;
use tollhouse_domain::route::{Route, Target};
use utoipa::ToSchema;

use crate::admin::error::ApiError;
use crate::admin::input::Payload;

/// Every route there is to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RoutesInput {
    data: Vec<RouteInput>,
    /// Passed over: it is there in what GET answers.
    #[schema(ignore)]
    #[serde(rename = "next")]
    _next: Option<IgnoredAny>,
}

/// A model pattern and its targets, first choice first.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RouteInput {
    /// A name, a prefix ending in `*`, or `*` alone.
    #[schema(value_type = String, example = "claude-*")]
    model: Pattern,
    #[schema(value_type = Vec<TargetSchema>)]
    targets: Vec<Target>,
    /// Such rows are the configuration file's and are passed over.
    #[serde(default)]
    managed: bool,
}

/// One place a call may go.
#[derive(ToSchema)]
#[schema(as = Target)]
#[expect(
    dead_code,
    reason = "describes `domain::route::Target`, which reads and prints itself"
)]
pub(crate) struct TargetSchema {
    /// A provider's name.
    provider: String,
    /// The model sent in place of the one asked for.
    model: Option<String>,
    /// `messages`, `chat` or `responses`; the caller's own when left out.
    protocol: Option<String>,
}

impl Payload for RoutesInput {}

impl RoutesInput {
    /// The routes that are meant; `known` are the providers they may lead to.
    pub(crate) fn routes(self, known: &BTreeMap<String, Provider>) -> Result<Vec<Route>, ApiError> {
        meant(self.data, "data", known)
    }
}

/// The routes that are meant by rows of a `field`.
pub(super) fn meant(
    rows: Vec<RouteInput>,
    field: &str,
    known: &BTreeMap<String, Provider>,
) -> Result<Vec<Route>, ApiError> {
    let mut seen = BTreeSet::new();
    let mut routes = Vec::with_capacity(rows.len());
    for (at, row) in rows.into_iter().enumerate().filter(|(_, row)| !row.managed) {
        if !seen.insert(row.model.clone()) {
            let message = "There is an earlier route for this model.";
            return Err(ApiError::invalid(format!("{field}[{at}].model"), message));
        }
        if row.targets.is_empty() {
            let message = "A route needs at least one target.";
            return Err(ApiError::invalid(format!("{field}[{at}].targets"), message));
        }
        for (n, target) in row.targets.iter().enumerate() {
            check(target, known).map_err(|(wrong, message)| {
                ApiError::invalid(format!("{field}[{at}].targets[{n}].{wrong}"), message)
            })?;
        }
        routes.push(Route {
            model: row.model,
            targets: row.targets,
            managed: false,
        });
    }
    Ok(routes)
}

fn check(
    target: &Target,
    known: &BTreeMap<String, Provider>,
) -> Result<(), (&'static str, &'static str)> {
    let Some(provider) = known.get(&target.provider) else {
        let message = "There is no such provider; GET /api/v1/providers lists them.";
        return Err(("provider", message));
    };
    if target
        .protocol
        .is_some_and(|protocol| !provider.endpoints.contains_key(&protocol))
    {
        return Err(("protocol", "The provider has no endpoint of this protocol."));
    }
    if target.model.as_ref().is_some_and(String::is_empty) {
        return Err((
            "model",
            "Expected a model's name; leave it out to keep the caller's.",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Vec<Route>, ApiError> {
        let lab = Provider {
            name: "lab".into(),
            endpoints: BTreeMap::from([(tollhouse_wire::Protocol::Chat, "http://h".into())]),
            auth: None,
            open: None,
            upstream_auth: false,
            bridge: None,
            account: None,
            headers: BTreeMap::new(),
            protocols: Vec::new(),
            key_prefix: None,
            models: Vec::new(),
            quirks: Vec::new(),
            managed: false,
        };
        let known = BTreeMap::from([("lab".to_owned(), lab)]);
        serde_json::from_str::<RoutesInput>(json)
            .unwrap()
            .routes(&known)
    }

    #[test]
    fn what_get_answered_can_be_put_back() {
        let json = r#"{"data":[{"model":"a","targets":[{"provider":"gone"}],"managed":true},
            {"model":"b*","targets":[{"provider":"lab","model":"m"}],"managed":false}],"next":null}"#;
        let routes = read(json).unwrap();
        assert_eq!(routes.len(), 1);
        assert_eq!(routes[0].model.to_string(), "b*");
    }

    #[test]
    fn what_leads_nowhere_is_refused_by_name() {
        let cases = [
            (
                r#"{"data":[{"model":"a","targets":[]}]}"#,
                "data[0].targets",
            ),
            (
                r#"{"data":[{"model":"a","targets":[{"provider":"lab"},{"provider":"x"}]}]}"#,
                "data[0].targets[1].provider",
            ),
            (
                r#"{"data":[{"model":"a","targets":[{"provider":"lab","protocol":"messages"}]}]}"#,
                "data[0].targets[0].protocol",
            ),
            (
                r#"{"data":[{"model":"a","targets":[{"provider":"lab","model":""}]}]}"#,
                "data[0].targets[0].model",
            ),
            (
                r#"{"data":[{"model":"a","targets":[{"provider":"lab"}]},
                    {"model":"a","targets":[{"provider":"lab"}]}]}"#,
                "data[1].model",
            ),
        ];
        for (json, expected) in cases {
            match read(json) {
                Err(ApiError::Invalid { field, .. }) => {
                    assert_eq!(field.as_deref(), Some(expected));
                }
                _ => panic!("{json} was accepted"),
            }
        }
    }
}
