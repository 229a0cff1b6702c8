//! `tail`: calls as they end.

use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tollhouse_wire::sse::Decoder;

use super::call::{model, outcome};
use super::listing::{cost, input_tokens, output_tokens};
use crate::api::Api;
use crate::args::Format;
use crate::output;
use crate::record::Record;
use crate::signals::StopRequests;

/// The longest line of the live view; a row of the ledger is far shorter.
const MOST_BYTES: usize = 1 << 20;

pub(super) async fn run(format: Format) -> anyhow::Result<()> {
    let mut signals = StopRequests::listen()?;
    let api = Api::find()?;
    let events = api.open("/api/v1/live").await?;
    output::note(&format!(
        "calls at {} as they end; Ctrl-C ends this",
        api.url()
    ));
    tokio::select! {
        shown = show(events, format) => {
            shown?;
            output::note("the server closed the view");
            Ok(())
        }
        () = signals.next() => Ok(()),
    }
}

/// Prints a line for each call until the server ends the view.
pub(super) async fn show(mut events: Incoming, format: Format) -> anyhow::Result<()> {
    let mut decoder = Decoder::new(MOST_BYTES);
    while let Some(frame) = events.frame().await {
        let frame = frame?;
        let Some(bytes) = frame.data_ref() else {
            continue;
        };
        let mut printed = Ok(());
        decoder.push(bytes, |event| {
            if printed.is_ok() {
                printed = one(event.event, event.data, format);
            }
        });
        printed?;
    }
    Ok(())
}

fn one(name: Option<&[u8]>, data: &[u8], format: Format) -> anyhow::Result<()> {
    match name {
        Some(b"call") => {
            let row: Record = serde_json::from_slice(data)?;
            if format.json {
                output::json(&row)
            } else {
                Ok(output::line(&line(&row))?)
            }
        }
        Some(b"missed") => {
            let missed: Record = serde_json::from_slice(data)?;
            let calls = missed.get("calls").unwrap_or_default();
            output::note(&format!(
                "{calls} calls were too fast for this view; they are on record"
            ));
            Ok(())
        }
        Some(_) | None => Ok(()),
    }
}

/// One finished call: time, caller, model, tokens, cost, duration, outcome.
pub(super) fn line(row: &Record) -> String {
    let at = row.get("at").unwrap_or_default();
    let time = at.get(11..19).unwrap_or(&at).to_owned();
    let or_dash = |cell: Option<String>| cell.unwrap_or_else(|| "-".to_owned());
    let estimated = if row.read("estimated") == Some(true) {
        "~"
    } else {
        ""
    };
    let milliseconds = row
        .read::<f64>("duration_ms")
        .map(|ms| format!("{ms:.0} ms"));
    let cells = [
        time,
        or_dash(row.get("caller")),
        or_dash(model(row)),
        format!("{estimated}{} in", or_dash(input_tokens(row))),
        format!("{estimated}{} out", or_dash(output_tokens(row))),
        cost(row).unwrap_or_else(|| "cost unknown".to_owned()),
        or_dash(milliseconds),
        or_dash(outcome(row)),
    ];
    let cells = cells.map(|cell| cell.replace(char::is_control, "\u{fffd}"));
    cells.join("  ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_one_line() {
        let row = r#"{"at":"2026-11-22T04:05:06.123456Z","caller":"a\nb","model_served":"m",
            "usage":{"input":1,"cache_read":2,"output":3},"cost_usd":"0.01","duration_ms":12.6,
            "status":200,"outcome":"success","estimated":true}"#;
        let row: Record = serde_json::from_str(row).unwrap();
        let expected = "04:05:06  a\u{fffd}b  m  ~3 in  ~3 out  $0.01  13 ms  success";
        assert_eq!(line(&row), expected);
        let row: Record = serde_json::from_str(r#"{"outcome":"refused","status":401}"#).unwrap();
        assert_eq!(
            line(&row),
            "  -  -  - in  - out  cost unknown  -  refused (401)"
        );
    }
}
