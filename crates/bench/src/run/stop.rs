//! Interrupts: a flag that every wait looks at, so that children are stopped by their owners.

use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::bail;
use tokio::signal::unix::{SignalKind, signal};

static STOPPED: AtomicBool = AtomicBool::new(false);

/// Catches SIGINT and SIGTERM from here on.
pub(super) fn install() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()?;
    let (mut interrupt, mut terminate) = {
        let _inside = runtime.enter();
        (
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
        )
    };
    std::thread::spawn(move || {
        runtime.block_on(async move {
            tokio::select! {
                _ = interrupt.recv() => (),
                _ = terminate.recv() => (),
            }
            STOPPED.store(true, Ordering::Relaxed);
        });
    });
    Ok(())
}

/// An error once an interrupt has arrived.
pub(super) fn check() -> anyhow::Result<()> {
    if STOPPED.load(Ordering::Relaxed) {
        bail!("interrupted");
    }
    Ok(())
}
