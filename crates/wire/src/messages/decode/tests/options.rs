//! Everything beside the conversation and the tools.

use serde_json::json;

use super::{body, losses, read, refused, refused_at};
use crate::conversation::{Effort, Format, Thinking};
use crate::loss::Loss;

#[test]
fn sampling_and_stops_are_read() {
    let bytes =
        body(json!({"temperature": 1, "top_p": 0.5, "top_k": 40, "stop_sequences": ["a", "b"]}));
    let request = read(&bytes);
    assert_eq!(request.sampling.temperature, Some(1.0));
    assert_eq!(
        (request.sampling.top_p, request.sampling.top_k),
        (Some(0.5), Some(40))
    );
    assert!(request.stop == ["a", "b"] && !request.stream);
}

#[test]
fn thinking_is_read_in_every_form() {
    for (given, thinking, shown) in [
        (json!({"type": "adaptive"}), Thinking::Adaptive, None),
        (
            json!({"type": "adaptive", "display": "updates"}),
            Thinking::Adaptive,
            Some(true),
        ),
        (
            json!({"type": "enabled", "budget_tokens": 2048}),
            Thinking::Budget(2048),
            None,
        ),
        (
            json!({"type": "enabled", "budget_tokens": 2048, "display": "omitted"}),
            Thinking::Budget(2048),
            Some(false),
        ),
        (
            json!({"type": "between_tools"}),
            Thinking::BetweenTools,
            None,
        ),
        (json!({"type": "disabled"}), Thinking::Disabled, None),
    ] {
        let bytes = body(json!({"thinking": given}));
        let reasoning = read(&bytes).reasoning;
        assert_eq!(
            (reasoning.thinking, reasoning.shown),
            (Some(thinking), shown)
        );
    }
    refused_at(
        &body(json!({"thinking": {"type": "enabled"}})),
        "thinking.budget_tokens",
    );
    refused_at(
        &body(json!({"thinking": {"type": "deep"}})),
        "thinking.type",
    );
    refused_at(&body(json!({"thinking": {}})), "thinking.type");
    refused_at(&body(json!({"thinking": true})), "thinking");
}

#[test]
fn every_effort_is_read() {
    for effort in Effort::ALL {
        let bytes = body(json!({"output_config": {"effort": effort.as_str()}}));
        assert_eq!(read(&bytes).reasoning.effort, Some(effort));
    }
    refused_at(
        &body(json!({"output_config": {"effort": "huge"}})),
        "output_config.effort",
    );
    refused_at(
        &body(json!({"output_config": {"something_new": {}}})),
        "output_config.something_new",
    );
}

#[test]
fn the_form_of_the_answer_is_read_in_its_new_and_its_old_place() {
    let format = json!({"type": "json_schema", "schema": {"type": "object"}});
    let new = json!({"output_config": {"format": format}, "output_format": null});
    for extra in [new, json!({"output_format": format})] {
        let bytes = body(extra);
        let request = read(&bytes);
        let Some(Format::JsonSchema {
            schema,
            strict: Some(true),
            name: None,
            ..
        }) = request.format
        else {
            panic!("no schema")
        };
        assert_eq!(schema.get(), r#"{"type":"object"}"#);
    }
    refused_at(
        &body(json!({"output_format": {"type": "yaml"}})),
        "output_format.type",
    );
    let bare = json!({"output_config": {"format": {"type": "json_schema"}}});
    refused_at(&body(bare), "output_config.format.schema");
}

#[test]
fn the_user_is_all_that_metadata_can_name() {
    let bytes = body(json!({"metadata": {"user_id": "u"}}));
    let request = read(&bytes);
    assert!(request.user.as_deref() == Some("u") && request.losses.is_empty());
    let bytes = body(json!({"metadata": {"user_id": null, "team": "t"}}));
    let request = read(&bytes);
    assert!(request.user.is_none());
    assert_eq!(losses(&request), [Loss::Metadata]);
}

#[test]
fn what_cannot_change_the_answer_is_a_loss() {
    for (extra, loss) in [
        (json!({"service_tier": "standard_only"}), Loss::ServiceTier),
        (json!({"speed": "fast"}), Loss::ServiceTier),
        (
            json!({"diagnostics": {"previous_message_id": null}}),
            Loss::Diagnostics,
        ),
        (json!({"inference_geo": "us"}), Loss::InferenceGeo),
        (json!({"user_profile_id": "p"}), Loss::User),
        (json!({"fallbacks": [{"model": "m"}]}), Loss::Fallbacks),
        (json!({"fallback_credit_token": "t"}), Loss::Fallbacks),
        (
            json!({"output_config": {"task_budget": {"type": "tokens", "total": 20_000}}}),
            Loss::TaskBudget,
        ),
        (
            json!({"context_management": {"edits": [{"type": "clear_tool_uses_20250919"}]}}),
            Loss::ContextManagement,
        ),
    ] {
        assert_eq!(losses(&read(&body(extra))), [loss]);
    }
    let nothing =
        json!({"context_management": {"edits": []}, "mcp_servers": [], "tags": {"a": "b"}});
    assert!(read(&body(nothing)).losses.is_empty());
}

#[test]
fn what_only_the_vendor_can_do_is_refused_by_name() {
    for (extra, path) in [
        (json!({"container": "c"}), "container"),
        (json!({"mcp_servers": [{"type": "url"}]}), "mcp_servers"),
        (json!({"safeguards": {}}), "safeguards"),
        (json!({"something_new": 1}), "something_new"),
        (
            json!({"context_management": {"edits": [{"type": "clear_x"}, {"type": "compact_20260112"}]}}),
            "context_management.edits[1].type",
        ),
        (
            json!({"context_management": {"edits": [{}]}}),
            "context_management.edits[0].type",
        ),
    ] {
        refused_at(&body(extra), path);
    }
    let (_, message) = refused(&body(json!({"safeguards": {}})));
    assert!(message.contains("`safeguards`"));
    refused_at(&body(json!({"not a name": 1})), "");
}
