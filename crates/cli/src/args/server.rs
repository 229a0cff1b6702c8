//! Commands that ask a running server.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::Format;

#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    Create(Box<KeyCreate>),
    /// Keys, newest first, revoked and expired ones included
    List(Format),
    /// One key
    Show(KeyId),
    Edit(Box<KeyEdit>),
    Rotate(KeyRotate),
    Renew(KeyRenew),
    /// End a key for good, at once
    Revoke {
        /// The key's id
        #[arg(value_name = "ID")]
        id: String,
    },
}

/// Change what a key may do; what is not named stays as it is
#[derive(Debug, Args)]
pub(crate) struct KeyEdit {
    /// The key's id
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// What people call it
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    #[command(flatten)]
    pub(crate) policy: KeyPolicy,
    /// Take a restriction away: `agent`, `models`, `providers`, `routes`, `expires_in`, `limits`,
    /// `budget`, `owner`, `org` or `capture`; may be given several times
    #[arg(long, value_name = "FIELD")]
    pub(crate) clear: Vec<Clearable>,
    #[command(flatten)]
    pub(crate) format: Format,
}

/// What can be taken away from a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum Clearable {
    Agent,
    Models,
    Providers,
    Routes,
    ExpiresIn,
    Limits,
    Budget,
    Owner,
    Org,
    Capture,
}

/// What is kept of bodies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Bodies {
    /// Nothing
    Off,
    /// What both sides said, without what looks like a secret
    Redacted,
    /// What both sides said
    Full,
}

/// Give a key a new secret, which is printed this once
///
/// The old one works until its grace is over, or until the key is rotated again.
#[derive(Debug, Args)]
pub(crate) struct KeyRotate {
    /// The key's id
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// How long the old secret goes on working: thirty days at most, or `0` to end it at once
    #[arg(long, value_name = "DURATION", default_value = "24h")]
    pub(crate) grace: String,
    #[command(flatten)]
    pub(crate) format: Format,
}

/// Give a scoped key more time, up to seven days after it was made
#[derive(Debug, Args)]
pub(crate) struct KeyRenew {
    /// The key's id
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// Counted from now
    #[arg(long, value_name = "DURATION", default_value = "2h")]
    pub(crate) expires: String,
    #[command(flatten)]
    pub(crate) format: Format,
}

/// Whose a key is and what it may do.
#[derive(Debug, Args)]
pub(crate) struct KeyPolicy {
    /// A model it may use, or a prefix ending in `*`; may be given several times [default: all]
    #[arg(long, value_name = "PATTERN")]
    pub(crate) model: Vec<String>,
    /// A provider it may use; may be given several times [default: all]
    #[arg(long, value_name = "PROVIDER")]
    pub(crate) provider: Vec<String>,
    /// A route it may use, by its pattern; may be given several times [default: all]
    #[arg(long, value_name = "PATTERN")]
    pub(crate) route: Vec<String>,
    /// The named consumer that its calls are attributed to
    #[arg(long, value_name = "AGENT")]
    pub(crate) agent: Option<String>,
    /// Whose it is: the id of a user, or `me`
    #[arg(long, value_name = "USER")]
    pub(crate) owner: Option<String>,
    /// The organization it belongs to
    #[arg(long, value_name = "ORG")]
    pub(crate) org: Option<String>,
    /// How long it lives: a number with s, m, h or d, such as `30d` [default: until it is revoked]
    #[arg(long, value_name = "DURATION")]
    pub(crate) expires: Option<String>,
    /// Calls in any sixty seconds
    #[arg(long, value_name = "CALLS")]
    pub(crate) rpm: Option<u32>,
    /// Tokens, in and out, in any sixty seconds
    #[arg(long, value_name = "TOKENS")]
    pub(crate) tpm: Option<u64>,
    /// Calls open at the same time
    #[arg(long, value_name = "CALLS")]
    pub(crate) concurrency: Option<u32>,
    /// What its calls may cost in a `day`, `week`, `month`, in `total` or in each `session`; may be
    /// given several times
    #[arg(long, value_name = "WINDOW=USD")]
    pub(crate) budget: Vec<String>,
    /// Whether it may draw on credentials of a source: `client`, `user`, `org`, `platform`; may be
    /// given several times
    #[arg(long, value_name = "SOURCE=true|false")]
    pub(crate) credentials: Vec<String>,
    /// Refuse a call that a translation between protocols would lose anything of
    #[arg(long, num_args = 0..=1, default_missing_value = "true", require_equals = true, value_name = "true|false")]
    pub(crate) strict: Option<bool>,
    /// What is kept of its calls' bodies [default: what the server keeps]
    #[arg(long, value_name = "BODIES")]
    pub(crate) capture: Option<Bodies>,
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
    #[command(flatten)]
    pub(crate) policy: KeyPolicy,
    /// Short-lived: two hours unless --expires says otherwise, seven days at most
    #[arg(long)]
    pub(crate) scoped: bool,
    #[command(flatten)]
    pub(crate) format: Format,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CredentialCommand {
    /// Store a provider's secret, read from standard input or asked for on the terminal
    Set(CredentialSet),
    /// What is configured; secrets are never shown
    List(CredentialList),
    /// What is known of one credential, also when there is none
    Show(CredentialName),
    /// Make one cheap authenticated request to the provider
    Test(CredentialName),
    /// Let calls draw on a credential again
    Enable(CredentialName),
    /// Keep a credential from being used; calls that would have drawn on it are refused
    Disable(CredentialName),
    /// Forget a credential; doing it again changes nothing
    Remove(CredentialName),
}

/// Whose credentials are meant.
#[derive(Debug, Args)]
pub(crate) struct CredentialOwner {
    /// Your own, in place of the platform's
    #[arg(long, conflicts_with = "org")]
    pub(crate) me: bool,
    /// The organization's, by name or id, in place of the platform's
    #[arg(long, value_name = "ORG")]
    pub(crate) org: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct CredentialList {
    #[command(flatten)]
    pub(crate) owner: CredentialOwner,
    #[command(flatten)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct CredentialSet {
    #[command(flatten)]
    pub(crate) which: CredentialName,
    /// Where to send it, in place of the provider's own address: https, and on the internet
    #[arg(long, value_name = "URL", requires = "me")]
    pub(crate) base_url: Option<String>,
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
    pub(crate) owner: CredentialOwner,
    #[command(flatten)]
    pub(crate) format: Format,
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
    /// Take back a price that was imported or set: the catalog's holds again, where it has one
    Remove {
        /// The model's name, as `prices list` has it
        #[arg(value_name = "MODEL")]
        model: String,
        /// Whose price it is [default: the one that is anyone's]
        #[arg(long, value_name = "PROVIDER")]
        provider: Option<String>,
    },
}
