//! Prices: those of the catalog, those that were imported, and how to import more.

mod input;

use axum::Json;
use axum::extract::Request;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use tollhouse_domain::audit::{Action, Subject, SubjectKind};
use tollhouse_domain::catalog::Model;
use tollhouse_domain::import;
use tollhouse_domain::money::Money;
use tollhouse_domain::price::{LongContext, Rates};
use tollhouse_store::StoredPrice;
use utoipa::ToSchema;

use self::input::{PricesInput, dated, source};
use super::auth::{Admin, Signed};
use super::error::{ApiError, ErrorBody, Refused};
use super::input::{self as reading, Body, Nothing, Query};
use super::page::{self, List, PageQuery};
use crate::clock;

/// The most bytes of a price list. The public one has about two mebibytes.
const MAX_IMPORT: usize = 16 << 20;

/// US dollars per million tokens, as decimal text. A bucket that is left out has no known price, which
/// is not a price of zero.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Rates)]
pub(super) struct RatesView {
    /// Uncached input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "3")]
    input: Option<Money>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "0.3")]
    cache_read: Option<Money>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "3.75")]
    cache_write_5m: Option<Money>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "6")]
    cache_write_1h: Option<Money>,
    /// Output, reasoning included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "15")]
    output: Option<Money>,
}

/// Rates of calls with long prompts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LongContext)]
pub(super) struct LongContextView {
    /// They hold for the whole call once its prompt, cached tokens included, is longer than this.
    above: u64,
    usd_per_million: RatesView,
}

impl From<&Rates> for RatesView {
    fn from(rates: &Rates) -> Self {
        Self {
            input: rates.input.map(Money),
            cache_read: rates.cache_read.map(Money),
            cache_write_5m: rates.cache_write_5m.map(Money),
            cache_write_1h: rates.cache_write_1h.map(Money),
            output: rates.output.map(Money),
        }
    }
}

impl From<&LongContext> for LongContextView {
    fn from(long: &LongContext) -> Self {
        Self {
            above: long.above,
            usd_per_million: RatesView::from(&long.rates),
        }
    }
}

/// What a model costs, and who says so.
#[derive(Serialize, ToSchema)]
#[schema(as = Price)]
pub(super) struct PriceView {
    model: String,
    /// Whose price it is; absent: anyone's.
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<String>,
    usd_per_million: RatesView,
    #[serde(skip_serializing_if = "Option::is_none")]
    long_context: Option<LongContextView>,
    /// Where the price comes from.
    source: String,
    /// As of when, `YYYY-MM-DD`.
    dated: String,
    /// Whether it was imported or set here, and not the catalog's: such a price can be taken back.
    imported: bool,
}

impl From<&Model> for PriceView {
    fn from(model: &Model) -> Self {
        Self {
            model: model.name.clone(),
            provider: model.provider.clone(),
            usd_per_million: RatesView::from(&model.price.rates),
            long_context: model.price.long_context.as_ref().map(LongContextView::from),
            source: model.source.clone(),
            dated: model.dated.clone(),
            imported: model.imported,
        }
    }
}

/// What became of a list of prices.
#[derive(Serialize, ToSchema)]
pub(super) struct ImportReport {
    /// How many were new or different.
    imported: u64,
    /// How many entries were left out: without token prices, or with absurd ones.
    skipped: u64,
    /// How many were known already.
    unchanged: u64,
}

/// The prices that hold: the catalog's, and imported ones in place of it where both name a model.
#[utoipa::path(
    get, path = "/prices", tag = "prices", operation_id = "list_prices", params(PageQuery),
    responses((status = 200, body = List<PriceView>), Refused),
)]
pub(super) async fn list(
    signed: Signed,
    Query(query): Query<PageQuery>,
) -> Result<Json<List<PriceView>>, ApiError> {
    let snapshot = signed.snapshot();
    let rows = snapshot.prices.models().map(PriceView::from).collect();
    let place =
        |row: &PriceView| format!("{} {}", row.model, row.provider.as_deref().unwrap_or(""));
    Ok(Json(page::slice(rows, &query, place)))
}

