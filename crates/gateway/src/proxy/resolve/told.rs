//! What is said of a credential that cannot be used, to whoever calls with a key that draws on it: which one it
//! is, as far as that is theirs to know, and what they do about it.

use tollhouse_domain::credential::{CredentialKind, Owner};
use tollhouse_domain::time::Timestamp;

use crate::accounts::OFF;
use crate::snapshot::{Idle, OpenCredential, Why};

/// Who is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hearer {
    /// Whoever calls with the key, or may know all that they are told.
    Caller,
    /// Somebody else who manages the key: what its user has for themselves is not theirs to know.
    Manager,
}

/// A credential as it is told of.
pub(crate) struct Told<'a> {
    owner: Owner,
    kind: CredentialKind,
    provider: &'a str,
    name: &'a str,
    /// Whether the key is one of the operator's own, which belong to nobody else.
    operators: bool,
    hearer: Hearer,
}

impl<'a> Told<'a> {
    /// `operators`: whether the key is nobody's but the operator's.
    pub(super) fn new(credential: &'a OpenCredential, operators: bool) -> Self {
        Self {
            owner: credential.owner,
            kind: credential.kind,
            provider: &credential.provider,
            name: &credential.name,
            operators,
            hearer: Hearer::Caller,
        }
    }

    /// An account, of which the operator's serve their own keys only.
    pub(crate) fn account(credential: &'a OpenCredential) -> Self {
        Self::new(credential, true)
    }

    /// One of `owner`'s that no call gets as far as.
    pub(super) fn idle(owner: Owner, provider: &'a str, idle: &'a Idle, operators: bool) -> Self {
        Self {
            owner,
            kind: idle.kind,
            provider,
            name: &idle.name,
            operators,
            hearer: Hearer::Caller,
        }
    }

    /// The same as `hearer` is told of it.
    pub(super) const fn to(mut self, hearer: Hearer) -> Self {
        self.hearer = hearer;
        self
    }

    /// Its provider does not take it.
    pub(crate) fn refused(&self, since: Timestamp) -> String {
        let again = self.again();
        match self.kind {
            CredentialKind::OauthAccount => {
                let what = capital(&self.what());
                format!("{what} does not work since {since}: {again}.")
            }
            CredentialKind::ApiKey | CredentialKind::Bridge => {
                let (which, provider) = (self.which(), self.provider);
                format!("The provider `{provider}` refuses {which} since {since}: {again}.")
            }
        }
    }

    /// Why no call gets as far as it.
    pub(super) fn unused(&self, why: Why) -> String {
        let what = capital(&self.what());
        let (on, again) = (self.on(), self.again());
        match (why, self.owner) {
            (Why::Off, _) => format!("{what} is switched off: {on}."),
            (Why::Broken, _) => format!("{what} cannot be used: {again}."),
            (Why::Barred, Owner::Org(_)) => format!(
                "{what} is not used: accounts, or those of organizations, are switched off here."
            ),
            (Why::Barred, Owner::User(_) | Owner::Platform) => format!("{what} is not used. {OFF}"),
        }
    }

    /// Its token has ended, and there is no other one yet.
    pub(crate) fn ended(&self) -> String {
        let what = self.what();
        format!("The token of {what} has ended, and its provider does not renew it at the moment.")
    }

    /// Which one it is, and where.
    fn what(&self) -> String {
        let at = match self.kind {
            CredentialKind::OauthAccount => "at",
            CredentialKind::ApiKey | CredentialKind::Bridge => "for",
        };
        format!("{} {at} the provider `{}`", self.which(), self.provider)
    }

