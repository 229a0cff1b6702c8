//! Commands that ask a running server.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::Format;

#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    Create(KeyCreate),
    /// Keys, newest first, revoked and expired ones included
    List(Format),
    /// One key
    Show(KeyId),
    /// End a key for good, at once
    Revoke {
        /// The key's id
        #[arg(value_name = "ID")]
        id: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct KeyId {
    /// The key's id
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) format: Format,
}

/// Make a key; its secret is printed this once
///
/// The secret alone goes to standard output, so that a script can keep it.
#[derive(Debug, Args)]
pub(crate) struct KeyCreate {
    /// What people call it
    #[arg(long, value_name = "NAME")]
    pub(crate) name: String,
    /// A model it may use, or a prefix ending in `*`; may be given several times [default: all]
    #[arg(long, value_name = "PATTERN")]
    pub(crate) model: Vec<String>,
    /// A provider it may use; may be given several times [default: all]
    #[arg(long, value_name = "PROVIDER")]
    pub(crate) provider: Vec<String>,
    /// The named consumer that its calls are attributed to
    #[arg(long, value_name = "AGENT")]
    pub(crate) agent: Option<String>,
    /// How long it lives: a number with s, m, h or d, such as `30d` [default: until it is revoked]
    #[arg(long, value_name = "DURATION")]
    pub(crate) expires: Option<String>,
    /// Refuse a call that a translation between protocols would lose anything of
    #[arg(long)]
    pub(crate) strict: bool,
    #[command(flatten)]
    pub(crate) format: Format,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CredentialCommand {
    /// Store a provider's secret, read from standard input or asked for on the terminal
    Set(CredentialName),
    /// What is configured; secrets are never shown
    List(Format),
    /// Make one cheap authenticated request to the provider
    Test(CredentialName),
    /// Forget a credential; doing it again changes nothing
    Remove(CredentialName),
}

#[derive(Debug, Args)]
pub(crate) struct CredentialName {
    /// The provider's name
    #[arg(value_name = "PROVIDER")]
    pub(crate) provider: String,
    /// Which of the provider's credentials
    #[arg(long, value_name = "NAME", default_value = "default")]
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct CallsArgs {
    #[command(subcommand)]
    pub(crate) command: Option<CallsCommand>,
    #[command(flatten)]
    pub(crate) list: ListArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CallsCommand {
    /// Everything that is on record about one call
    Show {
        /// The call's id: `x-tollhouse-call` of its answer
        #[arg(value_name = "ID")]
        id: String,
        #[command(flatten)]
        format: Format,
    },
}

/// Which calls are meant; all conditions must hold.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct CallFilters {
    /// Made with this key (id)
    #[arg(long, value_name = "ID")]
    pub(crate) key: Option<String>,
    /// In this session (id)
    #[arg(long, value_name = "ID")]
    pub(crate) session: Option<String>,
    /// Of this model, whether it was asked for, sent or served
    #[arg(long, value_name = "MODEL")]
    pub(crate) model: Option<String>,
    /// That went to this provider
    #[arg(long, value_name = "PROVIDER")]
    pub(crate) provider: Option<String>,
    /// By this client application
    #[arg(long, value_name = "CALLER")]
    pub(crate) caller: Option<String>,
    /// By this named consumer
    #[arg(long, value_name = "AGENT")]
    pub(crate) agent: Option<String>,
    /// In this protocol: messages, chat or responses
    #[arg(long, value_name = "PROTOCOL")]
    pub(crate) protocol: Option<String>,
    /// That ended so: success, upstream_error, stream_error, client_disconnect, refused,
    /// interrupted
    #[arg(long, value_name = "OUTCOME")]
    pub(crate) outcome: Option<String>,
    /// That the client saw end with this HTTP status
    #[arg(long, value_name = "STATUS")]
    pub(crate) status: Option<u16>,
    /// Begun at this moment or later: a date, or an RFC 3339 time
    #[arg(long, value_name = "TIME")]
    pub(crate) from: Option<String>,
    /// Begun before this moment
    #[arg(long, value_name = "TIME")]
    pub(crate) to: Option<String>,
}

/// Which rows are listed, and how.
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    pub(crate) filters: CallFilters,
    /// The most rows to print
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub(crate) limit: u32,
    #[command(flatten)]
    pub(crate) format: Format,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SessionCommand {
    /// Conversations, latest activity first
    List(Box<ListArgs>),
    /// One conversation and its calls
    Show {
        /// The session's id
        #[arg(value_name = "ID")]
        id: String,
        #[command(flatten)]
        format: Format,
    },
}

#[derive(Debug, Args)]
pub(crate) struct UsageArgs {
    /// What calls are added up by
    #[arg(long, value_name = "GROUP", default_value = "model")]
    pub(crate) by: GroupBy,
    #[command(flatten)]
    pub(crate) filters: CallFilters,
    #[command(flatten)]
    pub(crate) format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum GroupBy {
    Model,
    ModelServed,
    Provider,
    Key,
    Caller,
    Agent,
    Session,
    Outcome,
    Day,
    Hour,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ProxyCommand {
    /// Addresses, protocols and variables for clients
    Info(Format),
}

#[derive(Debug, Subcommand)]
pub(crate) enum PricesCommand {
    /// What is known: the embedded catalog, and what was imported over it
    List(Format),
    /// Read prices from a file in LiteLLM's public JSON format
    Import {
        /// The file
        #[arg(value_name = "FILE")]
        file: PathBuf,
        #[command(flatten)]
        format: Format,
    },
}
