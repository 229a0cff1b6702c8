//! Models: what is known of them, and whether a call for one would get anywhere.

use axum::Json;
use serde::Serialize;
use tollhouse_domain::catalog::Model;
use utoipa::ToSchema;

use super::auth::Signed;
use super::error::{ApiError, Refused};
use super::input::Query;
use super::page::{self, List, PageQuery};
use super::prices::{LongContextView, RatesView};
use crate::snapshot::Snapshot;

/// A model, as one provider offers it.
#[derive(Serialize, ToSchema)]
#[schema(as = Model)]
pub(super) struct ModelView {
    name: String,
    /// Who offers it at this price; absent when the price names nobody.
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_input_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_output_tokens: Option<u64>,
    /// List prices; absent when none are known.
    #[serde(skip_serializing_if = "Option::is_none")]
    usd_per_million: Option<RatesView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    long_context: Option<LongContextView>,
    /// Whether a route leads from this name to a configured provider.
    routed: bool,
    /// The providers that the route leads to, first choice first.
    targets: Vec<String>,
}

impl ModelView {
    fn known(model: &Model, snapshot: &Snapshot) -> Self {
        Self {
            provider: model.provider.clone(),
            max_input_tokens: model.max_input_tokens,
            max_output_tokens: model.max_output_tokens,
            usd_per_million: Some(RatesView::from(&model.price.rates)),
            long_context: model.price.long_context.as_ref().map(LongContextView::from),
            ..Self::named(&model.name, snapshot)
        }
    }

    fn named(name: &str, snapshot: &Snapshot) -> Self {
        let targets = snapshot.routes().resolve(name).unwrap_or_default().iter();
        let known = |provider: &String| snapshot.providers().contains_key(provider);
        let targets: Vec<_> = targets
            .map(|to| to.provider.clone())
            .filter(known)
            .collect();
        Self {
            name: name.to_owned(),
            provider: None,
            max_input_tokens: None,
            max_output_tokens: None,
            usd_per_million: None,
            long_context: None,
            routed: !targets.is_empty(),
            targets,
        }
    }

    fn place(&self) -> String {
        format!("{} {}", self.name, self.provider.as_deref().unwrap_or(""))
    }
}

/// The models of the catalog, of imported prices, and those that routes name in full.
#[utoipa::path(
    get, path = "/models", tag = "models", operation_id = "list_models", params(PageQuery),
    responses((status = 200, body = List<ModelView>), Refused),
)]
pub(super) async fn list(
    signed: Signed,
    Query(query): Query<PageQuery>,
) -> Result<Json<List<ModelView>>, ApiError> {
    let snapshot = signed.snapshot();
    let known = snapshot
        .prices
        .models()
        .map(|model| ModelView::known(model, &snapshot));
    let mut rows: Vec<_> = known.collect();
    let listed: std::collections::HashSet<_> = rows.iter().map(|row| row.name.clone()).collect();
    let named = snapshot
        .routes()
        .names()
        .filter(|name| !listed.contains(*name));
    rows.extend(named.map(|name| ModelView::named(name, &snapshot)));
    Ok(Json(page::slice(rows, &query, ModelView::place)))
}
