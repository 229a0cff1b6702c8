//! The gateway over real sockets: a client, the gateway, an upstream.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

mod accounts;
mod admin;
mod bridges;
mod canary;
mod capture;
mod compressed;
mod cuts;
mod dashboard;
mod disconnect;
mod drain;
mod exact;
mod fallback;
mod headers;
mod identity;
mod limits;
mod malformed;
mod metadata;
mod objects;
mod outcomes;
mod own_credential;
mod passthrough;
mod plan;
mod policy;
mod protocols_in;
mod proxied;
mod redirects;
mod refusals;
mod replay;
mod replicas;
mod silence;
mod slow_clients;
mod too_large;
mod translated;
mod waiting;
