//! How finely sums tell calls apart. The coarser, the fewer rows there are to read, and what is asked most often is
//! asked of everybody or of an organization.

use crate::calls::{CallFilter, bounded};
use crate::usage::{GroupBy, Interval};

/// What a row of sums tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    /// Everything that can be filtered or grouped by, but for sessions and tags.
    Keys,
    /// A tag beside users and organizations.
    TagUsers,
    /// Organizations and what was done: models, providers, callers and how calls ended.
    Orgs,
    /// What was done, by everybody.
    Everybody,
    /// A tag beside organizations and what was done.
    TagOrgs,
    /// Users, organizations and agents.
    Users,
}

impl Level {
    pub(crate) const ALL: [Self; 6] = [
        Self::Keys,
        Self::TagUsers,
        Self::Orgs,
        Self::Everybody,
        Self::TagOrgs,
        Self::Users,
    ];
    /// Those that are made of the sums by key.
    pub(crate) const WIDER: [Self; 3] = [Self::Orgs, Self::Everybody, Self::Users];

    /// What is stored of it as `kind`: hours are odd, days even.
    pub(crate) const fn kind(self, interval: Interval) -> i64 {
        2 * self as i64
            + match interval {
                Interval::Hour => 1,
                Interval::Day => 2,
            }
    }
}

impl Level {
    /// What is so of its series and of no others that a key, a user or an organization has, as a condition.
    pub(crate) const fn series(self) -> &'static str {
        match self {
            Self::Keys => " AND key_id IS NOT NULL",
            Self::Users => " AND key_id IS NULL AND caller IS NULL AND tag_name IS NULL",
            Self::Orgs | Self::Everybody => {
                " AND key_id IS NULL AND caller IS NOT NULL AND tag_name IS NULL"
            }
            Self::TagUsers => " AND tag_name IS NOT NULL AND caller IS NULL",
            Self::TagOrgs => " AND tag_name IS NOT NULL AND caller IS NOT NULL",
        }
    }
}

/// Which sums there are of every call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Whole {
    /// None: there were calls before there were sums.
    Nothing,
    /// Those by key and by tag beside users, which there were first.
    First,
    /// All of them.
    Everything,
}

/// What a question tells calls apart by.
#[expect(clippy::struct_excessive_bools, reason = "each is one answer")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Asked {
    /// Something that no sums tell apart: one session or each, ids, or what few calls have.
    pub(crate) calls: bool,
    pub(crate) cost: bool,
    pub(crate) credential: bool,
    pub(crate) key: bool,
    pub(crate) agent: bool,
    pub(crate) user: bool,
    pub(crate) org: bool,
    /// What was done: models, providers, callers, and so on.
    pub(crate) work: bool,
    /// How many tags, of which sums tell apart one.
    pub(crate) tags: usize,
}

impl Asked {
    /// Who may see what is left out: that is one more thing to tell apart, but not always the same.
    pub(crate) fn of(filter: &CallFilter, groups: &[GroupBy]) -> Self {
        let CallFilter {
            visible: _,
            key,
            user,
            org,
            session,
            model,
            provider,
            caller,
            agent,
            endpoint,
            protocol,
            outcome,
            error,
            fallback,
            status,
            source,
            credential,
            tag,
            min_cost,
            ids,
            from: _,
            to: _,
        } = filter;
        let texts = [model, provider, caller, endpoint];
        let mut asked = Self {
            calls: session.is_some() || ids.is_some() || error.is_some() || fallback.is_some(),
            cost: min_cost.is_some(),
            credential: credential.is_some(),
            key: key.is_some(),
            agent: agent.is_some(),
            user: user.is_some(),
            org: org.is_some(),
            work: texts.iter().any(|text| text.is_some())
                || protocol.is_some()
                || outcome.is_some()
                || status.is_some()
                || source.is_some(),
            tags: usize::from(tag.is_some()),
        };
        // What sums would have cut they do not tell apart.
        if let Some((name, value)) = tag
            && (bounded(name) != *name || bounded(value) != *value)
        {
            asked.tags += 1;
        }
        for group in groups {
            match group {
                GroupBy::Session => asked.calls = true,
                GroupBy::Key => asked.key = true,
                GroupBy::Agent => asked.agent = true,
                GroupBy::User => asked.user = true,
                GroupBy::Org => asked.org = true,
                GroupBy::Tag(_) => asked.tags += 1,
                GroupBy::Day | GroupBy::Hour => {}
                GroupBy::Model
                | GroupBy::ModelServed
                | GroupBy::Provider
                | GroupBy::Caller
                | GroupBy::Outcome
                | GroupBy::Status
                | GroupBy::Endpoint
                | GroupBy::Protocol
                | GroupBy::Source => asked.work = true,
            }
        }
        asked
    }

