//! `prices`: what tokens cost.

use anyhow::Context as _;
use http::Method;

use super::listing::{Column, print, print_one, yes_or_no};
use crate::api::{Api, Query};
use crate::args::PricesCommand;
use crate::output;
use crate::record::Record;

pub(super) async fn run(command: PricesCommand) -> anyhow::Result<()> {
    let api = Api::find()?;
    match command {
        PricesCommand::List(format) => {
            let page = api.list("/api/v1/prices", &Query::default(), None).await?;
            let columns: [Column; 8] = [
                ("MODEL", |row| row.get("model")),
                ("PROVIDER", |row| row.get("provider")),
                ("INPUT $/M", |row| row.inside("usd_per_million", "input")),
                ("CACHE READ", |row| {
                    row.inside("usd_per_million", "cache_read")
                }),
                ("OUTPUT $/M", |row| row.inside("usd_per_million", "output")),
                ("AS OF", |row| row.get("dated")),
                ("SOURCE", |row| row.get("source")),
                ("IMPORTED", |row| row.get("imported").map(yes_or_no)),
            ];
            print(&page, &columns, format)
        }
        PricesCommand::Import { file, format } => {
            let text = std::fs::read(&file).with_context(|| file.display().to_string())?;
            let mut query = Query::default();
            let source = file
                .file_name()
                .map(|name| name.to_string_lossy().into_owned());
            query.maybe("source", source.as_deref());
            let path = query.on("/api/v1/prices/import");
            let imported: Record = api.send_bytes(Method::POST, &path, text.into()).await?;
            print_one(&imported, format)
        }
        PricesCommand::Remove { model, provider } => {
            let mut query = Query::default();
            query.add("model", &model);
            query.maybe("provider", provider.as_deref());
            api.delete(&query.on("/api/v1/prices")).await?;
            let whose = provider.map_or(String::new(), |provider| format!(" at {provider}"));
            output::note(&format!("taken back: the price of {model}{whose}"));
            Ok(())
        }
    }
}
