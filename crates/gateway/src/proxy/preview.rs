//! What would happen to a call: the stages that `infer` takes it through, by the same functions, without a
//! row, without anything held, and without anything sent or remembered.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method, Request};
use tollhouse_domain::id::{CallId, SessionId};
use tollhouse_domain::key::VirtualKey;
use tollhouse_domain::provider::Provider;
use tollhouse_domain::route::{self, Asked, NoRoute, Route, RouteTable};
use tollhouse_domain::time::Timestamp;
use tollhouse_wire::loss::Losses;

use super::authenticate::{self, Principal};
use super::identify::identify;
use super::inbound::Inbound;
use super::operation::Inference;
use super::outbound::Outbound;
use super::refusal::Refusal;
use super::resolve::{Draw, Hearer, Purpose, resolve};
use super::target::Target;
use super::translation::{self, Origin};
use super::{asked, count, dispatch, objects};
use crate::limits::admit::{Caller, Demand, Verdict, preview as judge};
use crate::snapshot::Snapshot;
use crate::state::Gateway;
use crate::{ids, names};

/// A call that nobody makes.
pub(crate) struct Supposed {
    pub(crate) key: Arc<VirtualKey>,
    pub(crate) inference: Inference,
    /// The client's own name for the session.
    pub(crate) session: Option<HeaderValue>,
    pub(crate) body: Bytes,
    pub(crate) at: Timestamp,
    /// Who hears what would happen.
    pub(crate) hearer: Hearer,
}

/// What would happen to it.
pub(crate) struct Preview {
    /// What it would have been called.
    pub(crate) call: CallId,
    pub(crate) model: Option<String>,
    /// The route that answers for its model, whether or not the key may use it.
    pub(crate) route: Option<Route>,
    pub(crate) session: Option<SessionId>,
    /// Where it may go, in order.
    pub(crate) targets: Vec<Stop>,
    /// Targets of the route that it may not go to, and why.
    pub(crate) left_out: Vec<(route::Target, Refusal)>,
    /// What limits say; absent where it does not get that far.
    pub(crate) limits: Option<Verdict>,
    /// What it is refused with before any of that is decided.
    pub(crate) refused: Option<Refusal>,
}

/// A target, and what a call comes to on the way there.
pub(crate) struct Stop {
    pub(crate) target: Target,
    /// What could not be carried, or why the call cannot be carried there at all.
    pub(crate) carried: Result<Losses, Refusal>,
}

impl Preview {
    /// The target that would be called first.
    pub(crate) fn first(&self) -> Option<usize> {
        let granted = self.limits.as_ref()?.admitted.is_ok();
        granted
            .then(|| self.targets.iter().position(|stop| stop.carried.is_ok()))
            .flatten()
    }

    /// What the caller would be told instead of an answer.
    pub(crate) fn refusal(&self) -> Option<&Refusal> {
        let limits = self.limits.as_ref();
        let unfit = || {
            self.targets
                .iter()
                .find_map(|stop| stop.carried.as_ref().err())
        };
        self.refused
            .as_ref()
            .or_else(|| limits.and_then(|limits| limits.admitted.as_ref().err()))
            .or_else(|| self.first().is_none().then(unfit).flatten())
    }
}

/// Says what would happen to a call.
pub(crate) async fn preview(gateway: &Gateway, snapshot: &Snapshot, supposed: Supposed) -> Preview {
    let mut preview = Preview {
        call: CallId(ids::uuid(supposed.at)),
        model: None,
        route: None,
        session: None,
        targets: Vec::new(),
        left_out: Vec::new(),
        limits: None,
        refused: None,
    };
    preview.refused = preview.go(gateway, snapshot, supposed).await.err();
    preview
}

