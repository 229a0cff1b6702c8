//! Mutations that keep JSON whole, so that what is read after the parser is reached too.

use libfuzzer_sys::fuzzer_mutate;
use serde_json::{Map, Value};

/// Strings worth trying, one a line in quotes.
const WORDS: &str = include_str!("../wire.dict");

/// Mutates an input of `head` bytes and a JSON text.
pub fn body(data: &mut [u8], size: usize, most: usize, seed: u32, head: usize) -> usize {
    let mut dice = Dice::new(seed);
    if dice.one_of(3) == 0 || size <= head {
        return fuzzer_mutate(data, size, most);
    }
    match serde_json::from_slice(&data[head..size]) {
        Ok(value) => {
            let text = changed(value, &mut dice).to_string();
            put(
                data,
                size,
                most,
                &[data[..head].to_vec(), text.into()].concat(),
            )
        }
        Err(_) => fuzzer_mutate(data, size, most),
    }
}

/// Mutates an input of `head` bytes and a stream of events.
pub fn stream(data: &mut [u8], size: usize, most: usize, seed: u32, head: usize) -> usize {
    let mut dice = Dice::new(seed);
    let text = data.get(head..size).map(String::from_utf8_lossy);
    let Some(text) = text.filter(|_| dice.one_of(3) != 0) else {
        return fuzzer_mutate(data, size, most);
    };
    let mut frames: Vec<String> = text.split("\n\n").map(str::to_owned).collect();
    let (one, other) = (dice.one_of(frames.len()), dice.one_of(frames.len()));
    match dice.one_of(8) {
        0 => drop(frames.remove(one)),
        1 => frames.insert(other, frames[one].clone()),
        2 => frames.swap(one, other),
        _ => {
            let (before, json) = frames[one].split_once("data: ").unwrap_or_default();
            let Ok(value) = serde_json::from_str(json) else {
                return fuzzer_mutate(data, size, most);
            };
            frames[one] = format!("{before}data: {}", changed(value, &mut dice));
        }
    }
    let text = frames.join("\n\n").into_bytes();
    put(data, size, most, &[data[..head].to_vec(), text].concat())
}

fn put(data: &mut [u8], size: usize, most: usize, fresh: &[u8]) -> usize {
    if fresh.len() > most {
        return fuzzer_mutate(data, size, most);
    }
    data[..fresh.len()].copy_from_slice(fresh);
    fresh.len()
}

/// Throws as its seed says.
struct Dice(u64);

impl Dice {
    fn new(seed: u32) -> Self {
        Self(u64::from(seed))
    }

    fn one_of(&mut self, number: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed >> 33) as usize) % number.max(1)
    }

    fn word(&mut self) -> String {
        let words = WORDS
            .lines()
            .filter_map(|line| line.strip_prefix('"')?.strip_suffix('"'));
        let place = self.one_of(words.clone().count());
        words.clone().nth(place).unwrap_or_default().to_owned()
    }

    fn atom(&mut self) -> Value {
        match self.one_of(12) {
            0 => Value::Null,
            1 => Value::Bool(true),
            2 => Value::Bool(false),
            3 => Value::from(""),
            4 => Value::from("{\"a\":\"é\\n\"}"),
            5 => Value::from(self.one_of(4)),
            6 => Value::from(-1),
            7 => Value::from(u64::MAX),
            8 => Value::from(1.5e300),
            9 => Value::Array(Vec::new()),
            10 => Value::Object(Map::new()),
            _ => Value::from(self.word()),
        }
    }
}

fn changed(mut tree: Value, dice: &mut Dice) -> Value {
    let nodes = count(&tree);
    let mut place = dice.one_of(nodes);
    let copy = node(&mut tree, &mut place).cloned().unwrap_or_default();
    let mut place = dice.one_of(nodes);
    let Some(target) = node(&mut tree, &mut place) else {
        return tree;
    };
    match (dice.one_of(4), &mut *target) {
        (0, Value::Array(list)) if !list.is_empty() => {
            list.remove(dice.one_of(list.len()));
        }
        (1, Value::Array(list)) => list.insert(dice.one_of(list.len() + 1), copy),
        (0, Value::Object(map)) if !map.is_empty() => {
            let key = map.keys().nth(dice.one_of(map.len())).cloned();
            map.remove(&key.unwrap_or_default());
        }
        (1, Value::Object(map)) => {
            map.insert(dice.word(), copy);
        }
        (2, Value::Object(map)) if !map.is_empty() => {
            let key = map.keys().nth(dice.one_of(map.len())).cloned();
            let value = map.remove(&key.unwrap_or_default());
            map.insert(dice.word(), value.unwrap_or_default());
        }
        (0 | 1, Value::String(text)) => *text = dice.word(),
        (2, Value::String(text)) => text.push_str(&dice.word()),
        (3, _) => *target = copy,
        _ => *target = dice.atom(),
    }
    tree
}

fn count(tree: &Value) -> usize {
    1 + match tree {
        Value::Array(list) => list.iter().map(count).sum(),
        Value::Object(map) => map.values().map(count).sum(),
        _ => 0,
    }
}

/// The node at a place in the order of reading.
fn node<'t>(tree: &'t mut Value, place: &mut usize) -> Option<&'t mut Value> {
    if *place == 0 {
        return Some(tree);
    }
    *place -= 1;
    match tree {
        Value::Array(list) => list.iter_mut().find_map(|child| node(child, place)),
        Value::Object(map) => map.values_mut().find_map(|child| node(child, place)),
        _ => None,
    }
}
