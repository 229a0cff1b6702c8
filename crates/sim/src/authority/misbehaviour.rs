//! What tests make the authorities and the backends do wrong.

use super::{Authority, Outage, Shape, TokenAnswer, Vendor};
use crate::chatgpt::{Limit, Window};

/// Misbehaviour.
impl Authority {
    /// Queues the next answer of a vendor's token endpoint.
    pub fn next_token_answer(&self, vendor: Vendor, answer: TokenAnswer) {
        let state = &mut *self.lock();
        state.answers.entry(vendor).or_default().push_back(answer);
    }

    /// Whether apps of GitHub and Microsoft may offer codes.
    pub fn set_device_flow(&self, on: bool) {
        self.lock().device_flow = on;
    }

    /// How many questions about each code that is offered from now on are answered `slow_down`.
    pub fn set_slow_downs(&self, times: u32) {
        self.lock().slow_downs = times;
    }

    /// How OpenAI's authority writes errors.
    pub fn set_errors(&self, shape: Shape) {
        self.lock().shape = shape;
    }

    /// Whether a vendor's authority works: all its endpoints, but not the calls of accounts.
    pub fn set_outage(&self, vendor: Vendor, outage: Outage) {
        self.lock().outages.insert(vendor, outage);
    }

    /// Keeps the answers of all token endpoints back until [`Authority::release`]. What they grant is
    /// granted already; only nobody hears of it.
    pub fn hold(&self) {
        self.held.send_replace(true);
    }

    pub fn release(&self) {
        self.held.send_replace(false);
    }
}

/// The `ChatGPT` backend.
impl Authority {
    /// How much of the account's plan is used, in its short and in its long window.
    pub fn set_windows(&self, account: &str, primary: Window, secondary: Window) {
        let state = &mut *self.lock();
        let usage = &mut state.account(account).usage;
        (usage.primary, usage.secondary) = (primary, secondary);
    }

    /// Turns the account's calls down, or no longer.
    pub fn set_limit(&self, account: &str, limit: Option<Limit>) {
        self.lock().account(account).usage.limit = limit;
    }

    /// Whether a model has room; where it has none, streams begin with 200 and fail.
    pub fn set_full(&self, model: &str, full: bool) {
        let state = &mut *self.lock();
        state.full_models.retain(|known| known != model);
        state.full_models.extend(full.then(|| model.to_owned()));
    }

    /// Whether `response.completed` has an empty `output`.
    pub fn set_empty_output(&self, on: bool) {
        self.lock().empty_output = on;
    }
}
