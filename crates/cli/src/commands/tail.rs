//! `tail`: calls as they run and as they end.

use std::collections::HashSet;

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

/// The longest line of the live view: the calls that run, of which 200 are told at once.
const MOST_BYTES: usize = 4 << 20;

pub(super) async fn run(format: Format) -> anyhow::Result<()> {
    let mut signals = StopRequests::listen()?;
    let api = Api::find()?;
    let events = api.open("/api/v1/live").await?;
    output::note(&format!(
        "calls at {} as they run and end; Ctrl-C ends this",
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

/// Prints lines for each call until the server ends the view.
pub(super) async fn show(mut events: Incoming, format: Format) -> anyhow::Result<()> {
    let mut decoder = Decoder::new(MOST_BYTES);
    let mut view = View::new(format);
    while let Some(frame) = events.frame().await {
        let frame = frame?;
        let Some(bytes) = frame.data_ref() else {
            continue;
        };
        let mut printed = Ok(());
        decoder.push(bytes, |event| {
            if printed.is_ok() {
                printed = view.one(event.event, event.data);
            }
        });
        printed?;
    }
    Ok(())
}

/// What is printed, and of which calls it was said that they run.
struct View {
    format: Format,
    running: HashSet<String>,
}

impl View {
    fn new(format: Format) -> Self {
        Self {
            format,
            running: HashSet::new(),
        }
    }

    fn one(&mut self, name: Option<&[u8]>, data: &[u8]) -> anyhow::Result<()> {
        match name {
            Some(b"call") => {
                let row: Record = serde_json::from_slice(data)?;
                if self.format.json {
                    output::json(&row)
                } else {
                    Ok(output::line(&line(&row))?)
                }
            }
            // Whoever reads rows waits for whole ones.
            Some(b"running") if !self.format.json => {
                for line in self.news(&serde_json::from_slice(data)?) {
                    output::line(&line)?;
                }
                Ok(())
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

    /// A line for each call that was not said to run before, the oldest first.
    fn news(&mut self, told: &Record) -> Vec<String> {
        let calls = told.read::<Vec<Record>>("calls").unwrap_or_default();
        let known = std::mem::take(&mut self.running);
        let mut lines = Vec::new();
        for call in calls.iter().rev() {
            let Some(id) = call.get("id") else { continue };
            if !known.contains(&id) {
                lines.push(begun(call));
            }
            self.running.insert(id);
        }
        lines
    }
}

/// One call that runs: since when, caller, model, provider.
fn begun(call: &Record) -> String {
    let provider = call.get("provider");
    let at = provider.map_or_else(|| "runs".to_owned(), |name| format!("runs at {name}"));
    cells([
        time(call),
        or_dash(call.get("caller")),
        or_dash(model(call)),
        at,
    ])
}

/// One finished call: time, caller, model, tokens, cost, duration, outcome.
pub(super) fn line(row: &Record) -> String {
    let estimated = if row.read("estimated") == Some(true) {
        "~"
    } else {
        ""
    };
    let milliseconds = row
        .read::<f64>("duration_ms")
        .map(|ms| format!("{ms:.0} ms"));
    cells([
        time(row),
        or_dash(row.get("caller")),
        or_dash(model(row)),
        format!("{estimated}{} in", or_dash(input_tokens(row))),
        format!("{estimated}{} out", or_dash(output_tokens(row))),
        cost(row).unwrap_or_else(|| "cost unknown".to_owned()),
        or_dash(milliseconds),
        or_dash(outcome(row)),
    ])
}

/// The time of day at which a call was admitted.
fn time(row: &Record) -> String {
    let at = row.get("at").unwrap_or_default();
    at.get(11..19).unwrap_or(&at).to_owned()
}

fn or_dash(cell: Option<String>) -> String {
    cell.unwrap_or_else(|| "-".to_owned())
}

/// A line that stays one whatever clients call things.
fn cells<const N: usize>(cells: [String; N]) -> String {
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

    #[test]
    fn a_call_is_said_once_to_run() {
        let told = |calls: &str| {
            let text = format!(r#"{{"calls":[{calls}],"more":0}}"#);
            serde_json::from_str::<Record>(&text).unwrap()
        };
        let old = r#"{"id":"call_1","at":"2026-11-22T04:05:06Z","caller":"a\nb","attempts":0}"#;
        let new = r#"{"id":"call_2","at":"2026-11-22T04:05:09Z","caller":"c",
            "model_requested":"m","provider":"lab","attempts":1}"#;
        let mut view = View::new(Format { json: false });
        let first = view.news(&told(&format!("{new},{old}")));
        assert_eq!(
            first,
            [
                "04:05:06  a\u{fffd}b  -  runs",
                "04:05:09  c  m  runs at lab"
            ]
        );
        assert!(view.news(&told(old)).is_empty());
        assert_eq!(view.news(&told(new)).len(), 1, "one is not kept that ended");
    }
}
