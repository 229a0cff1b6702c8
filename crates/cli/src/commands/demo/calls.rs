//! One call in each protocol, as a client makes it, and what the ledger says of it afterwards.

use anyhow::{Context as _, bail};
use bytes::Bytes;
use http_body_util::BodyExt as _;

use super::Demo;
use crate::api::{Api, escape};
use crate::args::Format;
use crate::commands::call::model;
use crate::commands::listing::{self, Column};
use crate::output;
use crate::record::{Page, Record};

/// A streaming call as a client of one protocol makes it.
pub(super) struct Example {
    pub(super) name: &'static str,
    pub(super) path: &'static str,
    /// A header that the protocol asks for.
    pub(super) header: Option<(&'static str, &'static str)>,
    pub(super) body: &'static str,
}

pub(super) const EXAMPLES: [Example; 3] = [
    Example {
        name: "Messages",
        path: "/v1/messages",
        header: Some(("anthropic-version", "2023-06-01")),
        body: r#"{"model":"sim-echo","max_tokens":256,"stream":true,"messages":[{"role":"user","content":"hello from Messages"}]}"#,
    },
    Example {
        name: "Chat Completions",
        path: "/v1/chat/completions",
        header: None,
        body: r#"{"model":"sim-echo","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"hello from Chat Completions"}]}"#,
    },
    Example {
        name: "Responses",
        path: "/v1/responses",
        header: None,
        body: r#"{"model":"sim-echo","stream":true,"input":"hello from Responses"}"#,
    },
];

const COLUMNS: [Column; 8] = [
    ("PROTOCOL", |row| row.get("protocol")),
    ("STATUS", |row| row.get("status")),
    ("MODEL", model),
    ("IN", listing::input_tokens),
    ("OUT", listing::output_tokens),
    ("COST (SIMULATED)", listing::cost),
    ("OUTCOME", |row| row.get("outcome")),
    ("LEDGER ROW", |row| row.get("id")),
];

/// Makes the calls and prints their rows.
pub(super) async fn once(demo: &Demo, format: Format) -> anyhow::Result<()> {
    let (client, control) = (Api::new(&demo.url, &demo.key)?, demo.api()?);
    let mut rows = Vec::with_capacity(EXAMPLES.len());
    for Example {
        path, header, body, ..
    } in EXAMPLES
    {
        let response = client
            .post(path, header, Bytes::from_static(body.as_bytes()))
            .await?;
        let status = response.status();
        let id = response
            .headers()
            .get("x-tollhouse-call")
            .and_then(|id| id.to_str().ok());
        let id = id
            .with_context(|| format!("{path}: the answer ({status}) names no call"))?
            .to_owned();
        response
            .into_body()
            .collect()
            .await
            .with_context(|| path.to_owned())?;
        let row: Record = control
            .get(&format!("/api/v1/calls/{}", escape(&id)))
            .await?;
        rows.push(row);
    }
    let failed = rows
        .iter()
        .filter(|row| row.get("outcome").as_deref() != Some("success"))
        .count();
    listing::print(
        &Page {
            data: rows,
            next: None,
        },
        &COLUMNS,
        format,
    )?;
    if failed > 0 {
        bail!("{failed} of {} calls did not succeed", EXAMPLES.len());
    }
    if !format.json {
        output::note("one streaming call per protocol went through the gateway and is on record");
    }
    Ok(())
}
