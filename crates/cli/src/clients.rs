//! What each client needs to work through the gateway, from the table that everything here reads.

use anyhow::Context as _;
pub(crate) use tollhouse_domain::onboarding::{Offered, Setup, Wanted};
use tollhouse_domain::onboarding::{Recipe, recipe};

use crate::settings::Usage;

/// The variable that holds the virtual key where a client lets us choose its name.
pub(crate) const KEY_VARIABLE: &str = "TOLLHOUSE_KEY";

/// Credentials of the vendors whose clients we start: an agent that works through the gateway has no
/// use for them, and whatever it runs could read them.
pub(crate) const VENDOR_CREDENTIALS: [&str; 7] = [
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_AUTH_TOKEN",
    "ANTHROPIC_IDENTITY_TOKEN",
    "CLAUDE_CODE_OAUTH_TOKEN",
    "CLAUDE_CODE_OAUTH_REFRESH_TOKEN",
    "OPENAI_API_KEY",
    "CODEX_API_KEY",
];

/// The client of a name.
pub(crate) fn client(name: &str) -> anyhow::Result<Recipe> {
    let found = recipe(name)?;
    found.with_context(|| format!("{name} is not a client that is known here"))
}

/// What a client needs, with a sign-in of its own or without.
pub(crate) fn setup(name: &str, wanted: Wanted<'_>, own_login: bool) -> anyhow::Result<Setup> {
    let recipe = client(name)?;
    if !own_login {
        return Ok(recipe.setup(wanted)?);
    }
    let setup = recipe.setup_beside(wanted)?;
    let message = format!(
        "{name} has no place for a key beside a sign-in of its own; --own-login is for claude and codex"
    );
    setup.ok_or_else(|| Usage(message).into())
}

#[cfg(test)]
mod tests;
