//! What can be typed, and nothing about what it does.
//!
//! [`server`] holds the commands that ask a running server; the rest is here.
#![expect(
    clippy::doc_markdown,
    reason = "these comments are the help texts, printed as they are"
)]

mod accounts;
mod audit;
mod bridge;
mod people;
mod record;
mod routes;
mod server;
mod sign_in;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use self::accounts::{
    AccountCommand, AccountImport, AccountLogin, AccountPlace, AccountWhich,
};
pub(crate) use self::audit::{AuditCommand, AuditExport, AuditFilters, AuditList, AuditVerify};
pub(crate) use self::bridge::{BridgeArgs, BridgeCommand};
pub(crate) use self::people::{
    LimitsOf, MemberCommand, MemberOf, OrgCommand, TokenCommand, TokenCreate, UserCommand,
    UserCreate,
};
pub(crate) use self::record::{
    CallFilters, CallsArgs, CallsCommand, CallsExport, CallsFormat, ExportFormat, Interval,
    SessionCommand, UsageArgs,
};
pub(crate) use self::routes::{RoutesArgs, RoutesCommand, TryArgs};
pub(crate) use self::server::{
    Bodies, Clearable, CredentialCommand, CredentialName, CredentialOwner, CredentialSet,
    KeyCommand, KeyCreate, KeyEdit, KeyPolicy, PricesCommand, ProxyCommand,
};
pub(crate) use self::sign_in::{LoginArgs, LogoutArgs, PasswordArgs};

/// A gateway between coding agents and model providers.
///
/// Agents get one address and one virtual key; the real credentials stay with Tollhouse, and every
/// call is authenticated, routed, metered, priced and recorded. `tollhouse demo` shows all of it
/// without an account anywhere; `tollhouse serve` is the real thing.
///
/// Commands that ask a running server find it by TOLLHOUSE_URL and TOLLHOUSE_TOKEN, or else by the
/// profile that `tollhouse login` or a local `tollhouse serve` has written.
#[derive(Debug, Parser)]
#[command(
    name = "tollhouse",
    version,
    max_term_width = 100,
    arg_required_else_help = true,
    subcommand_help_heading = "Commands",
    after_help = "Exit codes: 0 done, 1 failed, 2 wrong usage or configuration."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Demo(DemoArgs),
    Serve(ServeArgs),
    Check(CheckArgs),
    Run(RunArgs),
    Env(EnvArgs),
    Bootstrap(BootstrapArgs),
    Login(LoginArgs),
    Logout(LogoutArgs),
    /// Who you are to the server, and what you may do there
    Whoami(Format),
    Password(PasswordArgs),
    /// Virtual keys: what agents hold
    #[command(subcommand)]
    Key(KeyCommand),
    /// Provider credentials: what no agent ever holds
    #[command(subcommand)]
    Credential(CredentialCommand),
    /// Accounts: logins of your own at providers
    #[command(subcommand)]
    Account(AccountCommand),
    /// Organizations
    #[command(subcommand)]
    Org(OrgCommand),
    /// People, and services that have keys of their own
    #[command(subcommand)]
    User(UserCommand),
    /// Who is in an organization, and as what
    #[command(subcommand)]
    Member(MemberCommand),
    /// Personal tokens of the control plane
    #[command(subcommand)]
    Token(TokenCommand),
    /// How budgets stand
    Budgets(Format),
    /// Calls on record, newest first, or one of them
    #[command(visible_alias = "call")]
    Calls(CallsArgs),
    /// Calls on record by conversation
    #[command(subcommand)]
    Session(SessionCommand),
    /// Calls, tokens and cost, added up
    Usage(UsageArgs),
    /// Watch calls run and end, until interrupted; with --json those that ended
    Tail(Format),
    /// Who did what, when and from where, and whether anybody changed the record of it
    #[command(subcommand)]
    Audit(AuditCommand),
    /// What the server says about reaching it
    #[command(subcommand)]
    Proxy(ProxyCommand),
    /// Providers, where they are and how they are
    Providers(Format),
    /// Which targets answer for which models, or what would happen to a call
    #[command(visible_alias = "route")]
    Routes(RoutesArgs),
    /// Models that can be asked for by name
    Models(Format),
    /// What tokens cost
    #[command(subcommand)]
    Prices(PricesCommand),
    /// Bridges: a subscription's login on this machine, lent to the gateway on this machine
    #[command(subcommand)]
    Bridge(BridgeCommand),
    /// The master key that protects stored credentials; needs no running server
    #[command(subcommand)]
    Vault(VaultCommand),
    /// The database; needs no running server
    #[command(subcommand)]
    Db(DbCommand),
    /// Print the OpenAPI document of the control plane
    Openapi,
}

