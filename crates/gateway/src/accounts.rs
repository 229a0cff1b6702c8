//! Accounts at work: logins whose tokens end. What becomes of one is decided in `domain::account`.

#[expect(dead_code, reason = "signing in comes next")]
pub(crate) mod ask;
#[cfg_attr(not(test), expect(dead_code, reason = "signing in comes next"))]
pub(crate) mod tokens;
