//! What can be typed about being somebody to a server.

use clap::Args;

use super::Format;

/// Sign in to a server, with a code that you type where you are signed in
///
/// It prints an address and a code. Open the address in any browser, on this machine or another, sign
/// in there and type the code; this command waits. The token that it gets is yours, works for ninety
/// days, and is kept for your user alone (mode 0600), together with the server's address, where the
/// other commands find them.
#[derive(Debug, Args)]
pub(crate) struct LoginArgs {
    /// The server's address [default: TOLLHOUSE_URL, else the profile's]
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// What this machine is called there [default: its name]
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    #[command(flatten)]
    pub(crate) format: Format,
}

/// End the token that `login` got, and forget it here
#[derive(Debug, Args)]
pub(crate) struct LogoutArgs {
    /// Forget it here even when the server cannot be told
    #[arg(long)]
    pub(crate) force: bool,
}

/// Change your own password
///
/// The present one and the new one are asked for on the terminal without being shown, or are two lines
/// on standard input. It takes a token of the scope `admin`, and ends your sessions in browsers.
#[derive(Debug, Args)]
pub(crate) struct PasswordArgs {}
