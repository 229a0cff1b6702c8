//! Going through the ledger from the newest call on without reading what cannot match. A list of what is rare
//! would read everything for one page; the sums by day and hour (`rollups`) say where such calls are at all.
//!
//! A call's id is made of the moment it is admitted, so ids and times have one order, but for calls of about the
//! same moment: what is found by time is taken with [`SLACK`] around it, and what is then read is by id.

use std::collections::VecDeque;

use sqlx::{Database, Encode, QueryBuilder, Type};
use tollhouse_domain::id::CallId;
use tollhouse_domain::tenancy::Visible;
use uuid::Uuid;

use super::filter::CallFilter;
use super::row::bounded;
use crate::convert::NEWEST;
use crate::db::Store;
use crate::error::Result;
use crate::rollups::{Asked, Level};
use crate::usage::Interval;

/// How many of the newest calls are gone through before the sums are asked: most lists end among them.
const NEAR: i64 = 5_000;
/// In microseconds: more than ids and times of calls may disagree on what came first.
const SLACK: i64 = 1_000_000;

const SKIP_NEAR: &str = "SELECT id, at FROM calls WHERE id < $1 ORDER BY id DESC LIMIT 1 OFFSET $2";
// Not `MIN(id)`, which PostgreSQL has not, and not an order that an index of ids has, which it would go through.
const FIRST_SINCE: &str = "WITH near AS MATERIALIZED (SELECT id FROM calls WHERE at >= $1 \
    AND at <= (SELECT MIN(at) FROM calls WHERE at >= $1) + $2) SELECT id FROM near ORDER BY id LIMIT 1";
const DAYS: &str = "SELECT DISTINCT at FROM usage_rollups WHERE kind = ";
const SERIES: &str = " AND series IN (SELECT id FROM usage_series WHERE TRUE";

/// A part of the ledger: ids from the first of these to before the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) from: Uuid,
    pub(crate) below: Uuid,
}

/// What is left to go through.
enum Left {
    /// Everything, and nothing is known of it.
    Everything,
    /// The newest calls, and then what the sums say.
    Newest,
    /// Hours of which some call matches, newest first, and days, likewise, that are older.
    Sums {
        hours: VecDeque<Hours>,
        days: VecDeque<i64>,
    },
    Nothing,
}

/// Hours on end, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Hours {
    from: i64,
    to: i64,
}

/// The pieces of the ledger that calls which pass a filter are in, newest first.
pub(crate) struct Search<'a> {
    store: &'a Store,
    filter: &'a CallFilter,
    above: Uuid,
    below: Uuid,
    left: Left,
    /// Of the sums that say where to look.
    level: Level,
}

impl Store {
    /// Where to look for the calls that pass `filter` and are older than `after`.
    pub(crate) async fn search<'a>(
        &'a self,
        filter: &'a CallFilter,
        after: Option<CallId>,
    ) -> Result<Search<'a>> {
        let (above, end) = self.bounds(filter).await?;
        let below = after.map_or(end, |id| end.min(id.0));
        let level = match asks_sums(filter) {
            Some(asked) if below > above => asked.nearest(self.whole().await?),
            Some(_) | None => None,
        };
        let left = match level {
            _ if below <= above => Left::Nothing,
            Some(_) => Left::Newest,
            None => Left::Everything,
        };
        Ok(Search {
            store: self,
            filter,
            above,
            below,
            left,
            level: level.unwrap_or(Level::Keys),
        })
    }

    /// What a filter says of time, of ids: from the first of these to before the second.
    async fn bounds(&self, filter: &CallFilter) -> Result<(Uuid, Uuid)> {
        let (mut above, mut below) = (Uuid::nil(), NEWEST);
        if let Some(to) = filter.to
            && let Some(first) = self.first_since(to.0.saturating_add(SLACK)).await?
        {
            below = first;
        }
        if let Some(from) = filter.from {
            match self.first_since(from.0.saturating_sub(SLACK)).await? {
                Some(first) => above = first,
                None => below = above,
            }
        }
        Ok((above, below))
    }

    /// The same filter with its time said of ids as well, where an index is gone through that goes by these: it would be
    /// from the first call to the last.
    pub(crate) async fn by_ids(&self, filter: &CallFilter) -> Result<CallFilter> {
        let indexed = filter.credential.is_some() || filter.is_marked();
        if filter.ids.is_some() || !indexed {
            return Ok(filter.clone());
        }
        let (above, below) = self.bounds(filter).await?;
        Ok(CallFilter {
            ids: Some((CallId(above), CallId(below))),
            ..filter.clone()
        })
    }

    /// The smallest id of a call at a moment or later: it may be later than the first by their clocks, but not by more
    /// than these disagree.
    async fn first_since(&self, at: i64) -> Result<Option<Uuid>> {
        Ok(read!(self, |pool| sqlx::query_scalar(FIRST_SINCE)
            .bind(at)
            .bind(SLACK)
            .fetch_optional(pool)
            .await?))
    }
}

