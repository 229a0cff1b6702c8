//! `usage`: the record added up.

use clap::ValueEnum as _;
use serde::{Deserialize, Serialize};

use super::call::filters;
use super::listing::{Column, cached_tokens, cost, input_tokens, output_tokens, print};
use crate::api::Api;
use crate::args::UsageArgs;
use crate::output;
use crate::record::{Page, Record};

#[derive(Serialize, Deserialize)]
struct Report {
    data: Vec<Record>,
    totals: Record,
}

const COLUMNS: [Column; 8] = [
    ("GROUP", |row| row.get("group")),
    ("CALLS", |row| row.get("calls")),
    ("ERRORS", |row| row.get("errors")),
    ("IN", input_tokens),
    ("CACHED", cached_tokens),
    ("OUT", output_tokens),
    ("COST", cost),
    ("NO COST", |row| row.get("calls_without_cost")),
];

pub(super) async fn run(args: UsageArgs) -> anyhow::Result<()> {
    let mut query = filters(&args.filters);
    let group = args.by.to_possible_value();
    query.maybe(
        "group_by",
        group.as_ref().map(clap::builder::PossibleValue::get_name),
    );
    let report: Report = Api::find()?.get(&query.on("/api/v1/usage")).await?;
    if args.format.json {
        return output::json(&report);
    }
    print(
        &Page {
            data: report.data,
            next: None,
        },
        &COLUMNS,
        args.format,
    )?;
    let of = |name| report.totals.get(name).unwrap_or_default();
    let known = cost(&report.totals).unwrap_or_else(|| "unknown".to_owned());
    output::note(&format!(
        "{} calls in all, {} errors; cost {known}",
        of("calls"),
        of("errors")
    ));
    Ok(())
}
