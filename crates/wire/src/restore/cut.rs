//! Finding the first of some texts in a text that comes in pieces.
//!
//! What may still become one of them is held back, and nothing else. The text that ends first wins, as it
//! would for a model that looks after every character; of two that end together, the longer one. Each
//! byte is looked at once for each text (Knuth, Morris and Pratt), whatever the texts are like.

use std::borrow::Cow;

use crate::conversation::Text;

/// The texts.
pub(super) struct Stops(Box<[Needle]>);

struct Needle {
    text: Box<str>,
    /// For each length of a matched beginning: the length of its longest proper ending that is a
    /// beginning as well.
    borders: Box<[usize]>,
}

/// Where the search stands in one block.
#[derive(Clone)]
pub(super) struct Held {
    /// Text that may be the beginning of a stop.
    text: String,
    /// How much of each needle the text so far ends with.
    matched: Box<[usize]>,
}

impl Stops {
    /// Empty texts are found nowhere.
    pub(super) fn new(texts: &[Text<'_>]) -> Self {
        let texts = texts.iter().filter(|text| !text.is_empty());
        Self(texts.map(|text| Needle::new(text)).collect())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn text(&self, index: usize) -> Option<&str> {
        self.0.get(index).map(|needle| &*needle.text)
    }

    /// At the beginning of a text.
    pub(super) fn begin(&self) -> Held {
        Held {
            text: String::new(),
            matched: self.0.iter().map(|_| 0).collect(),
        }
    }

    /// What of `text` (and of what was held) can be shown, and which text was found behind it.
    pub(super) fn feed<'t>(&self, held: &mut Held, text: Text<'t>) -> (Text<'t>, Option<usize>) {
        let before = held.text.len();
        let (end, found) = match self.scan(&mut held.matched, text.as_bytes()) {
            Some((end, index, length)) => (before + end - length, Some(index)),
            None => {
                let keep = held.matched.iter().copied().max().unwrap_or(0);
                (before + text.len() - keep, None)
            }
        };
        if before == 0 {
            held.text.push_str(&text[end..]);
            return (first(text, end), found);
        }
        held.text.push_str(&text);
        let rest = held.text.split_off(end);
        (Cow::Owned(std::mem::replace(&mut held.text, rest)), found)
    }

    /// The first needle to end in `bytes`: where, which, and how long it is.
    fn scan(&self, matched: &mut [usize], bytes: &[u8]) -> Option<(usize, usize, usize)> {
        for (place, &byte) in bytes.iter().enumerate() {
            let mut found: Option<(usize, usize)> = None;
            for (index, (needle, state)) in self.0.iter().zip(matched.iter_mut()).enumerate() {
                *state = needle.next(*state, byte);
                let longer = found.is_none_or(|(_, length)| length < needle.text.len());
                if *state == needle.text.len() && longer {
                    found = Some((index, *state));
                }
            }
            if let Some((index, length)) = found {
                return Some((place + 1, index, length));
            }
        }
        None
    }
}

impl Needle {
    fn new(text: &str) -> Self {
        let bytes = text.as_bytes();
        let mut borders = vec![0; bytes.len()];
        let mut length = 0;
        for place in 1..bytes.len() {
            while length > 0 && bytes[place] != bytes[length] {
                length = borders[length - 1];
            }
            length += usize::from(bytes[place] == bytes[length]);
            borders[place] = length;
        }
        Self {
            text: text.into(),
            borders: borders.into(),
        }
    }

    /// How much of it the text ends with after one more byte.
    fn next(&self, mut matched: usize, byte: u8) -> usize {
        let bytes = self.text.as_bytes();
        while matched > 0 && bytes.get(matched) != Some(&byte) {
            matched = self.borders[matched - 1];
        }
        matched + usize::from(bytes.get(matched) == Some(&byte))
    }
}

impl Held {
    /// What was held back for nothing.
    pub(super) fn rest(self) -> String {
        self.text
    }
}

fn first(text: Text<'_>, end: usize) -> Text<'_> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(&text[..end]),
        Cow::Owned(mut text) => {
            text.truncate(end);
            Cow::Owned(text)
        }
    }
}
