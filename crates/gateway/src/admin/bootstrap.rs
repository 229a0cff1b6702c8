//! From nothing to a working client: a token for one client, and everything it has to be told.

use std::collections::BTreeMap;

use axum::Json;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize, Serializer};
use tollhouse_domain::audit::{Action, Subject, SubjectKind};
use tollhouse_domain::credential::{CredentialPolicy, CredentialSource};
use tollhouse_domain::id::{KeyId, OrgId, UserId};
use tollhouse_domain::key::{KeyKind, VirtualKey};
use tollhouse_domain::limits::Limits;
use tollhouse_domain::onboarding::{self, BLOCK, File, Format, Merge, Offered, Recipe, Wanted};
use tollhouse_domain::provider::Provider;
use tollhouse_domain::tenancy::Role;
use tollhouse_domain::time::Timestamp;
use tollhouse_vault::{Secret, new_virtual_key, prefix};
use tollhouse_wire::Protocol;
use utoipa::ToSchema;

use super::auth::Signed;
use super::error::{ApiError, ErrorBody, Refused};
use super::input::{Body, Name, Nothing, Payload, Query};
use crate::proxy::models;
use crate::proxy::resolve::sources;
use crate::snapshot::Snapshot;
use crate::{clock, ids};

/// The most characters of a name.
const MAX_NAME: usize = 100;

/// What is to be set up.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct BootstrapInput {
    /// `claude-code`, `codex`, `opencode`, `qwen-code`, `anthropic-sdk` or `openai-sdk`.
    client: String,
    /// The organization it works for: id or name.
    org: Option<String>,
    /// The model to start with. One that can be served is chosen when it is left out.
    model: Option<String>,
    /// Whether the platform's credentials may be used where there are none of the user's and the
    /// organization's. Never unless said, and only where the installation lends them.
    #[serde(default)]
    platform: bool,
}

impl Payload for BootstrapInput {}

/// A client's token and everything it has to be told.
#[derive(Serialize, ToSchema)]
pub(super) struct Bootstrapped {
    /// The token's id: to renew it, or to end it.
    #[schema(value_type = String)]
    id: KeyId,
    client: String,
    /// Who serves the model.
    provider: String,
    /// The protocol that the client speaks.
    protocol: &'static str,
    base_url: String,
    /// Absent when any may be asked for and none was.
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    /// Whose credentials every call with this token draws on: `user`, `org` or `platform`.
    credential_source: &'static str,
    /// A scoped key. It is not stored and cannot be shown again.
    #[serde(serialize_with = "expose")]
    #[schema(value_type = String)]
    token: Secret,
    #[schema(value_type = String)]
    expires_at: Timestamp,
    /// Variables to set. Exactly one of them holds the token.
    #[serde(serialize_with = "expose_env")]
    #[schema(value_type = BTreeMap<String, String>)]
    env: Env,
    /// Variables to take out: they would lead the client elsewhere, or give it a second credential.
    unset: Vec<String>,
    /// Files to write.
    files: Vec<FileView>,
}

/// A file that a client reads.
#[derive(Serialize, ToSchema)]
struct FileView {
    /// Below the home directory.
    path: String,
    /// The variable that, where it is set, names another directory for the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    home: Option<String>,
    /// Its permissions. Its directory is to be 0700.
    mode: String,
    /// `toml` or `json`.
    #[schema(value_type = String)]
    format: Format,
    /// What becomes of a file that is there. `block`: what stands from the line `start` to the line
    /// `end` is replaced; without them the content goes before its first line; a key of the same name
    /// outside of it has to go. `members`: each member of an object is replaced or added, at every
    /// depth. All else stays.
    #[schema(value_type = String)]
    merge: Merge,
    #[serde(skip_serializing_if = "Option::is_none")]
    start: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<&'static str>,
    /// Leave the file alone where this one is there: the user's own sign-in, which it would clash
    /// with.
    #[serde(skip_serializing_if = "Option::is_none")]
    unless: Option<String>,
    content: String,
}

struct Env {
    plain: BTreeMap<String, String>,
    variable: String,
    token: Secret,
}

fn expose<S: Serializer>(secret: &Secret, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose())
}

fn expose_env<S: Serializer>(env: &Env, serializer: S) -> Result<S::Ok, S::Error> {
    let secret = (env.variable.as_str(), env.token.expose());
    let plain = env.plain.iter();
    let plain = plain.map(|(name, value)| (name.as_str(), value.as_str()));
    serializer.collect_map(plain.chain([secret]))
}

impl From<File> for FileView {
    fn from(file: File) -> Self {
        let block = (file.merge == Merge::Block).then_some(BLOCK);
        Self {
            path: file.path,
            home: file.home,
            mode: file.mode,
            format: file.format,
            merge: file.merge,
            start: block.map(|(start, _)| start),
            end: block.map(|(_, end)| end),
            unless: file.unless,
            content: file.content,
        }
    }
}

