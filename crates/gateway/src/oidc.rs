//! The identity provider: where it is, which keys it has, and what it says of somebody.
//!
//! It is asked when somebody signs in and at no other time: one that is away keeps nobody from starting
//! the gateway, and nobody who is signed in from going on.

mod fetch;

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use form_urlencoded::{Serializer, byte_serialize};
use http::HeaderValue;
use serde::Deserialize;
use tokio::sync::Mutex;
use tollhouse_domain::oidc::{
    Answer, Attempt, Claims, ClientProof, Discovery, DiscoveryError, Expected, Freshness, Keys,
    Mismatch, Request, Step, TokenError,
};
use tollhouse_domain::time::Timestamp;

use self::fetch::FetchError;
use crate::clock;
use crate::config::OidcConfig;
use crate::upstream::Upstream;

/// Where browsers come back to, below the public address.
pub(crate) const CALLBACK: &str = "/oidc/callback";

/// What is known of the configured provider.
pub(crate) struct IdentityProvider {
    config: Arc<OidcConfig>,
    redirect_uri: String,
    memory: Mutex<Memory>,
}

#[derive(Default)]
struct Memory {
    fresh: Freshness,
    known: Option<Arc<Known>>,
}

/// What the provider said of itself.
pub(crate) struct Known {
    discovery: Discovery,
    keys: Keys,
}

impl Known {
    /// Whether it has said that it puts its name into every answer.
    pub(crate) fn names_itself(&self) -> bool {
        self.discovery.names_itself
    }
}

