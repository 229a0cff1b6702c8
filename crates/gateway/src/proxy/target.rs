//! What is called: an endpoint, with a credential.

mod credential;

use std::sync::Arc;

use tollhouse_domain::call::Mode;
use tollhouse_wire::dialect::Dialect;
use tollhouse_wire::{Meter, Protocol};

pub(crate) use self::credential::Credential;
use super::refusal::Refusal;
use super::resolve::refusal::missing;
use crate::accounts::Renewing;
use crate::snapshot::Endpoint;

/// One target, ready to be called.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) endpoint: Arc<Endpoint>,
    pub(crate) credential: Credential,
    /// Another one of the same owner, to turn to when the provider limits or refuses the first.
    pub(crate) spare: Option<Credential>,
    /// The model to send instead of the one asked for.
    pub(crate) model: Option<String>,
    /// What the target takes, when it speaks something else than the caller.
    pub(crate) dialect: Option<Arc<Dialect>>,
}

impl Target {
    /// The protocol it is called in, where that is one and not the caller's.
    pub(crate) fn translated_to(&self) -> Option<Protocol> {
        self.dialect.as_ref()?.speech().protocol()
    }

    /// What reads from its answer how much was consumed; `None` where it never says.
    pub(crate) fn meter(&self, events: bool) -> Option<Meter> {
        let protocol = match &self.dialect {
            Some(dialect) => dialect.speech().protocol()?,
            None => self.endpoint.protocol,
        };
        Some(if events {
            Meter::stream(protocol)
        } else {
            Meter::whole(protocol)
        })
    }

    /// The target with a token that has not ended, where its credential is an account.
    pub(crate) async fn fresh(mut self, accounts: Renewing<'_>) -> Result<Self, Refusal> {
        if let Credential::Kept(kept) = &self.credential
            && kept.account.is_some()
        {
            self.credential = Credential::Kept(accounts.fresh(kept).await?);
        }
        Ok(self)
    }

    /// The target with another credential, and nothing to turn to when that one fails.
    pub(crate) fn with(&self, credential: Credential) -> Self {
        Self {
            credential,
            spare: None,
            ..self.clone()
        }
    }

    /// The target at the address that its credential names, if it names one. Its secret goes there or
    /// nowhere.
    pub(super) fn at_home(mut self) -> Result<Self, Refusal> {
        if let Some(base_url) = self.credential.base_url() {
            let message = "The address that the credential names is none; set it anew.";
            let moved = self.endpoint.at(base_url).ok_or_else(|| missing(message))?;
            self.endpoint = Arc::new(moved);
        }
        Ok(self)
    }

    /// Whether bytes cross unchanged.
    pub(crate) const fn mode(&self) -> Mode {
        match self.dialect {
            None => Mode::Passthrough,
            Some(_) => Mode::Translated,
        }
    }
}
