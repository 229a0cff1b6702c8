//! The simulated provider, over real sockets.

#![expect(clippy::unwrap_used, reason = "this is a test, helpers included")]

mod accounts;
mod batches;
mod chat;
mod chatgpt;
mod client;
mod coder;
mod controls;
mod copilot;
mod devices;
mod faults;
mod graph;
mod http;
mod messages;
mod microsoft;
mod openai;
mod outages;
mod refreshes;
mod responses;
mod rules;
mod subscriptions;
mod task;
