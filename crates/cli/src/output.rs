//! The only place that prints.
//!
//! Results go to standard output: tables on a terminal, tab-separated lines without a header
//! otherwise, JSON when asked for. Everything said beside the result goes to standard error.

use std::io::{self, IsTerminal, Write};

use comfy_table::presets::NOTHING;
use comfy_table::{Cell, ContentArrangement};
use serde::Serialize;

/// Rows under headings.
#[derive(Debug)]
pub(crate) struct Table {
    headings: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new(headings: &[&'static str]) -> Self {
        Self {
            headings: headings.to_vec(),
            rows: Vec::new(),
        }
    }

    /// Adds a row; each cell is made safe to print.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows
            .push(cells.into_iter().map(|cell| printable(&cell)).collect());
    }
}

/// A result that is a list.
pub(crate) fn table(table: &Table) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if !io::stdout().is_terminal() {
        for row in &table.rows {
            writeln!(out, "{}", row.join("\t"))?;
        }
        return out.flush();
    }
    let mut drawn = comfy_table::Table::new();
    drawn
        .load_style(NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled);
    drawn.set_header(table.headings.iter().map(Cell::new));
    for row in &table.rows {
        drawn.add_row(
            row.iter()
                .map(|cell| Cell::new(if cell.is_empty() { "-" } else { cell })),
        );
    }
    for line in drawn.lines() {
        writeln!(out, "{}", line.trim_end())?;
    }
    out.flush()
}

/// One line of a result.
pub(crate) fn line(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()
}

/// A text of several lines, made safe to print.
pub(crate) fn text(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for line in text.lines() {
        writeln!(out, "{}", printable(line))?;
    }
    out.flush()
}

/// Names and values, one a line.
pub(crate) fn fields<'a>(fields: impl IntoIterator<Item = (&'a str, String)>) -> io::Result<()> {
    let fields: Vec<_> = fields
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .collect();
    let width = fields.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let terminal = io::stdout().is_terminal();
    let mut out = io::stdout().lock();
    for (name, value) in fields {
        let value = printable(&value);
        if terminal {
            writeln!(out, "{name:width$}  {value}")?;
        } else {
            writeln!(out, "{name}\t{value}")?;
        }
    }
    out.flush()
}

/// A result for programs: one line of JSON.
pub(crate) fn json(value: &impl Serialize) -> anyhow::Result<()> {
    line(&serde_json::to_string(value)?)?;
    Ok(())
}

/// Something said beside the result.
pub(crate) fn note(text: &str) {
    // Nobody may be listening, and that is no reason to fail.
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Something said for a moment, on a terminal alone: the next of its kind takes its place.
pub(crate) fn passing(text: &str) {
    let mut err = io::stderr().lock();
    if err.is_terminal() {
        let _ = write!(err, "\r\x1b[K{text}");
        let _ = err.flush();
    }
}

/// Why the command did not do what it was asked.
pub(crate) fn error(error: &anyhow::Error) {
    let mut said = error.to_string();
    let mut text = format!("error: {said}");
    for cause in error.chain().skip(1) {
        let cause = cause.to_string();
        // Many errors repeat their source; once is enough.
        if !said.contains(&cause) {
            text.push_str(": ");
            text.push_str(&cause);
        }
        said = cause;
    }
    note(&text);
}

/// Whether whoever read our output has stopped reading, which is not an error (`… | head`).
pub(crate) fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let cause = error.root_cause().downcast_ref::<io::Error>();
    cause.is_some_and(|cause| cause.kind() == io::ErrorKind::BrokenPipe)
}

/// Names come from clients: nothing in them may move a terminal's cursor or break a line.
pub(crate) fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_do_not_reach_a_terminal() {
        let mut table = Table::new(&["NAME"]);
        table.row(["a\u{1b}[2Jb\tc\nd".to_owned()]);
        assert_eq!(table.rows[0][0], "a\u{fffd}[2Jb\u{fffd}c\u{fffd}d");
    }
}