impl Preview {
    async fn go(
        &mut self,
        gateway: &Gateway,
        snapshot: &Snapshot,
        supposed: Supposed,
    ) -> Result<(), Refusal> {
        let Supposed {
            key,
            inference,
            session,
            body,
            at,
            hearer,
        } = supposed;
        gateway.refuse_if_draining()?;
        authenticate::check(snapshot, &key, at)?;
        let principal = Principal { key, client: None };
        let headers = headers(session);
        let inbound = Inbound::whole(body)?;
        self.model = inbound.peek.model.as_ref().map(|model| model.name.clone());
        let found = self
            .model
            .as_deref()
            .and_then(|model| snapshot.routes().find(model));
        self.route = found.cloned();
        let identity = identify(
            &principal,
            &headers,
            &inbound.peek,
            inbound.plain(),
            self.call,
        );
        self.session = Some(identity.session);
        let draw = Draw {
            snapshot,
            principal: &principal,
            pools: gateway.pools(),
            bridges: gateway.bridges(),
            accounts: &gateway.0.accounts,
            session: identity.session,
            at,
            purpose: Purpose::Preview(hearer),
        };
        let wanted = asked(inference, &inbound.peek);
        if let (Some(route), Ok(wanted)) = (&self.route, &wanted) {
            self.left_out = left_out(&draw, route, *wanted);
        }
        let resolved = wanted.and_then(|asked| resolve(&draw, asked, gateway.health()));
        let previous = inbound.peek.previous_response_id.as_deref();
        let targets = objects::follow(gateway, &draw, previous, resolved).await?;
        let caller = Caller {
            principal: &principal,
            session: identity.session,
            at,
        };
        let demand = Demand::inference(inference, &inbound);
        self.limits = Some(judge(gateway, snapshot, caller, demand, &targets));
        let origin = Origin {
            inference,
            session: identity.session,
            call: self.call,
            at,
            strict: principal.key.strict,
        };
        let parts = request(headers).into_parts().0;
        let outbound = Outbound::inference(origin, parts, inbound);
        let stop = |target: Target| Stop {
            carried: carry(&outbound, &target),
            target,
        };
        self.targets = targets.into_iter().map(stop).collect();
        Ok(())
    }
}

fn headers(session: Option<HeaderValue>) -> HeaderMap {
    let json = HeaderValue::from_static("application/json");
    let mut headers = HeaderMap::from_iter([(CONTENT_TYPE, json)]);
    if let Some(session) = session {
        headers.insert(names::SESSION, session);
    }
    headers
}

fn request(headers: HeaderMap) -> Request<()> {
    let mut request = Request::new(());
    *request.method_mut() = Method::POST;
    *request.headers_mut() = headers;
    request
}

/// What a call loses on its way to a target, or why it cannot be carried there.
fn carry(outbound: &Outbound, target: &Target) -> Result<Losses, Refusal> {
    match &target.dialect {
        Some(dialect) if outbound.is_count() => {
            let counting = count::prepare(outbound, target, dialect)?;
            Ok(counting.losses)
        }
        Some(dialect) => {
            let carried = translation::request(outbound, target, dialect)?;
            Ok(carried.losses)
        }
        None => {
            dispatch::uri(target, &outbound.address)?;
            Ok(outbound.changed(target)?.losses)
        }
    }
}

/// The targets of a route that a call may not go to. Each is asked for as if it were the route's only one,
/// so that the reason is its own.
fn left_out(draw: &Draw<'_>, route: &Route, asked: Asked<'_>) -> Vec<(route::Target, Refusal)> {
    let providers = draw.snapshot.providers();
    let why = |target: &route::Target| -> Option<Refusal> {
        if !providers.contains_key(&target.provider) {
            return Some(NoRoute::UnknownModel.into());
        }
        let alone = Route {
            targets: vec![target.clone()],
            ..route.clone()
        };
        let nobodys = BTreeMap::<String, Provider>::new();
        let table = RouteTable::new(&[alone], &nobodys);
        match route::candidates(&table, providers, &draw.principal.key, asked) {
            Err(reason) => Some(reason.into()),
            Ok(found) => found
                .iter()
                .find_map(|candidate| draw.at(candidate, asked)?.err()),
        }
    };
    let targets = route.targets.iter();
    targets
        .filter_map(|target| Some((target.clone(), why(target)?)))
        .collect()
}