/// Sets a client up: a token of its own, short-lived and renewable, and the variables and files with
/// which the client works. It draws on the user's own credentials if there are any, else on the
/// organization's, and on the platform's only where all of request, configuration and allowance say so.
#[utoipa::path(
    post, path = "/agents/{agent}/bootstrap", tag = "agents", operation_id = "bootstrap",
    params(("agent" = String, Path, description = "The named consumer that its calls are attributed to")),
    request_body = BootstrapInput,
    responses(
        (status = 201, body = Bootstrapped),
        (status = 404, description = "There are no credentials to draw on, or no such organization", body = ErrorBody),
        Refused,
    ),
)]
pub(super) async fn bootstrap(
    signed: Signed,
    Name(agent): Name,
    Query(Nothing {}): Query<Nothing>,
    Body(input): Body<BootstrapInput>,
) -> Result<(StatusCode, Json<Bootstrapped>), ApiError> {
    let (now, snapshot) = (clock::now(), signed.snapshot());
    let agent = consumer(&agent)?;
    let recipe = recipe(&input.client)?;
    let whose = whose(&signed, input.org.as_deref())?;
    let platform = input.platform && lends(&signed, &snapshot, whose)?;
    let served = choose(&snapshot, &recipe, input.model.as_deref(), whose, platform)?;
    let source = served.source;
    let token = new_virtual_key();
    let life = signed.bootstrap().token;
    let key = VirtualKey {
        id: KeyId(ids::uuid(now)),
        name: format!("bootstrap {}", recipe.name),
        prefix: prefix(&token),
        owner: whose.0,
        org: whose.1,
        agent: Some(agent),
        kind: KeyKind::Scoped,
        models: None,
        providers: None,
        routes: None,
        credentials: CredentialPolicy {
            client: false,
            user: source == CredentialSource::User,
            org: source == CredentialSource::Org,
            platform: source == CredentialSource::Platform,
        },
        pinned_source: Some(source),
        limits: Limits::default(),
        budgets: Vec::new(),
        strict: false,
        capture: None,
        created_at: now,
        expires_at: Some(now.plus(life)),
        revoked_at: None,
        grace_until: None,
        last_used_at: None,
        managed: false,
    };
    let models = offered(&snapshot, &key);
    let wanted = Wanted {
        url: signed.public_url(),
        model: served.model.as_deref(),
        models: &models,
        quiet: true,
    };
    // Before the key is made: what cannot be told to the client leaves no key behind.
    let setup = recipe
        .setup(wanted)
        .map_err(|error| ApiError::invalid("model", super::error::sentence(&error.to_string())))?;
    let digest = signed.digester().digest(token.expose());
    let subject = Subject::id(SubjectKind::Key, key.id).called(key.name.as_str());
    let note = signed.note(Action::AgentBootstrap, subject).in_org(key.org);
    let store = signed.store().noted(note.with("source", source.as_str()));
    let caps = signed.limiter().config().key_caps(now);
    store.insert_key_within(&key, digest, caps).await?;
    signed.refresh().await?;
    let bootstrapped = Bootstrapped {
        id: key.id,
        client: recipe.name.clone(),
        provider: served.provider,
        protocol: recipe.protocol.as_str(),
        base_url: recipe.base_url(signed.public_url()),
        model: served.model,
        credential_source: source.as_str(),
        expires_at: now.plus(life),
        env: Env {
            plain: setup.env,
            variable: setup.token,
            token: Secret::new(token.expose().to_owned()),
        },
        unset: setup.unset,
        files: setup.files.into_iter().map(FileView::from).collect(),
        token,
    };
    Ok((StatusCode::CREATED, Json(bootstrapped)))
}

/// The named consumer.
fn consumer(text: &str) -> Result<String, ApiError> {
    let text = text.trim();
    let fits = (1..=MAX_NAME).contains(&text.chars().count());
    if fits && !text.chars().any(char::is_control) {
        return Ok(text.to_owned());
    }
    let message = format!("Expected 1 to {MAX_NAME} characters without line breaks.");
    Err(ApiError::invalid("agent", message))
}

fn recipe(name: &str) -> Result<Recipe, ApiError> {
    let recipes = onboarding::recipes().map_err(ApiError::internal)?;
    let names: Vec<_> = recipes.iter().map(|recipe| recipe.name.clone()).collect();
    let found = onboarding::recipe(name).map_err(ApiError::internal)?;
    found.ok_or_else(|| {
        let message = format!("Expected one of {}.", names.join(", "));
        ApiError::invalid("client", message)
    })
}

