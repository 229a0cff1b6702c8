//! The command as a user meets it: real processes, real sockets, a home of its own.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod accounts;
mod audit;
mod backup;
mod bootstrap;
mod bridge;
mod canary;
mod capture;
mod check;
mod crash;
mod credentials;
mod db;
mod demo;
mod help;
mod keys;
mod login;
mod people;
mod run;
mod serve;
mod stall;
mod support;
mod traffic;
mod vault;