/// How a result is printed.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Format {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Which configuration is meant, and what replaces parts of it.
#[derive(Debug, Clone, Args)]
pub(crate) struct ConfigArgs {
    /// The configuration file [default: tollhouse.toml, when it is in this directory]
    #[arg(
        long,
        value_name = "FILE",
        env = "TOLLHOUSE_CONFIG",
        hide_env_values = true
    )]
    pub(crate) config: Option<PathBuf>,
    /// Listen here instead of `server.listen`
    #[arg(
        long,
        value_name = "ADDRESS:PORT",
        env = "TOLLHOUSE_LISTEN",
        hide_env_values = true
    )]
    pub(crate) listen: Option<String>,
    /// Keep data here instead of in `server.data_dir`
    #[arg(
        long,
        value_name = "DIR",
        env = "TOLLHOUSE_DATA_DIR",
        hide_env_values = true
    )]
    pub(crate) data_dir: Option<PathBuf>,
    /// Use this database instead of `server.database`: `sqlite`, `env:NAME` or `postgres://…` without
    /// a password (TOLLHOUSE_DATABASE may hold one with it)
    #[arg(long, value_name = "DATABASE")]
    pub(crate) database: Option<String>,
    /// Tell clients this address instead of `server.public_url`
    #[arg(
        long,
        value_name = "URL",
        env = "TOLLHOUSE_PUBLIC_URL",
        hide_env_values = true
    )]
    pub(crate) public_url: Option<String>,
}

/// Run the gateway
///
/// It serves until SIGTERM or SIGINT: the first lets open calls end (for `server.drain_seconds` at
/// most), the second cuts them off. On a loopback address the profile is written, so that the other
/// commands of this user find the server without being told.
#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// What to log: a level, or `target=level` pairs with commas
    #[arg(
        long,
        value_name = "FILTER",
        env = "TOLLHOUSE_LOG",
        default_value = "info"
    )]
    pub(crate) log: String,
    /// How log lines on standard error look
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) log_format: LogFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people
    Text,
    /// One JSON object a line
    Json,
}

/// Read a configuration and say what it would do, without doing it
///
/// Secrets that it refers to are looked up and not shown; nothing is opened, made or contacted. A
/// mistake is reported as `FILE:LINE: what to write instead`, with exit code 2.
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    #[command(flatten)]
    pub(crate) format: Format,
}

/// Try everything on this machine: simulated provider, gateway, store, a key
///
/// Says what to paste into which client, then shows calls as they end. Everything is on loopback and
/// in a temporary directory that is removed at the end; no account is needed and nothing leaves this
/// machine. Costs are at made-up prices and marked as simulated.
#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Make one streaming call per protocol, print what the ledger says of them, and end
    #[arg(long)]
    pub(crate) once: bool,
    /// The gateway's port; 0 picks a free one
    #[arg(long, value_name = "PORT", default_value_t = 7878)]
    pub(crate) port: u16,
    /// Begin with this many minutes of made-up calls on record, to have something to look at
    #[arg(long, value_name = "MINUTES", default_value_t = 2880, value_parser = clap::value_parser!(u32).range(..=10_080))]
    pub(crate) history: u32,
    /// Keep everything in this database, where it stays: `env:NAME`, or `postgres://…` without a
    /// password
    #[arg(long, value_name = "DATABASE")]
    pub(crate) database: Option<String>,
    /// When all is ready, write a JSON file (mode 0600) with `url`, `key`, `admin_token`, `data_dir`
    /// and `provider_url`, for scripts
    #[arg(long, value_name = "FILE")]
    pub(crate) ready_file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) format: Format,
}

/// Start a coding agent that works through the gateway
///
/// A key is made for this one run and handed over in the client's environment, together with exactly
/// the settings that client needs; variables with credentials of the vendors are taken out. Signals
/// and the exit code pass through. When the client ends, however it ends, the key is revoked; should
/// this process be killed, the key ends at its expiry.
#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// Which agent; its program is looked up in PATH
    pub(crate) client: Agent,
    /// The model to start with
    #[arg(long, value_name = "MODEL")]
    pub(crate) model: Option<String>,
    /// What the key is called on record [default: `run CLIENT`]
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// How long the key lives unless it is renewed, as it is while the client runs: for seven days at
    /// most
    #[arg(long, value_name = "DURATION", default_value = "2h")]
    pub(crate) expires: String,
    /// Let the client reach its vendor for updates, statistics and the like
    #[arg(long)]
    pub(crate) allow_nonessential: bool,
    /// Leave the client its own sign-in or key, which pays; the gateway's key goes beside it in a header of
    /// its own and lends nothing. Whether a sign-in may go through a gateway is between its holder and the
    /// vendor
    #[arg(long)]
    pub(crate) own_login: bool,
    /// Arguments for the client
    #[arg(last = true, value_name = "ARGS")]
    pub(crate) arguments: Vec<String>,
}

/// The coding agents that can be started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Agent {
    /// Claude Code
    Claude,
    /// Codex CLI
    Codex,
    /// OpenCode
    Opencode,
    /// Qwen Code
    Qwen,
}

