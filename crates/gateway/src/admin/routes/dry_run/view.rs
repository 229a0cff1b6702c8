//! What would happen to a request, as it is shown.

use serde::Serialize;
use tollhouse_domain::call::Mode;
use tollhouse_domain::credential::{Credential as Meta, CredentialKind, CredentialSource, Owner};
use tollhouse_domain::id::{CredentialId, SessionId};
use tollhouse_domain::money::Money;
use tollhouse_domain::route::Target;
use tollhouse_domain::tenancy::Role;
use tollhouse_domain::time::Timestamp;
use tollhouse_wire::Protocol;
use tollhouse_wire::loss::Losses;
use utoipa::ToSchema;

use super::super::RouteView;
use crate::admin::auth::Signed;
use crate::admin::error::ApiError;
use crate::admin::providers;
use crate::admin::routes::input::TargetSchema;
use crate::limits::admit::Verdict;
use crate::proxy::preview::{Preview, Stop};
use crate::proxy::refusal::Refusal;
use crate::proxy::target::Credential;

/// What would happen to a request.
#[derive(Serialize, ToSchema)]
#[schema(as = DryRun)]
pub(in crate::admin) struct DryRunView {
    /// The model that it asks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    /// The session that it would belong to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    session: Option<SessionId>,
    /// The route that answers for its model, whether or not the key may use it.
    #[serde(skip_serializing_if = "Option::is_none")]
    route: Option<RouteView>,
    /// Where it may go, in the order in which that would be tried.
    targets: Vec<StopView>,
    /// Which of them would be called first, counted from 0; absent where the request is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    first: Option<usize>,
    /// Targets of the route that it may not go to.
    left_out: Vec<LeftOutView>,
    /// What limits and budgets say; absent where the request does not get that far.
    #[serde(skip_serializing_if = "Option::is_none")]
    limits: Option<VerdictView>,
    /// What the caller would be told; absent where the request would be sent on.
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<RefusalView>,
}

/// A target that the request may go to.
#[derive(Serialize, ToSchema)]
#[schema(as = DryRunTarget)]
struct StopView {
    provider: String,
    /// The protocol it is called in.
    #[schema(value_type = String)]
    protocol: Protocol,
    /// The model that is sent.
    model: String,
    /// `passthrough` or `translated`.
    mode: &'static str,
    /// Until when it is left alone after failures or rate limits: others come first.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    cooling_until: Option<Timestamp>,
    /// What it would draw on; absent where none is sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    credential: Option<DrawnView>,
    /// What it would draw on next, when the provider limits or refuses the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    spare: Option<DrawnView>,
    /// What could not be carried there; docs/translation.md lists the names.
    losses: Vec<String>,
    /// Why it cannot be carried there at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<RefusalView>,
}

/// A credential that would be drawn on.
#[derive(Serialize, ToSchema)]
#[schema(as = DryRunCredential)]
struct DrawnView {
    /// Whose it is: `user`, `org` or `platform`. The rest is for those who may see it.
    #[schema(value_type = String)]
    source: CredentialSource,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    id: Option<CredentialId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// Eight digits that tell two secrets apart and reveal neither.
    #[serde(skip_serializing_if = "Option::is_none")]
    fingerprint: Option<String>,
}

/// A target that the request may not go to, and why.
#[derive(Serialize, ToSchema)]
#[schema(as = DryRunLeftOut)]
struct LeftOutView {
    #[schema(value_type = TargetSchema)]
    target: Target,
    why: String,
}

/// What limits and budgets say.
#[derive(Serialize, ToSchema)]
#[schema(as = DryRunLimits)]
struct VerdictView {
    /// Whether there is room and money for it.
    admitted: bool,
    /// The most tokens that it can take, which is what is held for it.
    tokens: u64,
    /// The most that it can cost; absent where a price is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    cost_usd: Option<Money>,
    /// Whose limits it is under, by id; `global` for the gateway's.
    scopes: Vec<String>,
}

/// What a caller is told.
#[derive(Serialize, ToSchema)]
#[schema(as = DryRunRefusal)]
struct RefusalView {
    /// The HTTP status.
    status: u16,
    /// The kind of error, as docs/errors.md has it.
    kind: &'static str,
    message: String,
    /// The field of the request that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    param: Option<String>,
    /// After how many seconds to try again.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
    /// The body of the answer, in the caller's protocol.
    body: String,
}

