//! The `[accounts]` table.

use std::num::NonZeroU32;

use tollhouse_domain::account::authority::{Authorities, authorities};
use tollhouse_domain::oidc::is_safe;
use tollhouse_domain::own::Brought;

use super::error::ConfigError;
use super::file;
use super::read::Reader;

/// Whether and on which terms accounts are used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accounts {
    /// Whether they are used at all.
    pub enabled: bool,
    /// Whether an organization may have some.
    pub allow_organization: bool,
    /// How many calls at a time an account has room for; `None` for as many as come.
    pub max_concurrency: Option<NonZeroU32>,
    /// What clients may bring of their own, as far as accounts are used at all.
    pub clients: Brought,
    /// Who issues their tokens.
    pub authorities: Authorities,
}

impl Accounts {
    /// What clients may bring of their own: where accounts are switched off, no sign-ins either.
    pub(crate) const fn brought(&self) -> Brought {
        if self.enabled {
            self.clients
        } else {
            self.clients.without_accounts()
        }
    }
}

pub(super) fn read(reader: &Reader<'_>, written: &file::Accounts) -> Result<Accounts, ConfigError> {
    let mut known =
        authorities().map_err(|error| ConfigError::file(reader.source.file, error.to_string()))?;
    for (name, change) in &written.authority {
        let Some(authority) = known.remove(name) else {
            let names: Vec<&str> = known.keys().map(String::as_str).collect();
            let message = format!(
                "accounts.authority: there is no \"{name}\"; there are {}",
                names.join(", ")
            );
            return Err(reader.error(change.span(), message));
        };
        let addresses = [&change.get_ref().base, &change.get_ref().api];
        let safe = |address: &String| is_safe(address) && !address.contains('?');
        if !addresses.into_iter().flatten().all(safe) {
            let message = format!(
                "accounts.authority.{name}: expected https:// addresses without a query, or http:// ones \
                 on this machine"
            );
            return Err(reader.error(change.span(), message));
        }
        known.insert(name.clone(), authority.changed(change.get_ref()));
    }
    Ok(Accounts {
        enabled: written.enabled.unwrap_or(true),
        allow_organization: written.allow_organization.unwrap_or(false),
        max_concurrency: written.max_concurrency,
        clients: written.clients.unwrap_or_default(),
        authorities: known,
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Config, ConfigError, Overrides, parse};
    use super::Brought;

    fn config(text: &str) -> Result<Config, ConfigError> {
        parse("t.toml", text, &Overrides::default(), &|_: &str| None)
    }

    #[test]
    fn clients_bring_what_they_may_and_no_sign_ins_without_accounts() {
        for (text, expected) in [
            ("", Brought::Any),
            ("enabled = true", Brought::Any),
            ("enabled = false", Brought::ApiKeys),
            ("clients = \"any\"", Brought::Any),
            ("clients = \"api_keys\"", Brought::ApiKeys),
            ("clients = \"none\"", Brought::None),
            ("enabled = false\nclients = \"any\"", Brought::ApiKeys),
            ("enabled = false\nclients = \"none\"", Brought::None),
        ] {
            let accounts = config(&format!("[accounts]\n{text}")).unwrap().accounts;
            assert_eq!(accounts.brought(), expected, "{text}");
        }
    }

    #[test]
    fn authorities_move_and_mistakes_have_a_line() {
        let moved = config(
            "[accounts]\nallow_organization = true\n[accounts.authority.codex]\nbase = \"http://127.0.0.1:9\"\n",
        )
        .unwrap()
        .accounts;
        assert!(moved.enabled && moved.allow_organization);
        assert_eq!(moved.authorities["codex"].base, "http://127.0.0.1:9");
        assert!(
            !config("[accounts]\nenabled = false")
                .unwrap()
                .accounts
                .enabled
        );
        let cases = [
            (
                "[accounts.authority.nobody]\nbase = \"https://x\"",
                "accounts.authority: there is no \"nobody\"",
            ),
            (
                "[accounts.authority.codex]\nbase = \"http://example.com\"",
                "accounts.authority.codex: expected https://",
            ),
            ("[accounts]\nallow_org = true", "unknown field `allow_org`"),
            ("[accounts]\nmax_concurrency = 0", "expected a nonzero u32"),
            (
                "[accounts]\nclients = \"tokens\"",
                "expected one of `any`, `api_keys`, `none`",
            ),
            (
                "[[provider]]\nname = \"lab\"\nendpoints = { chat = \"http://127.0.0.1:1\" }\naccount = { authority = \"nobody\" }",
                "account: there is no authority \"nobody\"",
            ),
            (
                "[[provider]]\nname = \"lab\"\nendpoints = { chat = \"http://127.0.0.1:1\" }\naccount = { authority = \"codex\", header = \"a b\" }",
                "account: header is no header's name",
            ),
        ];
        for (text, expected) in cases {
            let error = config(text).err().map(|error| error.to_string());
            let error = error.unwrap_or_default();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
