//! Which models lead to an account's provider, and what is missing where none does: whoever signed in is not
//! done before a call gets there.

use tollhouse_domain::catalog;

use crate::proxy::resolve::refusal::anonymous;
use crate::snapshot::Snapshot;

/// The models that lead to a provider.
pub(crate) fn models(snapshot: &Snapshot, provider: &str) -> Vec<String> {
    let leading = snapshot.routes().leading_to(provider);
    leading.map(ToString::to_string).collect()
}

/// What is missing before a call gets to `provider`, whoever signs in there.
pub(crate) fn missing(snapshot: &Snapshot, provider: &str) -> Option<String> {
    let Some(row) = snapshot.providers().get(provider) else {
        return Some(no_provider(provider));
    };
    let unsaid: Vec<&str> = row.anonymous().collect();
    if !unsaid.is_empty() {
        return Some(anonymous(provider, &unsaid.join(", ")).message.into_owned());
    }
    snapshot.routes().leading_to(provider).next().is_none().then(|| {
        format!(
            "No model leads to `{provider}` yet. Whoever runs this gateway adds a route: in the configuration \
             file, [[route]] with model = \"NAME\" and targets = [{{ provider = \"{provider}\" }}], or under \
             Providers in the dashboard."
        )
    })
}

/// There is no provider of this name; one that the catalog knows needs no more than being named.
pub(crate) fn no_provider(name: &str) -> String {
    let known = catalog::providers().unwrap_or_default();
    let Some(row) = known.get(name) else {
        return "There is no such provider; GET /api/v1/providers lists them.".to_owned();
    };
    let said: Vec<&str> = row.anonymous().collect();
    let headers = if said.is_empty() {
        String::new()
    } else {
        format!(" and its `headers` ({})", said.join(", "))
    };
    format!(
        "The provider `{name}` is known and not set up here. Whoever runs this gateway adds it: in the \
         configuration file, [[provider]] with name = \"{name}\"{headers}; or under Providers in the dashboard, \
         `New provider` with that name{headers}."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_of_the_catalog_is_told_how_to_be_added() {
        for (name, expected) in [
            ("chatgpt", "[[provider]] with name = \"chatgpt\";"),
            (
                "github-copilot",
                "`New provider` with that name and its `headers` (editor-version, copilot-integration-id).",
            ),
            ("nobodys", "There is no such provider;"),
        ] {
            let told = no_provider(name);
            assert!(told.contains(expected), "{told}");
        }
    }
}
