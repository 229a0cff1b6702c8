//! The simulated provider, over real sockets.

#![expect(clippy::unwrap_used, reason = "this is a test, helpers included")]

mod batches;
mod chat;
mod client;
mod coder;
mod faults;
mod http;
mod messages;
mod responses;
mod rules;
mod task;