/// Print the variables that point a client at the gateway
///
/// For `eval`, or a shell's start-up file. The key comes from TOLLHOUSE_KEY or --key-file; without
/// either, the lines name that variable in its place. Make a key with `tollhouse key create`.
#[derive(Debug, Args)]
pub(crate) struct EnvArgs {
    /// Which client
    pub(crate) client: Client,
    /// The shell that will read the lines
    #[arg(long, value_name = "SHELL", default_value = "sh")]
    pub(crate) shell: Shell,
    /// The file that holds the virtual key
    #[arg(long, value_name = "FILE")]
    pub(crate) key_file: Option<PathBuf>,
    /// Leave the client its own sign-in or key, and put the virtual key beside it; it has to allow `client`
    /// credentials
    #[arg(long)]
    pub(crate) own_login: bool,
}

/// The clients that can be set up by variables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Client {
    /// Claude Code
    Claude,
    /// Codex CLI
    Codex,
    /// OpenCode
    Opencode,
    /// Qwen Code
    Qwen,
    /// Anything on an OpenAI SDK
    Openai,
    /// Anything on an Anthropic SDK
    Anthropic,
}

/// Get a short-lived token for a client, and everything the client has to be told
///
/// It draws on your own credentials if you have any, else on your organization's. The lines for the
/// shell go to standard output; files go below --write, or are left to you with --json.
#[derive(Debug, Args)]
pub(crate) struct BootstrapArgs {
    /// Which client
    pub(crate) client: Client,
    /// The named consumer that its calls are attributed to [default: the client's name]
    #[arg(long, value_name = "AGENT")]
    pub(crate) agent: Option<String>,
    /// The organization it works for
    #[arg(long, value_name = "ORG")]
    pub(crate) org: Option<String>,
    /// The model to start with
    #[arg(long, value_name = "MODEL")]
    pub(crate) model: Option<String>,
    /// Let it use the platform's credentials where there are no others
    #[arg(long)]
    pub(crate) platform: bool,
    /// Write the client's files below this directory, in place of the home directory
    ///
    /// A file that is there is left alone, and that is an error.
    #[arg(long, value_name = "DIR")]
    pub(crate) write: Option<PathBuf>,
    /// The shell that will read the lines
    #[arg(long, value_name = "SHELL", default_value = "sh")]
    pub(crate) shell: Shell,
    #[command(flatten)]
    pub(crate) format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shell {
    /// sh, bash, zsh
    Sh,
    /// fish
    Fish,
    /// PowerShell
    Powershell,
    /// `launchctl setenv`, for programs started from the desktop
    Launchctl,
}

#[derive(Debug, Subcommand)]
pub(crate) enum VaultCommand {
    /// Make the master key and the first data key, where there are none
    Init(ConfigArgs),
    /// Put a new master key in the place of the old one
    ///
    /// Every data key is wrapped anew; stored credentials are not touched, and a running server is
    /// not disturbed. When this is cut short, run it again: it goes on where it stopped, and a server
    /// can be started meanwhile. A backup of the database needs the master key of its own time.
    Rotate(RotateArgs),
    /// Say which keys there are and whether they fit
    Status(CheckArgs),
}

#[derive(Debug, Args)]
pub(crate) struct RotateArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// The new key, where `vault.master_key` names the old one: `env:NAME` or `file:PATH`, 32 bytes in
    /// base64. Without `vault.master_key` a new key is made.
    #[arg(long, value_name = "REFERENCE")]
    pub(crate) new_key: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DbCommand {
    /// Bring the schema up to date, as `serve` does when it starts
    Migrate(ConfigArgs),
    /// Write a consistent copy to a new file (mode 0600), while a server runs or not
    ///
    /// Credentials in it stay sealed: keep `master.key` too, and not beside it.
    Backup(BackupArgs),
    /// Put a backup in the place of the database; no server may be running
    Restore(RestoreArgs),
    /// Sums of usage by hour and day: make them anew from the calls, or check them; servers may run
    Rollup(RollupArgs),
}

#[derive(Debug, Args)]
#[group(id = "what", required = true, multiple = false, args = ["rebuild", "verify"])]
pub(crate) struct RollupArgs {
    /// Count every call again and write the sums anew; those of deleted calls stay
    #[arg(long)]
    pub(crate) rebuild: bool,
    /// Count every call again and compare; exit code 1 when a sum is wrong
    #[arg(long)]
    pub(crate) verify: bool,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
}

#[derive(Debug, Args)]
pub(crate) struct BackupArgs {
    /// The file to write; it must not exist
    #[arg(value_name = "FILE")]
    pub(crate) to: PathBuf,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
}

#[derive(Debug, Args)]
pub(crate) struct RestoreArgs {
    /// The backup to read
    #[arg(value_name = "FILE")]
    pub(crate) from: PathBuf,
    /// Replace the database that is there; it is kept beside, as `tollhouse.db.replaced`
    #[arg(long)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_tree_holds_together() {
        super::Cli::command().debug_assert();
    }
}
