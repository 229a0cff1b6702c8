//! Exactness: the OpenAI protocols hold a model only to schemas that leave nothing open. Others are sent as
//! they are, without the promise.

use crate::Protocol;
use crate::conversation::{Format, Request, Tool};
use crate::dialect::Dialect;
use crate::loss::Loss;
use crate::strict::qualifies;

/// Takes back what is asked for of schemas that do not qualify.
pub(super) fn fit(request: &mut Request<'_>, target: &Dialect) {
    match target.protocol {
        Protocol::Messages => return,
        Protocol::Chat | Protocol::Responses => {}
    }
    let tools = request.tools.iter_mut().filter_map(|tool| match tool {
        Tool::Client(tool) => Some((&mut tool.strict, tool.schema.as_deref())),
        Tool::WebSearch(_) => None,
    });
    let format = request.format.iter_mut().filter_map(|format| match format {
        Format::JsonSchema { schema, strict, .. } => Some((strict, Some(*schema))),
        Format::Text | Format::JsonObject => None,
    });
    for (strict, schema) in tools.chain(format) {
        if *strict == Some(true) && !schema.is_some_and(qualifies) {
            *strict = Some(false);
            request.losses.add(Loss::Strict);
        }
    }
}
