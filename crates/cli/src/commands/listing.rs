//! Lists that are fetched and shown as they are.

use crate::api::{Api, Query};
use crate::args::Format;
use crate::output::{self, Table};
use crate::record::{Page, Record};

/// A column: its heading and where its text is in a row.
pub(super) type Column = (&'static str, fn(&Record) -> Option<String>);

/// Prints rows under headings, or as the server gave them.
pub(super) fn print(page: &Page, columns: &[Column], format: Format) -> anyhow::Result<()> {
    if format.json {
        return output::json(page);
    }
    let headings: Vec<_> = columns.iter().map(|(heading, _)| *heading).collect();
    let mut table = Table::new(&headings);
    for row in &page.data {
        table.row(
            columns
                .iter()
                .map(|(_, cell)| cell(row).unwrap_or_default()),
        );
    }
    output::table(&table)?;
    if page.next.is_some() {
        output::note("there are more: raise --limit");
    }
    Ok(())
}

/// Prints one thing field by field, or as the server gave it.
pub(super) fn print_one(record: &Record, format: Format) -> anyhow::Result<()> {
    if format.json {
        return output::json(record);
    }
    output::fields(record.fields())?;
    Ok(())
}

pub(super) async fn proxy_info(format: Format) -> anyhow::Result<()> {
    let info: Record = Api::find()?.get("/api/v1/proxy-info").await?;
    if format.json {
        return output::json(&info);
    }
    let mut lines: Vec<(&str, String)> = ["url", "version", "own_credentials", "protocols"]
        .into_iter()
        .map(|name| (name, info.get(name).unwrap_or_default()))
        .collect();
    for path in info.read::<Vec<Record>>("paths").unwrap_or_default() {
        let of = |name| path.get(name).unwrap_or_default();
        lines.push((
            "path",
            format!("{} {} {}", of("method"), of("path"), of("protocol")),
        ));
    }
    output::fields(lines)?;
    output::note("`tollhouse env CLIENT` prints what a client needs; `tollhouse run` starts one");
    Ok(())
}

pub(super) async fn providers(format: Format) -> anyhow::Result<()> {
    let page = Api::find()?
        .list("/api/v1/providers", &Query::default(), None)
        .await?;
    let columns: [Column; 9] = [
        ("NAME", |row| row.get("name")),
        ("STATE", |row| row.get("state")),
        ("UNTIL", |row| row.get("until")),
        ("CREDENTIAL", |row| row.get("configured").map(yes_or_no)),
        ("TAKES", |row| {
            let taken: Vec<Record> = row.read("credentials")?;
            let kinds = taken.iter().filter_map(|kind| kind.get("kind"));
            Some(kinds.collect::<Vec<_>>().join(" "))
        }),
        ("FROM FILE", |row| row.get("managed").map(yes_or_no)),
        ("ENDPOINTS", |row| {
            let endpoints: Record = row.read("endpoints")?;
            let each = endpoints
                .fields()
                .map(|(protocol, url)| format!("{protocol}={url}"));
            Some(each.collect::<Vec<_>>().join(" "))
        }),
        ("BRIDGE", of_bridge),
        // At the end, as whatever is new: some count cells.
        ("WHY", |row| row.get("why")),
    ];
    print(&page, &columns, format)
}

/// What there is to say of a bridge: what has to be done, else what it says.
fn of_bridge(row: &Record) -> Option<String> {
    let bridge: Record = row.read("bridge")?;
    if bridge.read("ownerless") == Some(true) {
        let owner = bridge.get("owner_email").unwrap_or_default();
        return Some(format!("serves nobody: {owner} has no account here yet"));
    }
    let detail = bridge.get("detail");
    let remedy = match row.get("state").as_deref() {
        Some("unreachable") => bridge
            .get("start")
            .map(|start| format!("start it with `{start}`")),
        // Its own words say how to log in, where it is ours.
        Some("auth_required") if detail.is_none() => bridge
            .get("login")
            .map(|login| format!("log in with `{login}`")),
        Some(_) | None => None,
    };
    let said: Vec<_> = detail.into_iter().chain(remedy).collect();
    Some(said.join("; "))
}

pub(super) async fn models(format: Format) -> anyhow::Result<()> {
    let mut page = Api::find()?
        .list("/api/v1/models", &Query::default(), None)
        .await?;
    if !format.json {
        // The catalog knows hundreds; on a screen only those that would be answered are of use.
        page.data.retain(|row| row.read("routed") == Some(true));
    }
    let columns: [Column; 4] = [
        ("NAME", |row| row.get("name")),
        ("TARGETS", |row| row.get("targets")),
        ("INPUT $/M", |row| row.inside("usd_per_million", "input")),
        ("OUTPUT $/M", |row| row.inside("usd_per_million", "output")),
    ];
    print(&page, &columns, format)
}

pub(super) fn yes_or_no(value: String) -> String {
    match value.as_str() {
        "true" => "yes".to_owned(),
        "false" => "no".to_owned(),
        _ => value,
    }
}

/// A moment to the second, which is what a person reads.
pub(super) fn moment(row: &Record, name: &str) -> Option<String> {
    let text = row.get(name)?;
    Some(match text.split_once('.') {
        Some((seconds, _)) => format!("{seconds}Z"),
        None => text,
    })
}

/// Everything that went in: plain, read from a cache, written to one.
pub(super) fn input_tokens(row: &Record) -> Option<String> {
    let usage: tollhouse_wire::usage::Usage = row.read("usage")?;
    usage.total_input().map(|tokens| tokens.to_string())
}

pub(super) fn output_tokens(row: &Record) -> Option<String> {
    row.inside("usage", "output")
}

pub(super) fn cached_tokens(row: &Record) -> Option<String> {
    row.inside("usage", "cache_read")
}

/// Dollars, an unknown cost being none at all.
pub(super) fn cost(row: &Record) -> Option<String> {
    row.get("cost_usd").map(|usd| format!("${usd}"))
}

/// What it costs by list, whoever pays: what a plan pays for costs nothing.
pub(super) fn list_cost(row: &Record) -> Option<String> {
    row.get("list_cost_usd").map(|usd| format!("${usd}"))
}
