//! Tools, written for the model.

use super::schema;
use super::shape::{self, mark};
use crate::conversation::{ClientTool, Tool, WebSearch};
use crate::loss::{Loss, Losses};
use crate::translate::Unfit;

/// What the vendor's web search is called.
pub(super) const WEB_SEARCH: &str = "web_search";

pub(super) fn tools<'r>(
    tools: &'r [Tool<'_>],
    losses: &mut Losses,
) -> Result<Vec<shape::Tool<'r>>, Unfit> {
    tools
        .iter()
        .map(|tool| match tool {
            Tool::Client(tool) => client(tool, losses),
            Tool::WebSearch(search) => Ok(web_search(search, losses)),
        })
        .collect()
}

/// A schema that had to be changed can no longer be held to exactly.
fn client<'r>(tool: &'r ClientTool<'_>, losses: &mut Losses) -> Result<shape::Tool<'r>, Unfit> {
    let schema = schema::input(tool.schema.as_deref())
        .ok_or_else(|| Unfit::new("tools", "the schema of a tool is not a JSON object"))?;
    losses.add_if(schema.loosened, Loss::Strict);
    Ok(shape::Tool::Client {
        name: &tool.name.name,
        description: tool.description.as_deref(),
        input_schema: schema.text,
        strict: tool.strict == Some(true) && !schema.loosened,
        cache_control: mark(tool.cache),
    })
}

fn web_search<'r>(search: &'r WebSearch<'_>, losses: &mut Losses) -> shape::Tool<'r> {
    losses.add_if(search.context_size.is_some(), Loss::SearchOptions);
    shape::Tool::WebSearch {
        kind: "web_search_20250305",
        name: WEB_SEARCH,
        max_uses: search.max_uses,
        allowed_domains: &search.allowed_domains,
        blocked_domains: &search.blocked_domains,
        user_location: search.user_location.as_ref().map(Into::into),
    }
}
