//! Flags of `tollhouse-bench run`.

use std::path::PathBuf;

use clap::Args;

use super::name::Name;

/// Flags of `tollhouse-bench run`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Targets to compare; without this all that are installed
    #[arg(long, value_enum, value_delimiter = ',')]
    pub(super) targets: Vec<Name>,
    /// Scenarios by name; without this all but `soak` [known: see --list]
    #[arg(long, value_delimiter = ',')]
    pub(super) scenarios: Vec<String>,
    /// Print the scenarios and what they do
    #[arg(long)]
    pub(super) list: bool,
    /// Rounds per target and scenario
    #[arg(long, default_value_t = 3)]
    pub(super) rounds: u32,
    /// Seconds of each round
    #[arg(long, default_value_t = 3)]
    pub(super) seconds: u64,
    /// One short round each and no large scenarios: does everything work?
    #[arg(long)]
    pub(super) quick: bool,
    /// Minutes of the `soak` scenario, which this flag adds
    #[arg(long)]
    pub(super) minutes: Option<u64>,
    /// Compare with `LiteLLM` on a chat provider, installing it into the cache
    #[arg(long)]
    pub(super) litellm: bool,
    /// Directory for installed peers
    #[arg(long, env = "TOLLHOUSE_CACHE")]
    pub(super) cache: Option<PathBuf>,
    /// The tollhouse command; without this the one next to this program
    #[arg(long)]
    pub(super) tollhouse: Option<PathBuf>,
    /// Another build of the tollhouse command, which takes part as `before`
    #[arg(long)]
    pub(super) before: Option<PathBuf>,
    /// Core of mock and generator; without this the first one allowed
    #[arg(long)]
    pub(super) load_core: Option<u32>,
    /// Core of the target; without this the second one allowed
    #[arg(long)]
    pub(super) target_core: Option<u32>,
    /// Also write every round as JSON to this file
    #[arg(long)]
    pub(super) json: Option<PathBuf>,
}
