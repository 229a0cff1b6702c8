//! How clients are pointed here.

use std::collections::BTreeMap;

use axum::Json;
use serde::Serialize;
use tollhouse_domain::onboarding::{self, File, Format, Setup, Wanted};
use tollhouse_domain::own::Brought;
use tollhouse_wire::Protocol;
use utoipa::ToSchema;

use super::auth::Signed;
use super::error::{ApiError, Refused};
use super::input::{Nothing, Query};
use super::keys::CaptureInput;

/// What stands for the virtual key in what is printed.
const KEY: &str = "YOUR_VIRTUAL_KEY";

/// Where agents find this gateway and what they can ask of it.
#[derive(Serialize, ToSchema)]
pub(super) struct ProxyInfo {
    /// The address that clients are told.
    url: String,
    version: &'static str,
    /// What is kept of the bodies of calls whose keys say nothing else.
    capture: CaptureInput,
    /// What clients may bring of their own beside their keys, where those allow it: `any`, `api_keys` (and no
    /// sign-ins) or `none`.
    #[schema(value_type = String)]
    own_credentials: Brought,
    /// The protocols that are spoken.
    protocols: Vec<&'static str>,
    /// The data plane's routes.
    paths: Vec<DataPath>,
    /// How well-known clients are pointed here.
    clients: Vec<ClientSetup>,
}

/// A route of the data plane.
#[derive(Serialize, ToSchema)]
struct DataPath {
    method: &'static str,
    path: &'static str,
    /// Absent where the caller's headers decide, or any protocol will do.
    #[serde(skip_serializing_if = "Option::is_none")]
    protocol: Option<&'static str>,
}

/// What a client needs.
#[derive(Serialize, ToSchema)]
struct ClientSetup {
    client: String,
    /// Environment variables.
    env: BTreeMap<String, String>,
    /// Arguments to add to its command.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    args: Vec<String>,
    /// Variables to take out: they would lead it elsewhere, or give it a second credential.
    unset: Vec<String>,
    /// Files that say the same for good, where it reads any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    files: Vec<ClientFile>,
    /// The same where it keeps a sign-in of its own, beside which the virtual key goes; absent where it has no
    /// place for that, and where clients bring nothing of their own here.
    #[serde(skip_serializing_if = "Option::is_none")]
    own_login: Option<BesideLogin>,
}

/// A file that a client reads.
#[derive(Serialize, ToSchema)]
struct ClientFile {
    /// Below the home directory.
    path: String,
    /// The variable that, where it is set, names another directory for the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    home: Option<String>,
    /// `toml` or `json`.
    #[schema(value_type = String)]
    format: Format,
    /// What has to stand there, among whatever else does.
    content: String,
}

/// What a client with a sign-in of its own needs.
#[derive(Serialize, ToSchema)]
struct BesideLogin {
    /// Environment variables.
    env: BTreeMap<String, String>,
    /// Arguments to add to its command.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    args: Vec<String>,
    /// Variables to take out.
    unset: Vec<String>,
}

impl From<Setup> for BesideLogin {
    fn from(setup: Setup) -> Self {
        Self {
            env: with_key(&setup),
            args: setup.arguments,
            unset: setup.unset,
        }
    }
}

/// Its variables, with what stands for the key in the one that holds it.
fn with_key(setup: &Setup) -> BTreeMap<String, String> {
    let mut env = setup.env.clone();
    env.insert(setup.token.clone(), [&setup.token_value, KEY].concat());
    env
}

