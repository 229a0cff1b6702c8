//! `calls`, `session`, `usage` and what can be typed after them.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::Format;

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
        /// And what it said, where that is kept; the audit trail notes that you looked
        #[arg(long)]
        bodies: bool,
        #[command(flatten)]
        format: Format,
    },
    Export(Box<CallsExport>),
}

/// Calls as a file, newest first: all that meet the conditions
///
/// A file that was cut short is an error, and none is left behind.
#[derive(Debug, Args)]
pub(crate) struct CallsExport {
    #[command(flatten)]
    pub(crate) filters: CallFilters,
    /// `csv`, for spreadsheets, or `jsonl`, a line of JSON for each call
    #[arg(
        long,
        value_name = "FORMAT",
        default_value = "csv",
        hide_possible_values = true
    )]
    pub(crate) format: CallsFormat,
    /// Write to this file (mode 0600), which must not exist, and not to standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// What calls are exported as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CallsFormat {
    Csv,
    Jsonl,
}

/// Which calls are meant; all conditions must hold.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct CallFilters {
    /// Made with this key (id)
    #[arg(long, value_name = "ID")]
    pub(crate) key: Option<String>,
    /// With a key of this user (id)
    #[arg(long, value_name = "ID")]
    pub(crate) user: Option<String>,
    /// With a key of this organization (id)
    #[arg(long, value_name = "ID")]
    pub(crate) org: Option<String>,
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
    /// Of this operation, such as `messages` or `responses.compact`
    #[arg(long, value_name = "ENDPOINT")]
    pub(crate) endpoint: Option<String>,
    /// In this protocol: messages, chat or responses
    #[arg(long, value_name = "PROTOCOL")]
    pub(crate) protocol: Option<String>,
    /// That ended so: success, upstream_error, stream_error, client_disconnect, refused,
    /// interrupted; or unsuccessful, which is all but success
    #[arg(long, value_name = "OUTCOME")]
    pub(crate) outcome: Option<String>,
    /// That the client saw end with this HTTP status
    #[arg(long, value_name = "STATUS")]
    pub(crate) status: Option<u16>,
    /// With this error, as `calls show` has it
    #[arg(long, value_name = "ERROR")]
    pub(crate) error: Option<String>,
    /// That turned to another target or credential: for whatever reason, or because of unreachable,
    /// rate_limited, unauthorized or server_error
    #[arg(long, num_args = 0..=1, default_missing_value = "true", require_equals = true, value_name = "REASON")]
    pub(crate) fallback: Option<String>,
    /// With a credential of this owner: client, user, org or platform
    #[arg(long, value_name = "SOURCE")]
    pub(crate) source: Option<String>,
    /// With this credential or account (id)
    #[arg(long, value_name = "ID")]
    pub(crate) credential: Option<String>,
    /// With this tag
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) tag: Option<String>,
    /// That cost this many US dollars or more
    #[arg(long, value_name = "USD")]
    pub(crate) min_cost: Option<String>,
    /// Whose id begins so
    #[arg(long, value_name = "BEGINNING")]
    pub(crate) id: Option<String>,
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
    /// One conversation with what was said, where that is kept, oldest call first
    ///
    /// The audit trail notes each call whose bodies you looked at.
    Export {
        /// The session's id
        #[arg(value_name = "ID")]
        id: String,
        /// `bodies`: JSON lines, each call with its bodies as they were. `json` and `markdown`: what was
        /// said, each turn once; JSON lines again, or to read
        #[arg(
            long,
            value_name = "FORMAT",
            default_value = "bodies",
            hide_possible_values = true
        )]
        format: ExportFormat,
    },
}

/// How a conversation is exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    Bodies,
    Json,
    Markdown,
}

#[derive(Debug, Args)]
pub(crate) struct UsageArgs {
    /// What calls are added up by, one or two of: model, model_served, provider, key, user, org,
    /// caller, agent, session, outcome, status, endpoint, protocol, source, tag:NAME; or day or hour
    #[arg(long, value_name = "GROUP[,GROUP]", default_value = "model")]
    pub(crate) by: String,
    /// Each group also by hours or days (UTC), a row each
    #[arg(long, value_name = "INTERVAL")]
    pub(crate) interval: Option<Interval>,
    /// Beside each group what it was in the time of the same length before `--from`
    #[arg(long, requires = "from", conflicts_with = "interval")]
    pub(crate) compare: bool,
    #[command(flatten)]
    pub(crate) filters: CallFilters,
    #[command(flatten)]
    pub(crate) format: Format,
}

/// How long the parts of a range of time are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Interval {
    Hour,
    Day,
}
