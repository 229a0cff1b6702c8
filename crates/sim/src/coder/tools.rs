//! The tools of Claude Code, Codex (both its dialects) and OpenCode, known by name.
//!
//! Where the agent's working directory is unknown the shell is used instead of the file tools,
//! because those want absolute paths. A gateway may have taken tools out of their group, or made
//! a function of one that takes any text.

mod files;

use serde::{Deserialize, Serialize};

use crate::{
    answer::{Input, ToolCall},
    ask::{Ask, Tool, ToolInput},
    behavior::call,
    fields, sse,
};
use files::Files;

/// What the agent can do.
pub(super) struct Toolbox<'a> {
    ask: &'a Ask,
    shell: Option<(&'a Tool, Shell)>,
    files: Option<Files<'a>>,
}

impl<'a> Toolbox<'a> {
    /// None where there is nothing to do anything with.
    pub(super) fn of(ask: &'a Ask) -> Option<Self> {
        let shell = SHELLS
            .iter()
            .find_map(|&(name, style)| Some((ask.grouped_tool(name)?, style)));
        let shell = shell.filter(|(tool, style)| style.fits(tool));
        let files = Files::of(ask);
        (shell.is_some() || files.is_some()).then_some(Self { ask, shell, files })
    }

    pub(super) fn run(&self, command: &str, why: &str) -> Option<ToolCall> {
        let (tool, style) = self.shell?;
        Some(call(tool, style.input(tool, command, why)))
    }

    pub(super) fn write(&self, name: &str, content: &str) -> Option<ToolCall> {
        let files = self.files.as_ref()?;
        let path = files.path(name);
        Some(call(files.write, files.arguments(&path, Some(content))))
    }

    pub(super) fn read(&self, name: &str) -> Option<ToolCall> {
        let files = self.files.as_ref()?;
        let path = files.path(name);
        Some(call(files.read?, files.arguments(&path, None)))
    }

    /// Shows a picture to the model.
    pub(super) fn look(&self, name: &str) -> Option<ToolCall> {
        if let Some(tool) = self.ask.tool("view_image") {
            let path = Input::Json(sse::json(&Image { path: name }));
            return Some(call(tool, path));
        }
        match self.shell {
            Some((tool, Shell::Script)) => {
                let image = sse::json(&Image { path: name });
                let program =
                    format!("const shown = await tools.view_image({image});\nimage(shown);\n");
                Some(call(tool, any_text(tool, program)))
            }
            _ => self.read(name),
        }
    }

    /// Replaces a file's only line.
    pub(super) fn edit(&self, name: &str, old: &str, new: &str) -> Option<ToolCall> {
        let change = format!(
            "*** Begin Patch\n*** Update File: {name}\n@@\n-{old}\n+{new}\n*** End Patch\n"
        );
        if let Some(tool) = self.ask.grouped_tool("apply_patch") {
            return Some(call(tool, any_text(tool, change)));
        }
        if let Some((tool, Shell::Script)) = self.shell {
            let program = format!(
                "text(await tools.apply_patch({}));\n",
                sse::json(&change.as_str())
            );
            return Some(call(tool, any_text(tool, program)));
        }
        let files = self.files.as_ref()?;
        let path = files.path(name);
        Some(call(files.edit?, files.replacement(&path, old, new)))
    }
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

#[derive(Serialize)]
struct Image<'a> {
    path: &'a str,
}

impl Shell {
    fn fits(self, tool: &Tool) -> bool {
        let text = matches!(tool.input, ToolInput::Freeform) || text_field(tool).is_some();
        text == matches!(self, Self::Script)
    }

    fn input(self, tool: &Tool, command: &str, description: &str) -> Input {
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
            Self::Script => {
                let program = format!(
                    "const result = await tools.exec_command({});\ntext(result.output);\n",
                    sse::json(&Cmd { cmd: command })
                );
                any_text(tool, program)
            }
        }
    }
}

/// The input of a tool that takes any text, or of the function that stands for it.
fn any_text(tool: &Tool, text: String) -> Input {
    match text_field(tool) {
        None => Input::Freeform(text),
        Some(field) => Input::Json(format!("{{{}:{}}}", sse::json(&field), sse::json(&text))),
    }
}

/// The field for the text, where a function stands for a tool that takes any.
fn text_field(tool: &Tool) -> Option<&'static str> {
    #[derive(Deserialize)]
    struct Schema {
        properties: fields::Object,
    }
    let ToolInput::Object(Some(schema)) = &tool.input else {
        return None;
    };
    let schema: Schema = serde_json::from_str(schema.get()).ok()?;
    ["input", "patchText"]
        .into_iter()
        .find(|field| schema.properties.names().any(|name| name == *field))
}
