//! Replicas that spend of one budget, against books that are kept in one place.

use proptest::prelude::*;

use super::*;
use crate::limits::{Funds, Lack};

const START: Duration = Duration::ZERO;

fn books(budget: i64, spent: i64, mine: i64, others: i64) -> Books {
    Books {
        budget: Money(budget),
        spent: Money(spent),
        mine: Money(mine),
        others: Money(others),
    }
}

fn claim(need: i64, shortfall: i64, back: i64) -> Claim {
    Claim {
        need: Money(need),
        shortfall: Money(shortfall),
        back: Money(back),
    }
}

#[test]
fn holdings_change_within_what_nobody_holds() {
    // Books, claim, replicas; what is held after it, and whether there is more.
    for (books, claim, replicas, held, more) in [
        // At first, a share of half.
        (books(100, 0, 0, 0), claim(0, 0, 0), 2, 25, true),
        (books(100, 0, 0, 0), claim(0, 0, 0), 1, 50, true),
        // What was short comes, and what is needed with a cushion on top.
        (books(100, 0, 0, 0), claim(0, 60, 0), 2, 60, true),
        (books(100, 0, 0, 0), claim(20, 0, 0), 2, 40, true),
        // The last of it, and nothing.
        (books(100, 90, 0, 0), claim(0, 30, 0), 2, 10, false),
        (books(100, 50, 0, 50), claim(0, 30, 0), 2, 0, false),
        (books(100, 120, 0, 0), claim(0, 30, 0), 2, 0, false),
        // What is not needed stays until it is given back.
        (books(100, 0, 80, 0), claim(10, 0, 0), 2, 80, true),
        (books(100, 0, 80, 0), claim(10, 0, 50), 2, 30, true),
        // On credit: covered when there is something, and not when there is not.
        (books(100, 80, 0, 0), claim(15, 0, 0), 2, 16, true),
        (books(100, 80, 0, 20), claim(15, 0, 0), 2, 0, false),
        // A budget that was lowered takes back what open calls do not need.
        (books(50, 0, 60, 20), claim(10, 0, 0), 2, 30, false),
        (books(50, 0, 60, 20), claim(40, 0, 0), 2, 40, false),
    ] {
        let answer = books.settle(claim, replicas);
        let found = (answer.held, answer.more);
        assert_eq!(found, (Money(held), more), "{books:?} {claim:?} {replicas}");
    }
}

#[test]
fn credit_is_not_given_again_for_what_the_ledger_took_over() {
    let mut funds = Funds::default();
    funds.lease(Money(100), START);
    let mut spent = 0;
    // The books never answer, while calls end and are stored one after the other.
    while funds.fits(Money(60)).is_ok() {
        funds.reserve(Money(60));
        funds.release(Money(60));
        funds.spend(Money(60));
        funds.stored(Money(60));
        spent += 60;
        assert!(spent <= 100, "{spent}");
    }
    assert_eq!(spent, 60);
}

#[test]
fn a_changed_budget_holds_for_the_next_call() {
    let answer = |held, outside, more| Leased {
        held: Money(held),
        spent: Money(0),
        outside: Money(outside),
        more,
    };
    // Raised: what is known to be spent everywhere is not the end of it.
    let mut funds = Funds::default();
    funds.lease(Money(0), START);
    funds.answer(answer(0, 0, false), START);
    assert_eq!(funds.fits(Money(10)), Err(Lack::Spent));
    funds.lease(Money(100), START);
    assert_eq!(funds.fits(Money(10)), Ok(()));
    // Lowered: pieces that were granted before are not spent on.
    let mut funds = Funds::default();
    funds.lease(Money(1_000), START);
    funds.answer(answer(500, 500, true), START);
    assert_eq!(funds.fits(Money(10)), Ok(()));
    funds.lease(Money(0), START);
    assert!(funds.fits(Money(10)).is_err());
}

