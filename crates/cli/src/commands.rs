//! One file per command.

mod account;
mod audit;
mod bootstrap;
mod bridge;
mod call;
mod check;
mod credential;
mod db;
mod demo;
mod download;
mod env;
mod key;
mod listing;
mod login;
mod password;
mod people;
mod prices;
mod routes;
mod run;
mod serve;
mod session;
mod tail;
mod transcript;
mod usage;
mod vault;

use crate::api::Api;
use crate::args::{Command, PasswordArgs, ProxyCommand};
use crate::output;

/// Does what was asked; the exit code is the client's own for `run`, and 0 otherwise.
pub(crate) async fn run(command: Command) -> anyhow::Result<u8> {
    match command {
        Command::Demo(args) => demo::run(args).await,
        Command::Serve(args) => serve::run(args).await,
        Command::Check(args) => check::run(&args),
        Command::Run(args) => return run::run(args).await,
        Command::Env(args) => env::run(&args).await,
        Command::Bootstrap(args) => bootstrap::run(&args).await,
        Command::Login(args) => login::run(args).await,
        Command::Logout(args) => login::out(args).await,
        Command::Whoami(format) => login::whoami(format).await,
        Command::Password(PasswordArgs {}) => password::own().await,
        Command::Key(command) => key::run(command).await,
        Command::Credential(command) => credential::run(command).await,
        Command::Account(command) => account::run(command).await,
        Command::Org(command) => people::org(command).await,
        Command::User(command) => people::user(command).await,
        Command::Member(command) => people::member(command).await,
        Command::Token(command) => people::token(command).await,
        Command::Budgets(format) => people::standings(format).await,
        Command::Calls(args) => call::run(args).await,
        Command::Session(command) => session::run(command).await,
        Command::Usage(args) => usage::run(args).await,
        Command::Tail(format) => tail::run(format).await,
        Command::Audit(command) => audit::run(command).await,
        Command::Proxy(ProxyCommand::Info(format)) => listing::proxy_info(format).await,
        Command::Providers(format) => listing::providers(format).await,
        Command::Routes(args) => routes::run(args).await,
        Command::Models(format) => listing::models(format).await,
        Command::Prices(command) => prices::run(command).await,
        Command::Bridge(command) => bridge::run(command).await,
        Command::Vault(command) => vault::run(command).await,
        Command::Db(command) => db::run(command).await,
        Command::Openapi => openapi().await,
    }?;
    Ok(0)
}

async fn openapi() -> anyhow::Result<()> {
    let document = Api::find()?.text("/api/openapi.json").await?;
    output::line(document.trim_end())?;
    Ok(())
}
