//! `session export --format markdown|json`: what was said, each turn once.

use std::fmt::Write as _;

use super::listing::moment;
use crate::api::{Api, escape};
use crate::output;
use crate::record::Record;

/// Prints a session's transcript: as JSON lines, one for each call, or to read.
pub(super) async fn export(api: &Api, session: &str, json: bool) -> anyhow::Result<()> {
    let path = format!("/api/v1/sessions/{}/transcript", escape(session));
    if !json {
        output::line(&format!("# Session {session}"))?;
    }
    let mut cursor: Option<String> = None;
    loop {
        let mut query = crate::api::Query::default();
        query.maybe("cursor", cursor.as_deref());
        let part: Record = api.get(&query.on(&path)).await?;
        for call in part.read::<Vec<Record>>("data").unwrap_or_default() {
            if json {
                output::json(&call)?;
            } else {
                output::text(&markdown(&call))?;
            }
        }
        cursor = part.get("next");
        if cursor.is_none() {
            return Ok(());
        }
    }
}

/// One call and what it adds, as Markdown.
fn markdown(call: &Record) -> String {
    let mut out = format!("\n## {}\n\n", heading(call));
    let notes = [
        follows(call).map(str::to_owned),
        call.get("why"),
        call.get("error")
            .map(|error| format!("It ended with `{}`.", word(&error))),
    ];
    for note in notes.into_iter().flatten() {
        // Writing into a string does not fail.
        let _ = writeln!(out, "*{note}*\n");
    }
    for text in call.read::<Vec<String>>("instructions").unwrap_or_default() {
        folded(&mut out, "Instructions", &text);
    }
    for side in ["asked", "answered"] {
        for line in call.read::<Vec<Record>>(side).unwrap_or_default() {
            let _ = writeln!(out, "**{}**\n", line.get("role").unwrap_or_default());
            said(&mut out, &line);
        }
    }
    out
}

fn heading(call: &Record) -> String {
    let parts = [
        moment(call, "at"),
        call.get("model"),
        call.get("subagent_type"),
        call.get("subagent"),
        call.get("call"),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    word(&parts.join(" · "))
}

fn follows(call: &Record) -> Option<&'static str> {
    match call.get("follows")?.as_str() {
        "again" => Some("Asked again, without the answer as it was."),
        "rewritten" => Some("The history is rewritten here."),
        "apart" => {
            Some("Nothing of this was said before: a conversation beside, or a new history.")
        }
        _ => None,
    }
}

/// One thing said.
fn said(out: &mut String, line: &Record) {
    let get = |name| line.get(name).unwrap_or_default();
    let kind = get("kind");
    match kind.as_str() {
        "text" | "refusal" => {
            let _ = writeln!(out, "{}\n", get("text"));
        }
        "thought" => folded(out, "Thinking", &get("text")),
        "tool_call" => {
            let _ = writeln!(
                out,
                "Calls `{}` (`{}`):\n",
                word(&get("name")),
                word(&get("id"))
            );
            fenced(out, &get("input"));
        }
        "tool_result" => {
            let failed = line.read::<bool>("error") == Some(true);
            let how = if failed { "Failed" } else { "Result of" };
            let _ = writeln!(out, "{how} `{}`:\n", word(&get("id")));
            for part in line.read::<Vec<Record>>("parts").unwrap_or_default() {
                match part.get("text") {
                    Some(text) => fenced(out, &text),
                    None => said(out, &part),
                }
            }
        }
        "image" | "document" => {
            let where_from = line.get("media_type").or_else(|| line.get("url"));
            let bytes = line.get("bytes").map(|bytes| format!(", {bytes} bytes"));
            let what = word(&where_from.unwrap_or_default());
            let _ = writeln!(out, "[{kind}: {what}{}]\n", bytes.unwrap_or_default());
        }
        "search" => {
            let _ = writeln!(out, "Searched the web for `{}`\n", word(&get("query")));
        }
        _ => fenced(out, &serde_json::to_string(line).unwrap_or_default()),
    }
}

/// A text that is opened by who wants to read it.
fn folded(out: &mut String, title: &str, text: &str) {
    let _ = writeln!(out, "<details><summary>{title}</summary>\n");
    fenced(out, text);
    out.push_str("</details>\n\n");
}

/// A text as it is, between more backticks than it has in a row.
fn fenced(out: &mut String, text: &str) {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    let _ = writeln!(out, "{fence}\n{text}\n{fence}\n");
}

/// A short text within a line of code.
fn word(text: &str) -> String {
    text.replace(['`', '\n', '\r'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(json: &str) -> String {
        markdown(&serde_json::from_str(json).unwrap())
    }

    #[test]
    fn what_was_said_is_told_in_order() {
        let text = call(
            r#"{"call":"call_1","model":"m","follows":"rewritten","instructions":["Be brief."],
            "asked":[{"role":"user","kind":"text","text":"look"},
              {"role":"user","kind":"image","media_type":"image/png","bytes":6}],
            "answered":[{"role":"assistant","kind":"thought","text":"hm"},
              {"role":"assistant","kind":"tool_call","id":"t1","name":"Read","input":"{}"},
              {"role":"user","kind":"tool_result","id":"t1","error":true,
               "parts":[{"kind":"text","text":"gone"}]}]}"#,
        );
        let mut at = 0;
        for part in [
            "## m · call_1",
            "*The history is rewritten here.*",
            "<summary>Instructions</summary>",
            "Be brief.",
            "**user**\n\nlook",
            "[image: image/png, 6 bytes]",
            "<summary>Thinking</summary>\n\n```\nhm\n```",
            "Calls `Read` (`t1`):\n\n```\n{}\n```",
            "Failed `t1`:\n\n```\ngone\n```",
        ] {
            let found = text[at..].find(part);
            at += found.unwrap_or_else(|| panic!("{part} in {text}"));
        }
    }

    #[test]
    fn nothing_breaks_out_of_where_it_stands() {
        let text = call(
            r#"{"call":"c","asked":[{"role":"user","kind":"thought","text":"a\n````\n</details>"},
              {"role":"user","kind":"tool_call","id":"a`b","name":"x\ny","input":"```"}]}"#,
        );
        assert!(text.contains("`````\na\n````\n</details>\n`````"), "{text}");
        assert!(
            text.contains("Calls `x y` (`a b`):\n\n````\n```\n````"),
            "{text}"
        );
    }
}
