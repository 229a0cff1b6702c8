//! The client's own credential for a provider: which header holds it, and in which form it goes on.

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue};
use tollhouse_domain::credential::CredentialKind;
use tollhouse_domain::own::{Brought, Form, Kind, Vendors};
use tollhouse_domain::provider::AuthScheme;
use tollhouse_vault::Secret;
use tollhouse_wire::ErrorKind;

use super::authenticate::{VIRTUAL, bearer, single};
use super::refusal::Refusal;
use crate::names;

/// Where clients put keys for providers, besides `authorization`: Anthropic's, Google's and Azure's.
const KEY_HEADERS: [HeaderName; 3] = [names::X_API_KEY, names::X_GOOG_API_KEY, names::API_KEY];

/// A credential that came with the call: passed on in the header it came in, and never kept.
#[derive(Clone)]
pub(crate) struct ClientCredential {
    kind: Kind,
    form: Form,
    header: HeaderName,
    value: HeaderValue,
    /// The same one as a bearer token, where it came in both forms and can go in either.
    bearer: Option<AsBearer>,
    fingerprint: String,
}

/// What `authorization` holds of a credential that came in another header too.
#[derive(Clone)]
struct AsBearer {
    form: Form,
    value: HeaderValue,
}

/// What one header holds.
struct Held<'a> {
    header: HeaderName,
    text: &'a str,
    value: &'a HeaderValue,
}

/// The client's own credential, from the headers that a provider's can be in. `is_token`: whether one
/// goes as a bearer token only.
pub(super) fn read(
    headers: &HeaderMap,
    allowed: bool,
    is_token: impl Fn(&str) -> bool,
) -> Result<Option<ClientCredential>, Refusal> {
    let mut found: Option<Held<'_>> = None;
    for header in KEY_HEADERS {
        if let Some((text, value)) = single(headers, &header)? {
            add(
                &mut found,
                Held {
                    header,
                    text,
                    value,
                },
            )?;
        }
    }
    let mut as_bearer = None;
    if let Some((text, value)) = single(headers, &AUTHORIZATION)? {
        match bearer(text) {
            Some(text) if !text.contains(char::is_whitespace) => {
                let header = AUTHORIZATION;
                as_bearer = Some((text, value));
                add(
                    &mut found,
                    Held {
                        header,
                        text,
                        value,
                    },
                )?;
            }
            // It is no credential that could be passed on, and is not to be mistaken for none.
            Some(_) | None if allowed && !text.eq_ignore_ascii_case("bearer") => {
                let message =
                    "`authorization` beside `x-tollhouse-key` has to be one bearer token.";
                return Err(Refusal::new(ErrorKind::InvalidRequest, message));
            }
            Some(_) | None => {}
        }
    }
    // The virtual key once more is nobody's credential.
    let Some(held) = found.filter(|held| !held.text.starts_with(VIRTUAL)) else {
        return Ok(None);
    };
    if !allowed {
        let message = format!(
            "This key takes no credential of your own, and `{}` holds one. Send the key alone, or use a \
             key that allows `client` credentials.",
            held.header
        );
        return Err(Refusal::new(ErrorKind::PermissionDenied, message));
    }
    // The other header may as well hold the virtual key, which is not to go anywhere.
    let as_bearer = as_bearer.filter(|(text, _)| *text == held.text);
    let as_bearer = as_bearer.map(|(_, value)| value);
    Ok(Some(ClientCredential::new(
        &held,
        as_bearer,
        is_token(held.text),
    )))
}

/// Takes in what another header holds, which has to be the same.
fn add<'a>(found: &mut Option<Held<'a>>, held: Held<'a>) -> Result<(), Refusal> {
    let Some(before) = found else {
        *found = Some(held);
        return Ok(());
    };
    if before.text == held.text {
        return Ok(());
    }
    // The virtual key may stand beside the credential.
    if before.text.starts_with(VIRTUAL) {
        *found = Some(held);
        return Ok(());
    }
    if held.text.starts_with(VIRTUAL) {
        return Ok(());
    }
    let message = format!(
        "`{}` and `{}` hold two different provider credentials; send one.",
        before.header, held.header
    );
    Err(Refusal::new(ErrorKind::InvalidRequest, message))
}

