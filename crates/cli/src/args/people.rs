//! What can be typed about organizations, people, their tokens and what they may use.

use clap::{Args, Subcommand};

use super::Format;

#[derive(Debug, Subcommand)]
pub(crate) enum OrgCommand {
    /// Make an organization
    Create(OrgCreate),
    /// Those that you are in; all of them for whoever administers the installation
    List(Format),
    /// One of them
    Show(Named),
    /// Rename one
    Rename(OrgRename),
    /// Switch one off: nothing of it works any more, and its record stays
    Disable(Named),
    /// Switch one on again
    Enable(Named),
    /// What its keys may use and spend together
    Limits(LimitsOf),
}

/// Something by its name or id.
#[derive(Debug, Args)]
pub(crate) struct Named {
    /// Its name or id
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct OrgCreate {
    /// Its name: a-z, 0-9, - and _
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// Who is to own it, by id or address
    #[arg(long, value_name = "USER")]
    pub(crate) owner: Option<String>,
    #[command(flatten)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct OrgRename {
    /// Its name or id
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// The new name
    #[arg(value_name = "NEW")]
    pub(crate) to: String,
    #[command(flatten)]
    pub(crate) format: Format,
}

/// What somebody may use; each flag that is left out lifts what it limits.
#[derive(Debug, Args)]
pub(crate) struct LimitsOf {
    /// Whose: an organization's name or id, or a user's id
    #[arg(value_name = "WHOSE")]
    pub(crate) whose: String,
    /// Calls in any sixty seconds
    #[arg(long, value_name = "N")]
    pub(crate) rpm: Option<u32>,
    /// Tokens in any sixty seconds
    #[arg(long, value_name = "N")]
    pub(crate) tpm: Option<u64>,
    /// Calls at the same time
    #[arg(long, value_name = "N")]
    pub(crate) concurrency: Option<u32>,
    /// Money in dollars over day, week, month, total or session; may be repeated
    #[arg(long, value_name = "WINDOW=USD")]
    pub(crate) budget: Vec<String>,
    #[command(flatten)]
    pub(crate) format: Format,
}

#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Make a user: a person, or with --service an agent or a program
    Create(UserCreate),
    /// Users that you may see
    List(Format),
    /// One of them
    Show(UserId),
    /// Switch one off: neither they nor anything of theirs works any more
    Disable(UserId),
    /// Switch one on again
    Enable(UserId),
    /// What their keys may use and spend together
    Limits(LimitsOf),
    /// Give somebody a password, which ends their sessions in browsers
    ///
    /// It is asked for on the terminal without being shown, or is a line on standard input.
    Password(UserPassword),
}

#[derive(Debug, Args)]
pub(crate) struct UserPassword {
    /// The user, by id
    #[arg(value_name = "USER")]
    pub(crate) id: String,
}

#[derive(Debug, Args)]
pub(crate) struct UserCreate {
    /// What people call them
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// Their address; people need one
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) email: Option<String>,
    /// An agent or a program, which never signs in
    #[arg(long)]
    pub(crate) service: bool,
    /// Let them administer the whole installation
    #[arg(long)]
    pub(crate) admin: bool,
    /// The organization they join, by name or id
    #[arg(long, value_name = "ORG")]
    pub(crate) org: Option<String>,
    /// What they are there: viewer, member, admin or owner [default: member]
    #[arg(long, value_name = "ROLE", requires = "org")]
    pub(crate) role: Option<String>,
    #[command(flatten)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct UserId {
    /// The user's id
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) format: Format,
}

#[derive(Debug, Subcommand)]
pub(crate) enum MemberCommand {
    /// Everybody in an organization
    List(Named),
    /// Make somebody a member, or change what they are
    Set(MemberSet),
    /// End a membership
    Remove(MemberOf),
}

#[derive(Debug, Args)]
pub(crate) struct MemberSet {
    #[command(flatten)]
    pub(crate) of: MemberOf,
    /// viewer, member, admin or owner
    #[arg(value_name = "ROLE")]
    pub(crate) role: String,
    #[command(flatten)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct MemberOf {
    /// The organization, by name or id
    #[arg(value_name = "ORG")]
    pub(crate) org: String,
    /// The user, by id
    #[arg(value_name = "USER")]
    pub(crate) user: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Make a personal token of the control plane for a user; prints it once
    Create(TokenCreate),
    /// A user's tokens
    List(UserId),
    /// End a token, at once and for good
    Revoke(TokenRevoke),
}

#[derive(Debug, Args)]
pub(crate) struct TokenCreate {
    /// The user, by id
    #[arg(value_name = "USER")]
    pub(crate) user: String,
    /// What they call it
    #[arg(long, value_name = "NAME")]
    pub(crate) name: String,
    /// read, write or admin: what it may do of what its user may [default: write]
    #[arg(long, value_name = "SCOPE")]
    pub(crate) scope: Option<String>,
    /// How long it works, such as 90d; for ever when left out
    #[arg(long, value_name = "TIME")]
    pub(crate) expires: Option<String>,
    #[command(flatten)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct TokenRevoke {
    /// The user, by id
    #[arg(value_name = "USER")]
    pub(crate) user: String,
    /// The token, by id
    #[arg(value_name = "TOKEN")]
    pub(crate) token: String,
}
