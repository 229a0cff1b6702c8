//! What can be typed about accounts.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Format;

#[derive(Debug, Subcommand)]
pub(crate) enum AccountCommand {
    Login(AccountLogin),
    Import(AccountImport),
    /// Accounts that you may see, and how they stand
    List(Format),
    /// What is known of one account
    Show(AccountWhich),
    /// Take an account out of use; its login is kept and renewed
    Pause(AccountWhich),
    /// Put an account back into use that was paused
    Resume(AccountWhich),
    /// Renew an account's tokens now
    Refresh(AccountWhich),
    /// End an account's rest before its time
    Wake(AccountWhich),
    /// Forget an account; sign it out at its provider to end its tokens at once
    Remove(AccountWhich),
}

/// Sign in with an account of your own at a provider
///
/// It prints an address and a code. Open the address in any browser, sign in there and type the code; this
/// command waits, and gives the sign-in up when it is interrupted. The account serves your own keys, and
/// nobody else's.
#[derive(Debug, Args)]
pub(crate) struct AccountLogin {
    #[command(flatten)]
    pub(crate) place: AccountPlace,
    /// Sign in with a browser on this machine, without a code
    ///
    /// The browser comes back to an address on this machine. Where that is in use, or the browser is
    /// elsewhere, paste the address that it ended at.
    #[arg(long)]
    pub(crate) browser: bool,
    #[command(flatten)]
    pub(crate) format: Format,
}

/// Take over the login that another program keeps in a file
///
/// A login of the gateway's own is the better way: see `account login`. The file is read from --file or
/// standard input, and stays as it is.
#[derive(Debug, Args)]
pub(crate) struct AccountImport {
    #[command(flatten)]
    pub(crate) place: AccountPlace,
    /// The file, such as ~/.codex/auth.json [default: standard input]
    #[arg(long, value_name = "PATH")]
    pub(crate) file: Option<PathBuf>,
    /// Do not ask whether to go on
    #[arg(long)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) format: Format,
}

/// Where an account goes.
#[derive(Debug, Args)]
pub(crate) struct AccountPlace {
    /// The provider's name
    #[arg(value_name = "PROVIDER", default_value = "chatgpt")]
    pub(crate) provider: String,
    /// What to call it, when you have several
    #[arg(long, value_name = "NAME", default_value = "default")]
    pub(crate) name: String,
    /// For the organization, by name or id; only where the operator allows it
    #[arg(long, value_name = "ORG")]
    pub(crate) org: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct AccountWhich {
    /// The account's id, or PROVIDER, or PROVIDER/NAME
    #[arg(value_name = "ACCOUNT")]
    pub(crate) account: String,
    #[command(flatten)]
    pub(crate) format: Format,
}
