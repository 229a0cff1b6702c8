//! A program and all that it has started: they end together.

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::Child;

/// The process group of a program that was started in one of its own. Dropped, it is ended.
pub(super) struct Group(Option<Pid>);

impl Group {
    pub(super) fn of(child: &Child) -> Self {
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        Self(id.and_then(Pid::from_raw))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // What the program started may outlive it, and goes with it. A group that is gone is what is wanted.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}