impl ClientCredential {
    fn new(held: &Held<'_>, as_bearer: Option<&HeaderValue>, token: bool) -> Self {
        let sensitive = |value: &HeaderValue| {
            let mut value = value.clone();
            value.set_sensitive(true);
            value
        };
        let as_bearer = as_bearer.filter(|_| held.header != AUTHORIZATION);
        let as_bearer = as_bearer.map(sensitive);
        // Until somebody who knows the vendors has looked at it.
        let form = Form::SignIn;
        let (header, value, bearer) = match as_bearer {
            Some(bearer) if token => (AUTHORIZATION, bearer, None),
            other => {
                let other = other.map(|value| AsBearer { form, value });
                (held.header.clone(), sensitive(held.value), other)
            }
        };
        let kind = if header == AUTHORIZATION {
            Kind::Bearer
        } else {
            Kind::ApiKey
        };
        let fingerprint = Secret::new(held.text.to_owned()).fingerprint_as(kind.as_str());
        Self {
            kind,
            form,
            header,
            value,
            bearer,
            fingerprint,
        }
    }

    /// The same once it is known what it is, where the operator lets clients bring that: what came in two forms
    /// goes on in those alone that may be brought.
    pub(super) fn taken(mut self, vendors: &Vendors, brought: Brought) -> Result<Self, Refusal> {
        self.form = vendors.form(self.kind, self.text());
        if let Some(AsBearer { value, .. }) = self.bearer.take() {
            let form = vendors.form(Kind::Bearer, self.text());
            self.bearer = brought.takes(form).then_some(AsBearer { form, value });
        }
        if brought.takes(self.form) {
            return Ok(self);
        }
        let header = &self.header;
        let message = match brought {
            Brought::Any | Brought::ApiKeys => format!(
                "Clients bring no sign-ins of their own here (`accounts.clients` of the gateway's \
                 configuration), and `{header}` holds what does not start as a vendor's API keys do. Send an \
                 API key of your own, or the key alone."
            ),
            Brought::None => format!(
                "Clients bring no credentials of their own here (`accounts.clients` of the gateway's \
                 configuration), and `{header}` holds one. Send the key alone."
            ),
        };
        Err(Refusal::new(ErrorKind::PermissionDenied, message))
    }

    /// As what it goes on record, at an endpoint of this scheme: who signed in somewhere has an account there.
    pub(crate) fn kind(&self, scheme: AuthScheme) -> CredentialKind {
        let form = self
            .goes_as_bearer(scheme)
            .map_or(self.form, |bearer| bearer.form);
        match form {
            Form::ApiKey => CredentialKind::ApiKey,
            Form::SignIn => CredentialKind::OauthAccount,
        }
    }

    /// Tells it from others without showing it.
    pub(crate) fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// The header it came in.
    pub(crate) fn header(&self) -> &HeaderName {
        &self.header
    }

    /// The credential itself.
    pub(crate) fn text(&self) -> &str {
        let text = self.value.to_str().unwrap_or_default().trim();
        match self.kind {
            Kind::ApiKey => text,
            Kind::Bearer => bearer(text).unwrap_or_default(),
        }
    }

    /// Puts it into headers that hold none, in a form that it came in: where there are two, in the one
    /// that the endpoint takes.
    pub(crate) fn apply(&self, scheme: AuthScheme, headers: &mut HeaderMap) {
        match self.goes_as_bearer(scheme) {
            Some(bearer) => headers.insert(AUTHORIZATION, bearer.value.clone()),
            None => headers.insert(self.header.clone(), self.value.clone()),
        };
    }

    /// The other form of the two, where the endpoint takes that one.
    fn goes_as_bearer(&self, scheme: AuthScheme) -> Option<&AsBearer> {
        match scheme {
            AuthScheme::Bearer => self.bearer.as_ref(),
            AuthScheme::XApiKey | AuthScheme::None => None,
        }
    }
}

#[cfg(test)]
mod tests;
