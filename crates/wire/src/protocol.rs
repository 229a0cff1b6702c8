//! The name of a protocol, and nothing about its content.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// One of the three protocols, named by its endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// Anthropic Messages, `POST /v1/messages`.
    Messages,
    /// OpenAI Chat Completions, `POST /v1/chat/completions`.
    Chat,
    /// OpenAI Responses, `POST /v1/responses`.
    Responses,
}

impl Protocol {
    /// Every protocol, in declaration order.
    pub const ALL: [Self; 3] = [Self::Messages, Self::Chat, Self::Responses];

    /// The name used in configuration, in the ledger and as a metric label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Messages => "messages",
            Self::Chat => "chat",
            Self::Responses => "responses",
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A protocol name that is none of the three.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown protocol: write `messages`, `chat` or `responses`")]
pub struct UnknownProtocol;

impl FromStr for Protocol {
    type Err = UnknownProtocol;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|p| p.as_str() == name)
            .ok_or(UnknownProtocol)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip_in_every_form() {
        for protocol in Protocol::ALL {
            let name = protocol.as_str();
            assert_eq!(name.parse(), Ok(protocol));
            assert_eq!(protocol.to_string(), name);
            assert_eq!(
                serde_json::to_string(&protocol).unwrap(),
                format!("\"{name}\"")
            );
            assert_eq!(
                serde_json::from_str::<Protocol>(&format!("\"{name}\"")).unwrap(),
                protocol
            );
        }
        assert_eq!("Chat".parse::<Protocol>(), Err(UnknownProtocol));
    }
}
