//! Where a person types a code of OpenAI's flow: the page that stands behind its `verification_uri`. It says that
//! nothing of it is real.

use http::{StatusCode, request};

use super::{Authority, params::Params};
use crate::{reply::Reply, route::Planned};

/// Who it is that signs in, where the form names nobody that could be one.
const SOMEBODY: &str = "demo";
const LONGEST_NAME: usize = 32;

/// `GET /codex/device` and what its form sends.
pub(super) fn answer(authority: &Authority, head: &request::Parts, body: &[u8]) -> Option<Planned> {
    let (status, said) = match head.method.as_str() {
        "GET" => (StatusCode::OK, ""),
        "POST" => settled(authority, &Params::form(body)),
        _ => return None,
    };
    let page = PAGE.replace("SAID", said);
    let mut reply = Reply::whole(status, "text/html; charset=utf-8", page);
    // No other page frames it and has somebody press what they do not see.
    reply.header(
        "content-security-policy",
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'",
    );
    Some(Planned::plain(reply))
}

/// What is said of a code is never what was typed.
fn settled(authority: &Authority, form: &Params) -> (StatusCode, &'static str) {
    let code = form.get("user_code").unwrap_or_default();
    let code = code.trim().to_ascii_uppercase();
    let denied = form.get("answer") == Some("deny");
    let known = if denied {
        authority.deny(&code)
    } else {
        authority.approve(&code, name(form.get("account").unwrap_or_default()))
    };
    match (known, denied) {
        (true, false) => (
            StatusCode::OK,
            "<p role=status><b>Signed in.</b> The dashboard knows in a few seconds.</p>",
        ),
        (true, true) => (StatusCode::OK, "<p role=status><b>Denied.</b></p>"),
        (false, _) => (
            StatusCode::BAD_REQUEST,
            "<p role=alert><b>Nobody waits for this code.</b> It may have been used, or have ended.</p>",
        ),
    }
}

/// The name of an account is a part of an address.
fn name(typed: &str) -> &str {
    let typed = typed.trim();
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let whole = (1..=LONGEST_NAME).contains(&typed.len()) && typed.bytes().all(fits);
    if whole { typed } else { SOMEBODY }
}

const PAGE: &str = r#"<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Simulated sign-in</title>
<style>
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 28rem; margin: 10vh auto; padding: 0 1.5rem; }
label { display: block; margin: 1rem 0 0.25rem; }
input { width: 100%; box-sizing: border-box; padding: 0.5rem; font: inherit; }
button { margin: 1.5rem 0.5rem 0 0; padding: 0.5rem 1rem; font: inherit; }
</style>
<main>
<h1>Simulated sign-in</h1>
<p>This is the provider that Tollhouse simulates. There is no real account behind it, and nothing leaves this
machine.</p>
SAID
<form method="post">
<label for="code">Code that the dashboard or the command shows</label>
<input id="code" name="user_code" autocomplete="off" autocapitalize="characters" spellcheck="false" required autofocus>
<label for="account">Sign in as</label>
<input id="account" name="account" value="demo" pattern="[a-z0-9\-]{1,32}" autocomplete="off" required>
<button name="answer" value="approve">Sign in</button>
<button name="answer" value="deny" formnovalidate>Deny</button>
</form>
</main>
</html>
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_none_is_somebody() {
        assert_eq!(name(" ada-2 "), "ada-2");
        for typed in ["", "Ada", "a@b", "<b>", &"a".repeat(33)] {
            assert_eq!(name(typed), SOMEBODY);
        }
    }
}