    /// The coarsest sums that tell all of it apart, of those that there are.
    pub(crate) const fn level(self, whole: Whole) -> Option<Level> {
        let of_keys = self.key || self.agent;
        let everything = match whole {
            Whole::Nothing => return None,
            Whole::First => false,
            Whole::Everything => true,
        };
        match self.tags {
            _ if self.calls || self.cost || self.credential => None,
            0 if !everything || self.key => Some(Level::Keys),
            0 if self.user || self.agent => {
                Some(if self.work { Level::Keys } else { Level::Users })
            }
            0 if self.org => Some(Level::Orgs),
            0 => Some(Level::Everybody),
            // These go back further: what tags stood beside cannot be made anew without its calls.
            1 if !of_keys && !self.work => Some(Level::TagUsers),
            1 if !of_keys && !self.user && everything => Some(Level::TagOrgs),
            _ => None,
        }
    }

    /// The coarsest sums that tell apart as much of it as any do, leaving the rest to whoever reads the calls.
    pub(crate) const fn nearest(self, whole: Whole) -> Option<Level> {
        let near = Self {
            calls: false,
            cost: false,
            credential: false,
            ..self
        };
        match (near.level(whole), whole) {
            (Some(level), _) => Some(level),
            (None, Whole::Nothing) => None,
            (None, Whole::Everything) if near.work && !near.user => Some(Level::TagOrgs),
            (None, _) => Some(Level::TagUsers),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: Asked = Asked {
        calls: false,
        cost: false,
        credential: false,
        key: false,
        agent: false,
        user: false,
        org: false,
        work: false,
        tags: 0,
    };

    #[test]
    fn the_coarsest_that_tell_it_apart_are_asked() {
        let (none, key) = (
            NOTHING,
            Asked {
                key: true,
                ..NOTHING
            },
        );
        let (org, user) = (
            Asked {
                org: true,
                ..NOTHING
            },
            Asked {
                user: true,
                ..NOTHING
            },
        );
        let work = |asked| Asked {
            work: true,
            ..asked
        };
        let tag = |asked| Asked { tags: 1, ..asked };
        let agent = Asked {
            agent: true,
            ..NOTHING
        };
        let cases = [
            (none, Some(Level::Everybody), Some(Level::Keys)),
            (work(none), Some(Level::Everybody), Some(Level::Keys)),
            (work(org), Some(Level::Orgs), Some(Level::Keys)),
            (user, Some(Level::Users), Some(Level::Keys)),
            (work(user), Some(Level::Keys), Some(Level::Keys)),
            (key, Some(Level::Keys), Some(Level::Keys)),
            (agent, Some(Level::Users), Some(Level::Keys)),
            (tag(none), Some(Level::TagUsers), Some(Level::TagUsers)),
            (tag(user), Some(Level::TagUsers), Some(Level::TagUsers)),
            (tag(work(org)), Some(Level::TagOrgs), None),
            (tag(work(user)), None, None),
            (tag(key), None, None),
            (Asked { tags: 2, ..NOTHING }, None, None),
            (
                Asked {
                    calls: true,
                    ..NOTHING
                },
                None,
                None,
            ),
            (
                Asked {
                    cost: true,
                    ..NOTHING
                },
                None,
                None,
            ),
            (
                Asked {
                    credential: true,
                    ..NOTHING
                },
                None,
                None,
            ),
        ];
        for (asked, all, first) in cases {
            assert_eq!(asked.level(Whole::Everything), all, "{asked:?}");
            assert_eq!(asked.level(Whole::First), first, "{asked:?}");
            assert_eq!(asked.level(Whole::Nothing), None);
        }
    }

    #[test]
    fn kinds_are_those_that_are_stored() {
        let kinds = Level::ALL.map(|level| level.kind(Interval::Hour));
        assert_eq!(kinds, [1, 3, 5, 7, 9, 11]);
        assert_eq!(Level::Everybody.kind(Interval::Day), 8);
    }
}
