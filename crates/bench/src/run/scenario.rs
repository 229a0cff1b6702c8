//! What a scenario is, and which ones a run takes.

mod all;

use anyhow::bail;

use self::all::{ALL, CHAT};
use super::metric::Metric;
use crate::load::{Mode, Plan, Verify};
use crate::payload::Api;

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

impl Load {
    const fn plain(conns: u32, request: usize) -> Self {
        Self {
            api: Api::Messages,
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

    /// The generator's plan for one round.
    pub(super) fn plan(&self, ends: super::target::Ends, exact: bool, millis: u64) -> Plan {
        Plan {
            target: ends.target,
            mock: Some(ends.mock),
            mode: self.mode,
            conns: self.conns,
            millis: self.ramp_millis.unwrap_or(millis),
            rate: self.rate,
            once: self.ramp_millis.is_some(),
            api: self.api,
            key: String::new(),
            request: self.request,
            answer: 1_024,
            events: self.events,
            gap_us: self.gap_us,
            first_us: self.first_us,
            stamp: self.stamp,
            verify: if exact { Verify::Exact } else { Verify::Status },
        }
    }
}

/// Scenarios that open thousands of sockets or last long.
const LARGE: [&str; 2] = ["c2000", "i2000"];

/// Every name with its meaning, for `--list`.
pub(super) fn list() -> String {
    let lines: Vec<String> = ALL
        .iter()
        .chain(&CHAT)
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
    let known = || ALL.iter().chain(&CHAT);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn names(chosen: &[Scenario]) -> Vec<&str> {
        chosen.iter().map(|scenario| scenario.name).collect()
    }

    #[test]
    fn without_names_all_but_soak_and_chat_run() {
        let chosen = choose(&[], false, false, None).unwrap();
        assert_eq!(chosen.len(), ALL.len() - 1);
        assert!(!names(&chosen).contains(&"soak"));
        let quick = choose(&[], true, false, None).unwrap();
        assert!(!names(&quick).contains(&"i2000"));
    }

    #[test]
    fn names_and_flags_add_up() {
        let chosen = choose(&["a32".to_owned()], false, true, Some(2)).unwrap();
        assert_eq!(names(&chosen), ["a32", "soak", "a1-chat", "a32-chat"]);
        assert!(matches!(chosen[1].kind, Kind::Soak { minutes: 2 }));
        assert!(choose(&["a33".to_owned()], false, false, None).is_err());
    }
}
