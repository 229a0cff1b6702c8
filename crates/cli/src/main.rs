//! The `tollhouse` command: reads arguments, calls the library or the control plane, prints.
//!
//! [`args`] is the tree of what can be typed; each command is one file in [`commands`]; only
//! [`output`] prints. Exit codes: 0 done, 1 failed, 2 wrong usage or configuration; `run` gives its
//! client's own.

mod api;
mod args;
mod clients;
mod commands;
mod environment;
mod output;
mod profile;
mod record;
mod settings;
mod signals;

use std::process::ExitCode;

use clap::Parser;
use tollhouse_gateway::ConfigError;

fn main() -> ExitCode {
    let cli = args::Cli::parse();
    let result = runtime(&cli.command).and_then(|runtime| {
        let result = runtime.block_on(commands::run(cli.command));
        // A prompt or a lookup that still blocks must not keep the process.
        runtime.shutdown_background();
        result
    });
    match result {
        Ok(code) => ExitCode::from(code),
        Err(error) if output::is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            output::error(&error);
            let usage = error.is::<ConfigError>() || error.is::<settings::Usage>();
            ExitCode::from(if usage { 2 } else { 1 })
        }
    }
}

/// Threads are for serving on several processors. Everything else, and serving on one, is cheaper
/// on the thread there is.
fn runtime(command: &args::Command) -> anyhow::Result<tokio::runtime::Runtime> {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let serves = matches!(command, args::Command::Serve(_) | args::Command::Demo(_));
    let mut builder = if serves && processors > 1 {
        tokio::runtime::Builder::new_multi_thread()
    } else {
        tokio::runtime::Builder::new_current_thread()
    };
    Ok(builder.enable_all().build()?)
}
