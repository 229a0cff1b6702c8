//! Single sign-on with `OpenID` Connect: what the identity provider is asked, what its answer must say,
//! and what that makes of somebody here.
//!
//! Refuses to know how the answer comes and how its signature is checked: claims that reach this module
//! are the provider's own words.

mod attempt;
mod claims;
mod mapping;

pub use self::attempt::{ATTEMPT, Attempt, Request};
pub use self::claims::{Claims, Expected, Mismatch, SKEW, UnreadableClaims};
pub use self::mapping::{Given, Grant, Granted, Held, Plan, Rule, granted, plan};
