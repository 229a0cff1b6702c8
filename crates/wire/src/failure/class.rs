//! What went wrong, by the words vendors have for it.

use super::{Class, output, overflow};

/// The words of `code`, `type` and `status` members, by what they mean. Compared without case and
/// separators, since `RateLimitError`, `rate_limit_error` and `RATE_LIMIT_ERROR` are all about.
const WORDS: &[(Class, &[&str])] = &[
    (
        Class::ContextOverflow,
        &[
            "context_length_exceeded",
            "context_window_exceeded",
            "model_context_window_exceeded",
            "exceed_context_size_error",
            "prompt_too_long",
            "input_too_long",
        ],
    ),
    (
        Class::Quota,
        &[
            "insufficient_quota",
            "billing_error",
            "billing_hard_limit_reached",
            "billing_not_active",
            "credit_balance_too_low",
            "insufficient_balance",
            "insufficient_credits",
            "insufficient_user_quota",
            "payment_required",
            "quota_exceeded",
            "usage_not_included",
        ],
    ),
    (
        Class::Authentication,
        &[
            "authentication_error",
            "invalid_api_key",
            "invalid_authentication",
            "invalid_authentication_error",
            "unauthenticated",
            "unauthorized",
            "token_expired",
            "account_deactivated",
        ],
    ),
    (
        Class::Permission,
        &[
            "permission_error",
            "permission_denied",
            "permission_denied_error",
            "forbidden",
            "access_denied",
            "unsupported_country_region_territory",
        ],
    ),
    (
        Class::NotFound,
        &[
            "not_found_error",
            "not_found",
            "model_not_found",
            "unknown_model",
            "invalid_model",
            "deployment_not_found",
        ],
    ),
    (Class::Conflict, &["conflict_error", "conflict", "aborted"]),
    (
        Class::TooLarge,
        &[
            "request_too_large",
            "payload_too_large",
            "content_too_large",
        ],
    ),
    (
        Class::RateLimited,
        &[
            "rate_limit_error",
            "rate_limit_exceeded",
            "rate_limit_reached",
            "rate_limited",
            "too_many_requests",
            // A plan's window, which begins anew.
            "usage_limit_reached",
            "resource_exhausted",
            "throttling_exception",
            "requests",
            "tokens",
        ],
    ),
    (
        Class::Overloaded,
        &[
            "overloaded_error",
            "overloaded",
            "server_is_overloaded",
            "model_at_capacity",
            "slow_down",
            "engine_overloaded",
            "engine_overloaded_error",
            "service_unavailable",
            "service_unavailable_error",
            "unavailable",
        ],
    ),
    (
        Class::Timeout,
        &[
            "timeout_error",
            "timeout",
            "request_timeout",
            "gateway_timeout",
            "deadline_exceeded",
            "upstream_timeout",
        ],
    ),
    (
        Class::Server,
        &[
            "api_error",
            "server_error",
            "internal_error",
            "internal_server_error",
            "internal",
        ],
    ),
    (
        Class::Invalid,
        &[
            "invalid_request_error",
            "invalid_request",
            "invalid_argument",
            "invalid_prompt",
            "invalid_value",
            "invalid_type",
            "bad_request",
            "bad_request_error",
            "missing_required_parameter",
            "unknown_parameter",
            "unsupported_parameter",
            "unsupported_value",
            "validation_error",
            "content_policy_violation",
            "content_filter",
            "cyber_policy",
            "string_above_max_length",
        ],
    ),
];

/// What texts say that an account has no money left, where neither type nor code does.
const NO_MONEY: &[&str] = &[
    "credit balance is too low",
    "insufficient balance",
    "insufficient credits",
    "exceeded your current quota",
    "billing hard limit",
    "requires more credits",
];

/// What texts say that a model is full, where neither type nor code does.
const FULL: &[&str] = &["model is at capacity"];

impl Class {
    /// What a `code`, `type` or `status` member means; a number in its place is read as an HTTP status.
    pub(super) fn of_word(word: &str) -> Option<Self> {
        if let Ok(status) = word.parse() {
            return (400..600)
                .contains(&status)
                .then(|| Self::of_status(status));
        }
        WORDS
            .iter()
            .find(|(_, words)| words.iter().any(|known| same(known, word)))
            .map(|(class, _)| *class)
    }

    /// What an HTTP status means.
    pub(super) const fn of_status(status: u16) -> Self {
        match status {
            401 => Self::Authentication,
            402 => Self::Quota,
            403 => Self::Permission,
            404 | 410 => Self::NotFound,
            408 | 504 | 524 => Self::Timeout,
            409 => Self::Conflict,
            413 => Self::TooLarge,
            429 => Self::RateLimited,
            503 | 529 => Self::Overloaded,
            400..500 => Self::Invalid,
            _ => Self::Server,
        }
    }

    /// What all an upstream said means taken together. `words`: the most telling first.
    pub(super) fn of(words: [Option<&str>; 2], status: Option<u16>, message: &str) -> Self {
        let word = words.into_iter().flatten().find_map(Self::of_word);
        let status = status.map(Self::of_status);
        let class = match (word, status) {
            // The catch-all words say less than any status but the catch-all ones.
            (Some(Self::Invalid), Some(status)) if status != Self::Server => status,
            (Some(Self::Server), Some(status)) => status,
            (Some(word), _) => word,
            (None, status) => status.unwrap_or(Self::Server),
        };
        class.refined(message)
    }

    /// The same class, unless the text says more: overflow and lack of money are what clients branch on, and
    /// many servers tell them in words only. An output limit that is too large is told like an overflow by
    /// some, but a shorter conversation does not help there.
    fn refined(self, message: &str) -> Self {
        match self {
            Self::Invalid | Self::TooLarge | Self::Server | Self::ContextOverflow
                if output::is_too_large(message) =>
            {
                Self::Invalid
            }
            Self::Invalid | Self::TooLarge | Self::Server if overflow::is_told_by(message) => {
                Self::ContextOverflow
            }
            Self::Invalid | Self::Server | Self::RateLimited if contains_any(message, FULL) => {
                Self::Overloaded
            }
            Self::Invalid | Self::Permission if contains_any(message, NO_MONEY) => Self::Quota,
            _ => self,
        }
    }
}

/// Whether `message` holds one of `phrases`, which are lower case.
pub(super) fn contains_any(message: &str, phrases: &[&str]) -> bool {
    let message = message.to_ascii_lowercase();
    phrases.iter().any(|phrase| message.contains(phrase))
}

/// Whether two words are the same but for case and separators.
fn same(known: &str, word: &str) -> bool {
    let letters = |text: &str| {
        text.bytes()
            .filter(u8::is_ascii_alphanumeric)
            .map(|byte| byte.to_ascii_lowercase())
            .collect::<Vec<_>>()
    };
    word.len() <= 64 && letters(known) == letters(word)
}
