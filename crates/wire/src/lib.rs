//! The three protocols a coding agent speaks, as bytes and values.
//!
//! Bytes go in, values come out. This crate knows no clock, no network, no async and no log; it knows
//! nothing of keys, routes, tenants or money. What it does:
//!
//! * [`mod@peek`] reads the few request fields a gateway decides by, in one pass over the body's chunks;
//! * [`splice`] replaces exactly the bytes of the `model` value;
//! * [`sse`] frames event streams, [`meter`] reads [`Usage`] and the outcome out of an answer;
//! * [`sieve`] takes out of a stream what an account says of itself;
//! * [`error`] and [`models`] write the answers a gateway gives by itself, in the caller's protocol;
//! * [`translate`] carries a request and its answer from one protocol to another, by way of a hub:
//!   [`conversation`] for requests, [`answer`] for answers;
//! * [`graph`] is what no client speaks and one upstream does, at the far end of a translation;
//! * [`transcript`] reads bodies by the same hub for people, and finds what each call of a conversation adds.
#![warn(missing_docs)]

pub mod answer;
mod base64;
pub mod chat;
pub mod conversation;
mod data_url;
pub mod dialect;
pub mod error;
pub mod failure;
pub mod fit;
pub mod graph;
pub mod hints;
mod json;
pub mod loss;
mod members;
pub mod messages;
pub mod meter;
pub mod models;
pub mod nature;
pub mod peek;
mod protocol;
mod read;
pub mod responses;
pub mod restore;
pub mod sealed;
pub mod sieve;
pub mod splice;
pub mod sse;
mod strict;
#[cfg(test)]
mod testing;
pub mod transcript;
pub mod translate;
pub mod usage;
mod utf8;
mod walk;

pub use error::{ErrorKind, error_body, error_event, resting_body};
pub use meter::{Meter, Metered};
pub use peek::{Peek, PeekError, Peeker, peek};
pub use protocol::{Protocol, UnknownProtocol};
pub use usage::Usage;
