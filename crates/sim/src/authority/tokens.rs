//! Issuing tokens, renewing them, and telling whether one is good.
//!
//! All tokens that come from one sign-in are a family. A refresh token works once; when it comes again
//! somebody has stolen it, as far as an authority can tell, and the whole family ends: its refresh
//! tokens and its access tokens.

use std::fmt;

use serde::Serialize;

use super::{
    denial::Denial,
    jwt,
    state::{State, Vendor},
};

/// How long an authorization code lasts.
const CODE_LIFE: u64 = 600;

#[derive(Debug)]
pub(crate) struct Family {
    pub(super) account: String,
    pub(super) vendor: Vendor,
    pub(super) client: String,
    pub(super) scope: String,
    pub(super) ended: Option<Denial>,
}

#[derive(Debug)]
pub(crate) struct Refresh {
    pub(super) family: usize,
    pub(super) used: bool,
    pub(super) expired: bool,
}

#[derive(Debug)]
pub(crate) struct Access {
    pub(super) family: usize,
    /// Whose endpoints take it: [`Vendor::Copilot`] for a short token.
    pub(super) vendor: Vendor,
    /// Absent for tokens without an end, which are GitHub's.
    pub(super) expires_at: Option<u64>,
    pub(super) expired: bool,
}

/// An authorization code.
#[derive(Debug)]
pub(crate) struct Code {
    pub(super) account: String,
    pub(super) client: String,
    pub(super) scope: String,
    pub(super) redirects: Vec<String>,
    pub(super) challenge: String,
    pub(super) issued_at: u64,
    /// What was issued for it.
    pub(super) family: Option<usize>,
}

/// The tokens of one sign-in or refresh. Its `Debug` shows none.
#[derive(Clone, Serialize)]
pub struct Tokens {
    pub access_token: String,
    /// Empty where there is none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub refresh_token: String,
    /// Empty where there is none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub id_token: String,
    pub token_type: &'static str,
    /// Seconds; absent for tokens without an end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<u64>,
    pub scope: String,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens")
            .field("expires_in", &self.expires_in)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

/// Whose token a call came with.
#[derive(Debug, Clone)]
pub(crate) struct Holder {
    pub(crate) account: String,
    pub(super) family: usize,
    pub(crate) scope: String,
}

/// Why a call's token is no good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bad {
    /// Never issued here, or for something else.
    Unknown,
    Expired,
    /// Its family has ended.
    Revoked,
}

impl State {
    /// A new family with its first tokens.
    pub(super) fn sign_in(
        &mut self,
        vendor: Vendor,
        account: &str,
        client: &str,
        scope: &str,
    ) -> (usize, Tokens) {
        self.account(account);
        self.count(account).sign_ins += 1;
        self.families.push(Family {
            account: account.to_owned(),
            vendor,
            client: client.to_owned(),
            scope: scope.to_owned(),
            ended: None,
        });
        let family = self.families.len() - 1;
        (family, self.issue(family))
    }

    /// Exchanges a refresh token for new tokens.
    pub(super) fn renew(
        &mut self,
        vendor: Vendor,
        client: &str,
        token: &str,
    ) -> Result<Tokens, Denial> {
        let Some(refresh) = self.refresh.get(token) else {
            return Err(Denial::UnknownRefresh);
        };
        let (family, used, expired) = (refresh.family, refresh.used, refresh.expired);
        let Family {
            account,
            vendor: issuer,
            client: owner,
            ended,
            ..
        } = &mut self.families[family];
        if *issuer != vendor {
            return Err(Denial::UnknownRefresh);
        }
        let name = account.clone();
        let denial = if owner != client {
            Some(Denial::Client)
        } else if used {
            ended.get_or_insert(Denial::Reused);
            Some(Denial::Reused)
        } else if let Some(ended) = *ended {
            Some(ended)
        } else {
            expired.then_some(Denial::Expired)
        };
        let closed = self.account(&name).closed;
        let denial = denial.or(closed.then_some(Denial::Closed));
        let counters = self.count(&name);
        if let Some(denial) = denial {
            counters.refused_refreshes += 1;
            counters.reuses += u64::from(denial == Denial::Reused && used);
            return Err(denial);
        }
        counters.refreshes += 1;
        if let Some(refresh) = self.refresh.get_mut(token) {
            refresh.used = true;
        }
        Ok(self.issue(family))
    }

    /// Exchanges an authorization code for tokens.
    pub(super) fn redeem(
        &mut self,
        code: &str,
        client: &str,
        redirect: &str,
        verifier: &str,
    ) -> Result<Tokens, Denial> {
        let Some(known) = self.codes.get(code) else {
            return Err(Denial::Code);
        };
        if let Some(family) = known.family {
            // A code that comes twice was stolen (RFC 6749, section 4.1.2).
            self.families[family].ended.get_or_insert(Denial::Revoked);
            return Err(Denial::Code);
        }
        if known.client != client {
            return Err(Denial::Client);
        }
        if known.issued_at + CODE_LIFE <= self.now {
            return Err(Denial::Code);
        }
        if !known.redirects.iter().any(|known| known == redirect) {
            return Err(Denial::Redirect);
        }
        if known.challenge != jwt::challenge(verifier) {
            return Err(Denial::Verifier);
        }
        let (account, scope) = (known.account.clone(), known.scope.clone());
        if self.account(&account).closed {
            return Err(Denial::Closed);
        }
        let (family, tokens) = self.sign_in(Vendor::OpenAi, &account, client, &scope);
        if let Some(known) = self.codes.get_mut(code) {
            known.family = Some(family);
        }
        Ok(tokens)
    }

    /// Whose token this is, if it was issued for these endpoints, and whether it is good.
    pub(super) fn judge(&self, vendor: Vendor, token: &str) -> (Option<Holder>, Option<Bad>) {
        let Some(access) = self.access.get(token).filter(|it| it.vendor == vendor) else {
            return (None, Some(Bad::Unknown));
        };
        let family = &self.families[access.family];
        let over = access.expires_at.is_some_and(|at| at <= self.now);
        let bad = if family.ended.is_some() {
            Some(Bad::Revoked)
        } else {
            (over || access.expired).then_some(Bad::Expired)
        };
        let holder = Holder {
            account: family.account.clone(),
            family: access.family,
            scope: family.scope.clone(),
        };
        (Some(holder), bad)
    }
}
