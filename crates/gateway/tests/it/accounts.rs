//! Accounts at work, at a simulated authority.

mod refresh;
