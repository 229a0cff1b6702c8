//! Server-sent events: bytes into frames, and frames into bytes.
//!
//! The decoder takes a stream cut anywhere (inside a line end, inside a character) and any of the three line
//! ends, and never looks at a byte twice. An event that lies whole within one chunk is lent out of it without a
//! copy; only what a chunk leaves unfinished is kept. What the data means is not known here.

use memchr::memchr2;

#[cfg(test)]
mod tests;

/// Buffers larger than this are returned after use, so that one long event does not weigh on an idle stream.
const KEEP_CAPACITY: usize = 16 * 1024;

/// One event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// The `event:` name, if the event had one.
    pub event: Option<&'a [u8]>,
    /// The data, lines joined by `\n`.
    pub data: &'a [u8],
}

/// An incremental decoder with bounded memory.
#[derive(Debug)]
pub struct Decoder {
    limit: usize,
    oversized: u64,
    line: Line,
    /// The last byte was a CR; a LF now belongs to it.
    after_cr: bool,
    /// No line has ended yet, so a byte order mark may lead the first.
    first: bool,
    /// What earlier chunks contributed to the current event.
    event: Option<Vec<u8>>,
    data: Option<Vec<u8>>,
    /// A part of the current event was dropped, so the rest must not be reported.
    spoiled: bool,
}

/// A line whose end has not been seen.
#[derive(Debug)]
enum Line {
    /// What there is of it.
    Kept(Vec<u8>),
    /// It is over the limit: what is still to come of it is dropped too.
    TooLong,
}

/// The current event as far as this chunk holds it.
#[derive(Default)]
struct Open<'c> {
    event: Option<&'c [u8]>,
    data: Option<&'c [u8]>,
}

impl Decoder {
    /// A decoder that drops (and counts) lines, and events whose data is, longer than `max_line` bytes.
    pub fn new(max_line: usize) -> Self {
        Self {
            limit: max_line,
            oversized: 0,
            line: Line::Kept(Vec::new()),
            after_cr: false,
            first: true,
            event: None,
            data: None,
            spoiled: false,
        }
    }

