//! Where an answer comes from: which calls, at which level of sums, in which pieces of time.

use sqlx::{Database, Encode, QueryBuilder, Type};
use tollhouse_domain::tenancy::Visible;
use uuid::Uuid;

use super::Question;
use super::group::{GroupBy, Interval};
use super::slices::{Slice, Source, slices};
use crate::calls::{CallFilter, beside};
use crate::db::Store;
use crate::error::Result;
use crate::rollups::{Asked, Level, Whole};

/// Which of the calls that somebody may see. Those of their organizations are added up together, their own are not,
/// so the two are asked for apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    /// All of them.
    All,
    /// Those of their organizations.
    OfOrgs,
    /// Their own that are of none of these.
    Own,
}

/// Some of the calls that are asked about: no call is in two parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) seen: Seen,
    /// Of the sums, where they tell it apart.
    pub(super) level: Option<Level>,
    pub(super) slices: Vec<Slice>,
    /// Of these sessions alone.
    pub(super) sessions: Option<Vec<Uuid>>,
    /// When the first and the last hour begin that have sums, where so few series are meant that each of their sums is
    /// looked up.
    pub(super) within: Option<(i64, i64)>,
}

const FIRST_HOUR: &str = "SELECT MIN(at) FROM usage_rollups WHERE kind = 1";
const LAST_HOUR: &str = "SELECT MAX(at) FROM usage_rollups WHERE kind = 1";
/// The most hours or days of which a series' sums are looked up one by one.
const MOST_LOOKED_UP: i64 = 800;

impl Part {
    /// When the hours or days begin whose sums are looked up one by one; `None` where a range is gone through.
    pub(super) fn looked_up(&self, slice: Slice) -> Option<Vec<i64>> {
        let (first, last) = self.within?;
        let Source::Sums(interval) = slice.source else {
            return None;
        };
        let first = interval.begin(slice.from.map_or(first, |from| from.max(first)));
        let end = slice
            .to
            .map_or(i64::MAX, |to| to)
            .min(last.saturating_add(1));
        let count = end.saturating_sub(first).max(0) / interval.micros() + 1;
        let all = (0..count).map(|n| first + n * interval.micros());
        (count <= MOST_LOOKED_UP).then(|| all.filter(|at| *at < end).collect())
    }
}

/// The most sessions that are looked for first, so that only their calls are read.
const FEW: u32 = 1_000;

impl Seen {
    /// Adds the condition of a part, which stands in for the filter's own. `owner` goes before each column.
    pub(super) fn push_to<DB>(self, visible: &Visible, query: &mut QueryBuilder<DB>, owner: &str)
    where
        DB: Database,
        Uuid: for<'q> Encode<'q, DB> + Type<DB>,
    {
        let Visible::Of { user, orgs } = visible else {
            return;
        };
        let push_orgs = |query: &mut QueryBuilder<DB>| {
            let mut ids = query.separated(", ");
            for org in orgs {
                ids.push_bind(org.0);
            }
            query.push(")");
        };
        match self {
            Self::All => {}
            Self::OfOrgs => {
                query.push(" AND ").push(owner).push("org_id IN (");
                push_orgs(query);
            }
            Self::Own => {
                query.push(" AND ").push(owner).push("user_id = ");
                query.push_bind(user.0);
                query.push(" AND (org_id IS NULL OR org_id NOT IN (");
                push_orgs(query);
                query.push(")");
            }
        }
    }
}

/// Which calls are asked for apart, and at which level.
fn levels(visible: &Visible, asked: Asked, whole: Whole) -> Vec<(Seen, Option<Level>)> {
    let own = Asked {
        user: true,
        ..asked
    };
    let of_orgs = Asked { org: true, ..asked };
    match visible {
        Visible::All => vec![(Seen::All, asked.level(whole))],
        Visible::Of { orgs, .. } if orgs.is_empty() => vec![(Seen::All, own.level(whole))],
        Visible::Of { .. } => {
            let (own, of_orgs) = (own.level(whole), of_orgs.level(whole));
            if own == of_orgs {
                vec![(Seen::All, own)]
            } else {
                vec![(Seen::OfOrgs, of_orgs), (Seen::Own, own)]
            }
        }
    }
}

/// What a filter says of time, and of nothing else.
fn of_time(filter: &CallFilter) -> CallFilter {
    CallFilter {
        from: filter.from,
        to: filter.to,
        ..CallFilter::default()
    }
}