/// Adds or replaces prices, all or none. Calls from now on cost so; earlier ones keep their cost.
#[utoipa::path(
    put, path = "/prices", tag = "prices", operation_id = "put_prices", request_body = PricesInput,
    responses((status = 200, body = ImportReport), (status = 413, body = ErrorBody), Refused),
)]
pub(super) async fn put(
    admin: Admin,
    Query(Nothing {}): Query<Nothing>,
    Body(input): Body<PricesInput>,
) -> Result<Json<ImportReport>, ApiError> {
    let prices = input.prices(clock::now())?;
    store(&admin, &prices, 0).await
}

/// Which price is meant.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// The model's name, as the list has it.
    model: String,
    /// Whose price it is; left out for one that is anyone's.
    provider: Option<String>,
}

/// Takes back a price that was imported or set here. Where the catalog has one, that holds again; calls from now on
/// cost so.
#[utoipa::path(
    delete, path = "/prices", tag = "prices", operation_id = "delete_price", params(Which),
    responses((status = 204), (status = 404, body = ErrorBody), Refused),
)]
pub(super) async fn delete(
    admin: Admin,
    Query(Which { model, provider }): Query<Which>,
) -> Result<StatusCode, ApiError> {
    let note = admin.note(
        Action::PricesDelete,
        Subject::name(SubjectKind::Prices, model.as_str()),
    );
    let note = match &provider {
        Some(provider) => note.with("provider", provider.as_str()),
        None => note,
    };
    let store = admin.store().noted(note);
    if !store.delete_price(&model, provider.as_deref()).await? {
        let message = "No such price was imported or set here, and the catalog's stay; GET /api/v1/prices lists both.";
        return Err(ApiError::missing(message));
    }
    admin.refresh().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Where an imported list comes from.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Origin {
    /// A file's name or a URL, kept with the prices.
    source: Option<String>,
    /// As of when, `YYYY-MM-DD`; today when left out.
    dated: Option<String>,
}

/// Imports `LiteLLM`'s public price list: an object of entries by model name, as it is published.
#[utoipa::path(
    post, path = "/prices/import", tag = "prices", operation_id = "import_prices", params(Origin),
    request_body(content = String, content_type = "application/json"),
    responses((status = 200, body = ImportReport), (status = 413, body = ErrorBody), Refused),
)]
pub(super) async fn import(
    admin: Admin,
    Query(origin): Query<Origin>,
    request: Request,
) -> Result<Json<ImportReport>, ApiError> {
    let source = source("source", origin.source, "import")?;
    let dated = dated("dated", origin.dated, clock::now())?;
    let bytes = reading::read(request, MAX_IMPORT).await?;
    let list = import::litellm(&bytes).map_err(|error| ApiError::Invalid {
        field: None,
        message: error.to_string().into(),
    })?;
    let priced = list.prices.into_iter().map(|entry| StoredPrice {
        model: entry.model,
        provider: Some(entry.provider),
        price: entry.price,
        source: source.clone(),
        dated: dated.clone(),
    });
    store(&admin, &priced.collect::<Vec<_>>(), list.skipped).await
}

async fn store(
    admin: &Admin,
    prices: &[StoredPrice],
    skipped: u64,
) -> Result<Json<ImportReport>, ApiError> {
    let note = admin.note(Action::PricesPut, Subject::of(SubjectKind::Prices));
    let note = note.with("given", prices.len() as u64);
    let imported = admin.store().noted(note).put_prices(prices).await?;
    admin.refresh().await?;
    let all = u64::try_from(prices.len()).unwrap_or(u64::MAX);
    Ok(Json(ImportReport {
        imported,
        skipped,
        unchanged: all.saturating_sub(imported),
    }))
}