    /// Takes the next bytes and reports every event they complete.
    pub fn push(&mut self, chunk: &[u8], mut on: impl FnMut(Frame<'_>)) {
        let mut rest = chunk;
        if self.after_cr && !rest.is_empty() {
            self.after_cr = false;
            rest = rest.strip_prefix(b"\n").unwrap_or(rest);
        }
        let mut open = Open::default();
        while let Some(end) = memchr2(b'\n', b'\r', rest) {
            let line = &rest[..end];
            let cr = rest[end] == b'\r';
            rest = &rest[end + 1..];
            if cr {
                match rest.split_first() {
                    Some((b'\n', after)) => rest = after,
                    Some(_) => {}
                    None => self.after_cr = true,
                }
            }
            if self.between_lines() {
                self.take_line(Some(line), &mut open, &mut on);
                continue;
            }
            self.keep(line);
            // A line put together from chunks cannot be lent out of this one: settle its event at once.
            self.settle(&mut open);
            let mut own = Open::default();
            match std::mem::replace(&mut self.line, Line::Kept(Vec::new())) {
                Line::Kept(mut whole) => {
                    self.take_line(Some(&whole), &mut own, &mut on);
                    self.settle(&mut own);
                    if whole.capacity() <= KEEP_CAPACITY {
                        whole.clear();
                        self.line = Line::Kept(whole);
                    }
                }
                Line::TooLong => self.take_line(None, &mut own, &mut on),
            }
        }
        self.keep(rest);
        self.settle(&mut open);
    }

    /// Ends the stream. An event that lacks only its closing blank line is still reported: answers have
    /// been seen to end without one, and whoever reads the data can tell whether it is complete.
    pub fn finish(&mut self, mut on: impl FnMut(Frame<'_>)) {
        let last = std::mem::replace(&mut self.line, Line::Kept(Vec::new()));
        let mut open = Open::default();
        match &last {
            Line::Kept(last) if last.is_empty() => {}
            Line::Kept(last) => self.take_line(Some(last), &mut open, &mut on),
            Line::TooLong => self.take_line(None, &mut open, &mut on),
        }
        self.dispatch(&mut open, &mut on);
    }

    /// Lines and events dropped because they were too long.
    pub fn oversized(&self) -> u64 {
        self.oversized
    }

    /// Whether the bytes so far end exactly between two events.
    pub fn at_boundary(&self) -> bool {
        self.between_lines() && !self.spoiled && self.event.is_none() && self.data.is_none()
    }

    fn between_lines(&self) -> bool {
        matches!(&self.line, Line::Kept(line) if line.is_empty())
    }

    /// Keeps a part of a line whose end has not been seen, within the limit.
    fn keep(&mut self, part: &[u8]) {
        if let Line::Kept(line) = &mut self.line {
            if line.len() + part.len() > self.limit {
                self.line = Line::TooLong;
            } else {
                line.extend_from_slice(part);
            }
        }
    }

    /// One whole line, or `None` for one that was too long to keep.
    fn take_line<'c>(
        &mut self,
        line: Option<&'c [u8]>,
        open: &mut Open<'c>,
        on: &mut impl FnMut(Frame<'_>),
    ) {
        let first = std::mem::take(&mut self.first);
        let Some(mut line) = line.filter(|line| line.len() <= self.limit) else {
            self.oversized += 1;
            self.spoiled = true;
            return;
        };
        if first {
            line = line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line);
        }
        if line.is_empty() {
            self.dispatch(open, on);
        } else if let Some(value) = field(line, b"data") {
            self.add_data(value, open);
        } else if let Some(value) = field(line, b"event") {
            self.event = None;
            open.event = Some(value);
        }
    }

    fn add_data<'c>(&mut self, value: &'c [u8], open: &mut Open<'c>) {
        if open.data.is_none() && self.data.is_none() {
            open.data = Some(value);
            return;
        }
        let data = self.data.get_or_insert_default();
        if let Some(earlier) = open.data.take() {
            data.extend_from_slice(earlier);
        }
        if data.len() + 1 + value.len() > self.limit {
            // Counted once per event: what follows finds it spoiled already.
            self.oversized += u64::from(!self.spoiled);
            self.spoiled = true;
            *data = Vec::new();
        } else {
            data.push(b'\n');
            data.extend_from_slice(value);
        }
    }

    fn dispatch(&mut self, open: &mut Open<'_>, on: &mut impl FnMut(Frame<'_>)) {
        let kept_data = self.data.take();
        let kept_event = self.event.take();
        let event = open.event.take().or(kept_event.as_deref());
        if let Some(data) = open.data.take().or(kept_data.as_deref())
            && !self.spoiled
        {
            on(Frame {
                event: event.filter(|name| !name.is_empty()),
                data,
            });
        }
        self.spoiled = false;
    }

    /// Copies what the chunk lent, because the chunk is going away.
    fn settle(&mut self, open: &mut Open<'_>) {
        if let Some(name) = open.event.take() {
            self.event = Some(name.to_vec());
        }
        if let Some(data) = open.data.take() {
            self.data = Some(data.to_vec());
        }
    }
}

/// The value of the field `name`, if this line is that field.
#[inline]
fn field<'c>(line: &'c [u8], name: &[u8]) -> Option<&'c [u8]> {
    match line.strip_prefix(name)? {
        [] => Some(b""),
        [b':', b' ', value @ ..] | [b':', value @ ..] => Some(value),
        _ => None,
    }
}

/// Writing events.
pub mod encode {
    /// Appends one event. Line ends inside `data` become separate data lines; `name` ends at its first.
    pub fn event(out: &mut Vec<u8>, name: Option<&str>, data: &[u8]) {
        if let Some(name) = name {
            out.extend_from_slice(b"event: ");
            out.extend_from_slice(name.lines().next().unwrap_or_default().as_bytes());
            out.push(b'\n');
        }
        let mut rest = data;
        loop {
            let end = memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
            out.extend_from_slice(b"data: ");
            out.extend_from_slice(&rest[..end]);
            out.push(b'\n');
            rest = match &rest[end..] {
                [] => break,
                [b'\r', b'\n', after @ ..] | [_, after @ ..] => after,
            };
        }
        out.push(b'\n');
    }
}
