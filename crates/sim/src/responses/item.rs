//! The items of a response's output.

use serde::Serialize;

use super::object::Status;
use crate::answer;

#[derive(Debug, Clone, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Item {
    Reasoning {
        id: String,
        summary: Vec<ReasoningText>,
        #[serde(skip_serializing_if = "Option::is_none")]
        encrypted_content: Option<String>,
    },
    Message {
        id: String,
        status: Status,
        role: &'static str,
        content: Vec<Content>,
        phase: &'static str,
    },
    FunctionCall {
        id: String,
        call_id: String,
        name: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        namespace: Option<String>,
        arguments: String,
        status: Status,
    },
    CustomToolCall {
        id: String,
        call_id: String,
        name: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        namespace: Option<String>,
        input: String,
        status: Status,
    },
    Compaction {
        id: String,
        encrypted_content: String,
    },
}

#[derive(Debug, Clone, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum ReasoningText {
    SummaryText { text: String },
}

#[derive(Debug, Clone, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Content {
    OutputText {
        text: String,
        annotations: [(); 0],
        logprobs: [(); 0],
    },
}

impl Content {
    pub(super) fn output_text(text: &str) -> Self {
        Self::OutputText {
            text: text.to_owned(),
            annotations: [],
            logprobs: [],
        }
    }
}

impl Item {
    pub(super) fn id(&self) -> &str {
        match self {
            Self::Reasoning { id, .. }
            | Self::Message { id, .. }
            | Self::FunctionCall { id, .. }
            | Self::CustomToolCall { id, .. }
            | Self::Compaction { id, .. } => id,
        }
    }

    /// The item as it is announced: in progress and empty. The reasoning token that comes with
    /// the announcement is provisional; only the one on the finished item counts.
    pub(super) fn announced(&self) -> Self {
        let mut item = self.clone();
        match &mut item {
            Self::Reasoning {
                summary,
                encrypted_content,
                ..
            } => {
                summary.clear();
                if let Some(token) = encrypted_content {
                    *token = answer::token("provisional");
                }
            }
            Self::Message {
                status, content, ..
            } => {
                *status = Status::InProgress;
                content.clear();
            }
            Self::FunctionCall {
                arguments: text,
                status,
                ..
            }
            | Self::CustomToolCall {
                input: text,
                status,
                ..
            } => {
                *status = Status::InProgress;
                text.clear();
            }
            Self::Compaction { .. } => {}
        }
        item
    }
}
