//! `session`: the record by conversation.

use super::call::{COLUMNS, Told, filters};
use super::listing::{Column, cost, input_tokens, moment, output_tokens, print};
use super::transcript;
use crate::api::{Api, Query, escape};
use crate::args::{ExportFormat, SessionCommand};
use crate::output;
use crate::record::{Page, Record};

pub(super) async fn run(command: SessionCommand) -> anyhow::Result<()> {
    let api = Api::find()?;
    match command {
        SessionCommand::List(args) => {
            let page = api
                .list(
                    "/api/v1/sessions",
                    &filters(&args.filters),
                    Some(args.limit),
                )
                .await?;
            let columns: [Column; 8] = [
                ("LAST CALL", |row| moment(row, "last_at")),
                ("ID", |row| row.get("id")),
                ("CALLER", |row| row.get("caller")),
                ("MODELS", |row| row.get("models")),
                ("CALLS", |row| row.get("calls")),
                ("IN", input_tokens),
                ("OUT", output_tokens),
                ("COST", cost),
            ];
            print(&page, &columns, args.format)
        }
        SessionCommand::Export {
            id,
            format: format @ (ExportFormat::Json | ExportFormat::Markdown),
        } => transcript::export(&api, &id, format == ExportFormat::Json).await,
        SessionCommand::Export {
            id,
            format: ExportFormat::Bodies,
        } => {
            // To say so if there is none.
            let _: Record = api
                .get(&format!("/api/v1/sessions/{}", escape(&id)))
                .await?;
            let mut query = Query::default();
            query.add("session", &id);
            let mut page = api.list("/api/v1/calls", &query, None).await?;
            page.data.reverse();
            for call in page.data {
                output::json(&Told::fetch(&api, call).await?)?;
            }
            Ok(())
        }
        SessionCommand::Show { id, format } => {
            let answer: Record = api
                .get(&format!("/api/v1/sessions/{}", escape(&id)))
                .await?;
            if format.json {
                return output::json(&answer);
            }
            let session: Option<Record> = answer.read("session");
            if let Some(session) = &session {
                output::fields(session.fields())?;
                output::line("")?;
            }
            let calls: Option<Page> = answer.read("calls");
            calls.map_or(Ok(()), |calls| print(&calls, &COLUMNS, format))
        }
    }
}
