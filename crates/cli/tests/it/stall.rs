//! A store that does not take calls for a while: the traffic does not notice, nothing is lost, and
//! what waits for the store waits on disk and not in memory.

mod load;
pub(crate) mod postgres;
mod sqlite;
