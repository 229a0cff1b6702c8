//! `sim-coder`: leads a real coding agent through a small task with the agent's own tools.
//!
//! The task: write `hello.txt`, look at it with commands, read it back, report. Which step comes
//! next follows from the history alone. It knows the tools of Claude Code, Codex (both its
//! dialects) and OpenCode by name; where it does not know the agent's working directory it uses
//! the shell instead of the file tools, because those want absolute paths.

use serde::Serialize;

use crate::{
    answer::{Input, Part, ToolCall},
    ask::{Ask, Tool, ToolInput},
    behavior::call,
    sse,
};

const FILE: &str = "hello.txt";
const CONTENT: &str = "hello from tollhouse";
const DONE: &str = "done: hello from tollhouse";
const TITLE: &str = "Write hello.txt";

pub(crate) fn parts(ask: &Ask) -> Vec<Part> {
    let shell = SHELLS
        .iter()
        .find_map(|&(name, style)| Some((ask.tool(name)?, style)));
    let shell = shell.filter(|(tool, style)| style.fits(tool));
    let files = Files::of(ask);
    let run =
        |command: &str, why: &str| shell.map(|(tool, style)| call(tool, style.input(command, why)));
    // Without tools this is a side request: clients have titles written by the same model.
    if shell.is_none() && files.is_none() {
        return vec![Part::Text(TITLE.to_owned())];
    }
    let (thought, calls) = match ask.history.rounds {
        0 => {
            let write = format!("printf '{CONTENT}' > {FILE}");
            let call = files.as_ref().map(Files::write);
            (
                "First the file has to exist.",
                vec![call.or_else(|| run(&write, "Write the file"))],
            )
        }
        1 if ask.parallel => {
            let cat = run(&format!("cat {FILE}"), "Show the file");
            (
                "Now look at it in two ways.",
                vec![cat, run(&format!("wc -c {FILE}"), "Count bytes")],
            )
        }
        1 => {
            let both = format!("cat {FILE} && wc -c {FILE}");
            (
                "Now look at it.",
                vec![run(&both, "Show the file and count its bytes")],
            )
        }
        2 => {
            let call = files.as_ref().and_then(Files::read);
            let cat = || run(&format!("cat {FILE}"), "Read the file back");
            ("Read it back to be sure.", vec![call.or_else(cat)])
        }
        _ => ("Everything is in place.", Vec::new()),
    };
    let mut parts = Vec::new();
    if ask.reasons {
        parts.push(Part::Reasoning(thought.to_owned()));
    }
    let calls: Vec<ToolCall> = calls.into_iter().flatten().collect();
    if calls.is_empty() {
        parts.push(Part::Text(DONE.to_owned()));
    }
    parts.extend(calls.into_iter().map(Part::Call));
    parts
}

/// How a shell tool wants its command.
#[derive(Debug, Clone, Copy)]
enum Shell {
    /// `command`, and a `description` for the user.
    Described,
    /// `cmd`.
    Cmd,
    /// `command`, one string.
    Command,
    /// `command`, a list of words.
    Words,
    /// A program that may call `exec_command`.
    Script,
}

const SHELLS: [(&str, Shell); 7] = [
    ("Bash", Shell::Described),
    ("bash", Shell::Described),
    ("exec_command", Shell::Cmd),
    ("shell_command", Shell::Command),
    ("shell", Shell::Words),
    ("local_shell", Shell::Words),
    ("exec", Shell::Script),
];

#[derive(Serialize)]
struct Described<'a> {
    command: &'a str,
    description: &'a str,
}

#[derive(Serialize)]
struct Cmd<'a> {
    cmd: &'a str,
}

#[derive(Serialize)]
struct Command<'a> {
    command: &'a str,
}

#[derive(Serialize)]
struct Words<'a> {
    command: [&'a str; 3],
}

impl Shell {
    fn fits(self, tool: &Tool) -> bool {
        let freeform = matches!(tool.input, ToolInput::Freeform);
        freeform == matches!(self, Self::Script)
    }

    fn input(self, command: &str, description: &str) -> Input {
        match self {
            Self::Described => Input::Json(sse::json(&Described {
                command,
                description,
            })),
            Self::Cmd => Input::Json(sse::json(&Cmd { cmd: command })),
            Self::Command => Input::Json(sse::json(&Command { command })),
            Self::Words => Input::Json(sse::json(&Words {
                command: ["bash", "-lc", command],
            })),
            Self::Script => Input::Freeform(format!(
                "const result = await tools.exec_command({});\ntext(result.output);\n",
                sse::json(&Cmd { cmd: command })
            )),
        }
    }
}

/// File tools, when they are declared and the working directory is known.
struct Files<'a> {
    write: &'a Tool,
    read: Option<&'a Tool>,
    snake: bool,
    path: String,
}

#[derive(Serialize)]
struct Snake<'a> {
    file_path: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Camel<'a> {
    file_path: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<&'a str>,
}

impl<'a> Files<'a> {
    fn of(ask: &'a Ask) -> Option<Self> {
        let directory = ask.history.directory.as_deref()?.trim_end_matches('/');
        let path = format!("{directory}/{FILE}");
        let claude = ask
            .tool("Write")
            .map(|write| (write, ask.tool("Read"), true));
        let opencode = || {
            ask.tool("write")
                .map(|write| (write, ask.tool("read"), false))
        };
        let (write, read, snake) = claude.or_else(opencode)?;
        Some(Self {
            write,
            read,
            snake,
            path,
        })
    }

    fn write(&self) -> ToolCall {
        call(self.write, self.input(Some(CONTENT)))
    }

    fn read(&self) -> Option<ToolCall> {
        self.read.map(|tool| call(tool, self.input(None)))
    }

    fn input(&self, content: Option<&str>) -> Input {
        let file_path = &self.path;
        Input::Json(if self.snake {
            sse::json(&Snake { file_path, content })
        } else {
            sse::json(&Camel { file_path, content })
        })
    }
}
