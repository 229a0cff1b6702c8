//! The lines as they are printed, as far as anything in them is read.

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Claude {
    System {
        error: Option<String>,
    },
    #[serde(rename = "stream_event")]
    Stream {
        event: ClaudeStream,
        #[serde(rename = "parent_tool_use_id")]
        parent: Option<String>,
    },
    Assistant {
        message: ClaudeMessage,
        error: Option<String>,
    },
    Result(ClaudeResult),
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
#[serde(tag = "type")]
pub(super) enum ClaudeStream {
    #[serde(rename = "message_start")]
    Start { message: ClaudeStart },
    #[serde(rename = "content_block_delta")]
    Delta { delta: ClaudeDelta },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
pub(super) struct ClaudeStart {
    pub(super) model: String,
}

#[derive(Deserialize)]
#[serde(tag = "type")]
pub(super) enum ClaudeDelta {
    #[serde(rename = "text_delta")]
    Text { text: String },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
pub(super) struct ClaudeMessage {
    #[serde(default)]
    pub(super) content: Vec<ClaudeBlock>,
}

impl ClaudeMessage {
    /// What it says, if that is text.
    pub(super) fn text(self) -> Option<String> {
        self.content.into_iter().find_map(|block| block.text)
    }
}

#[derive(Deserialize)]
pub(super) struct ClaudeBlock {
    pub(super) text: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct ClaudeResult {
    #[serde(default)]
    pub(super) is_error: bool,
    pub(super) api_error_status: Option<u16>,
    pub(super) result: Option<String>,
    pub(super) stop_reason: Option<String>,
    pub(super) usage: Option<ClaudeUsage>,
}

#[derive(Deserialize, Default)]
pub(super) struct ClaudeUsage {
    #[serde(rename = "input_tokens")]
    pub(super) input: Option<u64>,
    #[serde(rename = "cache_read_input_tokens")]
    pub(super) cache_read: Option<u64>,
    #[serde(rename = "cache_creation_input_tokens")]
    pub(super) cache_write: Option<u64>,
    #[serde(rename = "output_tokens")]
    pub(super) output: Option<u64>,
}

#[derive(Deserialize)]
#[serde(tag = "type")]
pub(super) enum Codex {
    #[serde(rename = "item.completed")]
    Item { item: CodexItem },
    #[serde(rename = "turn.completed")]
    Done { usage: CodexUsage },
    #[serde(rename = "turn.failed")]
    Failed { error: CodexError },
    #[serde(rename = "error")]
    Error { message: String },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
#[serde(tag = "type")]
pub(super) enum CodexItem {
    #[serde(rename = "agent_message")]
    Message { text: String },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
pub(super) struct CodexUsage {
    #[serde(rename = "input_tokens")]
    pub(super) input: Option<u64>,
    #[serde(rename = "cached_input_tokens")]
    pub(super) cached: Option<u64>,
    #[serde(rename = "cache_write_input_tokens")]
    pub(super) written: Option<u64>,
    #[serde(rename = "output_tokens")]
    pub(super) output: Option<u64>,
    #[serde(rename = "reasoning_output_tokens")]
    pub(super) reasoning: Option<u64>,
}

#[derive(Deserialize)]
pub(super) struct CodexError {
    pub(super) message: String,
}
