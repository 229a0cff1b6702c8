//! Reads a translated answer as a client does, and compares what it says: the text, piece by
//! piece, one reason to stop, one end and nothing behind it.

mod whole;
mod words;

use self::words::Word;
use super::conn::Failure;
use crate::payload::Api;

/// How far one answer has been read.
#[derive(Debug)]
pub(crate) struct Reading<'a> {
    api: Api,
    stream: bool,
    said: &'a str,
    /// Bytes of `said` that have come.
    at: usize,
    /// A line, or a whole answer, that has not come to its end.
    rest: Vec<u8>,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Speaking,
    Stopped,
    Ended,
}

impl<'a> Reading<'a> {
    pub(super) fn new(api: Api, stream: bool, said: &'a str) -> Self {
        Self {
            api,
            stream,
            said,
            at: 0,
            rest: Vec::new(),
            state: State::Speaking,
        }
    }

    /// Takes the next bytes; false when they do not say what they should.
    pub(super) fn feed(&mut self, mut data: &[u8]) -> bool {
        if !self.stream {
            self.rest.extend_from_slice(data);
            return true;
        }
        while let Some(end) = data.iter().position(|byte| *byte == b'\n') {
            let (line, behind) = data.split_at(end + 1);
            data = behind;
            let same = if self.rest.is_empty() {
                self.line(line)
            } else {
                let mut whole = std::mem::take(&mut self.rest);
                whole.extend_from_slice(line);
                self.line(&whole)
            };
            if !same {
                return false;
            }
        }
        self.rest.extend_from_slice(data);
        true
    }

    /// How the answer turned out, now that there is no more of it.
    pub(super) fn finish(&self) -> Result<(), Failure> {
        if self.stream {
            let complete = self.state == State::Ended && self.at == self.said.len();
            return complete.then_some(()).ok_or(Failure::Short(self.at));
        }
        let length = self.rest.len();
        let text = whole::says(self.api, &self.rest).ok_or(Failure::Short(length))?;
        (text == self.said)
            .then_some(())
            .ok_or(Failure::Mismatch(length))
    }

    /// Bytes of text seen so far.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    fn line(&mut self, line: &[u8]) -> bool {
        // Names of events repeat what the data says, and comments say nothing.
        let Some(data) = line.strip_prefix(b"data:") else {
            return true;
        };
        words::read(self.api, data.trim_ascii(), &mut |word| self.word(&word))
    }

    fn word(&mut self, word: &Word<'_>) -> bool {
        match (word, self.state) {
            (Word::Text(text), State::Speaking) => {
                let same = self.said[self.at..].starts_with(&**text);
                self.at += if same { text.len() } else { 0 };
                same
            }
            (Word::Stop, State::Speaking) => self.reach(State::Stopped),
            (Word::End, State::Stopped) => self.reach(State::Ended),
            (Word::Text(_) | Word::Stop | Word::End, _) => false,
        }
    }

    fn reach(&mut self, state: State) -> bool {
        self.state = state;
        true
    }
}

#[cfg(test)]
mod tests;