#[test]
fn one_call_goes_ahead_on_credit_and_none_after_the_last_answer() {
    let mut funds = Funds::default();
    funds.lease(Money(100), START);
    let all = Lack::TooDear { left: Money(100) };
    assert_eq!(funds.fits(Money(101)), Err(all), "more than there can be");
    let call = |funds: &mut Funds, cost| {
        let fits = funds.fits(Money(cost));
        if fits.is_ok() {
            funds.reserve(Money(cost));
        }
        fits
    };
    assert_eq!(call(&mut funds, 30), Ok(()));
    assert_eq!(call(&mut funds, 1), Err(Lack::Held), "one at a time");
    let claimed = funds.claim(2, START).unwrap();
    funds.answer(books(100, 0, 0, 60).settle(claimed, 2), START);
    assert_eq!(
        funds.granted(),
        Money(40),
        "what is needed, and a call that was turned away"
    );
    assert_eq!(call(&mut funds, 10), Ok(()));
    assert_eq!(call(&mut funds, 1), Err(Lack::Held), "others hold the rest");
    let claimed = funds.claim(2, START).unwrap();
    funds.answer(books(100, 60, 40, 0).settle(claimed, 2), START);
    assert_eq!(call(&mut funds, 1), Err(Lack::Held), "open calls do");
    funds.release(Money(40));
    funds.spend(Money(40));
    assert_eq!(call(&mut funds, 1), Err(Lack::Spent));
}

/// A budget of a hundred of which half is held.
fn holding() -> Funds {
    let mut funds = Funds::default();
    funds.lease(Money(100), START);
    let claimed = funds.claim(1, START).unwrap();
    funds.answer(books(100, 0, 0, 0).settle(claimed, 1), START);
    assert_eq!(funds.granted(), Money(50));
    funds
}

#[test]
fn what_is_held_is_given_back_after_a_while_however_often_it_is_looked_at() {
    let mut funds = holding();
    // A busy replica looks a hundred times a second.
    for look in 1..1_000 {
        let now = Duration::from_millis(look * 10);
        assert_eq!(funds.claim(1, now), None, "{now:?}");
    }
    let claimed = funds.claim(1, QUIET + Duration::from_secs(1)).unwrap();
    assert_eq!(claimed.back, Money(50));
    assert!(funds.is_settled(QUIET + Duration::from_secs(1)));
    assert!(!funds.is_settled(QUIET));
}

#[test]
fn what_is_held_is_renewed_in_time_and_else_not_spent() {
    let mut funds = holding();
    assert_eq!(
        funds.claim(1, RENEW.saturating_sub(Duration::from_millis(1))),
        None
    );
    let claimed = funds.claim(1, RENEW).unwrap();
    // Asked, and not answered: asked again, and still held.
    assert!(funds.claim(1, RENEW).is_some());
    funds.expire(EXPIRE.saturating_sub(Duration::from_millis(1)));
    assert_eq!(funds.granted(), Money(50));
    let mut late = funds;
    late.expire(EXPIRE);
    assert_eq!(late.granted(), Money::ZERO);
    assert!(late.fits(Money(1)).is_err());
    // The answer counts from when it was asked for, which is when the books count from, or before.
    funds.answer(books(100, 0, 50, 0).settle(claimed, 1), RENEW);
    funds.expire(EXPIRE);
    assert_eq!(funds.granted(), Money(50));
    funds.expire(EXPIRE + RENEW);
    assert_eq!(funds.granted(), Money::ZERO);
}

/// One budget, its books, and three replicas.
struct World {
    now: Duration,
    budget: i64,
    spent: i64,
    held: [i64; 3],
    replicas: [Funds; 3],
    /// Reservations of open calls, and what ended calls cost that are not stored.
    open: [Vec<i64>; 3],
    ended: [Vec<i64>; 3],
    dearest: i64,
}

#[derive(Debug, Clone)]
enum Step {
    Call(usize, i64),
    End(usize, i64),
    Store(usize),
    Round(usize),
    /// The books were asked, and the answer was lost.
    Lost(usize),
}

