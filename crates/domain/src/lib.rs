//! Tollhouse's nouns and decisions.
//!
//! Everything here is a value or a function of values, time included. This crate knows nothing of
//! HTTP, SQL, files, tasks or clocks; from `wire` it takes only the protocol names and the usage
//! record.

pub mod account;
pub mod address;
pub mod audit;
pub mod bridge;
pub mod call;
pub mod caller;
pub mod capture;
pub mod catalog;
pub mod credential;
pub mod device;
pub mod dialect;
pub mod estimate;
pub mod health;
pub mod id;
pub mod import;
pub mod key;
pub mod latency;
pub mod limits;
pub mod money;
pub mod oidc;
pub mod onboarding;
pub mod own;
pub mod pattern;
pub mod pool;
pub mod price;
pub mod provider;
pub mod route;
pub mod session;
pub mod sign_in;
pub mod tags;
pub mod tenancy;
pub mod time;
