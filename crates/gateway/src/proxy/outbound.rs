//! What a call sends to whichever target is called.

use std::borrow::Cow;

use http::request::Parts;
use http::{HeaderMap, Method};
use tollhouse_wire::{ErrorKind, Protocol};

use super::inbound::Inbound;
use super::operation::Inference;
use super::refusal::Refusal;
use super::translation::Origin;
use crate::chunks::Chunks;

/// What is sent to whichever target is called.
pub(crate) struct Outbound {
    pub(crate) method: Method,
    pub(crate) headers: HeaderMap,
    /// The answer must be readable as it passes.
    pub(crate) metered: bool,
    pub(crate) body: Body,
    pub(crate) address: Address,
    /// What a translation has to know of the call; absent for what is never translated.
    pub(crate) origin: Option<Origin>,
}

/// A body, and where its model is.
pub(crate) struct Body {
    /// As it came.
    pub(crate) raw: Chunks,
    /// Decoded, when it came compressed.
    pub(crate) decoded: Option<Chunks>,
    /// The bytes of the `model` value, in the decoded body.
    pub(crate) model: Option<std::ops::Range<usize>>,
}

impl Body {
    /// The body as text, whether or not it came compressed.
    pub(crate) fn plain(&self) -> &Chunks {
        self.decoded.as_ref().unwrap_or(&self.raw)
    }
}

/// What follows a target's base URL.
pub(crate) enum Address {
    /// A route of the protocol.
    Path {
        suffix: Cow<'static, str>,
        query: Option<String>,
    },
    /// A `/proxy` path.
    Proxied { path: String, query: Option<String> },
}

impl Outbound {
    /// Whether tokens are only to be counted.
    pub(super) fn is_count(&self) -> bool {
        let inference = self.origin.as_ref().map(|origin| origin.inference);
        inference == Some(Inference::CountTokens)
    }

    /// What is sent for a call whose body names a model.
    pub(crate) fn inference(origin: Origin, parts: Parts, inbound: Inbound) -> Self {
        let query = parts.uri.query().map(str::to_owned);
        Self {
            method: parts.method,
            headers: parts.headers,
            metered: true,
            body: Body {
                raw: inbound.body,
                decoded: inbound.decoded,
                model: inbound.peek.model.map(|model| model.span),
            },
            address: Address::Path {
                suffix: Cow::Borrowed(origin.inference.suffix()),
                query,
            },
            origin: Some(origin),
        }
    }

    /// The body without thoughts of another vendor that we sealed in it, if it holds any: the
    /// conversation was translated before, and `protocol` is its client's own.
    pub(super) fn unsealed(&self, protocol: Protocol) -> Option<Chunks> {
        self.origin.as_ref()?;
        self.body.plain().unsealed(protocol)
    }

    /// What a translation has to know of the call.
    pub(super) fn origin(&self) -> Result<&Origin, Refusal> {
        self.origin
            .as_ref()
            .ok_or_else(|| Refusal::new(ErrorKind::Internal, "This call cannot be translated."))
    }
}
