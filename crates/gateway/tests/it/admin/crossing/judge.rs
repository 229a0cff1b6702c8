//! What the providers saw and what the ledger says, held against what the clients know.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use serde_json::Value;
use tollhouse_sim::Recorded;

use super::At;
use super::talk::Told;

const CREDENTIALS: [&str; 4] = ["authorization", "x-api-key", "x-goog-api-key", "api-key"];

pub(super) struct Verdict {
    told: Arc<Vec<Told>>,
    crossed: Vec<String>,
    seen: BTreeMap<&'static str, usize>,
    rows: usize,
}

impl Verdict {
    pub(super) fn new(told: Arc<Vec<Told>>) -> Self {
        Self {
            told,
            crossed: Vec::new(),
            seen: BTreeMap::new(),
            rows: 0,
        }
    }

    /// Every request that a provider got.
    pub(super) fn providers(&mut self, at: At, requests: &[Recorded]) {
        let told = Arc::clone(&self.told);
        let by_tag: HashMap<&str, &Told> = told.iter().map(|one| (one.tag.as_str(), one)).collect();
        for request in requests {
            let told = tag(&request.body).and_then(|tag| by_tag.get(tag.as_str()));
            let Some(told) = told else {
                self.crossed.push(format!("{at:?}: a request of nobody's"));
                continue;
            };
            *self.seen.entry(told.source).or_default() += 1;
            if let Err(error) = judge(at, request, told) {
                self.crossed.push(format!("{at:?} {}: {error}", told.tag));
            }
        }
    }

    /// Every row of a call whose client knows its id; and of all, which conversation they say they are of.
    pub(super) fn ledger(&mut self, rows: &[Value]) {
        let told = Arc::clone(&self.told);
        let by_call = told
            .iter()
            .filter_map(|one| Some((one.call.as_deref()?, one)));
        let by_call: HashMap<&str, &Told> = by_call.collect();
        let mut prints = Pairs::default();
        let mut sessions = Pairs::default();
        for row in rows {
            let text = |name: &str| row[name].as_str();
            let Some(told) = text("id").and_then(|id| by_call.get(id)) else {
                continue;
            };
            self.rows += 1;
            let tag = &told.tag;
            let mut wrong = |what: &str| self.crossed.push(format!("row of {tag}: {what}: {row}"));
            // A call that was refused before a credential was drawn has none.
            if text("credential_source").is_some_and(|source| source != told.source) {
                wrong("another one's credential");
            }
            if text("credential_id").is_some_and(|id| !told.kept.contains(id)) {
                wrong("another one's credential by id");
            }
            let print = text("credential_fingerprint");
            if print.is_some() && told.own.is_none() {
                wrong("a fingerprint of nobody's");
            }
            let form = (&told.own, told.header);
            if let Some(print) = print
                && !prints.same(&format!("{form:?}"), print)
            {
                wrong("another credential's fingerprint");
            }
            let whose = format!("{} {} {form:?}", told.key, told.name);
            if !sessions.same(&whose, text("session").unwrap()) {
                wrong("another one's conversation");
            }
        }
    }

    /// Says what crossed; and that enough happened for something to have crossed.
    pub(super) fn say(self, seed: u64) {
        let (count, first) = (self.crossed.len(), self.crossed.iter().take(5));
        let first: Vec<_> = first.collect();
        assert!(count == 0, "seed {seed}: {count} crossings: {first:#?}");
        let count =
            |wanted: &dyn Fn(&Told) -> bool| self.told.iter().filter(|one| wanted(one)).count();
        let happened = [
            (
                "clients at providers",
                self.seen.get("client").copied().unwrap_or_default(),
            ),
            (
                "users at providers",
                self.seen.get("user").copied().unwrap_or_default(),
            ),
            (
                "organizations at providers",
                self.seen.get("org").copied().unwrap_or_default(),
            ),
            (
                "the platform at providers",
                self.seen.get("platform").copied().unwrap_or_default(),
            ),
            ("rows", self.rows),
            ("calls left", count(&|one| one.left)),
            ("falls back", count(&|one| one.fell_back)),
            ("calls refused", count(&|one| one.status == Some(401))),
            (
                "credentials of another vendor",
                count(&|one| one.status == Some(400)),
            ),
        ];
        for (what, times) in happened {
            assert!(times >= 10, "seed {seed}: {what}: {times}; {happened:?}");
        }
    }
}

fn judge(at: At, request: &Recorded, told: &Told) -> Result<(), String> {
    let mut found = BTreeSet::new();
    for name in CREDENTIALS {
        for value in request.headers.get_all(name) {
            let value = value.to_str().unwrap();
            let value = value.strip_prefix("Bearer ").unwrap_or(value);
            if !found.insert((name, value.to_owned())) {
                return Err(format!("{name} twice"));
            }
        }
    }
    let Some((name, value)) = found.pop_first() else {
        return Err("no credential".to_owned());
    };
    if !found.is_empty() {
        return Err(format!("two credentials: {found:?}"));
    }
    if !told.allowed.contains(&(at, value.clone())) {
        return Err(format!("{value} and not one of {:?}", told.allowed));
    }
    if told.header.is_some_and(|header| header != name) {
        return Err(format!("{name} and not {:?}", told.header));
    }
    for (name, value) in &request.headers {
        if name.as_str().starts_with("x-tollhouse-") || value.as_bytes().starts_with(b"th-") {
            return Err(format!("{name} crossed"));
        }
    }
    Ok(())
}

/// What the client wrote into the body, whatever protocol it is in by now.
fn tag(body: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    let start = text.find("tag-")?;
    let end = text[start..].find('"')?;
    Some(text[start..start + end].to_owned())
}

/// Things that belong together, one to one.
#[derive(Default)]
struct Pairs {
    there: HashMap<String, String>,
    back: HashMap<String, String>,
}

impl Pairs {
    fn same(&mut self, one: &str, other: &str) -> bool {
        let there = self.there.entry(one.to_owned());
        let there = there.or_insert_with(|| other.to_owned());
        let back = self.back.entry(other.to_owned());
        let back = back.or_insert_with(|| one.to_owned());
        there == other && back == one
    }
}
