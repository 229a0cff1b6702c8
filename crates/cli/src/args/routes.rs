//! Which targets answer for which models, and what would happen to a call.

use clap::{Args, Subcommand, ValueEnum};

use super::Format;

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct RoutesArgs {
    #[command(subcommand)]
    pub(crate) command: Option<RoutesCommand>,
    #[command(flatten)]
    pub(crate) format: Format,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RoutesCommand {
    /// Say what would happen to a call: where it would go, with whose credential, or why it is refused. Nothing is
    /// sent, and nothing is counted
    Try(TryArgs),
}

#[derive(Debug, Args)]
pub(crate) struct TryArgs {
    /// The model asked for
    #[arg(value_name = "MODEL")]
    pub(crate) model: String,
    /// The key that would make it (id); administrators of the installation may leave it out
    #[arg(long, value_name = "ID")]
    pub(crate) key: Option<String>,
    /// The protocol of the client
    #[arg(long, value_enum, default_value = "messages")]
    pub(crate) protocol: Spoken,
    /// The client's own name for its session, which decides among several credentials
    #[arg(long, value_name = "NAME")]
    pub(crate) session: Option<String>,
    /// With a tool
    #[arg(long)]
    pub(crate) tools: bool,
    /// With an image
    #[arg(long)]
    pub(crate) images: bool,
    #[command(flatten)]
    pub(crate) format: Format,
}

/// What clients speak.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Spoken {
    Messages,
    Chat,
    Responses,
}

impl Spoken {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Messages => "messages",
            Self::Chat => "chat",
            Self::Responses => "responses",
        }
    }
}
