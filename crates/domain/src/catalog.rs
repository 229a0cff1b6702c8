//! The catalog: providers and models known by name, embedded as data.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};
use tollhouse_wire::usage::Usage;

use crate::money::Money;
use crate::price::{Costs, LongContext, Paid, Price, Rates};
use crate::provider::Provider;

const PROVIDERS: &str = include_str!("../../../catalog/providers.toml");
const MODELS: &str = include_str!("../../../catalog/models.toml");

/// What is known of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    /// Its name on the wire.
    pub name: String,
    /// Who serves it; absent in imported prices that name nobody.
    pub provider: Option<String>,
    /// The longest prompt in tokens.
    pub max_input_tokens: Option<u64>,
    /// The longest answer in tokens.
    pub max_output_tokens: Option<u64>,
    /// What it costs.
    pub price: Price,
    /// Where the price comes from.
    pub source: String,
    /// As of when, `YYYY-MM-DD`.
    pub dated: String,
    /// Whether it was imported or set here, and may be taken back.
    pub imported: bool,
}

/// Dollars per million tokens as people write them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UsdPerMillion {
    /// Uncached input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<Money>,
    /// Cache reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_read: Option<Money>,
    /// Five-minute cache writes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write_5m: Option<Money>,
    /// One-hour cache writes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write_1h: Option<Money>,
    /// Output, reasoning included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Money>,
}

impl From<&UsdPerMillion> for Rates {
    fn from(usd: &UsdPerMillion) -> Self {
        let nanos = |amount: &Option<Money>| amount.map(|money| money.0);
        Self {
            input: nanos(&usd.input),
            cache_read: nanos(&usd.cache_read),
            cache_write_5m: nanos(&usd.cache_write_5m),
            cache_write_1h: nanos(&usd.cache_write_1h),
            output: nanos(&usd.output),
        }
    }
}

