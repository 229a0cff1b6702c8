//! The file tools of Claude Code and OpenCode.

use serde::Serialize;

use crate::{
    answer::Input,
    ask::{Ask, Tool},
    sse,
};

/// File tools, when they are declared and the working directory is known.
pub(super) struct Files<'a> {
    pub(super) write: &'a Tool,
    pub(super) read: Option<&'a Tool>,
    pub(super) edit: Option<&'a Tool>,
    snake: bool,
    directory: &'a str,
}

#[derive(Serialize)]
struct Snake<'a> {
    file_path: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    old_string: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    new_string: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Camel<'a> {
    file_path: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    old_string: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    new_string: Option<&'a str>,
}

impl<'a> Files<'a> {
    pub(super) fn of(ask: &'a Ask) -> Option<Self> {
        let directory = ask.history.directory.as_deref()?.trim_end_matches('/');
        let with = |write: &str, read: &str, edit: &str, snake: bool| {
            Some(Self {
                write: ask.tool(write)?,
                read: ask.tool(read),
                edit: ask.tool(edit),
                snake,
                directory,
            })
        };
        with("Write", "Read", "Edit", true).or_else(|| with("write", "read", "edit", false))
    }

    pub(super) fn path(&self, name: &str) -> String {
        format!("{}/{name}", self.directory)
    }

    pub(super) fn arguments(&self, file_path: &str, content: Option<&str>) -> Input {
        self.input(file_path, content, None)
    }

    pub(super) fn replacement(&self, file_path: &str, old: &str, new: &str) -> Input {
        self.input(file_path, None, Some((old, new)))
    }

    fn input(&self, file_path: &str, content: Option<&str>, edit: Option<(&str, &str)>) -> Input {
        let (old_string, new_string) = edit.unzip();
        Input::Json(if self.snake {
            sse::json(&Snake {
                file_path,
                content,
                old_string,
                new_string,
            })
        } else {
            sse::json(&Camel {
                file_path,
                content,
                old_string,
                new_string,
            })
        })
    }
}
