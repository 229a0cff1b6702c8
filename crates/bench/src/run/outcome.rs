//! What a run has measured.

use anyhow::bail;
use serde::Serialize;

use super::entry::Entry;
use super::metric::{Metric, Values};
use super::note;
use super::round::Round;

/// Everything measured, as written by `--json`.
#[derive(Debug, Serialize)]
pub(super) struct Outcome {
    pub(super) version: &'static str,
    pub(super) processor: String,
    pub(super) load_core: u32,
    pub(super) target_core: u32,
    pub(super) scenarios: Vec<Measured>,
}

/// One scenario's results.
#[derive(Debug, Serialize)]
pub(super) struct Measured {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    pub(super) targets: Vec<Line>,
}

/// One target's results in one scenario.
#[derive(Debug, Serialize)]
pub(super) struct Line {
    #[serde(flatten)]
    pub(super) entry: Entry,
    pub(super) label: String,
    pub(super) values: Values,
    pub(super) rounds: Vec<Round>,
    /// Why there are no (more) values.
    pub(super) failure: Option<String>,
}

impl Outcome {
    /// Errors: an answer of the gateway or the pass-through was lost or differed.
    pub(super) fn verdict(&self) -> anyhow::Result<()> {
        let bad: Vec<String> = self
            .scenarios
            .iter()
            .flat_map(|scenario| scenario.targets.iter().map(move |line| (scenario, line)))
            .filter(|(_, line)| line.entry.target.is_ours() && line.is_bad())
            .map(|(scenario, line)| format!("{} in {}", line.label, scenario.name))
            .collect();
        if bad.is_empty() {
            return Ok(());
        }
        bail!("failed or lost answers: {}", bad.join(", "))
    }
}

impl Line {
    pub(super) fn new(entry: Entry, crossing: bool) -> Self {
        Self {
            entry,
            label: entry.label(crossing),
            values: Values::new(),
            rounds: Vec::new(),
            failure: None,
        }
    }

    pub(super) fn push(&mut self, round: Round) {
        if let Some(failure) = &round.report.first_failure {
            note(&format!("{}: first failed call: {failure}", self.label));
        }
        self.rounds.push(round);
    }

    pub(super) fn fail(&mut self, error: &anyhow::Error) {
        note(&format!("{}: {error:#}", self.label));
        self.failure = Some(error.root_cause().to_string());
    }

    pub(super) fn is_bad(&self) -> bool {
        let lost = self.values.get(&Metric::Lost);
        self.failure.is_some() || lost.is_some_and(|lost| *lost > 0.0)
    }
}
