//! `LiteLLM` as a peer: installed once into the cache, started with one worker.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};

use super::note;
use super::target::{Ends, strings};
use crate::payload::MODEL;

/// Installs it when needed and writes its configuration.
pub(super) fn prepare(
    ends: Ends,
    home: &Path,
    cache: &Path,
) -> anyhow::Result<(PathBuf, Vec<String>)> {
    let program = install(cache)?;
    let file = home.join("litellm.yaml");
    let Ends { target, mock } = ends;
    fs::write(
        &file,
        format!(
            "model_list:
  - model_name: {MODEL}
    litellm_params:
      model: openai/{MODEL}
      api_base: http://{mock}/v1
      api_key: os.environ/BENCH_UPSTREAM_KEY
general_settings:
  master_key: os.environ/BENCH_KEY
litellm_settings:
  telemetry: false
  use_chat_completions_url_for_anthropic_messages: true
"
        ),
    )?;
    let port = target.port().to_string();
    let config = file.to_string_lossy();
    let arguments = [
        "--config",
        &config,
        "--host",
        "127.0.0.1",
        "--port",
        &port,
        "--num_workers",
        "1",
        "--telemetry",
        "False",
    ];
    Ok((program, strings(&arguments)))
}

fn install(cache: &Path) -> anyhow::Result<PathBuf> {
    let place = cache.join("litellm");
    let program = place.join("bin/litellm");
    // Written last, so that an interrupted installation is repeated.
    let done = place.join("installed");
    if done.is_file() {
        return Ok(program);
    }
    note("installing LiteLLM into the cache; this takes minutes, once");
    fs::create_dir_all(cache)?;
    step(Command::new("python3").args(["-m", "venv"]).arg(&place))?;
    let pip = place.join("bin/pip");
    step(Command::new(pip).args(["install", "--quiet", "litellm[proxy]"]))?;
    fs::write(done, "")?;
    Ok(program)
}

fn step(command: &mut Command) -> anyhow::Result<()> {
    let status = command
        .status()
        .with_context(|| format!("cannot run {}", command.get_program().display()))?;
    if !status.success() {
        bail!("{} ended with {status}", command.get_program().display());
    }
    Ok(())
}
