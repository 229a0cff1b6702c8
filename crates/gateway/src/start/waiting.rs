//! Starting without a provider's credential: said once, and no reason not to start. A pod may be up
//! before its secret is made, and a laptop before anybody signed in; calls are refused (424) until a
//! credential is set, in the control plane without a restart.

use tollhouse_domain::credential::Owner;
use tollhouse_domain::provider::Provider;
use tracing::warn;

use crate::config::{Config, ConfiguredProvider};
use crate::snapshot::Credentials;

/// Says what calls will be refused for.
pub(super) fn say(config: &Config, credentials: &Credentials) {
    let waiting = waiting(&config.providers, |provider| {
        credentials.pool(Owner::Platform, provider).is_some()
    });
    if !waiting.is_empty() {
        warn!(
            providers = waiting.join("; "),
            "the configuration names credentials that are not there: calls that need them are \
             refused until `tollhouse credential set` or a restart that finds them"
        );
    } else if credentials.are_none() && !is_open(&config.providers) {
        warn!(
            "there is no credential for any provider yet: calls are refused until one is set with \
             `tollhouse credential set`, or an account signs in"
        );
    }
}

/// Whether some provider of the file needs nobody's credential.
fn is_open(providers: &[ConfiguredProvider]) -> bool {
    let mut rows = providers.iter().map(|configured| &configured.provider);
    rows.any(Provider::is_open)
}

/// The providers whose credential the file names and nobody has, each with why.
fn waiting(providers: &[ConfiguredProvider], has: impl Fn(&str) -> bool) -> Vec<String> {
    let waits = |configured: &ConfiguredProvider| {
        let (why, name) = (configured.missing.as_ref()?, &configured.provider.name);
        (!has(name)).then(|| format!("{name} ({why})"))
    };
    providers.iter().filter_map(waits).collect()
}
