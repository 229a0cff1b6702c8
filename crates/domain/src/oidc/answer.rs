//! What the browser brings back from the identity provider.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use form_urlencoded::{Serializer, parse};

use super::Attempt;

/// An answer that belongs to an attempt: the code to be redeemed. Secret until it is.
#[derive(Clone, PartialEq, Eq)]
#[expect(missing_debug_implementations, reason = "holds the code")]
pub struct Answer {
    code: String,
}

/// Why an answer is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// A parameter is missing or there twice.
    #[error("the answer is malformed")]
    Malformed,
    /// It belongs to another attempt, or to another browser's.
    #[error("the answer belongs to another attempt to sign in")]
    State,
    /// Another provider gives it.
    #[error("the answer is from another issuer")]
    Issuer,
    /// The provider refuses. What it says of that is not for our pages: anybody can make up an address.
    #[error("the identity provider refused")]
    Refused,
}

impl Answer {
    /// Reads the query of the address that the browser was sent back to. `names_itself`: the provider at
    /// `issuer` has said that it puts its name into every answer (RFC 9207).
    pub fn read(
        query: &str,
        attempt: &Attempt,
        issuer: &str,
        names_itself: bool,
    ) -> Result<Self, AnswerError> {
        let one = |name: &str| {
            let mut values = parse(query.as_bytes()).filter(|(key, _)| key == name);
            match (values.next(), values.next()) {
                (value, None) => Ok(value.map(|(_, value)| value)),
                (_, Some(_)) => Err(AnswerError::Malformed),
            }
        };
        // First, so that a stranger's answer says nothing at all here.
        let state = one("state")?.ok_or(AnswerError::State)?;
        verify_slices_are_equal(state.as_bytes(), attempt.state().as_bytes())
            .map_err(|_| AnswerError::State)?;
        match one("iss")? {
            Some(named) if named != issuer => return Err(AnswerError::Issuer),
            None if names_itself => return Err(AnswerError::Issuer),
            Some(_) | None => {}
        }
        if one("error")?.is_some() {
            return Err(AnswerError::Refused);
        }
        let code = one("code")?.filter(|code| !code.is_empty());
        let code = code.ok_or(AnswerError::Malformed)?.into_owned();
        Ok(Self { code })
    }

    /// The form that redeems the code; how the client shows who it is comes on top.
    pub fn form(&self, attempt: &Attempt, redirect_uri: &str) -> String {
        Serializer::new(String::new())
            .append_pair("grant_type", "authorization_code")
            .append_pair("code", &self.code)
            .append_pair("redirect_uri", redirect_uri)
            .append_pair("code_verifier", attempt.verifier())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;

    const ISSUER: &str = "https://id.example";

    #[test]
    fn takes_only_the_answer_to_this_attempt_from_this_provider() {
        use AnswerError::{Issuer, Malformed, Refused, State};
        let attempt = Attempt::new([[1; 32], [2; 32], [3; 32]], Timestamp(0));
        let state = attempt.state();
        let (named, foreign) = ("iss=https%3A%2F%2Fid.example", "iss=https://evil.example");
        for (query, names_itself, result) in [
            (format!("code=c&state={state}"), false, Ok(())),
            (format!("code=c&state={state}&x=1&{named}"), false, Ok(())),
            (format!("code=c&state={state}&{named}"), true, Ok(())),
            (format!("code=c&state={state}"), true, Err(Issuer)),
            (format!("code=c&state={state}&{foreign}"), true, Err(Issuer)),
            (
                format!("code=c&state={state}&{foreign}"),
                false,
                Err(Issuer),
            ),
            (
                format!("code=c&state={state}&{named}&{foreign}"),
                true,
                Err(Malformed),
            ),
            (
                format!("code=c&state={}", attempt.nonce()),
                false,
                Err(State),
            ),
            (format!("code=c&state={state}a"), false, Err(State)),
            ("code=c&state=".to_owned(), false, Err(State)),
            ("code=c".to_owned(), false, Err(State)),
            (String::new(), false, Err(State)),
            (
                format!("code=c&state={state}&state={state}"),
                false,
                Err(Malformed),
            ),
            (
                format!("code=c&code=d&state={state}"),
                false,
                Err(Malformed),
            ),
            (format!("code=&state={state}"), false, Err(Malformed)),
            (format!("state={state}"), false, Err(Malformed)),
            (
                format!("error=access_denied&state={state}"),
                false,
                Err(Refused),
            ),
            (format!("error=e&code=c&state={state}"), false, Err(Refused)),
            ("error=access_denied".to_owned(), false, Err(State)),
        ] {
            let read = Answer::read(&query, &attempt, ISSUER, names_itself);
            assert_eq!(read.map(|_| ()), result, "{query}");
        }
    }

    #[test]
    fn redeems_the_code_with_the_verifier() {
        let attempt = Attempt::new([[1; 32], [2; 32], [3; 32]], Timestamp(0));
        let query = format!("code=a%26b&state={}", attempt.state());
        let answer = Answer::read(&query, &attempt, ISSUER, false).ok().unwrap();
        let form = answer.form(&attempt, "https://gw.example/oidc/callback");
        let expected = format!(
            "grant_type=authorization_code&code=a%26b&\
             redirect_uri=https%3A%2F%2Fgw.example%2Foidc%2Fcallback&code_verifier={}",
            attempt.verifier()
        );
        assert_eq!(form, expected);
    }
}