impl Search<'_> {
    /// The next piece to look into.
    pub(crate) async fn next(&mut self) -> Result<Option<Piece>> {
        loop {
            match &mut self.left {
                Left::Nothing => return Ok(None),
                Left::Everything => {
                    self.left = Left::Nothing;
                    return Ok(self.piece(self.above));
                }
                Left::Newest => return self.newest().await,
                Left::Sums { hours, days } => {
                    if let Some(found) = hours.pop_front() {
                        if let Some(piece) = self.of_hours(found).await? {
                            return Ok(Some(piece));
                        }
                    } else if let Some(day) = days.pop_front() {
                        let found = self.hours_of(day).await?;
                        if let Left::Sums { hours, .. } = &mut self.left {
                            *hours = on_end(&found);
                        }
                    } else {
                        self.left = Left::Nothing;
                    }
                }
            }
        }
    }

    /// Everything from an id on that no piece had before.
    fn piece(&mut self, from: Uuid) -> Option<Piece> {
        cut(&mut self.below, from.max(self.above))
    }

    async fn newest(&mut self) -> Result<Option<Piece>> {
        let near: Option<(Uuid, i64)> = read!(self.store, |pool| sqlx::query_as(SKIP_NEAR)
            .bind(self.below)
            .bind(NEAR)
            .fetch_optional(pool)
            .await?);
        let Some((from, at)) = near.filter(|(from, _)| *from > self.above) else {
            self.left = Left::Nothing;
            return Ok(self.piece(self.above));
        };
        let days = self.days_before(at.saturating_add(SLACK)).await?;
        self.left = if days.is_empty() {
            Left::Nothing
        } else {
            Left::Sums {
                hours: VecDeque::new(),
                days: days.into(),
            }
        };
        Ok(self.piece(from))
    }

    /// The calls of some hours, as far as they were not in a piece before.
    async fn of_hours(&mut self, hours: Hours) -> Result<Option<Piece>> {
        let from = hours.from.saturating_sub(SLACK);
        let Some(from) = self.store.first_since(from).await? else {
            return Ok(None);
        };
        if let Some(end) = self
            .store
            .first_since(hours.to.saturating_add(SLACK))
            .await?
        {
            self.below = self.below.min(end);
        }
        Ok(self.piece(from))
    }

    /// The days up to a moment on which some call matches, newest first.
    async fn days_before(&self, at: i64) -> Result<Vec<i64>> {
        self.parts(Interval::Day, i64::MIN, at).await
    }

    async fn hours_of(&self, day: i64) -> Result<Vec<i64>> {
        let last = day.saturating_add(Interval::Day.micros() - 1);
        self.parts(Interval::Hour, day, last).await
    }

    /// The days or hours that begin from `first` to `last` and have a matching call, newest first.
    async fn parts(&self, interval: Interval, first: i64, last: i64) -> Result<Vec<i64>> {
        Ok(read!(self.store, |pool| {
            let mut query = QueryBuilder::new(DAYS);
            // Spliced, because the plan depends on it, and it is a number of ours.
            query.push(self.level.kind(interval));
            query.push(" AND at >= ").push_bind(first);
            query.push(" AND at <= ").push_bind(last);
            // Where it is not known what the dearest cost, it did no more than all of them, because none costs less
            // than nothing.
            if let Some(cost) = self.filter.min_cost {
                query.push(" AND (cost_most >= ").push_bind(cost.0);
                query
                    .push(" OR cost_most IS NULL AND cost >= ")
                    .push_bind(cost.0);
                query.push(")");
            }
            query.push(SERIES);
            push_series(self.filter, self.level, &mut query);
            query.push(") ORDER BY at DESC");
            query.build_query_scalar().fetch_all(pool).await?
        }))
    }
}

