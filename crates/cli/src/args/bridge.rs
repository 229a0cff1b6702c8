//! What can be typed about bridges.

use clap::{Args, Subcommand};

use super::Format;

#[derive(Debug, Subcommand)]
pub(crate) enum BridgeCommand {
    /// Which subscriptions there are bridges to, which of those run, and who is logged in on this machine
    List(Format),
    /// Lend out this machine's own login of Claude Code, to the gateway on this machine
    Claude(BridgeArgs),
    /// Lend out this machine's own login of Codex, to the gateway on this machine
    Codex(BridgeArgs),
}

/// It serves until SIGTERM or SIGINT. Each request starts the program anew, without tools, in an empty
/// directory, and what comes of it is the answer. Only programs of this machine that know the secret are
/// served: on loopback, and never a web page. The login stays where it is, and what it may be used for is
/// between you and its vendor.
#[derive(Debug, Args)]
pub(crate) struct BridgeArgs {
    /// Listen here, which must be an address of loopback [default: 127.0.0.1 and the port of this bridge]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) listen: Option<String>,
    /// The secret that is shared with the gateway, by reference: `env:NAME` or `file:PATH`
    /// [default: a file beside the profile, made at the first start]
    #[arg(long, value_name = "REFERENCE")]
    pub(crate) secret: Option<String>,
    /// Answer so many requests at once; further ones are told to come back
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=16))]
    pub(crate) concurrency: u32,
    /// Give up on an answer that takes longer
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(crate) timeout: u64,
}
