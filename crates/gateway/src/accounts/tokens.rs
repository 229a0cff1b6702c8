//! The tokens of an account, and how they are kept: sealed, as one secret.

use serde::{Deserialize, Serialize};
use tollhouse_domain::account::import::Login;
use tollhouse_vault::Secret;
use zeroize::{Zeroize, Zeroizing};

/// The tokens of an account. They have no form that can be printed, and are wiped when dropped.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Tokens {
    /// What calls are made with.
    pub(crate) access: String,
    /// What the next one is got with.
    pub(crate) refresh: Option<String>,
    /// Who it is.
    pub(crate) id: Option<String>,
    /// The account at the provider.
    pub(crate) account: Option<String>,
    /// Where calls are made, where the authority says so.
    pub(crate) base_url: Option<String>,
}

/// What does not read as tokens: it was sealed by another release, or is no account's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the secret does not hold the tokens of an account")]
pub(crate) struct NotTokens;

#[derive(Serialize)]
struct Writing<'a> {
    access: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    base_url: Option<&'a str>,
}

#[derive(Deserialize)]
struct Reading {
    access: String,
    refresh: Option<String>,
    id: Option<String>,
    account: Option<String>,
    base_url: Option<String>,
}

impl Tokens {
    /// As one secret, to be sealed.
    pub(crate) fn secret(&self) -> Secret {
        let kept = Writing {
            access: &self.access,
            refresh: self.refresh.as_deref(),
            id: self.id.as_deref(),
            account: self.account.as_deref(),
            base_url: self.base_url.as_deref(),
        };
        // Strings alone: there is nothing in it that has no JSON form.
        Secret::new(serde_json::to_string(&kept).unwrap_or_default())
    }

    /// Reads what [`Tokens::secret`] made.
    pub(crate) fn read(secret: &Secret) -> Result<Self, NotTokens> {
        let read: Reading = serde_json::from_str(secret.expose()).map_err(|_| NotTokens)?;
        Ok(Self {
            access: read.access,
            refresh: read.refresh,
            id: read.id,
            account: read.account,
            base_url: read.base_url,
        })
    }

    /// What calls are made with, as a secret of its own.
    pub(crate) fn access(&self) -> Secret {
        Secret::new(self.access.clone())
    }

    /// Tells two logins apart and reveals neither: by what does not change with every refresh, where
    /// there is anything such.
    pub(crate) fn fingerprint(&self) -> String {
        let of = self.refresh.as_ref().unwrap_or(&self.access);
        Secret::new(of.clone()).fingerprint()
    }
}

impl From<Login> for Tokens {
    fn from(login: Login) -> Self {
        Self {
            access: login.access_token,
            refresh: Some(login.refresh_token),
            id: login.id_token,
            account: login.account,
            base_url: None,
        }
    }
}

impl Drop for Tokens {
    fn drop(&mut self) {
        self.access.zeroize();
        for text in [&mut self.refresh, &mut self.id] {
            drop(text.take().map(Zeroizing::new));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_kept_as_they_are() {
        for full in [true, false] {
            let some = |text: &str| full.then(|| text.to_owned());
            let tokens = Tokens {
                access: "a.b.c".to_owned(),
                refresh: some("r\"\\"),
                id: some("i.i.i"),
                account: some("acc"),
                base_url: some("https://api.example"),
            };
            assert_eq!(tokens.fingerprint().len(), 8);
            let read = Tokens::read(&tokens.secret()).ok();
            assert!(read.is_some_and(|read| read == tokens));
        }
        for text in ["sk-key", "{}", "[]"] {
            assert!(Tokens::read(&Secret::new(text.to_owned())).is_err());
        }
    }
}
