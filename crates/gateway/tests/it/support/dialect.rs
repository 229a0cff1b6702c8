//! The three protocols as a client writes them and an upstream answers them.

use tollhouse_wire::Protocol;

/// A protocol's path, requests and answers. Every answer reports 3 tokens in and 9 out.
pub(crate) struct Dialect {
    pub(crate) protocol: Protocol,
    pub(crate) path: &'static str,
    /// A whole answer.
    pub(crate) answer: &'static str,
    /// The events of a streamed one; the last is terminal.
    pub(crate) events: &'static [&'static str],
    /// What a complete stream says at its end and no other.
    pub(crate) terminal: &'static str,
    /// An error of the upstream inside a stream.
    pub(crate) in_band_error: &'static str,
    /// What the row calls that error.
    pub(crate) in_band_code: &'static str,
}

impl Dialect {
    /// A request for `model`.
    pub(crate) fn request(&self, model: &str, stream: bool) -> String {
        let asked = match self.protocol {
            Protocol::Messages => r#""max_tokens":9,"messages":[{"role":"user","content":"hi"}]"#,
            Protocol::Chat => r#""messages":[{"role":"user","content":"hi"}]"#,
            Protocol::Responses => r#""input":"hi""#,
        };
        format!(r#"{{"model":"{model}",{asked},"stream":{stream}}}"#)
    }

    /// The whole stream as text.
    pub(crate) fn stream(&self) -> String {
        self.events.concat()
    }

    /// `error.type` of the Messages envelope, else `error.code`.
    pub(crate) fn error_name<'a>(&self, body: &'a serde_json::Value) -> &'a str {
        let field = if self.protocol == Protocol::Messages {
            "type"
        } else {
            "code"
        };
        body["error"][field]
            .as_str()
            .unwrap_or_else(|| panic!("no {field} in {body}"))
    }

    /// The header that carries this protocol's request id.
    pub(crate) fn request_id(&self) -> &'static str {
        if self.protocol == Protocol::Messages {
            "request-id"
        } else {
            "x-request-id"
        }
    }
}

pub(crate) const MESSAGES: Dialect = Dialect {
    protocol: Protocol::Messages,
    path: "/v1/messages",
    answer: r#"{"id":"msg_1","type":"message","model":"m-1","content":[],"stop_reason":"end_turn","usage":{"input_tokens":3,"output_tokens":9}}"#,
    events: &[
        "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"model\":\"m-1\",\"usage\":{\"input_tokens\":3,\"output_tokens\":1}}}\n\n",
        "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"hello wide world\"}}\n\n",
        "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":9}}\n\n",
        "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
    ],
    terminal: "message_stop",
    in_band_error: "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n",
    in_band_code: "overloaded_error",
};

pub(crate) const CHAT: Dialect = Dialect {
    protocol: Protocol::Chat,
    path: "/v1/chat/completions",
    answer: r#"{"id":"chatcmpl-1","object":"chat.completion","model":"m-1","choices":[{"index":0,"message":{"role":"assistant","content":"x"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":9}}"#,
    events: &[
        "data: {\"id\":\"chatcmpl-1\",\"model\":\"m-1\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":null}]}\n\n",
        "data: {\"id\":\"chatcmpl-1\",\"model\":\"m-1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"hello wide world\"},\"finish_reason\":null}]}\n\n",
        "data: {\"id\":\"chatcmpl-1\",\"model\":\"m-1\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":9}}\n\n",
        "data: [DONE]\n\n",
    ],
    terminal: "[DONE]",
    in_band_error: "data: {\"error\":{\"message\":\"broken\",\"type\":\"server_error\",\"param\":null,\"code\":\"server_error\"}}\n\n",
    in_band_code: "server_error",
};

pub(crate) const RESPONSES: Dialect = Dialect {
    protocol: Protocol::Responses,
    path: "/v1/responses",
    answer: r#"{"id":"resp_1","object":"response","model":"m-1","status":"completed","output":[],"usage":{"input_tokens":3,"output_tokens":9}}"#,
    events: &[
        "event: response.created\ndata: {\"type\":\"response.created\",\"sequence_number\":0,\"response\":{\"id\":\"resp_1\",\"model\":\"m-1\",\"status\":\"in_progress\"}}\n\n",
        "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"sequence_number\":1,\"delta\":\"hello wide world\"}\n\n",
        "event: response.output_text.done\ndata: {\"type\":\"response.output_text.done\",\"sequence_number\":2,\"text\":\"hello wide world\"}\n\n",
        "event: response.completed\ndata: {\"type\":\"response.completed\",\"sequence_number\":3,\"response\":{\"id\":\"resp_1\",\"model\":\"m-1\",\"status\":\"completed\",\"usage\":{\"input_tokens\":3,\"output_tokens\":9}}}\n\n",
    ],
    terminal: "response.completed",
    in_band_error: "event: response.failed\ndata: {\"type\":\"response.failed\",\"sequence_number\":2,\"response\":{\"id\":\"resp_1\",\"status\":\"failed\",\"error\":{\"code\":\"server_error\",\"message\":\"broken\"}}}\n\n",
    in_band_code: "server_error",
};

pub(crate) const DIALECTS: [Dialect; 3] = [MESSAGES, CHAT, RESPONSES];
