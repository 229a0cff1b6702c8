//! What a scenario is, and which ones a run takes.

mod all;
#[cfg(test)]
mod tests;
mod translated;

use anyhow::bail;

use self::all::{ALL, CHAT};
use self::translated::TRANSLATED;
use super::entry::{Crossing, Entry};
use super::metric::Metric;
use super::name::Name;
use super::target::Ends;
use crate::load::{Mode, Plan};
use crate::payload::{Api, Prompt};

/// One scenario.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scenario {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    pub(super) kind: Kind,
    pub(super) columns: &'static [Metric],
    /// Long scenarios whose result hardly scatters run fewer rounds.
    pub(super) max_rounds: u32,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Load(Load),
    Start,
    Soak { minutes: u64 },
}

/// The load of a scenario; see [`Plan`] for the fields.
#[derive(Debug, Clone, Copy)]
pub(super) struct Load {
    pub(super) api: Api,
    /// Calls are translated, and compared with the gateway's own that are not.
    pub(super) translated: Option<Translated>,
    pub(super) prompt: Prompt,
    pub(super) mode: Mode,
    pub(super) conns: u32,
    pub(super) rate: u32,
    pub(super) request: usize,
    pub(super) events: u32,
    pub(super) gap_us: u64,
    pub(super) first_us: u64,
    pub(super) stamp: bool,
    /// One stream per connection, begun within this time.
    pub(super) ramp_millis: Option<u64>,
}

/// Calls that are translated.
#[derive(Debug, Clone, Copy)]
pub(super) struct Translated {
    /// What the provider speaks.
    pub(super) upstream: Api,
    /// What is spoken on both sides of the gateway when it carries the call that these are compared
    /// with: the provider's protocol for the same answer, the caller's for the same request.
    pub(super) bound: Api,
}

impl Load {
    const fn plain(conns: u32, request: usize) -> Self {
        Self {
            api: Api::Messages,
            translated: None,
            prompt: Prompt::Talk,
            mode: Mode::Closed,
            conns,
            rate: 0,
            request,
            events: 0,
            gap_us: 0,
            first_us: 0,
            stamp: false,
            ramp_millis: None,
        }
    }

    /// Calls at a fixed rate; 4,000 in flight is a target that has stopped answering.
    pub(super) const fn open(rate: u32) -> Self {
        Self {
            mode: Mode::Open,
            rate,
            ..Self::plain(4_000, 1_024)
        }
    }

    const fn streams(conns: u32, events: u32, gap_us: u64, ramp_millis: u64) -> Self {
        Self {
            events,
            gap_us,
            stamp: true,
            ramp_millis: Some(ramp_millis),
            ..Self::plain(conns, 1_024)
        }
    }

    /// The rows of its table, for the given servers.
    pub(super) fn entries(&self, names: &[Name]) -> Vec<Entry> {
        let Some(Translated { upstream, bound }) = self.translated else {
            let unchanged = |name: &Name| Entry::unchanged(*name, self.api);
            return names.iter().map(unchanged).collect();
        };
        let crossing = Crossing {
            caller: self.api,
            upstream,
        };
        let mut entries = Vec::new();
        for target in names.iter().copied() {
            if target == Name::Tollhouse {
                entries.push(Entry {
                    is_bound: true,
                    ..Entry::unchanged(target, bound)
                });
            }
            if target.can_translate(crossing) {
                entries.push(Entry {
                    target,
                    crossing,
                    is_bound: false,
                });
            }
        }
        entries
    }

    /// The generator's plan for one round.
    pub(super) fn plan(&self, ends: Ends, entry: Entry, millis: u64) -> Plan {
        let Crossing { caller, upstream } = entry.crossing;
        Plan {
            target: ends.target,
            mock: Some(ends.mock),
            mode: self.mode,
            conns: self.conns,
            millis: self.ramp_millis.unwrap_or(millis),
            rate: self.rate,
            once: self.ramp_millis.is_some(),
            api: caller,
            upstream: entry.crossing.translates().then_some(upstream),
            prompt: self.prompt,
            key: String::new(),
            request: self.request,
            answer: 1_024,
            events: self.events,
            gap_us: self.gap_us,
            first_us: self.first_us,
            stamp: self.stamp,
            verify: entry.verify(),
        }
    }
}

/// Scenarios that open thousands of sockets or last long.
const LARGE: [&str; 3] = ["c2000", "i2000", "i2000-m2c"];

fn known() -> impl Iterator<Item = &'static Scenario> {
    ALL.iter().chain(&TRANSLATED).chain(&CHAT)
}

/// Every name with its meaning, for `--list`.
pub(super) fn list() -> String {
    let lines: Vec<String> = known()
        .map(|scenario| format!("{:10} {}", scenario.name, scenario.about))
        .collect();
    lines.join("\n")
}

/// The scenarios asked for, in the order of the list. Errors: an unknown name.
pub(super) fn choose(
    names: &[String],
    quick: bool,
    litellm: bool,
    minutes: Option<u64>,
) -> anyhow::Result<Vec<Scenario>> {
    if let Some(unknown) = names
        .iter()
        .find(|name| known().all(|scenario| scenario.name != name.as_str()))
    {
        bail!("no scenario `{unknown}`; there are:\n{}", list());
    }
    let wanted = |scenario: &Scenario| {
        let chat = CHAT.iter().any(|other| other.name == scenario.name);
        let soak = matches!(scenario.kind, Kind::Soak { .. });
        if names.iter().any(|name| name == scenario.name) {
            return true;
        }
        if soak {
            return minutes.is_some();
        }
        if chat {
            return litellm;
        }
        names.is_empty() && !(quick && LARGE.contains(&scenario.name))
    };
    let mut chosen: Vec<Scenario> = known()
        .filter(|scenario| wanted(scenario))
        .copied()
        .collect();
    for scenario in &mut chosen {
        if let (Kind::Soak { minutes }, Some(asked)) = (&mut scenario.kind, minutes) {
            *minutes = asked;
        }
    }
    Ok(chosen)
}
