//! `calls`: the record, row by row.

use super::listing::{Column, cost, input_tokens, moment, output_tokens, print, print_one};
use crate::api::{Api, Query, escape};
use crate::args::{CallFilters, CallsArgs, CallsCommand};
use crate::record::Record;

/// What is shown of calls in a list.
pub(super) const COLUMNS: [Column; 9] = [
    ("TIME", |row| moment(row, "at")),
    ("ID", |row| row.get("id")),
    ("CALLER", |row| row.get("caller")),
    ("MODEL", model),
    ("IN", input_tokens),
    ("OUT", output_tokens),
    ("COST", cost),
    ("MS", |row| {
        row.read::<f64>("duration_ms").map(|ms| format!("{ms:.0}"))
    }),
    ("OUTCOME", outcome),
];

pub(super) async fn run(args: CallsArgs) -> anyhow::Result<()> {
    let api = Api::find()?;
    if let Some(CallsCommand::Show { id, format }) = args.command {
        let call: Record = api.get(&format!("/api/v1/calls/{}", escape(&id))).await?;
        return print_one(&call, format);
    }
    let page = api
        .list(
            "/api/v1/calls",
            &filters(&args.list.filters),
            Some(args.list.limit),
        )
        .await?;
    print(&page, &COLUMNS, args.list.format)
}

/// The conditions as a query.
pub(super) fn filters(filters: &CallFilters) -> Query {
    let mut query = Query::default();
    let status = filters.status.map(|status| status.to_string());
    let pairs = [
        ("key", &filters.key),
        ("session", &filters.session),
        ("model", &filters.model),
        ("provider", &filters.provider),
        ("caller", &filters.caller),
        ("agent", &filters.agent),
        ("protocol", &filters.protocol),
        ("outcome", &filters.outcome),
        ("status", &status),
        ("from", &filters.from),
        ("to", &filters.to),
    ];
    for (name, value) in pairs {
        query.maybe(name, value.as_deref());
    }
    query
}

/// The model that answered, or failing that was asked for.
pub(super) fn model(row: &Record) -> Option<String> {
    row.get("model_served")
        .or_else(|| row.get("model_requested"))
}

/// How it ended; where that was badly, with what status.
pub(super) fn outcome(row: &Record) -> Option<String> {
    let outcome = row.get("outcome")?;
    match row.get("status") {
        Some(status) if outcome != "success" => Some(format!("{outcome} ({status})")),
        Some(_) | None => Some(outcome),
    }
}