/// Whose the token is: the caller's own, as a member of the organization if one is named. The
/// administrator's token is nobody's, and so is what it makes.
fn whose(signed: &Signed, org: Option<&str>) -> Result<(Option<UserId>, Option<OrgId>), ApiError> {
    let user = signed.user().map(|user| user.id);
    let org = org.map(|text| signed.org(text)).transpose()?;
    if let Some(org) = org {
        signed.in_org(org, Role::Member)?;
        let people = &signed.snapshot().people;
        if user.is_some() && !people.works(user, Some(org)) {
            let message = "Only members of an organization work for it.";
            return Err(ApiError::Forbidden(message.into()));
        }
    }
    Ok((user, org))
}

/// Whether the platform's money is lent to this principal: where the configuration says so, and to
/// others than administrators within a budget only.
fn lends(
    signed: &Signed,
    snapshot: &Snapshot,
    (user, org): (Option<UserId>, Option<OrgId>),
) -> Result<bool, ApiError> {
    if !signed.bootstrap().platform {
        return Ok(false);
    }
    let people = &snapshot.people;
    let user = user.and_then(|id| people.user(id));
    let org = org.and_then(|id| people.org(id));
    let bounded = user.is_some_and(|user| !user.budgets.is_empty())
        || org.is_some_and(|org| !org.budgets.is_empty());
    if signed.is_platform() || bounded {
        return Ok(true);
    }
    let message = "The platform's credentials are lent within a budget only, and neither you nor \
         the organization has one: ask an administrator.";
    Err(ApiError::Forbidden(message.into()))
}

/// What a client's calls come to.
struct Served {
    provider: String,
    model: Option<String>,
    source: CredentialSource,
}

/// The model, who serves it, and with whose credential.
fn choose(
    snapshot: &Snapshot,
    recipe: &Recipe,
    model: Option<&str>,
    (user, org): (Option<UserId>, Option<OrgId>),
    platform: bool,
) -> Result<Served, ApiError> {
    let first = |targets: &[tollhouse_domain::route::Target]| {
        let order = [
            CredentialSource::User,
            CredentialSource::Org,
            CredentialSource::Platform,
        ];
        let allowed = order
            .into_iter()
            .filter(|source| platform || *source != CredentialSource::Platform);
        allowed
            .flat_map(|source| targets.iter().map(move |target| (source, target)))
            .find(|(source, target)| {
                sources(snapshot, user, org, &target.provider).contains(source)
            })
            .map(|(source, target)| (source, target.provider.clone()))
            .or_else(|| {
                // What is open costs nobody, so a token that draws on its own owner will do.
                let users = user.map(|_| CredentialSource::User);
                let own = users.or(org.map(|_| CredentialSource::Org))?;
                let open = targets.iter().find(|target| {
                    let row = snapshot.providers().get(&target.provider);
                    row.is_some_and(Provider::is_open)
                });
                open.map(|target| (own, target.provider.clone()))
            })
    };
    let none = || {
        ApiError::missing(
            "There are no credentials to draw on: none of yours or of the organization serves \
             this, and the platform's are not lent.",
        )
    };
    if let Some(model) = model {
        let unknown = || ApiError::invalid("model", "No route leads to this model.");
        let targets = snapshot.routes().resolve(model).ok_or_else(unknown)?;
        let (source, provider) = first(targets).ok_or_else(none)?;
        return Ok(Served {
            provider,
            model: Some(model.to_owned()),
            source,
        });
    }
    // The client's own protocol first, where nothing has to be translated.
    let speaks = |provider: &str| {
        let row = snapshot.providers().get(provider);
        row.is_some_and(|row| row.endpoints.contains_key(&recipe.protocol))
    };
    let mut best: Option<Served> = None;
    for name in models::known(snapshot) {
        let Some((source, provider)) = snapshot.routes().resolve(name).and_then(first) else {
            continue;
        };
        let rank = |served: &Served| (served.source as u8, !speaks(&served.provider));
        let served = Served {
            provider,
            model: Some(name.to_owned()),
            source,
        };
        if best.as_ref().is_none_or(|best| rank(&served) < rank(best)) {
            best = Some(served);
        }
    }
    if let Some(best) = best {
        return Ok(best);
    }
    // Whatever a catch-all leads to: then the client has to name its model itself.
    let (source, provider) = snapshot
        .routes()
        .resolve("")
        .and_then(first)
        .ok_or_else(none)?;
    Ok(Served {
        provider,
        model: None,
        source,
    })
}

/// The models that a client can be told of, and how each is spoken to.
fn offered(snapshot: &Snapshot, key: &VirtualKey) -> Vec<Offered> {
    let usable = models::usable(snapshot, key);
    usable
        .into_values()
        .map(|entry| {
            let row = snapshot.providers().get(&entry.owned_by);
            let spoken: Vec<Protocol> = row
                .map(|row| row.endpoints.keys().copied().collect())
                .unwrap_or_default();
            Offered::speaking(&entry.id, &spoken)
        })
        .collect()
}
