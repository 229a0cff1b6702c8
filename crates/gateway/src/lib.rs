//! The gateway: data plane, ledger and control plane.
//!
//! Start reading at [`proxy`]: one request on one page. [`start`] builds what it needs from a
//! [`Config`]; [`server`] takes connections; [`ledger`] keeps the record; [`admin`] is the control
//! plane, [`dashboard`] what browsers get. Decisions live in `tollhouse-domain`, bytes in `tollhouse-wire`; what is here moves data.

mod accounts;
mod admin;
mod body;
mod bridges;
mod capture;
mod chunks;
mod client;
pub mod clock;
pub mod config;
mod dashboard;
mod health;
pub mod ids;
mod ledger;
mod limits;
mod names;
mod oidc;
mod patience;
mod pools;
mod proxy;
mod replica;
mod server;
mod snapshot;
mod standings;
mod start;
mod state;
mod tasks;
mod telemetry;
mod upstream;

pub use config::{Config, ConfigError};
pub use server::{Listening, ServeError, Server, listen};
pub use start::{StartError, rotation};
pub use state::Gateway;