impl DryRunView {
    pub(super) async fn new(
        told: &Preview,
        caller: Protocol,
        signed: &Signed,
        now: Timestamp,
    ) -> Result<Self, ApiError> {
        let call = told.call.to_string();
        let refusal = |refusal: &Refusal| RefusalView::new(refusal, caller, &call);
        let asked = told.model.as_deref().unwrap_or_default();
        let mut targets = Vec::with_capacity(told.targets.len());
        for stop in &told.targets {
            let carried = stop.carried.as_ref();
            let endpoint = &stop.target.endpoint;
            let (provider, protocol) = (&*endpoint.provider, endpoint.protocol);
            targets.push(StopView {
                provider: provider.to_owned(),
                protocol,
                model: stop.target.model.as_deref().unwrap_or(asked).to_owned(),
                mode: mode(stop),
                cooling_until: signed.health().cooling(provider, protocol, now),
                credential: drawn(signed, Some(&stop.target.credential)).await?,
                spare: drawn(signed, stop.target.spare.as_ref()).await?,
                losses: carried.copied().map(names).unwrap_or_default(),
                refusal: carried.err().map(refusal),
            });
        }
        let snapshot = signed.snapshot();
        // Somebody else's login is not there for them.
        let known = |target: &Target| {
            let row = snapshot.providers().get(&target.provider);
            row.is_none_or(|row| providers::knows(signed, row))
        };
        let left_out = told.left_out.iter();
        let left_out = left_out.filter(|(target, _)| known(target));
        let left_out = left_out.map(|(target, why)| LeftOutView {
            target: target.clone(),
            why: why.message.clone().into_owned(),
        });
        let route = told.route.clone().map(|mut route| {
            route.targets.retain(known);
            RouteView::from(route)
        });
        Ok(Self {
            model: told.model.clone(),
            session: told.session,
            route,
            targets,
            first: told.first(),
            left_out: left_out.collect(),
            limits: told.limits.as_ref().map(VerdictView::from),
            refusal: told.refusal().map(refusal),
        })
    }
}

fn mode(stop: &Stop) -> &'static str {
    let mode: Mode = stop.target.mode();
    mode.as_str()
}

fn names(losses: Losses) -> Vec<String> {
    losses.iter().map(|loss| loss.as_str().to_owned()).collect()
}

/// What may be known of a credential that would be drawn on.
async fn drawn(
    signed: &Signed,
    credential: Option<&Credential>,
) -> Result<Option<DrawnView>, ApiError> {
    let Some((credential, source)) = credential.and_then(|one| Some((one, one.source()?))) else {
        return Ok(None);
    };
    let kept = match credential.id() {
        Some(id) => signed.store().sealed_credential(id).await?,
        None => None,
    };
    let meta = kept.map(|record| record.meta);
    let meta = meta.filter(|meta| may_see(signed, meta));
    Ok(Some(DrawnView {
        source,
        id: meta.as_ref().map(|meta| meta.id),
        name: meta.as_ref().map(|meta| meta.name.clone()),
        fingerprint: meta.map(|meta| meta.fingerprint),
    }))
}

/// Whether a credential is shown to them elsewhere: their own, their organization's but for accounts, which its
/// administrators look after, and the platform's to whoever administers the installation.
fn may_see(signed: &Signed, credential: &Meta) -> bool {
    let least = match credential.kind {
        CredentialKind::ApiKey => Role::Viewer,
        CredentialKind::OauthAccount | CredentialKind::Bridge => Role::Admin,
    };
    match credential.owner {
        _ if signed.is_platform() => true,
        Owner::User(owner) => signed.user().is_some_and(|user| user.id == owner),
        Owner::Org(org) => signed.role_in(org) >= Some(least),
        Owner::Platform => false,
    }
}

impl From<&Verdict> for VerdictView {
    fn from(verdict: &Verdict) -> Self {
        Self {
            admitted: verdict.admitted.is_ok(),
            tokens: verdict.tokens,
            cost_usd: verdict.cost,
            scopes: verdict.scopes.iter().map(ToString::to_string).collect(),
        }
    }
}

impl RefusalView {
    fn new(refusal: &Refusal, caller: Protocol, call: &str) -> Self {
        let body = refusal.body(caller, call);
        let seconds = |pause: std::time::Duration| {
            (pause.as_secs() + u64::from(pause.subsec_nanos() > 0)).max(1)
        };
        Self {
            status: refusal.kind.status(caller),
            kind: refusal.kind.label(),
            message: refusal.message.clone().into_owned(),
            param: refusal.param.as_deref().map(str::to_owned),
            retry_after: refusal.retry_after.map(seconds),
            body: String::from_utf8_lossy(&body).into_owned(),
        }
    }
}