    /// Which one it is. An organization's logins say whom a subscription was sold to, which is for its
    /// administrators; of its keys, its members know. What the platform lends has no name for others.
    fn which(&self) -> String {
        let named = match (self.owner, self.kind) {
            (Owner::Org(_), CredentialKind::OauthAccount) => false,
            (Owner::Org(_), CredentialKind::ApiKey | CredentialKind::Bridge) => true,
            (Owner::User(_), _) => !self.is_withheld(),
            (Owner::Platform, _) => self.operators,
        };
        let whose = match self.owner {
            Owner::User(_) if self.is_withheld() => "its user's own",
            Owner::User(_) => "your",
            Owner::Org(_) => "your organization's",
            Owner::Platform => "the operator's",
        };
        let kind = match self.kind {
            CredentialKind::OauthAccount => "login",
            CredentialKind::ApiKey | CredentialKind::Bridge => "credential",
        };
        if named {
            format!("{whose} {kind} `{}`", self.name)
        } else {
            format!("{whose} {kind}")
        }
    }

    /// Whether it is somebody's own, and not that of whoever is told.
    fn is_withheld(&self) -> bool {
        matches!((self.owner, self.hearer), (Owner::User(_), Hearer::Manager))
    }

    /// How it is set once more.
    fn again(&self) -> String {
        let Self { provider, name, .. } = self;
        match (self.kind, self.owner) {
            _ if self.is_withheld() => "they see to that".to_owned(),
            (CredentialKind::Bridge, _) => "whoever runs this gateway sees to that".to_owned(),
            (CredentialKind::OauthAccount, Owner::Org(org)) => format!(
                "an administrator of the organization signs in again, under Accounts in the dashboard or with \
                 `tollhouse account login {provider} --org {org}` and the `--name` that `tollhouse account \
                 list` shows"
            ),
            (CredentialKind::OauthAccount, Owner::User(_)) => format!(
                "sign in again with `tollhouse account login {provider} --name {name}`, or under Accounts in \
                 the dashboard"
            ),
            // Anybody else's token would make it an account of their own.
            (CredentialKind::OauthAccount, Owner::Platform) => format!(
                "sign in again with `tollhouse account login {provider} --name {name}` and the administrator's \
                 token"
            ),
            (CredentialKind::ApiKey, _) => self.at_credentials("set it anew", "set"),
        }
    }

    /// How it is put back into use.
    fn on(&self) -> String {
        let Self { provider, name, .. } = self;
        match (self.kind, self.owner) {
            _ if self.is_withheld() => "they see to that".to_owned(),
            (CredentialKind::Bridge, _) => "whoever runs this gateway sees to that".to_owned(),
            (CredentialKind::OauthAccount, Owner::Org(_)) => {
                "an administrator of the organization resumes it, under Accounts in the dashboard"
                    .to_owned()
            }
            (CredentialKind::OauthAccount, Owner::User(_)) => format!(
                "`tollhouse account resume {provider}/{name}` puts it back into use, or Accounts in the \
                 dashboard; or remove it"
            ),
            (CredentialKind::OauthAccount, Owner::Platform) => format!(
                "`tollhouse account resume {provider}/{name}` with the administrator's token puts it back into \
                 use; or remove it"
            ),
            (CredentialKind::ApiKey, _) => {
                self.at_credentials("switch it on, or remove it", "enable")
            }
        }
    }

    fn at_credentials(&self, deed: &str, command: &str) -> String {
        let Self { provider, name, .. } = self;
        let command = |place: &str| {
            format!(
                "`tollhouse credential {command} {provider}{place} --name {name}`, or under Credentials in the \
                 dashboard"
            )
        };
        match self.owner {
            Owner::User(_) => format!("{deed}, with {}", command(" --me")),
            Owner::Org(org) => format!(
                "an administrator of the organization can {deed}, with {}",
                command(&format!(" --org {org}"))
            ),
            Owner::Platform if self.operators => {
                format!(
                    "{deed}, with {}; what the configuration file has is set there",
                    command("")
                )
            }
            Owner::Platform => "whoever runs this gateway sees to that".to_owned(),
        }
    }
}

/// The same words at the beginning of a sentence.
fn capital(text: &str) -> String {
    let (first, rest) = text.split_at(usize::from(!text.is_empty()));
    first.to_ascii_uppercase() + rest
}

#[cfg(test)]
mod tests;
