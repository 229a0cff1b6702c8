//! `usage`: the record added up.

use serde::Deserialize;

use super::call::filters;
use super::listing::{
    Column, cached_tokens, cost, input_tokens, list_cost, moment, output_tokens, print,
};
use crate::api::Api;
use crate::args::{Interval, UsageArgs};
use crate::output;
use crate::record::{Page, Record};

/// What is shown of the answer. The rest passes through `--json` as it came.
#[derive(Deserialize)]
struct Report {
    data: Vec<Record>,
    totals: Record,
    previous: Option<Record>,
}

const COLUMNS: [Column; 9] = [
    ("GROUP", groups),
    ("CALLS", |row| row.get("calls")),
    ("ERRORS", |row| row.get("errors")),
    ("IN", input_tokens),
    ("CACHED", cached_tokens),
    ("OUT", output_tokens),
    ("COST", cost),
    ("NO COST", |row| row.get("calls_without_cost")),
    ("LIST COST", list_cost),
];

/// The same for a part of time, which comes first.
const COLUMNS_OVER_TIME: [Column; 10] = {
    let [group, rest @ ..] = COLUMNS;
    let [calls, errors, input, cached, output, cost, no_cost, list] = rest;
    let time: Column = ("TIME", |row| moment(row, "at"));
    [
        time, group, calls, errors, input, cached, output, cost, no_cost, list,
    ]
};

/// The same beside what it was before.
const COLUMNS_COMPARED: [Column; 12] = {
    let [group, rest @ ..] = COLUMNS;
    let [calls, errors, input, cached, output, cost, no_cost, list] = rest;
    [
        group,
        calls,
        errors,
        input,
        cached,
        output,
        cost,
        no_cost,
        list,
        ("CALLS BEFORE", |row| row.inside("previous", "calls")),
        ("ERRORS BEFORE", |row| row.inside("previous", "errors")),
        ("COST BEFORE", |row| self::cost(&row.read("previous")?)),
    ]
};

/// Its values; what calls have none of is a dash where there are two.
fn groups(row: &Record) -> Option<String> {
    let groups = row.read::<Vec<Option<String>>>("groups")?;
    if let [one] = groups.as_slice() {
        return one.clone();
    }
    let shown = groups.iter().map(|group| group.as_deref().unwrap_or("-"));
    Some(shown.collect::<Vec<_>>().join("  "))
}

/// A row for each part of time of each group.
fn over_time(data: Vec<Record>) -> Vec<Record> {
    let points = |row: Record| {
        let series = row.read::<Vec<Record>>("series").unwrap_or_default();
        series
            .into_iter()
            .map(move |point| point.with("groups", &row))
    };
    data.into_iter().flat_map(points).collect()
}

pub(super) async fn run(args: UsageArgs) -> anyhow::Result<()> {
    let mut query = filters(&args.filters);
    query.maybe("group_by", Some(&args.by));
    query.maybe(
        "interval",
        args.interval.map(|interval| match interval {
            Interval::Hour => "hour",
            Interval::Day => "day",
        }),
    );
    query.maybe("compare", args.compare.then_some("previous"));
    let path = query.on("/api/v1/usage");
    if args.format.json {
        let report: Record = Api::find()?.get(&path).await?;
        return output::json(&report);
    }
    let report: Report = Api::find()?.get(&path).await?;
    let page = |data| Page { data, next: None };
    match args.interval {
        Some(_) => print(
            &page(over_time(report.data)),
            &COLUMNS_OVER_TIME,
            args.format,
        )?,
        None if args.compare => print(&page(report.data), &COLUMNS_COMPARED, args.format)?,
        None => print(&page(report.data), &COLUMNS, args.format)?,
    }
    let of = |name| report.totals.get(name).unwrap_or_default();
    output::note(&format!(
        "{} calls in all, {} errors; {}",
        of("calls"),
        of("errors"),
        costs(&report.totals)
    ));
    if let Some(before) = report.previous {
        let of = |name| before.get(name).unwrap_or_default();
        let totals: Option<Record> = before.read("totals");
        let count = |name| totals.as_ref()?.get(name);
        let known = totals.as_ref().and_then(cost);
        output::note(&format!(
            "{} calls from {} to {}, {} errors; cost {}",
            count("calls").unwrap_or_default(),
            of("from"),
            of("to"),
            count("errors").unwrap_or_default(),
            known.unwrap_or_else(|| "unknown".to_owned()),
        ));
    }
    Ok(())
}

/// What they cost, and what they cost by list where that is something else: a plan paid for some.
fn costs(totals: &Record) -> String {
    let known = cost(totals);
    let list = list_cost(totals).filter(|list| Some(list) != known.as_ref());
    let known = known.as_deref().unwrap_or("unknown");
    match list {
        Some(list) => format!("cost {known}, {list} by list price"),
        None => format!("cost {known}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_plan_paid_for_is_told_beside_what_was_paid() {
        let said = |json: &str| costs(&serde_json::from_str(json).unwrap());
        let paid = r#"{"cost_usd":"1.5","list_cost_usd":"1.5"}"#;
        assert_eq!(said(paid), "cost $1.5");
        let plan = r#"{"cost_usd":"0","list_cost_usd":"1.5"}"#;
        assert_eq!(said(plan), "cost $0, $1.5 by list price");
        assert_eq!(
            said(r#"{"list_cost_usd":"1.5"}"#),
            "cost unknown, $1.5 by list price"
        );
        assert_eq!(said("{}"), "cost unknown");
    }
}