/// Why the provider says nothing of somebody that can be believed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProviderError {
    /// It did not answer a moment ago, and is not asked again yet.
    #[error("the identity provider did not answer a moment ago")]
    Away,
    /// It cannot be asked where it is.
    #[error("the discovery document cannot be had")]
    Find(#[source] FetchError),
    /// What it says of itself is not believed.
    #[error("the discovery document is not believed")]
    Discovery(#[from] DiscoveryError),
    /// Its keys cannot be had.
    #[error("the keys cannot be had")]
    Keys(#[source] FetchError),
    /// Its keys do not read.
    #[error("the key set is malformed")]
    KeySet,
    /// It takes a client's secret in no way that we know.
    #[error("the token endpoint takes neither client_secret_basic nor client_secret_post")]
    Proof,
    /// The code was not redeemed.
    #[error("the code cannot be redeemed")]
    Redeem(#[source] FetchError),
    /// There is no ID token in the answer.
    #[error("the answer of the token endpoint has no ID token")]
    NoToken,
    /// The token is not the provider's.
    #[error("the ID token is not taken")]
    Token(#[from] TokenError),
    /// The token is not for us, now and about this attempt.
    #[error("the ID token does not fit")]
    Claims(#[from] Mismatch),
}

/// What is taken from the token endpoint's answer.
#[derive(Deserialize)]
struct Redeemed {
    id_token: String,
}

impl IdentityProvider {
    pub(crate) fn new(config: Arc<OidcConfig>, public_url: &str) -> Self {
        Self {
            config,
            redirect_uri: format!("{public_url}{CALLBACK}"),
            memory: Mutex::default(),
        }
    }

    pub(crate) fn config(&self) -> &OidcConfig {
        &self.config
    }

    /// Where a browser is sent with an attempt.
    pub(crate) fn url(&self, known: &Known, attempt: &Attempt) -> String {
        attempt.url(&Request {
            endpoint: &known.discovery.authorization_endpoint,
            client_id: &self.config.client_id,
            redirect_uri: &self.redirect_uri,
            scopes: &self.config.scopes,
        })
    }

    /// What the provider says of itself: as remembered, or asked for. Whoever comes while it is being
    /// asked waits for the same answer.
    pub(crate) async fn known(&self, upstream: &Upstream) -> Result<Arc<Known>, ProviderError> {
        let mut memory = self.memory.lock().await;
        match (memory.fresh.step(clock::now()), &memory.known) {
            (Step::Use, Some(known)) => Ok(Arc::clone(known)),
            (Step::Wait, _) => Err(ProviderError::Away),
            (Step::Use, None) | (Step::Ask, _) => self.ask(&mut memory, upstream).await,
        }
    }

    /// The same, after a token was signed with a key that is not among those of `known`.
    async fn known_anew(
        &self,
        upstream: &Upstream,
        known: &Arc<Known>,
    ) -> Result<Option<Arc<Known>>, ProviderError> {
        let mut memory = self.memory.lock().await;
        if let Some(newer) = memory.known.as_ref().filter(|now| !Arc::ptr_eq(now, known)) {
            return Ok(Some(Arc::clone(newer)));
        }
        if !memory.fresh.again(clock::now()) {
            return Ok(None);
        }
        self.ask(&mut memory, upstream).await.map(Some)
    }

    async fn ask(
        &self,
        memory: &mut Memory,
        upstream: &Upstream,
    ) -> Result<Arc<Known>, ProviderError> {
        let found = self.find(upstream).await;
        let now = clock::now();
        match found {
            Ok(known) => {
                let known = Arc::new(known);
                memory.fresh.found(now);
                memory.known = Some(Arc::clone(&known));
                Ok(known)
            }
            Err(error) => {
                memory.fresh.failed(now);
                Err(error)
            }
        }
    }

    async fn find(&self, upstream: &Upstream) -> Result<Known, ProviderError> {
        let issuer = &self.config.issuer;
        let document = fetch::get(upstream, &Discovery::address(issuer)).await;
        let discovery = Discovery::read(&document.map_err(ProviderError::Find)?, issuer)?;
        let keys = fetch::get(upstream, &discovery.jwks_uri).await;
        let keys = Keys::read(&keys.map_err(ProviderError::Keys)?);
        Ok(Known {
            keys: keys.ok_or(ProviderError::KeySet)?,
            discovery,
        })
    }

    /// Redeems what a browser brought back for what the provider says of whoever uses it.
    pub(crate) async fn claims(
        &self,
        upstream: &Upstream,
        known: &Arc<Known>,
        answer: &Answer,
        attempt: &Attempt,
    ) -> Result<Claims, ProviderError> {
        let token = self.redeem(upstream, known, answer, attempt).await?;
        let groups = &self.config.groups_claim;
        let mut opened = known.keys.open(&token, groups);
        if matches!(opened, Err(TokenError::UnknownKey))
            && let Some(newer) = self.known_anew(upstream, known).await?
        {
            opened = newer.keys.open(&token, groups);
        }
        let claims = opened?;
        claims.check(&self.expected(attempt, clock::now()))?;
        Ok(claims)
    }

    fn expected<'a>(&'a self, attempt: &'a Attempt, now: Timestamp) -> Expected<'a> {
        Expected {
            issuer: &self.config.issuer,
            client_id: &self.config.client_id,
            nonce: attempt.nonce(),
            now,
        }
    }

    async fn redeem(
        &self,
        upstream: &Upstream,
        known: &Known,
        answer: &Answer,
        attempt: &Attempt,
    ) -> Result<String, ProviderError> {
        let mut form = answer.form(attempt, &self.redirect_uri);
        let proof = self.prove(known, &mut form)?;
        let address = &known.discovery.token_endpoint;
        let redeemed = fetch::post(upstream, address, form, proof).await;
        let redeemed = redeemed.map_err(ProviderError::Redeem)?;
        let redeemed: Redeemed =
            serde_json::from_slice(&redeemed).map_err(|_| ProviderError::NoToken)?;
        Ok(redeemed.id_token)
    }

    /// Shows who we are: in the form, or with the header that is returned.
    fn prove(
        &self,
        known: &Known,
        form: &mut String,
    ) -> Result<Option<HeaderValue>, ProviderError> {
        let id = &self.config.client_id;
        let mut add = |name: &str, value: &str| {
            let pair = Serializer::new(String::new())
                .append_pair(name, value)
                .finish();
            form.push('&');
            form.push_str(&pair);
        };
        let Some(secret) = &self.config.client_secret else {
            add("client_id", id);
            return Ok(None);
        };
        match known.discovery.proof().ok_or(ProviderError::Proof)? {
            ClientProof::Form => {
                add("client_id", id);
                add("client_secret", secret.expose());
                Ok(None)
            }
            ClientProof::Header => {
                // Both in the encoding of forms first (RFC 6749, 2.3.1).
                let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
                let pair = format!("{}:{}", encoded(id), encoded(secret.expose()));
                let basic = format!("Basic {}", STANDARD.encode(pair));
                let mut header = HeaderValue::try_from(basic).map_err(|_| ProviderError::Proof)?;
                header.set_sensitive(true);
                Ok(Some(header))
            }
        }
    }
}
