//! `sim-coder` and `sim-coder-2`: lead a real coding agent through a small task with the agent's
//! own tools.
//!
//! The first: write `hello.txt`, look at it with commands, read it back, report. The second:
//! write a file while another call fails, look at a picture and a paper, edit the file, report what
//! arrived. Which step comes next follows from the history alone.

mod tools;

use crate::{
    answer::{Part, ToolCall},
    ask::Ask,
    media::Media,
};
use tools::Toolbox;

const FILE: &str = "hello.txt";
const CONTENT: &str = "hello from tollhouse";
const DONE: &str = "done: hello from tollhouse";
const TITLE: &str = "Write hello.txt";
/// What the second task makes of the file, and the files that lie ready for it.
const EDITED: &str = "greetings from tollhouse";
const PICTURE: &str = "picture.png";
const PAPER: &str = "paper.pdf";

/// A thought, and what to do about it.
type Step = (&'static str, Vec<Option<ToolCall>>);

pub(crate) fn small_task(ask: &Ask) -> Vec<Part> {
    let Some(tools) = Toolbox::of(ask) else {
        return title();
    };
    let step = match ask.history.rounds {
        0 => {
            let write = format!("printf '{CONTENT}' > {FILE}");
            let call = tools.write(FILE, CONTENT);
            (
                "First the file has to exist.",
                vec![call.or_else(|| tools.run(&write, "Write the file"))],
            )
        }
        1 if ask.parallel => {
            let cat = tools.run(&format!("cat {FILE}"), "Show the file");
            let count = tools.run(&format!("wc -c {FILE}"), "Count bytes");
            ("Now look at it in two ways.", vec![cat, count])
        }
        1 => {
            let both = format!("cat {FILE} && wc -c {FILE}");
            (
                "Now look at it.",
                vec![tools.run(&both, "Show the file and count its bytes")],
            )
        }
        2 => {
            let cat = || tools.run(&format!("cat {FILE}"), "Read the file back");
            (
                "Read it back to be sure.",
                vec![tools.read(FILE).or_else(cat)],
            )
        }
        _ => ("Everything is in place.", Vec::new()),
    };
    parts(ask, step, DONE)
}

/// Without tools this is a side request: clients have titles written by the same model.
fn title() -> Vec<Part> {
    vec![Part::Text(TITLE.to_owned())]
}

fn parts(ask: &Ask, (thought, calls): Step, done: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    if ask.reasons {
        parts.push(Part::Reasoning(thought.to_owned()));
    }
    let calls: Vec<ToolCall> = calls.into_iter().flatten().collect();
    if calls.is_empty() {
        parts.push(Part::Text(done.to_owned()));
    }
    parts.extend(calls.into_iter().map(Part::Call));
    parts
}

pub(crate) fn large_task(ask: &Ask) -> Vec<Part> {
    let Some(tools) = Toolbox::of(ask) else {
        return title();
    };
    let step = match ask.history.rounds {
        0 => {
            let write = format!("printf '{CONTENT}' > {FILE}");
            let call = tools.write(FILE, CONTENT);
            let call = call.or_else(|| tools.run(&write, "Write the file"));
            let miss = tools.run("cat missing.txt", "Show a file that may be missing");
            let calls = if ask.parallel {
                vec![call, miss]
            } else {
                vec![call]
            };
            ("One file is to be written, another may be there.", calls)
        }
        1 => {
            let paper = ask.parallel.then(|| tools.read(PAPER)).flatten();
            (
                "Now the picture, and the paper if that can be read.",
                vec![tools.look(PICTURE), paper],
            )
        }
        2 => {
            let sed = format!("printf '{EDITED}' > {FILE}");
            let call = tools.edit(FILE, CONTENT, EDITED);
            (
                "The greeting should be more formal.",
                vec![call.or_else(|| tools.run(&sed, "Change the greeting"))],
            )
        }
        _ => ("Everything is in place.", Vec::new()),
    };
    parts(ask, step, &findings(ask))
}

/// The report of the second task: what has reached the model.
pub(crate) fn findings(ask: &Ask) -> String {
    let (mut picture, mut paper) = (None, None);
    for media in &ask.history.media {
        match media {
            Media::Picture(size) => picture = Some(*size),
            Media::Document(bytes) => paper = Some(*bytes),
        }
    }
    let picture = match picture {
        None => "no picture".to_owned(),
        Some(None) => "a picture of unknown size".to_owned(),
        Some(Some((width, height))) => format!("a picture of {width} by {height}"),
    };
    let paper = paper.map_or("no paper".to_owned(), |bytes| {
        format!("a paper of {bytes} bytes")
    });
    let thoughts = ask.history.thoughts;
    format!("done: {picture}, {paper}, {thoughts} thoughts")
}
