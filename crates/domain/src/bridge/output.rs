//! What the programs behind bridges print, a line of JSON at a time.
//!
//! Measured against Claude Code 2.1.330 (`stream-json` with partial messages) and Codex 0.169.0
//! (`exec --json`). What is not understood is passed over: either prints much that is no answer.

mod lines;

use serde::Deserialize;
use tollhouse_wire::usage::Usage;

use self::lines::{Claude, ClaudeDelta, ClaudeResult, ClaudeStream, Codex, CodexItem};

/// Whose lines they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// Claude Code's.
    Claude,
    /// Codex's.
    Codex,
}

/// What a line adds to the answer.
#[expect(missing_debug_implementations, reason = "holds what a model said")]
pub enum Event {
    /// Nothing.
    Nothing,
    /// A piece of the text.
    Text(String),
    /// The answer is whole.
    Done(Done),
    /// The whole text, from a program that did not give it in pieces.
    Whole(String, Done),
    /// There will be none.
    Failed(Failure),
}

/// How an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Done {
    /// What it took, as far as the program says.
    pub usage: Usage,
    /// Whether it was cut short by a limit on its length.
    pub cut: bool,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What it means.
    pub why: Why,
    /// In the program's words, which may say anything.
    pub text: String,
}

/// What a failure means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Nobody is logged in, or the login is refused.
    Auth,
    /// The subscription is used up for now.
    Limited,
    /// The program did not like the request.
    Request,
    /// Anything else.
    Other,
}

/// Reads the lines of one run.
#[derive(Debug)]
pub struct Reader {
    form: Form,
    /// Whether there was any text.
    said: bool,
    model: Option<String>,
}

impl Reader {
    /// For the output of a program that has just been started.
    pub const fn new(form: Form) -> Self {
        Self {
            form,
            said: false,
            model: None,
        }
    }

    /// The model that answers, where the program says.
    pub fn model(&self) -> Option<&str> {
        self.model.as_deref()
    }

    /// Takes the next line.
    pub fn line(&mut self, line: &[u8]) -> Event {
        let event = match self.form {
            Form::Claude => self.claude(line),
            Form::Codex => self.codex(line),
        };
        match event {
            Event::Text(text) if text.is_empty() => Event::Nothing,
            Event::Text(text) => {
                self.said = true;
                Event::Text(text)
            }
            other => other,
        }
    }

    fn claude(&mut self, line: &[u8]) -> Event {
        match serde_json::from_slice(line) {
            Ok(Claude::Stream { event, parent }) if parent.is_none() => match event {
                ClaudeStream::Start { message } => {
                    self.model = Some(message.model);
                    Event::Nothing
                }
                ClaudeStream::Delta {
                    delta: ClaudeDelta::Text { text },
                } => Event::Text(text),
                ClaudeStream::Delta { .. } | ClaudeStream::Other => Event::Nothing,
            },
            Ok(Claude::System { error }) => match error.as_deref() {
                // It would try again for minutes, and the login would be as wrong as before.
                Some(word @ ("authentication_failed" | "oauth_org_not_allowed")) => {
                    failed(Why::Auth, word)
                }
                Some(_) | None => Event::Nothing,
            },
            Ok(Claude::Assistant {
                error: Some(error),
                message,
            }) => failed(claude_why(&error, None), message.text().unwrap_or(error)),
            Ok(Claude::Result(result)) => self.claude_result(result),
            Ok(Claude::Assistant { .. } | Claude::Stream { .. } | Claude::Other) | Err(_) => {
                Event::Nothing
            }
        }
    }

    fn claude_result(&self, result: ClaudeResult) -> Event {
        let text = result.result.unwrap_or_default();
        if result.is_error {
            return failed(claude_why("", result.api_error_status), text);
        }
        let usage = result.usage.unwrap_or_default();
        let done = Done {
            usage: Usage {
                input: usage.input,
                cache_read: usage.cache_read,
                cache_write_5m: usage.cache_write,
                output: usage.output,
                ..Usage::default()
            },
            cut: result.stop_reason.as_deref() == Some("max_tokens"),
        };
        if self.said || text.is_empty() {
            Event::Done(done)
        } else {
            Event::Whole(text, done)
        }
    }

    fn codex(&mut self, line: &[u8]) -> Event {
        match serde_json::from_slice(line) {
            Ok(Codex::Item {
                item: CodexItem::Message { text },
            }) => Event::Text(if self.said {
                format!("\n\n{text}")
            } else {
                text
            }),
            Ok(Codex::Done { usage }) => {
                let cached = usage
                    .cached
                    .unwrap_or(0)
                    .saturating_add(usage.written.unwrap_or(0));
                Event::Done(Done {
                    usage: Usage {
                        input: usage.input.map(|all| all.saturating_sub(cached)),
                        cache_read: usage.cached,
                        cache_write_5m: usage.written,
                        output: usage.output,
                        reasoning: usage.reasoning,
                        ..Usage::default()
                    },
                    cut: false,
                })
            }
            // Of these it goes on by itself, except that a refused login stays refused.
            Ok(Codex::Error { message }) => match codex_why(&message) {
                Why::Auth => failed(Why::Auth, message),
                Why::Limited | Why::Request | Why::Other => Event::Nothing,
            },
            Ok(Codex::Failed { error }) => failed(codex_why(&error.message), error.message),
            Ok(Codex::Item { .. } | Codex::Other) | Err(_) => Event::Nothing,
        }
    }
}

/// What a program means that ended without an answer, by what it said on standard error.
pub fn complaint(text: &str) -> Failure {
    let text = text.trim();
    let words = text.to_ascii_lowercase();
    let auth = [
        "not logged in",
        "please run /login",
        "unauthorized",
        "login required",
    ];
    let why = if auth.iter().any(|word| words.contains(word)) {
        Why::Auth
    } else {
        Why::Other
    };
    Failure {
        why,
        text: text.to_owned(),
    }
}

fn failed(why: Why, text: impl Into<String>) -> Event {
    let text = text.into();
    Event::Failed(Failure { why, text })
}

fn claude_why(word: &str, status: Option<u16>) -> Why {
    match (word, status) {
        ("authentication_failed" | "oauth_org_not_allowed", _) | (_, Some(401 | 403)) => Why::Auth,
        ("rate_limit" | "billing_error", _) | (_, Some(429)) => Why::Limited,
        ("invalid_request" | "model_not_found", _) | (_, Some(400 | 404 | 413)) => Why::Request,
        _ => Why::Other,
    }
}

fn codex_why(message: &str) -> Why {
    let words = message.to_ascii_lowercase();
    let has = |all: &[&str]| all.iter().any(|word| words.contains(word));
    if has(&[
        "401 unauthorized",
        "403 forbidden",
        "not logged in",
        "log in again",
        "sign in again",
    ]) {
        Why::Auth
    } else if has(&["usage limit", "429 too many requests", "rate limit"]) {
        Why::Limited
    } else if has(&[
        "400 bad request",
        "404 not found",
        "is not supported when using codex",
    ]) {
        Why::Request
    } else {
        Why::Other
    }
}

#[cfg(test)]
mod tests;