impl Store {
    /// Where the answer comes from: sums for as much of the range as possible, where there are sums of what is
    /// asked, and the calls themselves for the rest.
    pub(super) async fn parts(
        &self,
        question: &Question,
        groups: &[GroupBy],
        interval: Option<Interval>,
    ) -> Result<Vec<Part>> {
        let filter = &question.filter;
        let (from, to) = (filter.from.map(|at| at.0), filter.to.map(|at| at.0));
        let hours = interval == Some(Interval::Hour) || groups.contains(&GroupBy::Hour);
        let longest = if hours { Interval::Hour } else { Interval::Day };
        let asked = Asked::of(filter, groups);
        let levels = levels(&filter.visible, asked, self.whole().await?);
        let part = |(seen, level): (Seen, Option<Level>)| Part {
            seen,
            level,
            slices: match level {
                Some(_) => slices(from, to, longest),
                None => vec![Slice {
                    source: Source::Calls,
                    from,
                    to,
                }],
            },
            sessions: None,
            within: None,
        };
        let mut parts: Vec<Part> = levels.into_iter().map(part).collect();
        if let ([part], [GroupBy::Session]) = (parts.as_mut_slice(), groups)
            && question.limit <= FEW
            && question.among.is_none()
            && *filter == of_time(filter)
        {
            part.sessions = Some(self.busiest_sessions(question).await?);
        }
        let own = matches!(&filter.visible, Visible::Of { orgs, .. } if orgs.is_empty());
        let of_few_keys = own || filter.key.is_some() || filter.user.is_some();
        for part in &mut parts {
            let few = match part.level {
                Some(Level::Keys | Level::Users) => of_few_keys || part.seen == Seen::Own,
                Some(Level::Orgs) => filter.org.is_some() || part.seen == Seen::OfOrgs,
                Some(Level::Everybody | Level::TagUsers | Level::TagOrgs) | None => false,
            };
            if few {
                part.within = self.hours_with_sums().await?;
            }
        }
        Ok(parts)
    }

    async fn hours_with_sums(&self) -> Result<Option<(i64, i64)>> {
        let (first, last) = read!(self, |pool| {
            let first: Option<i64> = sqlx::query_scalar(FIRST_HOUR).fetch_one(pool).await?;
            let last: Option<i64> = sqlx::query_scalar(LAST_HOUR).fetch_one(pool).await?;
            (first, last)
        });
        Ok(first.zip(last))
    }

    /// The sessions with most calls in a range of time, by an index that says nothing else of calls: one more than
    /// are wanted, if there are more.
    async fn busiest_sessions(&self, question: &Question) -> Result<Vec<Uuid>> {
        Ok(read!(self, |pool| {
            let mut query = QueryBuilder::new("SELECT session_id FROM calls WHERE TRUE");
            question.filter.push_to(&mut query);
            // SQLite would rather go through all sessions, in the order of another index.
            let owner = beside(&query);
            query.push(" GROUP BY ").push(owner).push("session_id");
            query.push(" ORDER BY COUNT(*) DESC, session_id LIMIT ");
            query.push_bind(i64::from(question.limit.saturating_add(1)));
            query.build_query_scalar().fetch_all(pool).await?
        }))
    }
}

#[cfg(test)]
mod tests {
    use tollhouse_domain::id::{OrgId, UserId};

    use super::*;

    #[test]
    fn what_is_an_organizations_is_asked_apart_from_ones_own() {
        let of = |orgs: Vec<OrgId>| Visible::Of {
            user: UserId(Uuid::nil()),
            orgs,
        };
        let (alone, member) = (of(vec![]), of(vec![OrgId(Uuid::nil())]));
        let asked = |groups: &[GroupBy]| Asked::of(&CallFilter::default(), groups);
        let find = |visible, groups: &[GroupBy]| levels(visible, asked(groups), Whole::Everything);
        let (keys, orgs) = (Some(Level::Keys), Some(Level::Orgs));
        let users = [GroupBy::User];
        assert_eq!(find(&member, &users), [(Seen::All, Some(Level::Users))]);
        let model = [GroupBy::Model];
        let everybody = [(Seen::All, Some(Level::Everybody))];
        assert_eq!(find(&Visible::All, &model), everybody);
        assert_eq!(find(&alone, &model), [(Seen::All, keys)]);
        let both = [(Seen::OfOrgs, orgs), (Seen::Own, keys)];
        assert_eq!(find(&member, &model), both);
        assert_eq!(find(&member, &[GroupBy::Key]), [(Seen::All, keys)]);
        let tag = [GroupBy::Tag("repo".to_owned()), GroupBy::Model];
        let both = [(Seen::OfOrgs, Some(Level::TagOrgs)), (Seen::Own, None)];
        assert_eq!(find(&member, &tag), both);
    }
}
