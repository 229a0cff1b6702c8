//! A login that another program holds, read from its file.
//!
//! Codex keeps `auth.json` in two shapes: tokens inside `tokens`, or flat. Its refresh token works once,
//! so whoever imports it takes it over: the copy that stays behind goes stale with the first refresh.

use std::fmt;

use serde::Deserialize;

use super::token;

/// Why a file is no login.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// It is no JSON object of that kind.
    #[error("this is not the JSON of a Codex auth.json")]
    NotJson,
    /// It holds an API key and no login.
    #[error("this file holds an API key and no login: set it with `tollhouse credential set`")]
    ApiKey,
    /// A token is missing.
    #[error("`{0}` is missing: sign in with `codex login` first")]
    Missing(&'static str),
    /// A token holds what no header may.
    #[error("`{0}` holds characters that no token has")]
    Malformed(&'static str),
}

/// The tokens of a login. They are secrets: nothing here prints them.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    /// What calls are made with.
    pub access_token: String,
    /// What the next one is got with.
    pub refresh_token: String,
    /// Who it is, if that is said.
    pub id_token: Option<String>,
    /// The account at the provider, if it is known.
    pub account: Option<String>,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login")
            .field("account", &self.account)
            .finish_non_exhaustive()
    }
}

/// Reads `auth.json`.
pub fn codex(json: &[u8]) -> Result<Login, ImportError> {
    let file: File = serde_json::from_slice(json).map_err(|_| ImportError::NotJson)?;
    let File {
        tokens,
        flat,
        api_key,
    } = file;
    let tokens = tokens.unwrap_or(flat);
    let has_key = api_key.is_some_and(|key| !key.trim().is_empty());
    if has_key && tokens.access_token.is_none() {
        return Err(ImportError::ApiKey);
    }
    let access_token = required("access_token", tokens.access_token)?;
    let refresh_token = required("refresh_token", tokens.refresh_token)?;
    let id_token = tokens.id_token.map(|token| checked("id_token", &token));
    let id_token = id_token.transpose()?.filter(|token| !token.is_empty());
    let said = |token: Option<&str>| token.and_then(|token| token::claims(token).account);
    let account = tokens.account_id.filter(|id| !id.trim().is_empty());
    let account = account
        .or_else(|| said(id_token.as_deref()))
        .or_else(|| said(Some(&access_token)));
    Ok(Login {
        access_token,
        refresh_token,
        id_token,
        account,
    })
}

fn required(name: &'static str, token: Option<String>) -> Result<String, ImportError> {
    let token = checked(name, &token.unwrap_or_default())?;
    if token.is_empty() {
        return Err(ImportError::Missing(name));
    }
    Ok(token)
}

/// Files that people edit end in line breaks; what stands inside a token does not.
fn checked(name: &'static str, token: &str) -> Result<String, ImportError> {
    let token = token.trim();
    if token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(token.to_owned());
    }
    Err(ImportError::Malformed(name))
}

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    tokens: Option<Tokens>,
    #[serde(flatten)]
    flat: Tokens,
    #[serde(default, rename = "OPENAI_API_KEY")]
    api_key: Option<String>,
}

#[derive(Deserialize)]
struct Tokens {
    #[serde(default)]
    access_token: Option<String>,
    #[serde(default)]
    refresh_token: Option<String>,
    #[serde(default)]
    id_token: Option<String>,
    #[serde(default)]
    account_id: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_both_shapes() {
        let nested = br#"{"auth_mode":"chatgpt","OPENAI_API_KEY":null,"tokens":{"access_token":" a \n","refresh_token":"r","id_token":"i","account_id":"acc"},"last_refresh":"2026-11-01T00:00:00Z"}"#;
        let flat = br#"{"access_token":"a","refresh_token":"r","id_token":"i","account_id":"acc","expires_at":1795000000}"#;
        for json in [&nested[..], flat] {
            let login = codex(json).map_err(|error| error.to_string());
            let login = login.unwrap();
            assert_eq!(login.access_token, "a");
            assert_eq!(login.refresh_token, "r");
            assert_eq!(login.id_token.as_deref(), Some("i"));
            assert_eq!(login.account.as_deref(), Some("acc"));
        }
    }

    #[test]
    fn says_what_is_wrong() {
        let cases = [
            ("", ImportError::NotJson),
            ("[1]", ImportError::NotJson),
            (r#"{"OPENAI_API_KEY":"sk-1"}"#, ImportError::ApiKey),
            ("{}", ImportError::Missing("access_token")),
            (
                r#"{"tokens":{"access_token":"a"}}"#,
                ImportError::Missing("refresh_token"),
            ),
            (
                r#"{"tokens":{"access_token":"a","refresh_token":"  "}}"#,
                ImportError::Missing("refresh_token"),
            ),
            (
                "{\"access_token\":\"a\\r\\nx: y\",\"refresh_token\":\"r\"}",
                ImportError::Malformed("access_token"),
            ),
        ];
        for (json, expected) in cases {
            assert_eq!(codex(json.as_bytes()).err(), Some(expected), "{json}");
        }
    }

    #[test]
    fn finds_the_account_in_the_tokens() {
        // {"https://api.openai.com/auth":{"chatgpt_account_id":"acc"}}
        let token = "e30.eyJodHRwczovL2FwaS5vcGVuYWkuY29tL2F1dGgiOnsiY2hhdGdwdF9hY2NvdW50X2lkIjoiYWNjIn19.s";
        let json = format!(r#"{{"access_token":"{token}","refresh_token":"r"}}"#);
        let login = codex(json.as_bytes());
        assert_eq!(
            login.ok().and_then(|login| login.account).as_deref(),
            Some("acc")
        );
    }
}
