//! The servers under test by name, and what each can do.

use std::fmt;
use std::time::Duration;

use clap::ValueEnum;
use serde::Serialize;

use super::entry::Crossing;
use crate::payload::Api;

/// A server under test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Name {
    /// The bound
    Passthrough,
    /// The gateway, everything on
    Tollhouse,
    /// The gateway with a key that has rates, concurrency and budgets
    Limited,
    /// Another build of the gateway, given by --before
    Before,
    /// nginx as a reverse proxy, when installed
    Nginx,
    /// `LiteLLM`, one worker, only with a chat provider
    Litellm,
}

impl Name {
    /// Losing an answer here fails the run; a peer that does is only reported.
    pub(super) fn is_ours(self) -> bool {
        match self {
            Self::Passthrough | Self::Tollhouse | Self::Limited | Self::Before => true,
            Self::Nginx | Self::Litellm => false,
        }
    }

    /// Whether answers come through byte for byte.
    pub(super) fn is_exact(self) -> bool {
        self != Self::Litellm
    }

    /// Whether it translates such calls, and is set up to do so here.
    pub(super) fn can_translate(self, crossing: Crossing) -> bool {
        let Crossing { caller, upstream } = crossing;
        match self {
            Self::Tollhouse => true,
            Self::Litellm => caller == Api::Messages && upstream == Api::Chat,
            Self::Passthrough | Self::Limited | Self::Before | Self::Nginx => false,
        }
    }

    /// Answered with 200 when it can take calls.
    pub(super) fn health(self) -> &'static str {
        match self {
            // The bare proxies hand it on, so their health includes reaching the mock.
            Self::Passthrough | Self::Nginx | Self::Tollhouse | Self::Limited | Self::Before => {
                "/healthz"
            }
            Self::Litellm => "/health/liveliness",
        }
    }

    /// Longest time it may take to start.
    pub(super) fn patience(self) -> Duration {
        match self {
            Self::Passthrough | Self::Nginx | Self::Tollhouse | Self::Limited | Self::Before => {
                Duration::from_secs(10)
            }
            Self::Litellm => Duration::from_mins(2),
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Passthrough => "passthrough",
            Self::Tollhouse => "tollhouse",
            Self::Limited => "limited",
            Self::Before => "before",
            Self::Nginx => "nginx",
            Self::Litellm => "LiteLLM",
        })
    }
}
