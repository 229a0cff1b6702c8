//! `routes`: which targets answer for which models, and what would happen to a call.

use http::Method;
use serde::Serialize;

use super::listing::{Column, print, yes_or_no};
use crate::api::Api;
use crate::args::{Format, RoutesArgs, RoutesCommand, TryArgs};
use crate::output;
use crate::record::{Page, Record};

pub(super) async fn run(args: RoutesArgs) -> anyhow::Result<()> {
    match args.command {
        None => list(args.format).await,
        Some(RoutesCommand::Try(args)) => attempt(args).await,
    }
}

async fn list(format: Format) -> anyhow::Result<()> {
    let page: Page = Api::find()?.get("/api/v1/routes").await?;
    let columns: [Column; 3] = [
        ("MODEL", |row| row.get("model")),
        ("TARGETS", |row| {
            let targets: Vec<Record> = row.read("targets")?;
            let each = targets.iter().map(|target| {
                let provider = target.get("provider").unwrap_or_default();
                target
                    .get("model")
                    .map_or(provider.clone(), |model| format!("{provider}/{model}"))
            });
            Some(each.collect::<Vec<_>>().join(", "))
        }),
        ("FROM FILE", |row| row.get("managed").map(yes_or_no)),
    ];
    print(&page, &columns, format)
}

/// A call that is supposed, as the control plane takes it.
#[derive(Serialize)]
struct Supposed<'a> {
    model: &'a str,
    protocol: &'static str,
    tools: bool,
    images: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<&'a str>,
}

async fn attempt(args: TryArgs) -> anyhow::Result<()> {
    let supposed = Supposed {
        model: &args.model,
        protocol: args.protocol.as_str(),
        tools: args.tools,
        images: args.images,
        key: args.key.as_deref(),
        session: args.session.as_deref(),
    };
    let path = "/api/v1/routes/dry-run";
    let told: Record = Api::find()?.send(Method::POST, path, &supposed).await?;
    if args.format.json {
        return output::json(&told);
    }
    output::fields(lines(&told))?;
    Ok(())
}

/// What would happen, from the route to the answer or the refusal.
fn lines(told: &Record) -> Vec<(&'static str, String)> {
    let route = told.inside("route", "model");
    let mut lines = vec![(
        "route",
        route.unwrap_or_else(|| "none leads to this model".to_owned()),
    )];
    let first = told.read::<usize>("first");
    for (at, target) in told
        .read::<Vec<Record>>("targets")
        .unwrap_or_default()
        .iter()
        .enumerate()
    {
        let word = match first {
            Some(first) if at == first => "first",
            Some(first) if at < first => "passed over",
            _ => "then",
        };
        lines.push((word, stop(target)));
    }
    for out in told.read::<Vec<Record>>("left_out").unwrap_or_default() {
        let provider = out.inside("target", "provider").unwrap_or_default();
        let why = out.get("why").unwrap_or_default();
        lines.push(("left out", format!("{provider}: {why}")));
    }
    if let Some(limits) = told.read::<Record>("limits") {
        let let_through = limits.read("admitted") == Some(true);
        let word = if let_through {
            "let it through"
        } else {
            "refuse it"
        };
        let cost = limits
            .get("cost_usd")
            .map(|usd| format!(", ${usd}"))
            .unwrap_or_default();
        let tokens = limits.get("tokens").unwrap_or_default();
        lines.push(("limits", format!("{word}: at most {tokens} tokens{cost}")));
    }
    if let Some(refusal) = told.read::<Record>("refusal") {
        let get = |name| refusal.get(name).unwrap_or_default();
        lines.push((
            "refused",
            format!("{} {}: {}", get("status"), get("kind"), get("message")),
        ));
    }
    lines
}

/// One target: where it is, what is sent, with what, and what does not arrive there.
fn stop(target: &Record) -> String {
    let get = |name| target.get(name).unwrap_or_default();
    let drawn = |name| target.read::<Record>(name).as_ref().map(credential_of);
    let place = format!(
        "{}/{} ({}, {})",
        get("provider"),
        get("model"),
        get("protocol"),
        get("mode")
    );
    let credential = drawn("credential").map_or_else(
        || "without a credential".to_owned(),
        |credential| format!("with {credential}"),
    );
    let rest = [
        drawn("spare").map(|spare| format!("then with {spare}")),
        target
            .get("cooling_until")
            .map(|until| format!("left alone until {until}")),
        target
            .get("losses")
            .map(|losses| format!("without {losses}")),
        target
            .inside("refusal", "message")
            .map(|why| format!("which cannot take it: {why}")),
    ];
    let parts: Vec<String> = [place, credential]
        .into_iter()
        .chain(rest.into_iter().flatten())
        .collect();
    parts.join(", ")
}

fn credential_of(credential: &Record) -> String {
    let whose = match credential.get("source").as_deref() {
        Some("user") => "the key's user's credential",
        Some("org") => "the organization's credential",
        Some("platform") => "the platform's credential",
        _ => "a credential",
    };
    match (credential.get("name"), credential.get("fingerprint")) {
        (Some(name), Some(fingerprint)) => format!("{whose} {name} ({fingerprint})"),
        _ => whose.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(json: &str) -> Vec<String> {
        let lines = lines(&serde_json::from_str(json).unwrap());
        lines
            .into_iter()
            .map(|(name, value)| format!("{name}: {value}"))
            .collect()
    }

    #[test]
    fn what_would_be_called_is_said_with_whose_credential() {
        let told = r#"{"model":"m","route":{"model":"m*"},"first":1,"targets":[
            {"provider":"a","protocol":"chat","model":"x","mode":"translated","losses":["top_k"],
             "credential":{"source":"user","id":"cred_1","name":"mine","fingerprint":"ab12cd34"},
             "refusal":{"message":"No image."},"cooling_until":"2026-01-01T00:00:00Z"},
            {"provider":"b","protocol":"messages","model":"m","mode":"passthrough","losses":[],
             "credential":{"source":"platform"},"spare":{"source":"platform"}},
            {"provider":"c","protocol":"messages","model":"m","mode":"passthrough","losses":[]}],
            "left_out":[],"limits":{"admitted":true,"tokens":1030,"cost_usd":"0.01","scopes":[]}}"#;
        assert_eq!(
            said(told),
            [
                "route: m*",
                "passed over: a/x (chat, translated), with the key's user's credential mine (ab12cd34), left alone until \
                 2026-01-01T00:00:00Z, without top_k, which cannot take it: No image.",
                "first: b/m (messages, passthrough), with the platform's credential, then with the platform's credential",
                "then: c/m (messages, passthrough), without a credential",
                "limits: let it through: at most 1030 tokens, $0.01",
            ]
        );
    }

    #[test]
    fn why_a_call_is_refused_is_said() {
        let told = r#"{"targets":[],"left_out":[{"target":{"provider":"a"},"why":"There is none."}],
            "refusal":{"status":424,"kind":"credential_missing","message":"There is none.","body":"{}"}}"#;
        assert_eq!(
            said(told),
            [
                "route: none leads to this model",
                "left out: a: There is none.",
                "refused: 424 credential_missing: There is none.",
            ]
        );
    }
}
