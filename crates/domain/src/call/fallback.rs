//! Why a call turned to another target or credential.

/// Why the first attempt was not the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fallback {
    /// Nobody took the request.
    Unreachable,
    /// The credential or the provider was at a limit.
    RateLimited,
    /// The credential was refused.
    Unauthorized,
    /// The provider failed.
    ServerError,
}

impl Fallback {
    /// Every reason, for tables and tests.
    pub const ALL: [Self; 4] = [
        Self::Unreachable,
        Self::RateLimited,
        Self::Unauthorized,
        Self::ServerError,
    ];

    /// As stored and printed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::RateLimited => "rate_limited",
            Self::Unauthorized => "unauthorized",
            Self::ServerError => "server_error",
        }
    }

    /// Reads what [`Fallback::as_str`] printed.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text)
    }
}
