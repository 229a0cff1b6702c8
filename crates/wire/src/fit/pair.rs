//! Results directly behind their calls.

use std::collections::HashMap;

use crate::conversation::{Part, Role, Turn};

/// Moves the outcomes of an assistant's calls to the head of the turn behind it, in the calls' order.
/// Whatever stood between a call and its outcome comes after.
pub(super) fn pair(turns: &mut Vec<Turn<'_>>) {
    let answered = find(turns);
    if answered.iter().all(Vec::is_empty) {
        return;
    }
    let roles: Vec<Role> = turns.iter().map(|turn| turn.role).collect();
    let mut slots: Vec<Vec<Option<Part<'_>>>> = turns
        .drain(..)
        .map(|turn| turn.parts.into_iter().map(Some).collect())
        .collect();
    for (number, role) in roles.into_iter().enumerate() {
        let parts = slots[number].drain(..).flatten().collect();
        turns.push(Turn { role, parts });
        let mut places = answered[number].clone();
        places.sort_unstable();
        let outcomes: Vec<_> = places
            .into_iter()
            .filter_map(|(_, place)| slots.get_mut(place.turn)?.get_mut(place.part)?.take())
            .collect();
        if !outcomes.is_empty() {
            turns.push(Turn {
                role: Role::User,
                parts: outcomes,
            });
        }
    }
}

/// Where a part stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    turn: usize,
    part: usize,
}

/// For each turn: where its calls stand in it, and where their outcomes are. An outcome answers the last
/// call of its id before it that has none yet; some clients use the same ids again and again.
fn find(turns: &[Turn<'_>]) -> Vec<Vec<(usize, Place)>> {
    let mut answered = vec![Vec::new(); turns.len()];
    let mut open: HashMap<&str, Place> = HashMap::new();
    for (number, turn) in turns.iter().enumerate() {
        for (place, part) in turn.parts.iter().enumerate() {
            let here = Place {
                turn: number,
                part: place,
            };
            match (part, turn.role) {
                (Part::Call(call), Role::Assistant) => {
                    open.insert(&call.id, here);
                }
                (Part::Outcome(outcome), Role::User) => {
                    if let Some(call) = open.remove(&*outcome.id) {
                        answered[call.turn].push((call.part, here));
                    }
                }
                _ => {}
            }
        }
    }
    answered
}
