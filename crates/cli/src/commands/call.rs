//! `calls`: the record, row by row.

use serde::Serialize;

use super::download;
use super::listing::{
    Column, cost, input_tokens, list_cost, moment, output_tokens, print, print_one,
};
use crate::api::{Api, Query, escape};
use crate::args::{CallFilters, CallsArgs, CallsCommand, CallsExport, CallsFormat};
use crate::output;
use crate::record::Record;

/// What is shown of calls in a list.
pub(super) const COLUMNS: [Column; 11] = [
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
    // At the end, so that those who count cells find the others where they were.
    ("CREDENTIAL", credential),
    ("LIST COST", list_cost),
];

pub(super) async fn run(args: CallsArgs) -> anyhow::Result<()> {
    let api = Api::find()?;
    if let Some(CallsCommand::Export(args)) = args.command {
        return export(&api, &args).await;
    }
    if let Some(CallsCommand::Show { id, bodies, format }) = args.command {
        let call: Record = api.get(&path(&id)).await?;
        if !bodies {
            return print_one(&call, format);
        }
        // What cannot be shown is said before anything else is.
        let said: Record = api.get(&format!("{}/capture", path(&id))).await?;
        if format.json {
            return output::json(&Told {
                call,
                said: Some(said),
            });
        }
        print_one(&call, format)?;
        return print_bodies(&said);
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

async fn export(api: &Api, args: &CallsExport) -> anyhow::Result<()> {
    let mut query = filters(&args.filters);
    query.add(
        "format",
        match args.format {
            CallsFormat::Csv => "csv",
            CallsFormat::Jsonl => "jsonl",
        },
    );
    let body = api.open(&query.on("/api/v1/calls/export")).await?;
    download::save(body, args.output.as_deref(), "the calls are").await
}

/// A call and what it said.
#[derive(Serialize)]
pub(super) struct Told {
    call: Record,
    #[serde(skip_serializing_if = "Option::is_none")]
    said: Option<Record>,
}

impl Told {
    /// A call with what it said, as far as that is kept.
    pub(super) async fn fetch(api: &Api, call: Record) -> anyhow::Result<Self> {
        let handed_over = call.get("capture").is_some_and(|kept| kept != "dropped");
        let id = call.get("id").filter(|_| handed_over);
        let said = match id {
            Some(id) => {
                let path = format!("{}/capture", path(&id));
                match api.find_one(&path).await? {
                    None => {
                        output::note(&format!("what {id} said is not there any more"));
                        None
                    }
                    found => found,
                }
            }
            None => None,
        };
        Ok(Self { call, said })
    }
}

fn path(id: &str) -> String {
    format!("/api/v1/calls/{}", escape(id))
}

/// Both bodies, under headings.
fn print_bodies(said: &Record) -> anyhow::Result<()> {
    for (heading, side) in [("REQUEST", "request"), ("RESPONSE", "response")] {
        let Some(side) = said.read::<Record>(side) else {
            continue;
        };
        let is = |name| side.read::<bool>(name) == Some(true);
        let marks = ["truncated", "redacted", "base64"]
            .into_iter()
            .filter(|name| is(name));
        let marks: Vec<_> = side
            .get("content_type")
            .into_iter()
            .chain(marks.map(str::to_owned))
            .collect();
        output::line("")?;
        output::line(&format!("{heading} ({})", marks.join(", ")))?;
        output::text(&side.get("body").unwrap_or_default())?;
    }
    Ok(())
}

/// The conditions as a query.
pub(super) fn filters(filters: &CallFilters) -> Query {
    let mut query = Query::default();
    let status = filters.status.map(|status| status.to_string());
    let pairs = [
        ("key", &filters.key),
        ("user", &filters.user),
        ("org", &filters.org),
        ("session", &filters.session),
        ("model", &filters.model),
        ("provider", &filters.provider),
        ("caller", &filters.caller),
        ("agent", &filters.agent),
        ("endpoint", &filters.endpoint),
        ("protocol", &filters.protocol),
        ("outcome", &filters.outcome),
        ("status", &status),
        ("error", &filters.error),
        ("fallback", &filters.fallback),
        ("source", &filters.source),
        ("credential", &filters.credential),
        ("tag", &filters.tag),
        ("min_cost_usd", &filters.min_cost),
        ("id", &filters.id),
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

/// Whose credential it was, and of what kind: a subscription is not a bill.
fn credential(row: &Record) -> Option<String> {
    let words = ["credential_source", "credential_kind"];
    let words: Vec<_> = words.iter().filter_map(|name| row.get(name)).collect();
    (!words.is_empty()).then(|| words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_is_somebodys_and_of_a_kind() {
        let cell = |json: &str| credential(&serde_json::from_str(json).unwrap());
        let login = r#"{"credential_source":"user","credential_kind":"oauth_account"}"#;
        assert_eq!(cell(login).as_deref(), Some("user oauth_account"));
        // From before kinds were kept, and where nothing was sent.
        let old = r#"{"credential_source":"org","credential_kind":null}"#;
        assert_eq!(cell(old).as_deref(), Some("org"));
        assert_eq!(cell("{}"), None);
    }
}