impl From<&Rates> for UsdPerMillion {
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProvidersFile {
    token_prefixes: Vec<String>,
    provider: Vec<Provider>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ModelsFile {
    source: String,
    date: String,
    model: Vec<ModelEntry>,
    #[serde(default)]
    served: Vec<Served>,
}

/// Models that a provider serves at another's list price.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Served {
    provider: String,
    listed_by: String,
    names: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ModelEntry {
    name: String,
    provider: Option<String>,
    max_input_tokens: Option<u64>,
    max_output_tokens: Option<u64>,
    usd_per_million: UsdPerMillion,
    long_context: Option<LongEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LongEntry {
    above: u64,
    usd_per_million: UsdPerMillion,
}

/// A catalog file that does not read. The embedded ones are tested, so this speaks of edits to them.
#[derive(Debug, thiserror::Error)]
#[error("catalog: {0}")]
pub struct CatalogError(#[from] toml::de::Error);

/// The providers known by name.
pub fn providers() -> Result<BTreeMap<String, Provider>, CatalogError> {
    let file: ProvidersFile = toml::from_str(PROVIDERS)?;
    Ok(file
        .provider
        .into_iter()
        .map(|provider| (provider.name.clone(), provider))
        .collect())
}

/// What tokens start with that go as `Authorization: Bearer` and in no other way.
pub fn token_prefixes() -> Result<Vec<String>, CatalogError> {
    let file: ProvidersFile = toml::from_str(PROVIDERS)?;
    Ok(file.token_prefixes)
}

/// The models known by name.
pub fn models() -> Result<Vec<Model>, CatalogError> {
    let file: ModelsFile = toml::from_str(MODELS)?;
    let (source, dated) = (file.source, file.date);
    let model = |entry: ModelEntry| Model {
        name: entry.name,
        provider: entry.provider,
        max_input_tokens: entry.max_input_tokens,
        max_output_tokens: entry.max_output_tokens,
        price: Price {
            rates: Rates::from(&entry.usd_per_million),
            long_context: entry.long_context.map(|long| LongContext {
                above: long.above,
                rates: Rates::from(&long.usd_per_million),
            }),
        },
        source: source.clone(),
        dated: dated.clone(),
        imported: false,
    };
    let mut models: Vec<Model> = file.model.into_iter().map(model).collect();
    for Served {
        provider,
        listed_by,
        names,
    } in file.served
    {
        let listed = |name: &String| {
            let by = |model: &&Model| model.provider.as_deref() == Some(listed_by.as_str());
            models.iter().filter(by).find(|model| model.name == *name)
        };
        let of_provider = |model: &Model| Model {
            provider: Some(provider.clone()),
            ..model.clone()
        };
        let found: Vec<Model> = names.iter().filter_map(listed).map(of_provider).collect();
        models.extend(found);
    }
    Ok(models)
}

/// Every price, found by provider and model. Later models replace earlier ones of the same name.
#[derive(Debug, Default)]
pub struct PriceBook {
    by_name: HashMap<String, Vec<Model>>,
}

impl PriceBook {
    /// Puts the models in order; an import after the catalog wins over it.
    pub fn new(models: impl IntoIterator<Item = Model>) -> Self {
        let mut by_name: HashMap<String, Vec<Model>> = HashMap::new();
        for mut model in models {
            let known = by_name.entry(model.name.clone()).or_default();
            // A price that is imported says nothing of what the model can do.
            let same = |earlier: &&Model| earlier.provider == model.provider;
            if let Some(earlier) = known.iter().find(same) {
                model.max_input_tokens = model.max_input_tokens.or(earlier.max_input_tokens);
                model.max_output_tokens = model.max_output_tokens.or(earlier.max_output_tokens);
            }
            known.retain(|earlier| earlier.provider != model.provider);
            known.push(model);
        }
        Self { by_name }
    }

    /// What `provider` charges for `model`: its own price, else one that names no provider.
    pub fn price(&self, provider: &str, model: &str) -> Option<&Price> {
        let known = self.by_name.get(model)?;
        let own = known
            .iter()
            .find(|entry| entry.provider.as_deref() == Some(provider));
        own.or_else(|| known.iter().find(|entry| entry.provider.is_none()))
            .map(|e| &e.price)
    }

    /// The list price of `model`: the provider's own, else anyone's who lists it.
    pub fn list_price(&self, provider: &str, model: &str) -> Option<&Price> {
        let anyone = || self.by_name.get(model)?.first().map(|entry| &entry.price);
        self.price(provider, model).or_else(anyone)
    }

    /// What `usage` cost at `provider`, and what it costs by list. `names` are what the model is called,
    /// the surest first.
    pub fn costs(
        &self,
        provider: &str,
        names: [Option<&str>; 3],
        usage: &Usage,
        paid: Paid,
    ) -> Costs {
        let mut known = names.iter().flatten();
        let list = known
            .clone()
            .find_map(|name| self.list_price(provider, name));
        let cost = match paid {
            Paid::ByUse => {
                let price = known.find_map(|name| self.price(provider, name));
                price.and_then(|price| price.cost(usage))
            }
            Paid::ByPlan => Some(Money::ZERO),
        };
        Costs {
            cost,
            list: list.and_then(|price| price.cost(usage)),
        }
    }

    /// The most tokens that `provider` lets `model` generate, or anyone who lists it.
    pub fn max_output(&self, provider: &str, model: &str) -> Option<u64> {
        self.bound(provider, model, |entry| entry.max_output_tokens)
    }

    /// The most tokens that a prompt for `model` can have.
    pub fn max_input(&self, provider: &str, model: &str) -> Option<u64> {
        self.bound(provider, model, |entry| entry.max_input_tokens)
    }

    fn bound(
        &self,
        provider: &str,
        model: &str,
        of: impl Fn(&Model) -> Option<u64>,
    ) -> Option<u64> {
        let known = self.by_name.get(model)?;
        let own = known
            .iter()
            .find(|entry| entry.provider.as_deref() == Some(provider));
        own.and_then(&of).or_else(|| known.iter().find_map(&of))
    }

    /// All models, in no order.
    pub fn models(&self) -> impl Iterator<Item = &Model> {
        self.by_name.values().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_catalog_reads() {
        let providers = providers().unwrap();
        assert!(providers.contains_key("anthropic") && providers.contains_key("openai"));
        for provider in providers.values() {
            assert!(crate::provider::valid_name(&provider.name));
            assert!(
                provider
                    .endpoints
                    .values()
                    .all(|url| url.starts_with("https://"))
            );
        }
        let models = models().unwrap();
        for model in &models {
            assert!(
                providers.contains_key(model.provider.as_deref().unwrap()),
                "{}",
                model.name
            );
        }
    }

    #[test]
    fn prices_lie_in_a_sane_band() {
        // Dollars per million tokens; a price typed per token or per thousand falls outside.
        for model in models().unwrap() {
            let input = model.price.rates.input.unwrap();
            assert!(
                (10_000_000..=200_000_000_000).contains(&input),
                "{}",
                model.name
            );
            let rates = &model.price.rates;
            assert!(
                rates.cache_read.is_none_or(|read| read <= input),
                "{}",
                model.name
            );
        }
    }

    #[test]
    fn what_a_plan_pays_for_costs_nothing_and_says_what_it_would() {
        let book = PriceBook::new(models().unwrap());
        let usage = Usage {
            input: Some(1_000_000),
            ..Usage::default()
        };
        let costs = |provider, usage, paid| {
            let names = [None, Some("unheard-of"), Some("gpt-5.5")];
            let costs = book.costs(provider, names, usage, paid);
            (costs.cost, costs.list)
        };
        let (by_use, list) = costs("openai", &usage, Paid::ByUse);
        assert!(by_use.is_some() && by_use == list);
        let by_plan = costs("chatgpt", &usage, Paid::ByPlan);
        assert_eq!(by_plan, (Some(Money::ZERO), list));
        // What was used is not always known; that it was paid for is.
        let unknown = costs("chatgpt", &Usage::default(), Paid::ByPlan);
        assert_eq!(unknown, (Some(Money::ZERO), None));
    }

    #[test]
    fn every_model_that_is_served_at_anothers_price_is_listed_by_that_one() {
        let file: ModelsFile = toml::from_str(MODELS).unwrap();
        let names = file.served.iter().flat_map(|served| &served.names).count();
        let models = models().unwrap();
        assert_eq!(models.len(), file.model.len() + names);
        let plan = models
            .iter()
            .filter(|model| model.provider.as_deref() == Some("chatgpt"));
        assert!(plan.count() > 5);
    }

    #[test]
    fn an_import_replaces_the_catalog_and_names_fall_back() {
        let entry = |provider: Option<&str>, input| Model {
            name: "m".into(),
            provider: provider.map(str::to_owned),
            max_input_tokens: None,
            max_output_tokens: None,
            price: Price {
                rates: Rates {
                    input: Some(input),
                    ..Rates::default()
                },
                long_context: None,
            },
            source: String::new(),
            dated: String::new(),
            imported: true,
        };
        let book = PriceBook::new([
            entry(Some("a"), 1),
            entry(Some("a"), 2),
            entry(Some("b"), 3),
        ]);
        let rate = |price: Option<&Price>| price.and_then(|price| price.rates.input);
        assert_eq!(rate(book.price("a", "m")), Some(2));
        assert_eq!(rate(book.price("c", "m")), None);
        assert_eq!(rate(book.list_price("c", "m")), Some(2));
        let book = PriceBook::new([entry(Some("a"), 1), entry(None, 9)]);
        assert_eq!(rate(book.price("c", "m")), Some(9));
    }
}