const PATHS: [(&str, &str, Option<Protocol>); 20] = [
    ("POST", "/v1/messages", Some(Protocol::Messages)),
    (
        "POST",
        "/v1/messages/count_tokens",
        Some(Protocol::Messages),
    ),
    ("POST", "/v1/messages/batches", Some(Protocol::Messages)),
    ("GET", "/v1/messages/batches", Some(Protocol::Messages)),
    ("GET", "/v1/messages/batches/{id}", Some(Protocol::Messages)),
    (
        "DELETE",
        "/v1/messages/batches/{id}",
        Some(Protocol::Messages),
    ),
    (
        "GET",
        "/v1/messages/batches/{id}/results",
        Some(Protocol::Messages),
    ),
    (
        "POST",
        "/v1/messages/batches/{id}/cancel",
        Some(Protocol::Messages),
    ),
    ("POST", "/v1/chat/completions", Some(Protocol::Chat)),
    ("POST", "/v1/embeddings", Some(Protocol::Chat)),
    ("POST", "/v1/responses", Some(Protocol::Responses)),
    ("POST", "/v1/responses/compact", Some(Protocol::Responses)),
    (
        "POST",
        "/v1/responses/input_tokens",
        Some(Protocol::Responses),
    ),
    ("GET", "/v1/responses/{id}", Some(Protocol::Responses)),
    ("DELETE", "/v1/responses/{id}", Some(Protocol::Responses)),
    (
        "GET",
        "/v1/responses/{id}/input_items",
        Some(Protocol::Responses),
    ),
    (
        "POST",
        "/v1/responses/{id}/cancel",
        Some(Protocol::Responses),
    ),
    ("GET", "/v1/models", None),
    ("GET", "/v1/models/{id}", None),
    ("ANY", "/proxy/{provider}/{path}", None),
];

/// The gateway's address, its routes, and how each well-known client is pointed at them.
#[utoipa::path(
    get, path = "/proxy-info", tag = "clients", operation_id = "proxy_info",
    responses((status = 200, body = ProxyInfo), Refused),
)]
pub(super) async fn proxy_info(
    signed: Signed,
    Query(Nothing {}): Query<Nothing>,
) -> Result<Json<ProxyInfo>, ApiError> {
    let path = |(method, path, protocol): (_, _, Option<Protocol>)| DataPath {
        method,
        path,
        protocol: protocol.map(Protocol::as_str),
    };
    let url = signed.public_url();
    let brought = signed.snapshot().brought();
    Ok(Json(ProxyInfo {
        url: url.to_owned(),
        version: env!("CARGO_PKG_VERSION"),
        capture: signed.captures().bodies().into(),
        own_credentials: brought,
        protocols: Protocol::ALL.map(Protocol::as_str).to_vec(),
        paths: PATHS.map(path).into(),
        clients: clients(url, brought),
    }))
}

fn clients(url: &str, brought: Brought) -> Vec<ClientSetup> {
    let wanted = Wanted {
        url,
        model: None,
        models: &[],
        quiet: true,
    };
    // The table is embedded and tested; an address that cannot be told leaves nothing to say.
    let recipes = onboarding::recipes().unwrap_or_default().into_iter();
    recipes
        .filter_map(|recipe| {
            let setup = recipe.setup(wanted).ok()?;
            let beside = recipe.setup_beside(wanted).ok().flatten();
            let beside = beside.filter(|_| brought != Brought::None);
            let file = |file: File| ClientFile {
                path: file.path,
                home: file.home,
                format: file.format,
                content: file.content,
            };
            Some(ClientSetup {
                client: recipe.name,
                env: with_key(&setup),
                args: setup.arguments,
                unset: setup.unset,
                files: setup.files.into_iter().map(file).collect(),
                own_login: beside.map(BesideLogin::from),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use axum::http::Method;

    use super::*;
    use crate::proxy::operation;

    #[test]
    fn every_path_that_is_told_is_answered() {
        for (method, path, protocol) in PATHS {
            let method = if method == "ANY" { "PATCH" } else { method };
            let method: Method = method.parse().unwrap();
            let path = path.replace(['{', '}'], "");
            let operation = operation::parse(&method, &path);
            let operation = operation.unwrap_or_else(|| panic!("{method} {path}"));
            assert_eq!(operation.protocol(), protocol, "{method} {path}");
        }
    }
}
