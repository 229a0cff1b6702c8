//! The process environment, read here and nowhere else.

/// A variable that is set to something, and to text.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the edge where the environment is read"
)]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Whatever a variable is set to, for references in the configuration file.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the edge where the environment is read"
)]
pub(crate) fn reference(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
