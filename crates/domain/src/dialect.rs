//! Which dialect an upstream speaks: its provider's quirks and those of the model it is asked for.

use serde::Deserialize;
use tollhouse_wire::Protocol;
use tollhouse_wire::dialect::{Dialect, Quirk};

use crate::catalog::{CatalogError, PriceBook};
use crate::pattern::Pattern;
use crate::provider::Provider;

const DIALECTS: &str = include_str!("../../../catalog/dialects.toml");

/// The quirks of models, by name.
#[derive(Debug, Clone, Default)]
pub struct Dialects {
    /// Closest fit first.
    models: Vec<(Pattern, Vec<Quirk>)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    model: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    names: Vec<Pattern>,
    quirks: Vec<Quirk>,
}

impl Dialects {
    /// What the catalog knows.
    pub fn embedded() -> Result<Self, CatalogError> {
        Self::parse(DIALECTS)
    }

    fn parse(text: &str) -> Result<Self, CatalogError> {
        let file: File = toml::from_str(text)?;
        let each = |entry: Entry| {
            let quirks = entry.quirks;
            entry
                .names
                .into_iter()
                .map(move |name| (name, quirks.clone()))
        };
        let mut models: Vec<_> = file.model.into_iter().flat_map(each).collect();
        models.sort_by_key(|(name, _)| std::cmp::Reverse(name.specificity()));
        Ok(Self { models })
    }

    /// The dialect of `provider`'s endpoint of `protocol` when asked for `model`.
    pub fn of(
        &self,
        provider: &Provider,
        protocol: Protocol,
        model: &str,
        prices: &PriceBook,
    ) -> Dialect {
        let of_model = self.models.iter().find(|(name, _)| name.matches(model));
        let quirks = of_model
            .map(|(_, quirks)| quirks.as_slice())
            .unwrap_or_default();
        let mut dialect = Dialect::new(protocol, provider.name.as_str())
            .with(provider.quirks.iter().chain(quirks).copied());
        if let Some(most) = prices.max_output(&provider.name, model) {
            dialect.default_max_output = dialect.default_max_output.min(most);
            dialect.most_output = Some(most);
        }
        dialect
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn provider(quirks: &[Quirk]) -> Provider {
        Provider {
            name: "lab".into(),
            endpoints: BTreeMap::new(),
            auth: None,
            open: None,
            upstream_auth: false,
            bridge: None,
            account: None,
            headers: BTreeMap::new(),
            protocols: Vec::new(),
            key_prefix: None,
            models: Vec::new(),
            quirks: quirks.to_vec(),
            managed: false,
        }
    }

    #[test]
    fn the_closest_name_holds_and_the_provider_adds_to_it() {
        let text = r#"
            [[model]]
            names = ["a-*"]
            quirks = ["no_sampling"]
            [[model]]
            names = ["a-b*", "c"]
            quirks = ["no_effort"]
        "#;
        let dialects = Dialects::parse(text).unwrap();
        let lab = provider(&[Quirk::MaxTokens]);
        let of = |model| dialects.of(&lab, Protocol::Chat, model, &PriceBook::default());
        let has = |model, quirk| of(model).has(quirk);
        assert!(has("a-x", Quirk::NoSampling) && has("a-x", Quirk::MaxTokens));
        assert!(has("a-bc", Quirk::NoEffort) && !has("a-bc", Quirk::NoSampling));
        assert!(has("c", Quirk::NoEffort) && !has("cc", Quirk::NoEffort));
        assert_eq!(of("c").vendor, "lab");
    }

    #[test]
    fn the_embedded_table_knows_the_generations() {
        let dialects = Dialects::embedded().unwrap();
        let lab = provider(&[]);
        let has = |model, quirk| {
            let none = PriceBook::default();
            dialects
                .of(&lab, Protocol::Messages, model, &none)
                .has(quirk)
        };
        assert!(has("claude-sonnet-4-5-20250929", Quirk::BudgetThinking));
        assert!(!has("claude-sonnet-4-6", Quirk::BudgetThinking));
        assert!(has("claude-opus-5-5", Quirk::SystemTurns));
        assert!(has("gpt-5.5", Quirk::NoSampling) && !has("gpt-5-chat-latest", Quirk::NoSampling));
        assert!(has("gpt-4.1", Quirk::NoThinking) && !has("gpt-5.5", Quirk::NoThinking));
        assert!(has("claude-sonnet-4-20250514", Quirk::NoOutputFormat));
        assert!(!has("claude-sonnet-4-5", Quirk::NoOutputFormat));
        assert!(has("grok-4-fast", Quirk::NoEffort) && !has("grok-4.3-latest", Quirk::NoEffort));
    }

    #[test]
    fn a_known_model_is_not_asked_for_more_than_it_can_say() {
        let dialects = Dialects::default();
        let models = crate::catalog::models().unwrap();
        let prices = PriceBook::new(models);
        let lab = provider(&[]);
        let most = |model| {
            let dialect = dialects.of(&lab, Protocol::Messages, model, &prices);
            (dialect.default_max_output, dialect.most_output)
        };
        assert_eq!(most("unheard-of"), (Dialect::DEFAULT_MAX_OUTPUT, None));
        let (default, known) = most("gpt-4");
        assert!(default < Dialect::DEFAULT_MAX_OUTPUT && known == Some(default));
    }
}
