//! What a call with an account says of itself, where the provider wants to hear it.

use http::{HeaderMap, HeaderName, HeaderValue};
use tollhouse_domain::id::CallId;
use tollhouse_domain::provider::Marks;
use tollhouse_wire::nature::nature;

use super::target::Target;

const INITIATOR: HeaderName = HeaderName::from_static("x-initiator");
const VISION: HeaderName = HeaderName::from_static("copilot-vision-request");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Puts the marks of a call with this body, which is not compressed. Whatever the client says of it, it is
/// what is sent that counts.
pub(super) fn put<'a>(
    target: &Target,
    body: impl IntoIterator<Item = &'a [u8]>,
    call: Option<CallId>,
    headers: &mut HeaderMap,
) {
    let scheme = target.endpoint.account.as_ref();
    let marks = scheme.filter(|_| target.credential.is_account());
    match marks.and_then(|scheme| scheme.marks) {
        None => {}
        Some(Marks::Copilot) => {
            let nature = nature(body);
            let initiator = if nature.agent { "agent" } else { "user" };
            headers.insert(INITIATOR, HeaderValue::from_static(initiator));
            headers.remove(VISION);
            if nature.pictures {
                headers.insert(VISION, HeaderValue::from_static("true"));
            }
            let id = call.and_then(|call| HeaderValue::try_from(call.to_string()).ok());
            if let Some(id) = id {
                headers.entry(REQUEST_ID).or_insert(id);
            }
        }
    }
}
