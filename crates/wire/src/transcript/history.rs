//! Where a call begins to say something new.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::Line;
use crate::conversation::{Document, Image, Part, Role, Source};
use crate::json::compact;

/// The most conversations that are told apart at a time: an agent and what it has going on beside.
const MOST: usize = 32;

/// How a call goes on from what was said before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Follows {
    /// Nothing was said before.
    First,
    /// It repeats all that was said, and goes on.
    Continues,
    /// It repeats what was asked, and not, or not in these words, what was answered: asked again, or edited.
    Again,
    /// It repeats the beginning of what was said, and from there on says something else.
    Rewritten,
    /// It repeats nothing: a conversation beside, or one whose history was replaced as a whole.
    Apart,
}

/// What has been said so far in a session, by those who said it. Holds digests and no text.
#[derive(Debug, Default)]
pub struct Histories {
    /// Those heard of last come last.
    told: VecDeque<Told>,
}

/// One conversation as its last call left it.
#[derive(Debug)]
struct Told {
    /// The sub-agent whose it is.
    branch: Option<String>,
    /// The digests of what was said, the answer included.
    said: Vec<u64>,
    /// How many of them were asked.
    asked: usize,
}

impl Histories {
    /// Takes the next call of a session of which only the beginning is known. As long as that repeats what was
    /// said, the call goes on behind the cut: it tells nothing new, and what was known before stays known.
    pub fn take_cut(&mut self, branch: Option<&str>, lines: &[Line<'_>]) -> (usize, Follows) {
        let said: Vec<u64> = lines.iter().filter_map(digest).collect();
        match self.closest(branch, &said) {
            Some((at, known)) if known > 0 && known == said.len() => {
                // It was heard of last.
                let told = self.told.remove(at);
                self.told.extend(told);
                (lines.len(), Follows::Continues)
            }
            // Its answer follows on what was cut.
            _ => self.take(branch, lines, &[]),
        }
    }

    /// Takes the next call of a session and says from which of its lines on it is new, and how it follows.
    /// `answer`: what it was answered, as far as that is known.
    pub fn take(
        &mut self,
        branch: Option<&str>,
        lines: &[Line<'_>],
        answer: &[Line<'_>],
    ) -> (usize, Follows) {
        let digests: Vec<(usize, u64)> = (0..)
            .zip(lines)
            .filter_map(|(at, line)| Some((at, digest(line)?)))
            .collect();
        let mut said: Vec<u64> = digests.iter().map(|(_, digest)| *digest).collect();
        let asked = said.len();
        let known = self.closest(branch, &said);
        let follows = match known {
            None => Follows::First,
            Some((_, 0)) => Follows::Apart,
            Some((at, known)) => self.told[at].followed(known),
        };
        if let Some((at, _)) = known
            && matches!(follows, Follows::Continues | Follows::Again)
        {
            self.told.remove(at);
        }
        said.extend(answer.iter().filter_map(digest));
        if self.told.len() == MOST {
            self.told.pop_front();
        }
        self.told.push_back(Told {
            branch: branch.map(str::to_owned),
            said,
            asked,
        });
        let last = known.and_then(|(_, known)| digests.get(known.checked_sub(1)?));
        (last.map_or(0, |(at, _)| at + 1), follows)
    }

    /// The conversation that shares the longest beginning, the latest of several, and how long that is.
    fn closest(&self, branch: Option<&str>, said: &[u64]) -> Option<(usize, usize)> {
        let of_branch = (0..)
            .zip(&self.told)
            .filter(|(_, told)| told.branch.as_deref() == branch);
        let shared = |told: &Told| {
            let pairs = told.said.iter().zip(said);
            pairs.take_while(|(one, other)| one == other).count()
        };
        of_branch
            .map(|(at, told)| (at, shared(told)))
            .max_by_key(|(_, known)| *known)
    }
}

impl Told {
    /// How a call follows that begins with so much of it.
    fn followed(&self, known: usize) -> Follows {
        if known == self.said.len() {
            Follows::Continues
        } else if known >= self.asked {
            Follows::Again
        } else {
            Follows::Rewritten
        }
    }
}

/// What a line is known by when it is said again; `None` for what clients leave out at will.
fn digest(line: &Line<'_>) -> Option<u64> {
    let mut hash = DefaultHasher::new();
    match line.role {
        Role::System => 0_u8,
        Role::User => 1,
        Role::Assistant => 2,
    }
    .hash(&mut hash);
    add(&line.part, &mut hash).then(|| hash.finish())
}

/// Adds what counts of a part, and says whether anything does. Cache marks move with every call, thoughts are
/// left out by some clients, and blanks at the ends of texts by others.
fn add(part: &Part<'_>, hash: &mut DefaultHasher) -> bool {
    match part {
        Part::Thought(_) => return false,
        Part::Text(said) => {
            let text = said.text.trim();
            if text.is_empty() {
                return false;
            }
            (0_u8, text).hash(hash);
        }
        Part::Image(Image { source, .. }) => {
            1_u8.hash(hash);
            add_source(source, hash);
        }
        Part::Document(Document { source, .. }) => {
            2_u8.hash(hash);
            add_source(source, hash);
        }
        // Where calls have ids, these say which is which; how its input is written may differ.
        Part::Call(call) if call.id.is_empty() => {
            let input = compact(&call.input);
            (3_u8, &*call.tool.name, &*input).hash(hash);
        }
        Part::Call(call) => (4_u8, &*call.tool.name, &*call.id).hash(hash),
        Part::Outcome(outcome) => {
            (5_u8, &*outcome.id, outcome.parts.len()).hash(hash);
            for part in &outcome.parts {
                add(part, hash);
            }
        }
        Part::Refusal(text) => (6_u8, text.trim()).hash(hash),
        Part::Search(search) => (7_u8, &*search.query).hash(hash),
    }
    true
}

fn add_source(source: &Source<'_>, hash: &mut DefaultHasher) {
    match source {
        Source::Base64 { data, .. } => (0_u8, &**data).hash(hash),
        Source::Url(url) => (1_u8, &**url).hash(hash),
        Source::Plain(text) => (2_u8, &**text).hash(hash),
    }
}
