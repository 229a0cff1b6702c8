//! What is too long to be held in memory, on its way to standard output or into a file.

use std::fs::{self, OpenOptions};
use std::io::{BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;

use crate::output;

/// Writes an answer out as it comes: to a file that is not there yet, and is only once it is whole, or to standard
/// output. `what` is what is said to be in the file.
pub(super) async fn save(body: Incoming, to: Option<&Path>, what: &str) -> anyhow::Result<()> {
    let Some(to) = to else {
        return copy(body, BufWriter::new(std::io::stdout().lock())).await;
    };
    if to.exists() {
        bail!("{} is there already", to.display());
    }
    // Under another name until it is whole.
    let mut partial = to.to_owned().into_os_string();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    let done = write(body, &partial, to).await;
    if done.is_err() {
        // That it failed is what matters, not this.
        let _ = fs::remove_file(&partial);
    }
    done.with_context(|| to.display().to_string())?;
    output::note(&format!("{what} in {}", to.display()));
    Ok(())
}

async fn write(body: Incoming, partial: &Path, to: &Path) -> anyhow::Result<()> {
    let mut options = OpenOptions::new();
    let options = options.write(true).create(true).truncate(true).mode(0o600);
    let file = options.open(partial)?;
    copy(body, BufWriter::new(&file)).await?;
    file.sync_all()?;
    Ok(fs::rename(partial, to)?)
}

async fn copy(mut body: Incoming, mut to: impl Write) -> anyhow::Result<()> {
    while let Some(frame) = body.frame().await {
        if let Some(bytes) = frame.context("the export was cut short")?.data_ref() {
            to.write_all(bytes)?;
        }
    }
    Ok(to.flush()?)
}
