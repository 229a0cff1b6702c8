//! What is written reads back as it was.

use proptest::prelude::*;

use super::target;
use crate::conversation::{ClientTool, Format, Request, Tool};
use crate::loss::Losses;
use crate::messages::{decode, encode};

mod requests;

use requests::request;

fn same_tool(one: &Tool<'_>, other: &Tool<'_>) -> bool {
    match (one, other) {
        (Tool::Client(one), Tool::Client(other)) => {
            let schema =
                |tool: &ClientTool<'_>| tool.schema.as_deref().map(|raw| raw.get().to_owned());
            one.name == other.name
                && one.description == other.description
                && schema(one) == schema(other)
                && (one.strict, one.deferred, one.cache)
                    == (other.strict, other.deferred, other.cache)
        }
        (Tool::WebSearch(one), Tool::WebSearch(other)) => {
            one.allowed_domains == other.allowed_domains
                && one.blocked_domains == other.blocked_domains
                && one.max_uses == other.max_uses
        }
        (Tool::Client(_), Tool::WebSearch(_)) | (Tool::WebSearch(_), Tool::Client(_)) => false,
    }
}

fn form(request: &Request<'_>) -> Option<String> {
    match request.format {
        Some(Format::JsonSchema { schema, .. }) => Some(schema.get().to_owned()),
        Some(Format::Text | Format::JsonObject) | None => None,
    }
}

proptest! {
    #[test]
    fn what_is_written_reads_back(request in request()) {
        let mut losses = Losses::default();
        let body = encode(&request, &target(), &mut losses).unwrap();
        let back = decode(&body).unwrap();
        prop_assert!(losses.is_empty() && back.losses.is_empty());
        prop_assert!(request.model == back.model && request.system == back.system);
        prop_assert!(request.turns == back.turns);
        prop_assert_eq!(request.tools.len(), back.tools.len());
        prop_assert!(request.tools.iter().zip(&back.tools).all(|(one, other)| same_tool(one, other)));
        prop_assert!(request.choice == back.choice && request.stop == back.stop);
        prop_assert_eq!(request.parallel_calls, back.parallel_calls);
        prop_assert_eq!(request.max_output, back.max_output);
        prop_assert_eq!(request.sampling, back.sampling);
        prop_assert_eq!(form(&request), form(&back));
        prop_assert_eq!(request.reasoning, back.reasoning);
        prop_assert!(request.user == back.user && request.stream == back.stream);
    }
}
