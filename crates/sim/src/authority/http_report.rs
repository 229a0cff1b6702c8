//! What the authorities tell over HTTP of themselves and of the calls they let in.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Authority, Counters, Vendor};
use crate::{reply::Reply, sse};

#[derive(Serialize)]
struct Codes {
    user_codes: Vec<String>,
}

#[derive(Serialize)]
struct AllCounters {
    totals: Counters,
    accounts: BTreeMap<String, Counters>,
}

#[derive(Serialize)]
struct Calls<'a> {
    calls: Vec<Call<'a>>,
}

#[derive(Serialize)]
struct Call<'a> {
    serial: u64,
    account: Option<&'a str>,
    bearer: &'a str,
    vendor: Vendor,
    method: &'a str,
    path: &'a str,
    status: u16,
    headers: Vec<(&'a str, String)>,
}

/// The report of that name, if there is one.
pub(super) fn report(authority: &Authority, name: &str) -> Option<Reply> {
    Some(match name {
        "codes" => Reply::ok(sse::json(&Codes {
            user_codes: authority.user_codes(),
        })),
        "counters" => Reply::ok(sse::json(&AllCounters {
            totals: authority.totals(),
            accounts: authority.lock().counters.clone(),
        })),
        "calls" => calls(authority),
        _ => return None,
    })
}

fn calls(authority: &Authority) -> Reply {
    let calls = authority.calls();
    let calls = calls.iter().map(|call| Call {
        serial: call.serial,
        account: call.account.as_deref(),
        bearer: &call.bearer,
        vendor: call.vendor,
        method: call.method.as_str(),
        path: call.uri.path(),
        status: call.status.as_u16(),
        headers: call
            .headers
            .iter()
            .map(|(name, value)| {
                let value = String::from_utf8_lossy(value.as_bytes()).into();
                (name.as_str(), value)
            })
            .collect(),
    });
    Reply::ok(sse::json(&Calls {
        calls: calls.collect(),
    }))
}
