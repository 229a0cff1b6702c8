//! The generated parts of `docs/translation.md`: found by translating, so that the page cannot be wrong.
//!
//! `UPDATE_DOCS=1 cargo test -p tollhouse-wire --test it page` writes the page anew.

use std::fmt::Write;
use std::path::Path;

use tollhouse_wire::Protocol;
use tollhouse_wire::dialect::{Dialect, Quirk};
use tollhouse_wire::loss::Loss;
use tollhouse_wire::translate::prepare;

use crate::fixtures::{self, OCCASION};
use crate::probes::{Probe, probes};

/// What becomes of a probe at one target.
fn fate(probe: &Probe, target: &Dialect) -> String {
    match prepare(probe.caller, probe.body.as_bytes(), target, &OCCASION) {
        Err(_) => "400".to_owned(),
        Ok(prepared) if prepared.losses.is_empty() => "✓".to_owned(),
        Ok(prepared) => {
            let names: Vec<String> = prepared
                .losses
                .iter()
                .map(|loss| format!("`{}`", loss.as_str()))
                .collect();
            names.join(", ")
        }
    }
}

fn matrix() -> String {
    let mut text = String::new();
    for caller in Protocol::ALL {
        let targets: Vec<Dialect> = fixtures::targets(caller).collect();
        write!(text, "### From {caller}\n\n| field |").unwrap();
        for target in &targets {
            write!(text, " to {} |", target.protocol).unwrap();
        }
        text.push_str("\n|---|");
        text.push_str(&"---|".repeat(targets.len()));
        text.push('\n');
        for probe in probes().iter().filter(|probe| probe.caller == caller) {
            write!(text, "| {} |", probe.field).unwrap();
            for target in &targets {
                write!(text, " {} |", fate(probe, target)).unwrap();
            }
            text.push('\n');
        }
        text.push('\n');
    }
    text
}

fn table(head: &str, rows: impl Iterator<Item = (&'static str, &'static str)>) -> String {
    let mut text = format!("| {head} | meaning |\n|---|---|\n");
    for (name, meaning) in rows {
        writeln!(text, "| `{name}` | {meaning} |").unwrap();
    }
    text
}

fn put(page: &str, part: &str, text: &str) -> String {
    let open = format!("<!-- generated: {part} -->\n");
    let start = page.find(&open).unwrap() + open.len();
    let end = start + page[start..].find("<!-- end -->").unwrap();
    format!("{}\n{}\n{}", &page[..start], text.trim_end(), &page[end..])
}

#[test]
fn the_page_says_what_the_code_does() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/translation.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let losses = Loss::ALL.iter().map(|loss| (loss.as_str(), loss.meaning()));
    let quirks = Quirk::ALL
        .iter()
        .map(|quirk| (quirk.as_str(), quirk.meaning()));
    let mut fresh = put(&page, "matrix", &matrix());
    fresh = put(&fresh, "losses", &table("loss", losses));
    fresh = put(&fresh, "quirks", &table("quirk", quirks));
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &fresh).unwrap();
    } else {
        assert!(
            page == fresh,
            "docs/translation.md is out of date: run with UPDATE_DOCS=1"
        );
    }
}

#[test]
fn every_loss_is_reached_by_some_probe_or_named_here() {
    const ELSEWHERE: &[Loss] = &[
        // Of targets that cannot be told otherwise: the quirk `no_parallel_calls`.
        Loss::ParallelCalls,
        // Of counting, which is no request for an answer.
        Loss::TokenCount,
        // Of targets that take one message: the quirk `graph_conversations`.
        Loss::Context,
        // Of targets that host no web search.
        Loss::WebSearch,
    ];
    let mut seen = tollhouse_wire::loss::Losses::default();
    for probe in probes() {
        for target in fixtures::targets(probe.caller) {
            if let Ok(prepared) = prepare(probe.caller, probe.body.as_bytes(), &target, &OCCASION) {
                seen.extend(prepared.losses);
            }
        }
    }
    let missing: Vec<&str> = Loss::ALL
        .iter()
        .filter(|loss| !seen.contains(**loss) && !ELSEWHERE.contains(loss))
        .map(|loss| loss.as_str())
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}
