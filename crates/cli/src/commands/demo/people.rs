//! Somebody to look at: an organization with two people and their keys, a budget that is nearly spent, and a login at
//! the simulated provider of a subscription. All of it is made the way an operator makes it.

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use http::Method;
use http_body_util::BodyExt as _;
use serde::{Deserialize, Serialize};
use tollhouse_domain::id::{KeyId, OrgId, UserId};
use tollhouse_gateway::clock;
use tollhouse_sim::{Sim, Tokens, Vendor, Window};
use tollhouse_vault::Secret;

use super::PLAN_MODEL;
use super::history::Maker;
use crate::api::{Api, Query};
use crate::record::Record;

/// Whom the login is of, at the provider.
const HOLDER: &str = "demo";
/// The public client that the catalog signs in as.
const CLIENT: &str = "app_EMoamEEZ73f0CkXaXp7hrann";
const PLATFORM: Platform = Platform { platform: true };
/// What the budget is, and how many calls leave little of it.
const BUDGET: Budget = Budget {
    usd: "0.13",
    window: "day",
};
const CALLS: usize = 3;
/// As long as an answer may be, and is: what a call holds is close to what it costs then.
const ANSWER_TOKENS: usize = 2_000;

#[derive(Serialize)]
struct OrgInput {
    name: &'static str,
}

#[derive(Serialize)]
struct UserInput<'a> {
    name: &'a str,
    email: String,
    org: OrgId,
    role: &'a str,
}

#[derive(Serialize)]
struct KeyInput<'a> {
    name: &'a str,
    org: OrgId,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<UserId>,
    credentials: Platform,
    #[serde(skip_serializing_if = "Option::is_none")]
    budget: Option<Budget>,
}

#[derive(Serialize)]
struct Platform {
    platform: bool,
}

#[derive(Serialize)]
struct Budget {
    usd: &'static str,
    window: &'static str,
}

#[derive(Serialize)]
struct ImportInput<'a> {
    provider: &'static str,
    auth_json: Login<'a>,
    consent: bool,
}

#[derive(Serialize)]
struct Login<'a> {
    tokens: &'a Tokens,
}

#[derive(Deserialize)]
struct Made<I> {
    id: I,
}

#[derive(Deserialize)]
struct MadeKey {
    id: KeyId,
    secret: String,
}

/// Makes them; returns who made the calls of the hours before. `url` is the gateway's, `own` the demo's own key.
/// In a database that stays they may be there from an earlier demo.
pub(super) async fn populate(
    api: &Api,
    sim: &Sim,
    url: &str,
    own: &Secret,
) -> anyhow::Result<Vec<Maker>> {
    if !api
        .list("/api/v1/orgs", &Query::default(), Some(1))
        .await?
        .data
        .is_empty()
    {
        return Ok(Vec::new());
    }
    let name = "acme";
    let acme: Made<OrgId> = api
        .send(Method::POST, "/api/v1/orgs", &OrgInput { name })
        .await?;
    let mut makers = Vec::new();
    for (name, role) in [("Ada", "owner"), ("Ben", "member")] {
        let email = format!("{}@example.com", name.to_ascii_lowercase());
        let org = acme.id;
        let input = UserInput {
            name,
            email,
            org,
            role,
        };
        let user: Made<UserId> = api.send(Method::POST, "/api/v1/users", &input).await?;
        let made = key(api, &format!("{name}'s laptop"), org, Some(user.id), None).await?;
        makers.push(Maker {
            key: made.id,
            user: Some(user.id),
            org: Some(org),
        });
    }
    let nightly = key(api, "nightly review", acme.id, None, Some(BUDGET)).await?;
    let nightly = Api::new(url, &Secret::new(nightly.secret))?;
    for _ in 0..CALLS {
        let text = "all is well ".repeat(ANSWER_TOKENS / 3);
        let body = format!(
            r#"{{"model":"sim-echo","max_tokens":{ANSWER_TOKENS},"messages":[{{"role":"user","content":"{text}"}}]}}"#
        );
        call(&nightly, "/v1/chat/completions", body).await?;
    }
    sign_in(api, sim).await?;
    let body =
        format!(r#"{{"model":"{PLAN_MODEL}","input":"What does this cost?","stream":false}}"#);
    call(&Api::new(url, own)?, "/v1/responses", body).await?;
    Ok(makers)
}

async fn key(
    api: &Api,
    name: &str,
    org: OrgId,
    owner: Option<UserId>,
    budget: Option<Budget>,
) -> anyhow::Result<MadeKey> {
    let input = KeyInput {
        name,
        org,
        owner,
        credentials: PLATFORM,
        budget,
    };
    api.send(Method::POST, "/api/v1/keys", &input).await
}

/// A login of the operator's, brought as one of Codex is: nobody has to type a code for it.
async fn sign_in(api: &Api, sim: &Sim) -> anyhow::Result<()> {
    let authority = sim.authority();
    let seconds = u64::try_from(clock::now().as_secs()).context("the clock")?;
    authority.set_now(seconds);
    let window = |used_percent, window_minutes, reset_after_seconds| Window {
        used_percent,
        window_minutes,
        reset_after_seconds,
    };
    authority.set_windows(
        HOLDER,
        window(62.0, 300, 2 * 3600),
        window(38.0, 7 * 24 * 60, 3 * 24 * 3600),
    );
    let tokens = &authority.sign_in(Vendor::OpenAi, HOLDER, CLIENT);
    let input = ImportInput {
        provider: "chatgpt",
        auth_json: Login { tokens },
        consent: true,
    };
    let _: Record = api
        .send(Method::POST, "/api/v1/accounts/import", &input)
        .await?;
    Ok(())
}

async fn call(api: &Api, path: &str, body: String) -> anyhow::Result<()> {
    let response = api.post(path, None, Bytes::from(body)).await?;
    let status = response.status();
    response.into_body().collect().await?;
    ensure!(status.is_success(), "{path} was answered with {status}");
    Ok(())
}
