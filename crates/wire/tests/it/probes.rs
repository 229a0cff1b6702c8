//! One small request for every field that a protocol has.

use tollhouse_wire::Protocol;

/// A request with one field of interest.
pub(crate) struct Probe {
    pub(crate) caller: Protocol,
    pub(crate) field: &'static str,
    pub(crate) body: String,
}

/// A field and the members that show it, in addition to a plain request.
type Member = (&'static str, &'static str);

const PNG: &str = "iVBORw0KGgo=";

const MESSAGES: &[Member] = &[
    ("`system` text", r#""system":"x""#),
    (
        "`system` blocks",
        r#""system":[{"type":"text","text":"x"}]"#,
    ),
    (
        "`system` attribution line",
        r#""system":[{"type":"text","text":"x-anthropic-billing-header: v=1;"},{"type":"text","text":"x"}]"#,
    ),
    (
        "`role: system` in the conversation",
        r#""messages":[{"role":"user","content":"a"},{"role":"system","content":"b"}]"#,
    ),
    (
        "options of a single message",
        r#""messages":[{"role":"user","content":"a","clear_at":"never"}]"#,
    ),
    ("`fallbacks`", r#""fallbacks":[{"model":"n"}]"#),
    (
        "`output_config.task_budget`",
        r#""output_config":{"task_budget":{"type":"tokens","total":20000}}"#,
    ),
    (
        "image, base64",
        r#""messages":[{"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"PNG"}}]}]"#,
    ),
    (
        "image, URL",
        r#""messages":[{"role":"user","content":[{"type":"image","source":{"type":"url","url":"https://e.com/a.png"}}]}]"#,
    ),
    (
        "image, file id",
        r#""messages":[{"role":"user","content":[{"type":"image","source":{"type":"file","file_id":"f"}}]}]"#,
    ),
    (
        "document, PDF",
        r#""messages":[{"role":"user","content":[{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"JVBERi0="}}]}]"#,
    ),
    (
        "document, PDF by URL",
        r#""messages":[{"role":"user","content":[{"type":"document","source":{"type":"url","url":"https://e.com/a.pdf"}}]}]"#,
    ),
    (
        "document, text, with context",
        r#""messages":[{"role":"user","content":[{"type":"document","context":"c","title":"t","source":{"type":"text","media_type":"text/plain","data":"x"}}]}]"#,
    ),
    (
        "search result",
        r#""messages":[{"role":"user","content":[{"type":"search_result","source":"https://e.com","title":"t","content":[{"type":"text","text":"x"}]}]}]"#,
    ),
    (
        "citations in history",
        r#""messages":[{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"text","text":"b","citations":[{"type":"char_location","cited_text":"c","document_index":0,"start_char_index":0,"end_char_index":1,"document_title":null}]}]},{"role":"user","content":"c"}]"#,
    ),
    (
        "thinking of another vendor in history",
        r#""messages":[{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"thinking","thinking":"t","signature":"s"},{"type":"text","text":"b"}]},{"role":"user","content":"c"}]"#,
    ),
    (
        "calls and results",
        r#""tools":[{"name":"f","input_schema":{"type":"object"}}],"messages":[{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"tool_use","id":"toolu_1","name":"f","input":{}},{"type":"tool_use","id":"toolu_2","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1","content":"x"},{"type":"tool_result","tool_use_id":"toolu_2","content":"y","is_error":true}]}]"#,
    ),
    (
        "image in a result",
        r#""tools":[{"name":"f","input_schema":{"type":"object"}}],"messages":[{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"tool_use","id":"toolu_1","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1","content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"PNG"}}]}]}]"#,
    ),
    (
        "web search in history",
        r#""messages":[{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"server_tool_use","id":"srvtoolu_1","name":"web_search","input":{"query":"q"}},{"type":"web_search_tool_result","tool_use_id":"srvtoolu_1","content":[{"type":"web_search_result","url":"https://e.com","title":"t","encrypted_content":"x","page_age":null}]},{"type":"text","text":"b"}]},{"role":"user","content":"c"}]"#,
    ),
    (
        "other server tools in history",
        r#""messages":[{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"server_tool_use","id":"srvtoolu_1","name":"code_execution","input":{}}]},{"role":"user","content":"c"}]"#,
    ),
    (
        "`container_upload`",
        r#""messages":[{"role":"user","content":[{"type":"container_upload","file_id":"f"}]}]"#,
    ),
    (
        "`tools`",
        r#""tools":[{"name":"f","description":"d","input_schema":{"type":"object"}}]"#,
    ),
    (
        "`tools[].strict`",
        r#""tools":[{"name":"f","strict":true,"input_schema":{"type":"object","properties":{},"required":[],"additionalProperties":false}}]"#,
    ),
    (
        "`tools[].strict`, schema with optional members",
        r#""tools":[{"name":"f","strict":true,"input_schema":{"type":"object","properties":{"a":{"type":"string"}},"additionalProperties":false}}]"#,
    ),
    (
        "`tools[].defer_loading`",
        r#""tools":[{"name":"f","defer_loading":true,"input_schema":{"type":"object"}}]"#,
    ),
    (
        "`tools[].input_examples`",
        r#""tools":[{"name":"f","input_examples":[{}],"input_schema":{"type":"object"}}]"#,
    ),
    (
        "tool name of 65 to 128 characters",
        r#""tools":[{"name":"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggggggggg","input_schema":{"type":"object"}}]"#,
    ),
    (
        "web search tool",
        r#""tools":[{"type":"web_search_20250305","name":"web_search"}],"tool_choice":{"type":"tool","name":"web_search"}"#,
    ),
    (
        "web search tool, `user_location`",
        r#""tools":[{"type":"web_search_20250305","name":"web_search","user_location":{"type":"approximate","city":"c"}}]"#,
    ),
    (
        "web search tool, `allowed_domains`",
        r#""tools":[{"type":"web_search_20250305","name":"web_search","allowed_domains":["e.com"]}]"#,
    ),
    (
        "web search tool, `max_uses`",
        r#""tools":[{"type":"web_search_20250305","name":"web_search","max_uses":2}]"#,
    ),
    (
        "tool search tool",
        r#""tools":[{"type":"tool_search_tool_regex_20251119","name":"tool_search_tool_regex"},{"name":"f","input_schema":{"type":"object"}}]"#,
    ),
    (
        "other typed tools (`bash_…`, `text_editor_…`, `code_execution_…`)",
        r#""tools":[{"type":"bash_20250124","name":"bash"}]"#,
    ),
    (
        "`tool_choice` auto, any, none",
        r#""tools":[{"name":"f","input_schema":{"type":"object"}}],"tool_choice":{"type":"any"}"#,
    ),
    (
        "`tool_choice` one",
        r#""tools":[{"name":"f","input_schema":{"type":"object"}}],"tool_choice":{"type":"tool","name":"f"}"#,
    ),
    (
        "`disable_parallel_tool_use`",
        r#""tools":[{"name":"f","input_schema":{"type":"object"}}],"tool_choice":{"type":"auto","disable_parallel_tool_use":true}"#,
    ),
    ("`max_tokens` below 16", r#""max_tokens":5"#),
    ("`stop_sequences`", r#""stop_sequences":["END"]"#),
    ("`temperature`, `top_p`", r#""temperature":0.5,"top_p":0.9"#),
    ("`top_k`", r#""top_k":5"#),
    (
        "`thinking` adaptive, effort",
        r#""thinking":{"type":"adaptive"},"output_config":{"effort":"high"}"#,
    ),
    (
        "`thinking` with a budget",
        r#""max_tokens":9000,"thinking":{"type":"enabled","budget_tokens":5000}"#,
    ),
    ("`thinking` disabled", r#""thinking":{"type":"disabled"}"#),
    (
        "`thinking` between tools",
        r#""thinking":{"type":"between_tools"}"#,
    ),
    (
        "`output_config.format`",
        r#""output_config":{"format":{"type":"json_schema","schema":{"type":"object","properties":{},"required":[],"additionalProperties":false}}}"#,
    ),
    (
        "`output_config.format`, schema with optional members",
        r#""output_config":{"format":{"type":"json_schema","schema":{"type":"object","properties":{"a":{"type":"string"}},"additionalProperties":false}}}"#,
    ),
    ("`metadata.user_id`", r#""metadata":{"user_id":"u"}"#),
    ("`user_profile_id`", r#""user_profile_id":"p""#),
    (
        "`cache_control`",
        r#""system":[{"type":"text","text":"x","cache_control":{"type":"ephemeral"}}]"#,
    ),
    (
        "`context_management`, clearing",
        r#""context_management":{"edits":[{"type":"clear_thinking_20251015"}]}"#,
    ),
    (
        "`context_management`, compacting",
        r#""context_management":{"edits":[{"type":"compact_20260112"}]}"#,
    ),
    (
        "`service_tier`, `speed`",
        r#""service_tier":"auto","speed":"fast""#,
    ),
    ("`inference_geo`", r#""inference_geo":"us""#),
    ("`diagnostics`", r#""diagnostics":{"level":"full"}"#),
    ("`container`", r#""container":"c""#),
    (
        "`mcp_servers`",
        r#""mcp_servers":[{"type":"url","url":"https://e.com","name":"n"}]"#,
    ),
    ("`safeguards`", r#""safeguards":{"x":1}"#),
    (
        "fields that the protocol does not have",
        r#""unheard_of":1"#,
    ),
];

const CHAT: &[Member] = &[
    (
        "`system` or `developer` first",
        r#""messages":[{"role":"developer","content":"s"},{"role":"user","content":"x"}]"#,
    ),
    (
        "`system` later",
        r#""messages":[{"role":"user","content":"x"},{"role":"assistant","content":"y"},{"role":"system","content":"s"},{"role":"user","content":"z"}]"#,
    ),
    (
        "image",
        r#""messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,PNG"}}]}]"#,
    ),
    (
        "image, `detail`",
        r#""messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://e.com/a.png","detail":"low"}}]}]"#,
    ),
    (
        "`name` of a message",
        r#""messages":[{"role":"user","name":"ann","content":"x"}]"#,
    ),
    (
        "file, PDF",
        r#""messages":[{"role":"user","content":[{"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,JVBERi0="}}]}]"#,
    ),
    (
        "file, id",
        r#""messages":[{"role":"user","content":[{"type":"file","file":{"file_id":"f"}}]}]"#,
    ),
    (
        "audio in",
        r#""messages":[{"role":"user","content":[{"type":"input_audio","input_audio":{"data":"","format":"wav"}}]}]"#,
    ),
    (
        "audio out",
        r#""modalities":["text","audio"],"audio":{"voice":"v","format":"wav"}"#,
    ),
    (
        "`refusal` in history",
        r#""messages":[{"role":"user","content":"x"},{"role":"assistant","refusal":"no"},{"role":"user","content":"y"}]"#,
    ),
    (
        "`reasoning_content` in history",
        r#""messages":[{"role":"user","content":"x"},{"role":"assistant","reasoning_content":"t","content":"y"},{"role":"user","content":"z"}]"#,
    ),
    (
        "calls and results",
        r#""tools":[{"type":"function","function":{"name":"f"}}],"messages":[{"role":"user","content":"a"},{"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"call_1","content":"x"}]"#,
    ),
    (
        "`tools`, function",
        r#""tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}]"#,
    ),
    (
        "`tools`, strict function",
        r#""tools":[{"type":"function","function":{"name":"f","strict":true,"parameters":{"type":"object","properties":{},"required":[],"additionalProperties":false}}}]"#,
    ),
    (
        "`tools`, custom",
        r#""tools":[{"type":"custom","custom":{"name":"f"}}]"#,
    ),
    (
        "`tools`, custom with a grammar",
        r#""tools":[{"type":"custom","custom":{"name":"f","format":{"type":"grammar","grammar":{"syntax":"lark","definition":"start: \"a\""}}}}]"#,
    ),
    (
        "`functions`, `function_call`",
        r#""functions":[{"name":"f"}],"function_call":"auto""#,
    ),
    (
        "`tool_choice`",
        r#""tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"required""#,
    ),
    (
        "`tool_choice` of some",
        r#""tools":[{"type":"function","function":{"name":"f"}},{"type":"function","function":{"name":"g"}}],"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{"type":"function","function":{"name":"f"}}]}}"#,
    ),
    (
        "`parallel_tool_calls`",
        r#""tools":[{"type":"function","function":{"name":"f"}}],"parallel_tool_calls":false"#,
    ),
    (
        "`max_completion_tokens`, `max_tokens`",
        r#""max_completion_tokens":100"#,
    ),
    ("`stop`", r#""stop":["END"]"#),
    (
        "`temperature` up to 1, `top_p`",
        r#""temperature":0.5,"top_p":0.9"#,
    ),
    ("`temperature` above 1", r#""temperature":1.5"#),
    (
        "penalties",
        r#""frequency_penalty":0.5,"presence_penalty":0.5"#,
    ),
    ("`seed`", r#""seed":1"#),
    ("`n` above 1", r#""n":2"#),
    ("`logit_bias`", r#""logit_bias":{"1":1}"#),
    (
        "`logprobs`, `top_logprobs`",
        r#""logprobs":true,"top_logprobs":2"#,
    ),
    ("`reasoning_effort`", r#""reasoning_effort":"high""#),
    (
        "`reasoning_effort` minimal",
        r#""reasoning_effort":"minimal""#,
    ),
    (
        "`temperature` along with an effort",
        r#""temperature":0.5,"reasoning_effort":"high""#,
    ),
    ("`verbosity`", r#""verbosity":"low""#),
    (
        "`response_format` JSON schema",
        r#""response_format":{"type":"json_schema","json_schema":{"name":"n","strict":true,"schema":{"type":"object","properties":{},"required":[],"additionalProperties":false}}}"#,
    ),
    (
        "`response_format` JSON object",
        r#""response_format":{"type":"json_object"}"#,
    ),
    ("`user`, `safety_identifier`", r#""safety_identifier":"u""#),
    ("`metadata`", r#""metadata":{"a":"b"},"store":true"#),
    ("`prompt_cache_key`", r#""prompt_cache_key":"k""#),
    (
        "`prompt_cache_retention`",
        r#""prompt_cache_retention":"24h""#,
    ),
    ("`service_tier`", r#""service_tier":"flex""#),
    (
        "`prediction`",
        r#""prediction":{"type":"content","content":"x"}"#,
    ),
    ("`moderation`", r#""moderation":{"x":1}"#),
    ("`web_search_options`", r#""web_search_options":{}"#),
    (
        "`web_search_options.user_location`",
        r#""web_search_options":{"user_location":{"type":"approximate","approximate":{"city":"c"}}}"#,
    ),
    (
        "`web_search_options.search_context_size`",
        r#""web_search_options":{"search_context_size":"low"}"#,
    ),
    (
        "`stream_options.include_usage`",
        r#""stream":true,"stream_options":{"include_usage":true}"#,
    ),
    (
        "`stream_options.include_obfuscation`",
        r#""stream":true,"stream_options":{"include_obfuscation":true}"#,
    ),
    (
        "fields that the protocol does not have",
        r#""unheard_of":1"#,
    ),
];

const RESPONSES: &[Member] = &[
    (
        "`developer` message behind the model's",
        r#""input":[{"role":"user","content":"a"},{"role":"assistant","content":"b"},{"role":"developer","content":"c"}]"#,
    ),
    ("`instructions`", r#""instructions":"s""#),
    (
        "`developer` items later",
        r#""input":[{"role":"user","content":"x"},{"role":"assistant","content":"y"},{"role":"developer","content":"s"},{"role":"user","content":"z"}]"#,
    ),
    (
        "image",
        r#""input":[{"role":"user","content":[{"type":"input_image","image_url":"data:image/png;base64,PNG"}]}]"#,
    ),
    (
        "image, `detail`",
        r#""input":[{"role":"user","content":[{"type":"input_image","detail":"low","image_url":"https://e.com/a.png"}]}]"#,
    ),
    (
        "image, file id",
        r#""input":[{"role":"user","content":[{"type":"input_image","file_id":"f"}]}]"#,
    ),
    (
        "file, PDF",
        r#""input":[{"role":"user","content":[{"type":"input_file","filename":"a.pdf","file_data":"data:application/pdf;base64,JVBERi0="}]}]"#,
    ),
    (
        "file, URL",
        r#""input":[{"role":"user","content":[{"type":"input_file","file_url":"https://e.com/a.pdf"}]}]"#,
    ),
    (
        "file, text",
        r#""input":[{"role":"user","content":[{"type":"input_file","filename":"a.txt","file_data":"data:text/plain;base64,aGk="}]}]"#,
    ),
    (
        "`phase` in history",
        r#""input":[{"role":"user","content":"x"},{"type":"message","role":"assistant","phase":"commentary","content":[{"type":"output_text","text":"y"}]},{"role":"user","content":"z"}]"#,
    ),
    (
        "reasoning of another vendor in history",
        r#""input":[{"role":"user","content":"x"},{"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"e"},{"role":"assistant","content":"y"},{"role":"user","content":"z"}]"#,
    ),
    (
        "calls and results",
        r#""tools":[{"type":"function","name":"f","parameters":{"type":"object"},"strict":false}],"input":[{"role":"user","content":"x"},{"type":"function_call","call_id":"call_1","name":"f","arguments":"{}"},{"type":"function_call_output","call_id":"call_1","output":"y"}]"#,
    ),
    (
        "image in a result",
        r#""tools":[{"type":"function","name":"f","parameters":{"type":"object"},"strict":false}],"input":[{"role":"user","content":"x"},{"type":"function_call","call_id":"call_1","name":"f","arguments":"{}"},{"type":"function_call_output","call_id":"call_1","output":[{"type":"input_image","image_url":"data:image/png;base64,PNG"}]}]"#,
    ),
    (
        "custom calls and results",
        r#""tools":[{"type":"custom","name":"f"}],"input":[{"role":"user","content":"x"},{"type":"custom_tool_call","call_id":"call_1","name":"f","input":"raw"},{"type":"custom_tool_call_output","call_id":"call_1","output":"y"}]"#,
    ),
    (
        "web search in history",
        r#""input":[{"role":"user","content":"x"},{"type":"web_search_call","id":"ws_1","status":"completed","action":{"type":"search","query":"q"}},{"role":"assistant","content":"y"},{"role":"user","content":"z"}]"#,
    ),
    (
        "compaction item of another vendor",
        r#""input":[{"type":"compaction","encrypted_content":"e"},{"role":"user","content":"x"}]"#,
    ),
    (
        "`compaction_trigger`",
        r#""input":[{"role":"user","content":"x"},{"type":"compaction_trigger"}]"#,
    ),
    (
        "`item_reference`",
        r#""input":[{"type":"item_reference","id":"msg_1"}]"#,
    ),
    (
        "`additional_tools` item",
        r#""input":[{"type":"additional_tools","role":"developer","tools":[{"type":"function","name":"f","parameters":{"type":"object"},"strict":false}]},{"role":"user","content":"x"}]"#,
    ),
    (
        "`tools`, function",
        r#""tools":[{"type":"function","name":"f","parameters":{"type":"object"},"strict":false}]"#,
    ),
    (
        "`tools`, namespace",
        r#""tools":[{"type":"namespace","name":"n","description":"d","tools":[{"type":"function","name":"f","parameters":{"type":"object"},"strict":false}]}]"#,
    ),
    (
        "`tools`, custom with a grammar",
        r#""tools":[{"type":"custom","name":"f","format":{"type":"grammar","syntax":"lark","definition":"start: \"a\""}}]"#,
    ),
    (
        "`tools`, tool search by the client",
        r#""tools":[{"type":"tool_search","execution":"client","description":"d","parameters":{"type":"object"}}]"#,
    ),
    (
        "`tools`, tool search by the vendor",
        r#""tools":[{"type":"tool_search"},{"type":"function","name":"f","defer_loading":true,"parameters":{"type":"object"},"strict":false}]"#,
    ),
    (
        "`tools`, web search",
        r#""tools":[{"type":"web_search"}],"tool_choice":{"type":"web_search"}"#,
    ),
    (
        "`tools`, web search, `user_location`",
        r#""tools":[{"type":"web_search","user_location":{"type":"approximate","city":"c"}}]"#,
    ),
    (
        "`tools`, web search, `filters`",
        r#""tools":[{"type":"web_search","filters":{"allowed_domains":["e.com"]}}]"#,
    ),
    (
        "`tools`, web search, `search_context_size`",
        r#""tools":[{"type":"web_search","search_context_size":"low"}]"#,
    ),
    (
        "other hosted or client tools (`file_search`, `code_interpreter`, `mcp`, `shell`, …)",
        r#""tools":[{"type":"code_interpreter","container":{"type":"auto"}}]"#,
    ),
    (
        "`tool_choice`",
        r#""tools":[{"type":"function","name":"f","parameters":{"type":"object"},"strict":false}],"tool_choice":"required""#,
    ),
    (
        "`tool_choice` of some",
        r#""tools":[{"type":"function","name":"f","parameters":{"type":"object"},"strict":false},{"type":"function","name":"g","parameters":{"type":"object"},"strict":false}],"tool_choice":{"type":"allowed_tools","mode":"auto","tools":[{"type":"function","name":"f"}]}"#,
    ),
    (
        "`parallel_tool_calls`",
        r#""tools":[{"type":"function","name":"f","parameters":{"type":"object"},"strict":false}],"parallel_tool_calls":false"#,
    ),
    ("`max_tool_calls`", r#""max_tool_calls":3"#),
    ("`max_output_tokens`", r#""max_output_tokens":100"#),
    ("`temperature`, `top_p`", r#""temperature":0.5,"top_p":0.9"#),
    ("`top_logprobs`", r#""top_logprobs":2"#),
    (
        "`include` probabilities",
        r#""include":["message.output_text.logprobs"]"#,
    ),
    (
        "`reasoning.effort`, `.summary`",
        r#""reasoning":{"effort":"high","summary":"auto"}"#,
    ),
    (
        "`reasoning.context`, `.mode`",
        r#""reasoning":{"effort":"high","context":"all_turns"}"#,
    ),
    (
        "`text.format` JSON schema",
        r#""text":{"format":{"type":"json_schema","name":"n","strict":true,"schema":{"type":"object","properties":{},"required":[],"additionalProperties":false}}}"#,
    ),
    (
        "`text.format` JSON object",
        r#""text":{"format":{"type":"json_object"}}"#,
    ),
    ("`text.verbosity`", r#""text":{"verbosity":"low"}"#),
    ("`user`, `safety_identifier`", r#""safety_identifier":"u""#),
    ("`metadata`", r#""metadata":{"a":"b"}"#),
    ("`store`", r#""store":true"#),
    ("`prompt_cache_key`", r#""prompt_cache_key":"k""#),
    (
        "`prompt_cache_retention`",
        r#""prompt_cache_retention":"24h""#,
    ),
    ("`service_tier`", r#""service_tier":"flex""#),
    ("`truncation`", r#""truncation":"auto""#),
    (
        "`include` encrypted reasoning",
        r#""include":["reasoning.encrypted_content"]"#,
    ),
    (
        "`include` of other things",
        r#""include":["web_search_call.results"]"#,
    ),
    (
        "`context_management`",
        r#""context_management":[{"type":"compaction","compact_threshold":1000}]"#,
    ),
    (
        "`stream_options`",
        r#""stream":true,"stream_options":{"include_obfuscation":true}"#,
    ),
    (
        "`previous_response_id`, `conversation`",
        r#""previous_response_id":"resp_1""#,
    ),
    ("`background`", r#""background":true"#),
    ("`prompt`", r#""prompt":{"id":"p"}"#),
    (
        "fields that the protocol does not have",
        r#""unheard_of":1"#,
    ),
];

/// A plain request's members; those of a probe replace the ones of the same name.
const PLAIN: [(Protocol, &[Member]); 3] = [
    (
        Protocol::Messages,
        &[
            ("max_tokens", r#""max_tokens":4000"#),
            ("messages", r#""messages":[{"role":"user","content":"x"}]"#),
        ],
    ),
    (
        Protocol::Chat,
        &[("messages", r#""messages":[{"role":"user","content":"x"}]"#)],
    ),
    (Protocol::Responses, &[("input", r#""input":"x""#)]),
];

/// Every probe.
pub(crate) fn probes() -> Vec<Probe> {
    let mut found = Vec::new();
    for ((caller, plain), members) in PLAIN.into_iter().zip([MESSAGES, CHAT, RESPONSES]) {
        for (field, member) in members {
            let mut body = String::from(r#"{"model":"m""#);
            for (name, default) in plain {
                let replaced = member.contains(&format!("\"{name}\":"));
                if !replaced {
                    body.push(',');
                    body.push_str(default);
                }
            }
            body.push(',');
            body.push_str(&member.replace("PNG", PNG));
            body.push('}');
            found.push(Probe {
                caller,
                field,
                body,
            });
        }
    }
    found
}