impl World {
    fn new(budget: i64) -> Self {
        Self {
            now: START,
            budget,
            spent: 0,
            held: [0; 3],
            replicas: [Funds::default(); 3],
            open: Default::default(),
            ended: Default::default(),
            dearest: 0,
        }
    }

    fn step(&mut self, step: &Step) {
        self.now += Duration::from_secs(7);
        match *step {
            Step::Call(at, cost) => {
                let funds = &mut self.replicas[at];
                funds.lease(Money(self.budget), self.now);
                if funds.fits(Money(cost)).is_ok() {
                    funds.reserve(Money(cost));
                    self.open[at].push(cost);
                    self.dearest = self.dearest.max(cost);
                }
            }
            Step::End(at, part) => {
                if let Some(reserved) = self.open[at].pop() {
                    let cost = reserved * part / 4;
                    self.replicas[at].release(Money(reserved));
                    self.replicas[at].spend(Money(cost));
                    self.ended[at].push(cost);
                }
            }
            Step::Store(at) => {
                for cost in std::mem::take(&mut self.ended[at]) {
                    self.spent += cost;
                    self.held[at] = (self.held[at] - cost).max(0);
                    self.replicas[at].stored(Money(cost));
                }
            }
            Step::Round(at) => {
                if let Some(answer) = self.ask(at) {
                    self.replicas[at].answer(answer, self.now);
                }
            }
            Step::Lost(at) => {
                let _lost = self.ask(at);
            }
        }
    }

    fn ask(&mut self, at: usize) -> Option<Leased> {
        let claim = self.replicas[at].claim(3, self.now)?;
        let others = self.held.iter().sum::<i64>() - self.held[at];
        let books = books(self.budget, self.spent, self.held[at], others);
        let answer = books.settle(claim, 3);
        self.held[at] = answer.held.0;
        Some(answer)
    }

    /// What was spent, and what open calls may still cost.
    fn at_most(&self) -> i64 {
        let of = |lists: &[Vec<i64>; 3]| lists.iter().flatten().sum::<i64>();
        self.spent + of(&self.open) + of(&self.ended)
    }
}

fn step() -> impl Strategy<Value = Step> {
    let at = 0usize..3;
    prop_oneof![
        4 => (at.clone(), 0i64..40).prop_map(|(at, cost)| Step::Call(at, cost)),
        3 => (at.clone(), 0i64..=4).prop_map(|(at, part)| Step::End(at, part)),
        2 => at.clone().prop_map(Step::Store),
        3 => at.clone().prop_map(Step::Round),
        1 => at.prop_map(Step::Lost),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn the_books_never_give_out_more_than_there_is(
        budget in 0i64..300,
        steps in prop::collection::vec(step(), 0..80),
    ) {
        let mut world = World::new(budget);
        for step in &steps {
            world.step(step);
            // What was spent beyond what was held is the credit: one call of each replica.
            let held: i64 = world.held.iter().sum();
            prop_assert!(
                world.spent + held <= budget + 3 * world.dearest,
                "{step:?}: {} and {held} of {budget}", world.spent
            );
            prop_assert!(
                world.at_most() <= budget + 3 * world.dearest,
                "{step:?}: {} of {budget}", world.at_most()
            );
        }
    }

    #[test]
    fn a_replica_alone_never_overshoots_what_it_was_told(
        budget in 0i64..300,
        steps in prop::collection::vec(step(), 0..80),
    ) {
        // No credit once the books have answered that there is nothing: from then on, nothing at all.
        let mut world = World::new(budget);
        world.spent = budget;
        for at in 0..3 {
            world.replicas[at].lease(Money(budget), START);
            world.step(&Step::Round(at));
        }
        for step in &steps {
            world.step(step);
            prop_assert!(world.at_most() <= budget, "{step:?}");
        }
    }
}
