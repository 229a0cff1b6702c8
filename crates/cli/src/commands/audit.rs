//! `audit`: the trail of who did what, and whether it is whole.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;

use anyhow::Context as _;
use http_body_util::BodyExt as _;
use tollhouse_domain::audit::chain::{Head, Trusted, Verifier};
use tollhouse_domain::audit::{Entry, Hash};

use super::download;
use super::listing::{Column, moment, print};
use crate::api::{Api, Query};
use crate::args::{AuditCommand, AuditExport, AuditFilters, AuditList, AuditVerify};
use crate::output;
use crate::record::Record;
use crate::settings::Usage;

/// The longest line that can be an entry; a real one has a few kilobytes at most.
const LONGEST_LINE: usize = 1 << 20;

const COLUMNS: [Column; 7] = [
    ("SEQ", |row| row.get("seq")),
    ("TIME", |row| moment(row, "at")),
    ("ACTOR", |row| called(row, "actor")),
    ("FROM", |row| row.get("from")),
    ("ACTION", |row| row.get("action")),
    ("SUBJECT", |row| called(row, "subject")),
    ("DETAIL", detail),
];

pub(super) async fn run(command: AuditCommand) -> anyhow::Result<()> {
    match command {
        AuditCommand::List(args) => list(args).await,
        AuditCommand::Export(args) => export(args).await,
        AuditCommand::Verify(args) => verify(args).await,
    }
}

/// Somebody or something: by name, else by id, else by kind.
fn called(row: &Record, field: &str) -> Option<String> {
    let of = |name| row.inside(field, name);
    of("name").or_else(|| of("id")).or_else(|| of("kind"))
}

fn detail(row: &Record) -> Option<String> {
    let detail: Record = row.read("detail")?;
    let each = detail
        .fields()
        .map(|(name, value)| format!("{name}={value}"));
    Some(each.collect::<Vec<_>>().join(" "))
}

async fn list(args: AuditList) -> anyhow::Result<()> {
    let query = filters(&args.filters);
    let page = Api::find()?
        .list("/api/v1/audit", &query, Some(args.limit))
        .await?;
    print(&page, &COLUMNS, args.format)
}

fn filters(filters: &AuditFilters) -> Query {
    let mut query = Query::default();
    let pairs = [
        ("actor", &filters.actor),
        ("action", &filters.action),
        ("org", &filters.org),
        ("from", &filters.from),
        ("to", &filters.to),
    ];
    for (name, value) in pairs {
        query.maybe(name, value.as_deref());
    }
    query
}

async fn export(args: AuditExport) -> anyhow::Result<()> {
    let path = filters(&args.filters).on("/api/v1/audit/export");
    let body = Api::find()?.open(&path).await?;
    download::save(body, args.output.as_deref(), "the audit trail is").await
}

async fn verify(args: AuditVerify) -> anyhow::Result<()> {
    let trusted = match &args.head {
        None => None,
        Some(text) => {
            let hash: Hash = text
                .parse()
                .map_err(|error| Usage(format!("--head: {error}")))?;
            Some(Trusted::Hash(hash))
        }
    };
    let head = match &args.file {
        Some(path) => offline(path, trusted)?,
        None => online(trusted).await?,
    };
    if args.format.json {
        return output::json(&head);
    }
    output::line(&format!("the audit trail is whole: {} entries", head.seq))?;
    output::line(&format!("head {}", head.hash))?;
    if trusted.is_none() {
        output::note(
            "keep the head somewhere else and give it to the next `audit verify` as --head: it \
             shows a trail that was cut short or written anew",
        );
    }
    Ok(())
}

fn offline(path: &Path, trusted: Option<Trusted>) -> anyhow::Result<Head> {
    let named = || path.display().to_string();
    let file = fs::File::open(path).with_context(named)?;
    let mut file = BufReader::new(file);
    let mut lines = Lines::new(trusted);
    loop {
        let bytes = file.fill_buf().with_context(named)?;
        if bytes.is_empty() {
            return lines.finish();
        }
        lines.push(bytes)?;
        let read = bytes.len();
        file.consume(read);
    }
}

async fn online(trusted: Option<Trusted>) -> anyhow::Result<Head> {
    let api = Api::find()?;
    // Before the entries, which may grow meanwhile: what the server says is its end must be there.
    let head: Head = api.get("/api/v1/audit/head").await?;
    let mut lines = Lines::new(trusted.into_iter().chain([Trusted::Head(head)]));
    let mut body = api.open("/api/v1/audit/export").await?;
    while let Some(frame) = body.frame().await {
        if let Some(bytes) = frame.context("the export was cut short")?.data_ref() {
            lines.push(bytes)?;
        }
    }
    lines.finish()
}

/// Lines of an export, verified as they come.
struct Lines {
    verifier: Verifier,
    line: Vec<u8>,
}

impl Lines {
    fn new(trusted: impl IntoIterator<Item = Trusted>) -> Self {
        Self {
            verifier: Verifier::new(trusted),
            line: Vec::new(),
        }
    }

    fn push(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(part);
            if part.ends_with(b"\n") {
                self.entry()?;
            } else if self.line.len() > LONGEST_LINE {
                return Err(self.verifier.unreadable().into());
            }
        }
        Ok(())
    }

    fn entry(&mut self) -> anyhow::Result<()> {
        let read = serde_json::from_slice::<Entry>(&self.line);
        self.line.clear();
        let entry = read.map_err(|_| self.verifier.unreadable())?;
        Ok(self.verifier.push(&entry)?)
    }

    fn finish(mut self) -> anyhow::Result<Head> {
        if !self.line.is_empty() {
            // A last line without its end, as editors leave it.
            self.entry()?;
        }
        Ok(self.verifier.finish()?)
    }
}

#[cfg(test)]
mod tests {
    use tollhouse_domain::audit::{Action, Actor, Note, Subject, SubjectKind};
    use tollhouse_domain::time::Timestamp;

    use super::*;

    #[test]
    fn lines_are_verified_however_they_arrive() {
        let mut head = Head::START;
        let mut text = Vec::new();
        for n in 0..3 {
            let subject = Subject::of(SubjectKind::Routes);
            let note = Note::new(
                Timestamp(n),
                Actor::OPERATOR,
                Action::RoutesReplace,
                subject,
            );
            serde_json::to_writer(&mut text, &head.append(note)).unwrap();
            text.push(b'\n');
        }
        for size in [1, 7, text.len()] {
            let mut lines = Lines::new([Trusted::Hash(head.hash)]);
            for bytes in text.chunks(size) {
                lines.push(bytes).unwrap();
            }
            assert_eq!(lines.finish().unwrap(), head);
        }
        let mut lines = Lines::new([]);
        lines.push(&text[..text.len() - 1]).unwrap();
        assert_eq!(lines.finish().unwrap(), head);
        let mut lines = Lines::new([]);
        let error = lines.push(b"{\"seq\":1}\n").unwrap_err().to_string();
        assert!(error.starts_with("entry 1 is unreadable"), "{error}");
    }
}
