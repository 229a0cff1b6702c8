//! Errors of the configuration file: where, what, and what to write instead.

use std::fmt;
use std::ops::Range;

/// A configuration that cannot be used.
#[derive(Debug)]
pub struct ConfigError {
    file: String,
    line: Option<usize>,
    message: String,
}

impl ConfigError {
    /// An error about the file as a whole.
    pub fn file(file: &str, message: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            line: None,
            message: message.into(),
        }
    }

    pub(super) fn at(source: &Source<'_>, span: Range<usize>, message: impl Into<String>) -> Self {
        let line = source
            .text
            .get(..span.start)
            .map(|before| before.matches('\n').count() + 1);
        Self {
            file: source.file.to_owned(),
            line,
            message: message.into(),
        }
    }

    pub(super) fn toml(source: &Source<'_>, error: &toml::de::Error) -> Self {
        let message = error.message().to_owned();
        match error.span() {
            Some(span) => Self::at(source, span, message),
            None => Self::file(source.file, message),
        }
    }

    /// The line it is about, from 1.
    pub fn line(&self) -> Option<usize> {
        self.line
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.file, self.message),
            None => write!(f, "{}: {}", self.file, self.message),
        }
    }
}

impl std::error::Error for ConfigError {}

/// The text being read and what to call it.
pub(super) struct Source<'a> {
    pub(super) file: &'a str,
    pub(super) text: &'a str,
}
