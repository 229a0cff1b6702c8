//! What is refused, and by what path.

use super::*;

#[test]
fn what_other_vendors_store_is_refused() {
    at(
        &json!({"previous_response_id": "resp_1"}),
        "previous_response_id",
        "stores",
    );
    at(
        &json!({"conversation": {"id": "conv_1"}}),
        "conversation",
        "stores",
    );
    at(
        &json!({"prompt": {"id": "pmpt_1"}}),
        "prompt",
        "stored prompt",
    );
    at(&json!({"background": true}), "background", "leave it out");
    at(
        &json!({"input": [{"type": "item_reference", "id": "msg_1"}]}),
        "input[0].type",
        "send the item",
    );
    let image = json!([{"type": "input_image", "file_id": "file_1"}]);
    let path = "input[0].content[0].file_id";
    at(
        &json!({"input": [{"role": "user", "content": image}]}),
        path,
        "`image_url`",
    );
    let file =
        json!([{"type": "input_text", "text": "a"}, {"type": "input_file", "file_id": "file_1"}]);
    let path = "input[0].output[1].file_id";
    let output = json!({"type": "function_call_output", "call_id": "c", "output": file});
    at(&json!({"input": [output]}), path, "`file_data`");
    let compaction = json!({"type": "compaction", "encrypted_content": "gAAA"});
    at(
        &json!({"input": [compaction]}),
        "input[0].encrypted_content",
        "new conversation",
    );
}

#[test]
fn items_of_other_vendors_tools_are_refused() {
    for kind in [
        "local_shell_call",
        "local_shell_call_output",
        "shell_call",
        "shell_call_output",
        "apply_patch_call",
        "apply_patch_call_output",
        "computer_call",
        "computer_call_output",
        "file_search_call",
        "code_interpreter_call",
        "image_generation_call",
        "mcp_call",
        "mcp_list_tools",
        "mcp_approval_request",
        "mcp_approval_response",
        "program",
        "program_output",
        "configuration_update",
        "something_new",
    ] {
        let item = json!({"type": kind, "id": "x", "action": {}, "output": [], "arguments": "{}"});
        at(
            &json!({"input": [{"role": "user", "content": "a"}, item]}),
            "input[1].type",
            "another vendor",
        );
    }
}

#[test]
fn tools_of_other_vendors_are_refused() {
    for kind in [
        "file_search",
        "code_interpreter",
        "mcp",
        "image_generation",
        "computer_use_preview",
        "local_shell",
        "shell",
        "apply_patch",
        "programmatic_tool_calling",
    ] {
        let tool = json!({"type": kind});
        let first = json!({"type": "custom", "name": "p"});
        at(
            &json!({"tools": [first, tool]}),
            "tools[1].type",
            "`web_search`",
        );
        let group = json!({"type": "namespace", "name": "n", "tools": [tool]});
        at(
            &json!({"tools": [group]}),
            "tools[0].tools[0].type",
            "`function`",
        );
        let item = json!({"type": "additional_tools", "tools": [tool]});
        at(
            &json!({"input": [item]}),
            "input[0].tools[0].type",
            "`function`",
        );
    }
    at(
        &json!({"tool_choice": {"type": "file_search"}}),
        "tool_choice.type",
        "`function`",
    );
}
