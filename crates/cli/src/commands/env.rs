//! `env`: variables for a client, as a shell reads them.

use std::path::Path;

use anyhow::Context as _;
use clap::ValueEnum as _;
use tollhouse_vault::Secret;

use super::run::models_of;
use crate::args::{Client, EnvArgs, Shell};
use crate::clients::{self, KEY_VARIABLE, Setup, Wanted};
use crate::settings::Usage;
use crate::{environment, output, profile};

pub(super) async fn run(args: &EnvArgs) -> anyhow::Result<()> {
    let key = key(args.key_file.as_deref())?;
    let url = environment::variable("TOLLHOUSE_URL").or(profile::read()?.map(|known| known.url));
    let Some(url) = url else {
        let message = "no server is known: start one here with `tollhouse serve`, or set \
             TOLLHOUSE_URL";
        return Err(Usage(message.to_owned()).into());
    };
    let url = url.trim_end_matches('/');
    let models = match (&key, args.client) {
        (Some(key), Client::Opencode) => models_of(url, key, &[]).await?,
        _ => Vec::new(),
    };
    let wanted = Wanted {
        url,
        model: None,
        models: &models,
        quiet: true,
    };
    let client = args.client.to_possible_value();
    let client = client.as_ref().map_or("", |value| value.get_name());
    let setup = clients::setup(client, wanted, args.own_login)?;
    for line in lines(&setup, args.shell, key.as_ref()) {
        output::line(&line)?;
    }
    Ok(())
}

fn key(file: Option<&Path>) -> anyhow::Result<Option<Secret>> {
    let text = match file {
        Some(path) => {
            let text = std::fs::read_to_string(path);
            Some(text.map_err(|error| Usage(format!("--key-file {}: {error}", path.display())))?)
        }
        None => environment::variable(KEY_VARIABLE),
    };
    text.map(|text| Secret::parse(&text).context("the virtual key"))
        .transpose()
}

/// The lines. Where the key is not known they refer to the variable that will hold it.
fn lines(setup: &Setup, shell: Shell, key: Option<&Secret>) -> Vec<String> {
    let mut lines: Vec<_> = setup.unset.iter().map(|name| unset(shell, name)).collect();
    let env = setup.env.iter();
    lines.extend(env.map(|(name, text)| set(shell, name, &quote(shell, text))));
    match key {
        Some(key) => {
            let value = [&setup.token_value, key.expose()].concat();
            lines.push(set(shell, &setup.token, &quote(shell, &value)));
        }
        None if setup.token == KEY_VARIABLE => {}
        None => lines.push(set(
            shell,
            &setup.token,
            &reference(shell, &setup.token_value),
        )),
    }
    if key.is_none() {
        lines.insert(
            0,
            format!("# {KEY_VARIABLE} must hold a key: tollhouse key create --name NAME"),
        );
    }
    if !setup.arguments.is_empty() {
        let arguments: Vec<_> = setup
            .arguments
            .iter()
            .map(|text| quote(shell, text))
            .collect();
        lines.push("# The rest this client reads from its command line; add:".to_owned());
        lines.push(format!("#   {}", arguments.join(" ")));
    }
    lines
}

pub(super) fn set(shell: Shell, name: &str, value: &str) -> String {
    match shell {
        Shell::Sh => format!("export {name}={value}"),
        Shell::Fish => format!("set -gx {name} {value}"),
        Shell::Powershell => format!("$env:{name} = {value}"),
        Shell::Launchctl => format!("launchctl setenv {name} {value}"),
    }
}

pub(super) fn unset(shell: Shell, name: &str) -> String {
    match shell {
        Shell::Sh => format!("unset {name}"),
        // A bare `set -e` would erase for good what somebody keeps with `set -Ux`. That stays, and an empty value
        // hides it: fish hands it to programs as long as no exported variable stands before it.
        Shell::Fish => format!("set -eg {name}; set -qUx {name}; and set -gx {name} ''"),
        Shell::Powershell => format!("Remove-Item Env:{name} -ErrorAction SilentlyContinue"),
        Shell::Launchctl => format!("launchctl unsetenv {name}"),
    }
}

pub(super) fn quote(shell: Shell, text: &str) -> String {
    let quoted = match shell {
        Shell::Sh | Shell::Launchctl => text.replace('\'', r"'\''"),
        Shell::Fish => text.replace('\\', r"\\").replace('\'', r"\'"),
        // It takes the typographic ones for the same sign: each would end the word.
        Shell::Powershell => text.chars().fold(String::new(), |mut word, sign| {
            if matches!(sign, '\'' | '\u{2018}'..='\u{201b}') {
                word.push(sign);
            }
            word.push(sign);
            word
        }),
    };
    format!("'{quoted}'")
}

fn reference(shell: Shell, before: &str) -> String {
    match shell {
        Shell::Sh | Shell::Fish | Shell::Launchctl => format!("\"{before}${KEY_VARIABLE}\""),
        Shell::Powershell => format!("\"{before}$env:{KEY_VARIABLE}\""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shell_reads_the_same_value() {
        let text = r"a'b\c $d";
        assert_eq!(quote(Shell::Sh, text), r"'a'\''b\c $d'");
        assert_eq!(quote(Shell::Fish, text), r"'a\'b\\c $d'");
        assert_eq!(quote(Shell::Powershell, text), r"'a''b\c $d'");
    }

    #[test]
    fn no_quote_of_powershell_ends_a_quoted_word() {
        let quoted = quote(
            Shell::Powershell,
            "x\u{2019};iwr evil;\u{2018}\u{201a}\u{201b}\u{201c}",
        );
        let same =
            "'x\u{2019}\u{2019};iwr evil;\u{2018}\u{2018}\u{201a}\u{201a}\u{201b}\u{201b}\u{201c}'";
        assert_eq!(quoted, same);
    }

    #[test]
    fn what_fish_keeps_for_all_sessions_is_hidden_and_not_erased() {
        let line = unset(Shell::Fish, "C");
        assert_eq!(line, "set -eg C; set -qUx C; and set -gx C ''");
    }

    #[test]
    fn without_a_key_a_variable_stands_in() {
        let setup = Setup {
            token: "B".to_owned(),
            token_value: String::new(),
            keep: Vec::new(),
            env: [("A".to_owned(), "x".to_owned())].into(),
            unset: vec!["C".to_owned()],
            files: Vec::new(),
            arguments: Vec::new(),
        };
        let without = lines(&setup, Shell::Sh, None);
        assert_eq!(
            without[1..],
            ["unset C", "export A='x'", "export B=\"$TOLLHOUSE_KEY\""]
        );
        let key = Secret::new("th-k".to_owned());
        let with = lines(&setup, Shell::Fish, Some(&key));
        assert_eq!(with[1..], ["set -gx A 'x'", "set -gx B 'th-k'"]);
        let beside = Setup {
            token_value: "x-tollhouse-key: ".to_owned(),
            ..setup
        };
        let without = lines(&beside, Shell::Sh, None);
        assert_eq!(without[3], "export B=\"x-tollhouse-key: $TOLLHOUSE_KEY\"");
        let with = lines(&beside, Shell::Sh, Some(&key));
        assert_eq!(with[2], "export B='x-tollhouse-key: th-k'");
    }
}