/// Cuts off what is left below an id, from another id on, if anything is. What was cut off before stays so.
fn cut(below: &mut Uuid, from: Uuid) -> Option<Piece> {
    if from >= *below {
        return None;
    }
    let below = std::mem::replace(below, from);
    Some(Piece { from, below })
}

/// Hours, newest first, with those that follow one another made one.
fn on_end(hours: &[i64]) -> VecDeque<Hours> {
    let mut found = VecDeque::<Hours>::new();
    for from in hours.iter().copied() {
        let to = from.saturating_add(Interval::Hour.micros());
        match found.back_mut() {
            Some(after) if after.from == to => after.from = from,
            _ => found.push_back(Hours { from, to }),
        }
    }
    found
}

/// What the sums are asked of a filter, where they know where its calls are. Of a key, a user, an organization or a
/// credential alone an index knows better, and so it does of fallbacks and errors beside whatever else.
fn asks_sums(filter: &CallFilter) -> Option<Asked> {
    let mut asked = Asked::of(filter, &[]);
    if asked.calls || !(asked.cost || asked.agent || asked.work || asked.tags > 0) {
        return None;
    }
    if let Visible::Of { orgs, .. } = &filter.visible {
        asked.user = true;
        asked.org |= !orgs.is_empty();
    }
    Some(asked)
}

/// Adds what the series of matching calls have in common, as far as the level tells it apart. The rest is left to the
/// calls.
fn push_series<DB>(filter: &CallFilter, level: Level, query: &mut QueryBuilder<DB>)
where
    DB: Database,
    Uuid: for<'q> Encode<'q, DB> + Type<DB>,
    i64: for<'q> Encode<'q, DB> + Type<DB>,
    String: for<'q> Encode<'q, DB> + Type<DB>,
{
    if let Some((name, value)) = &filter.tag {
        query.push(" AND tag_name = ").push_bind(bounded(name));
        query.push(" AND tag_value = ").push_bind(bounded(value));
    }
    let whole = CallFilter {
        tag: None,
        min_cost: None,
        credential: None,
        from: None,
        to: None,
        ..filter.clone()
    };
    let told = match level {
        // With the rest of these, nothing is asked that they do not tell apart.
        Level::Keys | Level::Users | Level::Orgs | Level::Everybody => whole,
        Level::TagUsers => CallFilter {
            visible: filter.visible.clone(),
            user: filter.user,
            org: filter.org,
            ..CallFilter::default()
        },
        Level::TagOrgs => CallFilter {
            key: None,
            agent: None,
            ..whole
        },
    };
    told.push_to(query);
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = Interval::Hour.micros();

    #[test]
    fn what_a_piece_had_is_in_no_other() {
        let id = Uuid::from_u128;
        let mut below = id(100);
        let mut cut = |from: u128| cut(&mut below, id(from)).map(|piece| (piece.from, piece.below));
        assert_eq!(cut(70), Some((id(70), id(100))));
        // Hours of the same day that the newest calls were of.
        assert_eq!(cut(90), None);
        assert_eq!(cut(70), None);
        assert_eq!(cut(60), Some((id(60), id(70))));
    }

    #[test]
    fn hours_on_end_are_one_piece() {
        let hours = |from: i64, to: i64| Hours {
            from: from * HOUR,
            to: to * HOUR,
        };
        let found = on_end(&[9, 8, 7, 5, 2, 1].map(|hour| hour * HOUR));
        assert_eq!(found, [hours(7, 10), hours(5, 6), hours(1, 3)]);
        assert!(on_end(&[]).is_empty());
    }
}
