//! Translation as its users see it: recorded requests and answers in, the other protocols out.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod answers;
mod fixtures;
mod laws;
mod page;
mod plan;
mod probes;
mod requests;
mod transcript;
