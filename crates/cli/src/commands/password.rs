//! `password` and `user password`: passwords come from the terminal without echo, or else from standard
//! input, and never from the command line, which every user of the machine can read.

use std::io::{self, BufRead, IsTerminal, Read};

use anyhow::{Context as _, bail};
use http::Method;
use serde::Serialize;
use tollhouse_vault::{MAX_PASSWORD_BYTES, Secret};

use crate::api::Api;
use crate::output;

#[derive(Serialize)]
struct Change<'a> {
    current: &'a str,
    new: &'a str,
}

#[derive(Serialize)]
struct Given<'a> {
    new: &'a str,
}

/// Changes one's own.
pub(super) async fn own() -> anyhow::Result<()> {
    let api = Api::find()?;
    let (current, new) = if io::stdin().is_terminal() {
        let current = prompt("present password (not shown): ")?;
        (current, chosen()?)
    } else {
        let mut input = io::stdin().lock();
        (
            line(&mut input, "the present password")?,
            line(&mut input, "the new password")?,
        )
    };
    let change = Change {
        current: current.expose(),
        new: new.expose(),
    };
    api.tell(Method::PUT, "/api/v1/me/password", &change)
        .await?;
    output::line("the password is changed, and your sessions in browsers are ended")?;
    Ok(())
}

/// Gives somebody one.
pub(super) async fn give(api: &Api, user: &str, id: &str) -> anyhow::Result<()> {
    let new = if io::stdin().is_terminal() {
        chosen()?
    } else {
        line(&mut io::stdin().lock(), "the new password")?
    };
    let given = Given { new: new.expose() };
    let path = format!("{user}/password");
    api.tell(Method::PUT, &path, &given).await?;
    output::line(&format!("{id} has a new password"))?;
    Ok(())
}

/// A new password, typed twice.
fn chosen() -> anyhow::Result<Secret> {
    let new = prompt("new password (not shown): ")?;
    if prompt("the same again: ")?.expose() != new.expose() {
        bail!("these are two different passwords; nothing was changed");
    }
    Ok(new)
}

fn prompt(text: &str) -> anyhow::Result<Secret> {
    Ok(Secret::new(rpassword::prompt_password(text)?))
}

/// One line, less its end; white space is part of a password.
fn line(input: &mut impl BufRead, what: &str) -> anyhow::Result<Secret> {
    // What is too long is refused by the server; this only keeps it from being read for ever.
    let most = u64::try_from(MAX_PASSWORD_BYTES).unwrap_or(u64::MAX) + 3;
    let mut text = String::new();
    let read = input.take(most).read_line(&mut text);
    read.with_context(|| what.to_owned())?;
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    if text.is_empty() {
        bail!("{what} is a line on standard input, and there is none");
    }
    Ok(Secret::new(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_passwords_as_they_are() {
        let cases = [
            ("a b \n", Some("a b ")),
            ("a\r\nb", Some("a")),
            ("a", Some("a")),
            ("\n", None),
            ("", None),
        ];
        for (mut text, expected) in cases.map(|(text, expected)| (text.as_bytes(), expected)) {
            let read = line(&mut text, "it").ok();
            assert_eq!(read.as_ref().map(Secret::expose), expected);
        }
    }
}
