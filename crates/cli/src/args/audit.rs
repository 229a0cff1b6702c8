//! `audit` and what can be typed after it.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Format;

#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Entries, newest first
    List(AuditList),
    /// The trail as JSON lines, oldest first
    ///
    /// Without conditions it is all that `audit verify FILE` needs, anywhere and without a server.
    Export(AuditExport),
    /// Say whether the trail is whole, or which entry is the first that is not
    ///
    /// Reads an export, or else the server's own trail. The exit code is 1 when an entry was altered,
    /// taken out, put in or put elsewhere.
    Verify(AuditVerify),
}

/// Which entries are meant; all conditions must hold.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct AuditFilters {
    /// Whose doing: an id, or operator, user, config, system, key or anonymous
    #[arg(long, value_name = "ACTOR")]
    pub(crate) actor: Option<String>,
    /// What was done, such as `key.create`
    #[arg(long, value_name = "ACTION")]
    pub(crate) action: Option<String>,
    /// About something of this organization, by id or name
    #[arg(long, value_name = "ORG")]
    pub(crate) org: Option<String>,
    /// Done at this moment or later: a date, or an RFC 3339 time
    #[arg(long, value_name = "TIME")]
    pub(crate) from: Option<String>,
    /// Done before this moment
    #[arg(long, value_name = "TIME")]
    pub(crate) to: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct AuditList {
    #[command(flatten)]
    pub(crate) filters: AuditFilters,
    /// The most rows to print
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub(crate) limit: u32,
    #[command(flatten)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct AuditExport {
    #[command(flatten)]
    pub(crate) filters: AuditFilters,
    /// Write to this file (mode 0600), which must not exist, and not to standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct AuditVerify {
    /// An export of the whole trail
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// A hash that an earlier `audit verify` printed: the trail must pass through it
    #[arg(long, value_name = "HASH")]
    pub(crate) head: Option<String>,
    #[command(flatten)]
    pub(crate) format: Format,
}
