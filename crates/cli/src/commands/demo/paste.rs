//! What to paste where.

use std::io;
use std::path::Path;

use super::Demo;
use super::calls::EXAMPLES;
use crate::clients::{self, KEY_VARIABLE, Wanted};
use crate::{output, profile};

/// A model that leads a coding agent through a small task with the agent's own tools.
const MODEL: &str = "sim-coder";
const PROMPT: &str = "Write hello.txt, look at it, read it back and report.";

pub(super) fn print(demo: &Demo) -> io::Result<()> {
    let environment = demo.directory.path().join("env.sh");
    let text = format!(
        "export TOLLHOUSE_URL='{}' TOLLHOUSE_TOKEN='{}' {KEY_VARIABLE}='{}'\n",
        demo.url,
        demo.admin.expose(),
        demo.key.expose()
    );
    profile::replace(&environment, &(text + &own_path()))?;
    let mut page = vec![
        format!(
            "Tollhouse demo at {}; simulated provider, simulated costs",
            demo.url
        ),
        format!("virtual key  {}", demo.key.expose()),
        format!(
            "dashboard    {}/dashboard/#token={}",
            demo.url,
            demo.admin.expose()
        ),
        String::new(),
        "In another terminal, first:".to_owned(),
        format!("  . {}", environment.display()),
    ];
    for example in EXAMPLES {
        let header = example
            .header
            .map(|(name, value)| format!(" -H '{name}: {value}'"));
        page.push(String::new());
        page.push(format!("curl, {}:", example.name));
        page.push(format!(
            "  curl -N $TOLLHOUSE_URL{} -H \"x-tollhouse-key: ${KEY_VARIABLE}\"{} \
             -H 'content-type: application/json' -d '{}'",
            example.path,
            header.unwrap_or_default(),
            example.body
        ));
    }
    page.extend(agents(&demo.url));
    page.push(String::new());
    page.push("Calls as they end (Ctrl-C ends the demo):".to_owned());
    for line in page {
        output::line(&line)?;
    }
    Ok(())
}

/// Puts this program on the path: what is printed calls it by name, and a fresh build is on nobody's.
fn own_path() -> String {
    let program = std::env::current_exe().ok();
    let directory = program.as_deref().and_then(Path::parent);
    directory.map_or_else(String::new, |directory| {
        let quoted = directory.display().to_string().replace('\'', r"'\''");
        format!("export PATH='{quoted}':\"$PATH\"\n")
    })
}

fn agents(url: &str) -> Vec<String> {
    let wanted = Wanted {
        url,
        model: None,
        models: &[],
        quiet: true,
    };
    let setup = clients::client("codex").and_then(|codex| Ok(codex.setup(wanted)?));
    let codex = setup.map(|setup| setup.arguments).unwrap_or_default();
    let codex: Vec<_> = codex
        .iter()
        .map(|argument| {
            if argument == "-c" {
                argument.clone()
            } else {
                format!("'{argument}'")
            }
        })
        .collect();
    vec![
        String::new(),
        "Claude Code:".to_owned(),
        format!(
            "  ANTHROPIC_BASE_URL=$TOLLHOUSE_URL ANTHROPIC_AUTH_TOKEN=${KEY_VARIABLE} \
             claude --model {MODEL} -p '{PROMPT}' --permission-mode acceptEdits \
             --allowedTools 'Bash Read Write Edit'"
        ),
        String::new(),
        "Codex:".to_owned(),
        format!(
            "  codex {} -c 'model=\"{MODEL}\"' exec --skip-git-repo-check '{PROMPT}'",
            codex.join(" ")
        ),
        String::new(),
        "OpenCode:".to_owned(),
        "  eval \"$(tollhouse env opencode)\"".to_owned(),
        format!("  opencode run -m tollhouse/{MODEL} '{PROMPT}'"),
        String::new(),
        "Or each with a key of its own that ends with it, such as:".to_owned(),
        format!("  tollhouse run claude --model {MODEL}"),
    ]
}
