//! What a call sends to whichever target is called.

use std::borrow::Cow;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Method};
use tollhouse_wire::ErrorKind;
use tollhouse_wire::dialect::{Dialect, Streams};
use tollhouse_wire::loss::{Loss, Losses};
use tollhouse_wire::responses::{self, Asked};

use super::inbound::Inbound;
use super::operation::Inference;
use super::refusal::Refusal;
use super::target::Target;
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
    /// It asks for a stream.
    pub(crate) streams: bool,
}

/// What goes to a target of the caller's own protocol instead of what came.
#[derive(Default)]
pub(super) struct Changed {
    /// The body, if it is another one.
    pub(super) body: Option<Chunks>,
    /// What was left out of it.
    pub(super) losses: Losses,
    /// What the target knows the session by, where it wants that in a header.
    pub(super) session: Option<String>,
}

impl Body {
    /// The body with the target's name for the model, if it has another.
    fn renamed(&self, target: &Target) -> Option<Chunks> {
        let (name, span) = (target.model.as_deref()?, self.model.clone()?);
        Some(self.plain().splice(span, name))
    }

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
    Proxied {
        path: String,
        query: Option<String>,
        /// The call that it amounts to, if any.
        inference: Option<Inference>,
    },
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
                streams: inbound.peek.stream == Some(true),
            },
            address: Address::Path {
                suffix: Cow::Borrowed(origin.inference.suffix()),
                query,
            },
            origin: Some(origin),
        }
    }

    /// The body for a target of the caller's own protocol, if it is not the one that came: with the
    /// target's name for the model, without the thoughts of another vendor that we sealed in it when the
    /// conversation was translated before, and without what the target has rules against.
    pub(super) fn changed(&self, target: &Target) -> Result<Changed, Refusal> {
        let Some(origin) = &self.origin else {
            return Ok(Changed {
                body: self.body.renamed(target),
                ..Changed::default()
            });
        };
        let (body, losses) = self.own(target, origin)?;
        let changed = Changed {
            body,
            losses,
            session: None,
        };
        match target.endpoint.rules() {
            None => Ok(changed),
            Some(rules) => self.suited(rules, origin, changed),
        }
    }

    /// Fits a body to the rules of its target.
    fn suited(
        &self,
        rules: &Dialect,
        origin: &Origin,
        changed: Changed,
    ) -> Result<Changed, Refusal> {
        let asked = match origin.inference {
            Inference::Responses => Asked::Answer,
            Inference::Compact => Asked::Compaction,
            Inference::Messages
            | Inference::CountTokens
            | Inference::Chat
            | Inference::Embeddings
            | Inference::InputTokens => return Ok(changed),
        };
        let body = changed.body.as_ref().unwrap_or(self.body.plain());
        let session = origin.session.to_string();
        let suited = responses::suit(&body.contiguous(), rules, asked, &session)?;
        let mut losses = changed.losses;
        losses.extend(suited.losses);
        origin.allow(losses)?;
        Ok(Changed {
            body: suited
                .body
                .map(|body| Chunks::from(Bytes::from(body)))
                .or(changed.body),
            losses,
            session: suited.session,
        })
    }

    /// Whether the caller wants the answer whole that `target` can only stream.
    pub(super) fn is_to_be_assembled(&self, target: &Target) -> bool {
        let streams = |rules: &Dialect| rules.streams(false) == Streams::Only;
        let answers = |origin: &Origin| origin.inference == Inference::Responses;
        !self.body.streams
            && target.endpoint.rules().is_some_and(streams)
            && self.origin.as_ref().is_some_and(answers)
    }

    /// The body as its protocol's own vendor is to have it.
    fn own(&self, target: &Target, origin: &Origin) -> Result<(Option<Chunks>, Losses), Refusal> {
        let (body, mut losses) = (&self.body, Losses::default());
        match body.plain().unsealed(target.endpoint.protocol) {
            None => Ok((body.renamed(target), losses)),
            Some(raw) => {
                losses.add(Loss::ReasoningHistory);
                origin.allow(losses)?;
                let clean = Body {
                    model: raw.model_span(),
                    decoded: None,
                    streams: body.streams,
                    raw,
                };
                Ok((clean.renamed(target).or(Some(clean.raw)), losses))
            }
        }
    }

    /// What a translation has to know of the call.
    pub(super) fn origin(&self) -> Result<&Origin, Refusal> {
        self.origin
            .as_ref()
            .ok_or_else(|| Refusal::new(ErrorKind::Internal, "This call cannot be translated."))
    }
}
