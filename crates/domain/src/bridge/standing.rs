//! What a bridge says of itself, by what it finds on its machine. It says what it knows, and nothing else.

use super::Bridge;
use super::health::{Report, State};

/// Whether somebody is logged in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Login {
    /// Somebody is.
    In,
    /// Nobody is.
    Out,
    /// There is no telling.
    #[default]
    Unknown,
}

/// What is found on a machine.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    /// Whether the program is there.
    pub installed: bool,
    /// What it says its version is.
    pub version: Option<String>,
    /// Whether somebody is logged in.
    pub login: Login,
}

/// What a bridge says of itself, and whether it takes requests. `found` is absent before the first look.
pub fn report(known: &Bridge, found: Option<&Found>) -> (Report, bool) {
    let command = known.command.as_deref().unwrap_or(&known.id);
    let version = found.and_then(|found| found.version.clone());
    let (state, configured, detail) = match found {
        None => (State::Starting, None, None),
        Some(Found {
            installed: false, ..
        }) => {
            let detail = format!("`{command}` is not installed where the bridge runs");
            (State::Unreachable, None, Some(detail))
        }
        Some(Found {
            login: Login::Out, ..
        }) => (State::AuthRequired, Some(false), Some(known.remedy())),
        Some(Found {
            login: Login::In, ..
        }) => (State::Ready, Some(true), version),
        Some(Found {
            login: Login::Unknown,
            ..
        }) => {
            let version = version.map_or_else(String::new, |version| format!("{version}; "));
            let detail = format!("{version}nobody can tell whether somebody is logged in");
            (State::Ready, None, Some(detail))
        }
    };
    let ready = state == State::Ready;
    let report = Report {
        status: state.as_str().to_owned(),
        provider: known.id.clone(),
        configured,
        healthy: Some(ready),
        detail,
    };
    (report, ready)
}

#[cfg(test)]
mod tests {
    use super::super::bridge;
    use super::super::health::{Probe, judge};
    use super::*;

    #[test]
    fn what_it_says_is_what_the_gateway_understands() {
        let known = bridge("claude").unwrap().unwrap();
        let found = |installed, login| {
            Some(Found {
                installed,
                version: Some("2.1".into()),
                login,
            })
        };
        let cases = [
            (None, State::Starting, None, None),
            (
                found(false, Login::Unknown),
                State::Unreachable,
                None,
                Some("`claude` is not installed"),
            ),
            (
                found(true, Login::In),
                State::Ready,
                Some(true),
                Some("2.1"),
            ),
            (
                found(true, Login::Out),
                State::AuthRequired,
                Some(false),
                Some("log in with `claude auth login`"),
            ),
            (
                found(true, Login::Unknown),
                State::Ready,
                None,
                Some("2.1; nobody can tell"),
            ),
        ];
        for (found, state, configured, detail) in cases {
            let (said, ready) = report(&known, found.as_ref());
            assert_eq!(ready, state == State::Ready, "{found:?}");
            assert_eq!(said.configured, configured, "{found:?}");
            let body = serde_json::to_vec(&said).unwrap();
            let status = if ready { 200 } else { 503 };
            let health = judge(Probe::Answered(status, &body));
            assert_eq!(health.state, state, "{found:?}");
            let told = health.detail.unwrap_or_default();
            assert!(told.starts_with(detail.unwrap_or_default()), "{told}");
        }
    }
}
