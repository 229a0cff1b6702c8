//! One row of a table: a server, and between which protocols calls cross it.

use serde::Serialize;

use super::name::Name;
use crate::load::Verify;
use crate::payload::Api;

/// A server under test, taking calls of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct Entry {
    pub(super) target: Name,
    pub(super) crossing: Crossing,
    /// The other rows stand beside this one.
    pub(super) is_bound: bool,
}

/// Who speaks what. The same on both sides is a call that crosses unchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct Crossing {
    pub(super) caller: Api,
    pub(super) upstream: Api,
}

impl Crossing {
    pub(super) const fn unchanged(api: Api) -> Self {
        Self {
            caller: api,
            upstream: api,
        }
    }

    pub(super) fn translates(self) -> bool {
        self.caller != self.upstream
    }
}

impl Entry {
    /// A server that carries calls unchanged; the bare pass-through is what they are compared with.
    pub(super) fn unchanged(target: Name, api: Api) -> Self {
        Self {
            target,
            crossing: Crossing::unchanged(api),
            is_bound: target == Name::Passthrough,
        }
    }

    /// What tells it from the others of a scenario: a word for a directory, too.
    pub(super) fn id(self) -> String {
        let Crossing { caller, upstream } = self.crossing;
        format!("{}-{caller}-{upstream}", self.target)
    }

    /// How its answers are judged.
    pub(super) fn verify(self) -> Verify {
        if self.crossing.translates() {
            Verify::Text
        } else if self.target.is_exact() {
            Verify::Exact
        } else {
            Verify::Status
        }
    }

    /// Its name in a table, where `crossing` tells rows apart.
    pub(super) fn label(self, crossing: bool) -> String {
        let Crossing { caller, upstream } = self.crossing;
        match (crossing, self.crossing.translates()) {
            (false, _) => self.target.to_string(),
            (true, true) => format!("{}, {caller} → {upstream}", self.target),
            (true, false) => format!("{}, {caller} unchanged", self.target),
        }
    }
}
