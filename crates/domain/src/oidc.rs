//! Single sign-on with `OpenID` Connect: what the identity provider is asked, what its answer must say,
//! and what that makes of somebody here.
//!
//! In the order of a sign-in: [`Discovery`] is where the provider is, [`Attempt`] what it is asked,
//! [`Answer`] what the browser brings back, [`Keys`] whether it was it that answered, [`Claims`] what it
//! says, [`Policy`] on which terms they come in, [`person()`] who that is here, [`granted`] and [`plan`]
//! what it changes. Refuses to know how anything is sent or stored.

mod answer;
mod attempt;
mod claims;
mod discovery;
mod freshness;
mod keys;
mod mapping;
mod person;
mod terms;

pub use self::answer::{Answer, AnswerError};
pub use self::attempt::{ATTEMPT, Attempt, Request};
pub use self::claims::{Claims, Expected, Mismatch, SKEW, UnreadableClaims};
pub use self::discovery::{ClientProof, Discovery, DiscoveryError, is_safe};
pub use self::freshness::{AGAIN, FRESH, Freshness, PAUSE, Step};
pub use self::keys::{Keys, TokenError};
pub use self::mapping::{Given, Grant, Granted, Held, Plan, Rule, granted, plan};
pub use self::person::{Known, Person, Unwelcome, person};
pub use self::terms::{Policy, Terms};
