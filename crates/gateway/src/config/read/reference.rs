//! What is written as `env:NAME` or `file:PATH`.

use std::io::ErrorKind;
use std::ops::Range;

use tollhouse_vault::{Secret, SecretError};

use super::{ConfigError, Reader};

/// What a reference leads to.
pub(in crate::config) enum Reference {
    /// A secret.
    Secret(Secret),
    /// Nothing: no such variable, no such file, or nothing in it. In words.
    Nothing(String),
}

impl Reader<'_> {
    /// A variable of the environment.
    pub(in crate::config) fn variable(&self, name: &str) -> Option<String> {
        (self.environment)(name)
    }

    /// A secret by reference that has to be there: `env:NAME` or `file:PATH`.
    pub(in crate::config) fn secret(
        &self,
        span: Range<usize>,
        text: &str,
    ) -> Result<Secret, ConfigError> {
        match self.reference(span.clone(), text)? {
            Reference::Secret(secret) => Ok(secret),
            Reference::Nothing(why) => Err(self.error(span, why)),
        }
    }

    /// What a reference leads to. Whether nothing will do is for the caller to say; what is there and
    /// cannot be a secret never does.
    pub(in crate::config) fn reference(
        &self,
        span: Range<usize>,
        text: &str,
    ) -> Result<Reference, ConfigError> {
        let value = if let Some(name) = text.strip_prefix("env:") {
            match (self.environment)(name) {
                Some(value) => value,
                None => return Ok(Reference::Nothing(format!("{name} is not set"))),
            }
        } else if let Some(path) = text.strip_prefix("file:") {
            match std::fs::read_to_string(path) {
                Ok(value) => value,
                Err(error) => {
                    let message = format!("{path} cannot be read: {error}");
                    return match error.kind() {
                        ErrorKind::NotFound => Ok(Reference::Nothing(message)),
                        _ => Err(self.error(span, message)),
                    };
                }
            }
        } else {
            let message = "a secret is written as a reference: \"env:NAME\" or \"file:PATH\"";
            return Err(self.error(span, message));
        };
        match Secret::parse(&value) {
            Ok(secret) => Ok(Reference::Secret(secret)),
            Err(error @ SecretError::Empty) => Ok(Reference::Nothing(format!("{text}: {error}"))),
            Err(error) => Err(self.error(span, format!("{text}: {error}"))),
        }
    }
}
