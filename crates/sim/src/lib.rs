//! A simulated provider: one loopback server that speaks Messages, Chat Completions and Responses.
//!
//! It serves `tollhouse demo`, the gateway's tests and the runs of real agents. It answers like a
//! vendor (whole and streamed, with ids, usage, reasoning and errors in each protocol's own shape)
//! and, on request, misbehaves like one: see [`Script`] for the `x-sim` header.
//!
//! What it answers depends on the model's name alone, because an agent can set nothing else:
//! `sim-think` reasons first, `sim-tool` calls the first declared tool, `sim-look` tells which media
//! and thoughts have reached it, `sim-coder` leads a coding agent through a small task with the
//! agent's own tools, `sim-coder-2` through one with a failing call, a picture, a document and an
//! edit, `sim-status-429` and `sim-overflow` fail, and every other name echoes the last user text.
//! It is as strict as a vendor, because that is what exposes a broken gateway: reasoning that comes
//! back changed, a tool result without its call, a field of another protocol and much more is
//! refused.
//!
//! It also signs accounts in, as the vendors of subscriptions do, and is the backends that take their
//! tokens: see [`Authority`].
//!
//! It is deterministic: no clock, no randomness; equal requests in equal order get equal answers.
//! It knows nothing of the gateway and shares no code with it.

mod answer;
mod ask;
mod authority;
mod batches;
mod behavior;
mod chat;
mod chatgpt;
mod coder;
mod copilot;
mod delivery;
mod echo;
mod embeddings;
mod fields;
mod graph;
mod media;
mod messages;
mod models;
mod progress;
mod recorded;
mod refusal;
mod reply;
mod responses;
mod route;
mod script;
mod server;
mod shared;
mod sse;
mod vendors;

pub use authority::{AccountCall, Authority, Counters, Outage, Shape, TokenAnswer, Tokens, Vendor};
pub use chatgpt::{Limit, Window};
pub use progress::Stats;
pub use recorded::Recorded;
pub use script::{Chunking, Script, ScriptError};
pub use server::{Sim, SimConfig};
