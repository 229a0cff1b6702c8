//! Limits and budgets of organizations and users, and how every budget stands.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Json;
use serde::{Deserialize, Serialize};
use tollhouse_domain::audit::{Action, Subject, SubjectKind};
use tollhouse_domain::id::UserId;
use tollhouse_domain::limits::{Budget, BudgetWindow, Caps, Limits, Scope};
use tollhouse_domain::money::Money;
use tollhouse_domain::tenancy::{Org, Role, User};
use tollhouse_domain::time::Timestamp;
use utoipa::ToSchema;

use super::auth::Signed;
use super::error::{ApiError, ErrorBody, Refused};
use super::input::{Body, Id, Name, Nothing, Payload, Query};
use super::page::{self, List, PageQuery};
use super::quota::{BudgetInput, BudgetView, LimitsInput, LimitsView, OneOrMany, budgets};
use super::{orgs, users};
use crate::clock;

/// How a budget stands.
#[derive(Serialize, ToSchema)]
#[schema(as = Standing)]
pub(super) struct StandingView {
    /// `org`, `user` or `key`.
    scope: &'static str,
    #[schema(example = "key_01890a5d7c4e7d1f8a3b000000000000")]
    id: String,
    /// What the organization, user or key is called.
    name: String,
    /// `day`, `week`, `month` or `total`.
    window: &'static str,
    #[schema(value_type = String, example = "25")]
    usd: Money,
    /// What calls that have ended cost, as far as this replica knows.
    #[schema(value_type = String)]
    spent_usd: Money,
    /// What calls that are open may cost at most.
    #[schema(value_type = String)]
    reserved_usd: Money,
    /// When it begins anew; absent when it never does.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    resets_at: Option<Timestamp>,
    /// When four fifths of it were spent, if they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    alerted_at: Option<Timestamp>,
}

/// What an organization or a user may use. What is left out is not limited.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AllowanceInput {
    /// Rates and concurrency of all their keys together.
    limits: Option<LimitsInput>,
    /// What all their keys may spend together: one budget or a list with one for each window.
    #[schema(value_type = Option<Vec<BudgetInput>>)]
    budget: Option<OneOrMany<BudgetInput>>,
}

/// What an organization or a user may use.
#[derive(Serialize, ToSchema)]
#[schema(as = Allowance)]
pub(super) struct AllowanceView {
    limits: LimitsView,
    budget: Vec<BudgetView>,
}

impl Payload for AllowanceInput {}

impl AllowanceInput {
    fn read(self) -> Result<(Limits, Vec<Budget>), ApiError> {
        let limits = self.limits.map(LimitsInput::limits).transpose()?;
        let budgets = self.budget.map(budgets).transpose()?;
        Ok((limits.unwrap_or_default(), budgets.unwrap_or_default()))
    }
}

impl AllowanceView {
    fn new(limits: Limits, budgets: &[Budget]) -> Self {
        Self {
            limits: limits.into(),
            budget: budgets.iter().copied().map(BudgetView::from).collect(),
        }
    }
}

/// How every budget stands that whoever asks may see. Budgets of a session are each conversation's own
/// and are not in it.
#[utoipa::path(
    get, path = "/budgets", tag = "budgets", operation_id = "list_budgets", params(PageQuery),
    responses(
        (status = 200, body = List<StandingView>),
        (status = 429, description = "Asked too often", body = ErrorBody),
        Refused,
    ),
)]
pub(super) async fn list(
    signed: Signed,
    Query(query): Query<PageQuery>,
) -> Result<Json<List<StandingView>>, ApiError> {
    let now = clock::now();
    let caller = signed.user().map(|user| user.id);
    signed.control().views.take(caller, clock::monotonic())?;
    let part = page::slice(budgeted(&signed), &query, Budgeted::place);
    let alerts = signed.limiter().alerts(now);
    // How a budget stands is asked of those alone that are shown.
    let stands = |budget: &Budgeted| {
        let all = signed.limiter().standing(budget.scope, budget.caps, now);
        let mut all = all.into_iter();
        all.find(|standing| standing.window == budget.window)
    };
    let part = part.map(|budget| (stands(&budget), budget));
    let next = part.next;
    let shown = part.data.into_iter().filter_map(|(standing, budget)| {
        let standing = standing?;
        let of = (standing.scope, standing.window);
        let mut alerts = alerts.iter();
        let alert = alerts.find(|alert| (alert.standing.scope, alert.standing.window) == of);
        Some(StandingView {
            scope: standing.scope.kind(),
            id: standing.scope.to_string(),
            name: budget.name,
            window: standing.window.as_str(),
            usd: standing.usd,
            spent_usd: standing.spent,
            reserved_usd: standing.reserved,
            resets_at: standing.reset_at,
            alerted_at: alert.map(|alert| alert.at),
        })
    });
    let data = shown.collect();
    Ok(Json(List { data, next }))
}

/// A budget, before it is asked how it stands.
struct Budgeted {
    scope: Scope,
    caps: Caps,
    window: BudgetWindow,
    name: String,
}

impl Budgeted {
    fn place(&self) -> String {
        format!("{} {}", self.scope, self.window.as_str())
    }
}

/// Every budget that whoever asks may see.
fn budgeted(signed: &Signed) -> Vec<Budgeted> {
    let mut found = Vec::new();
    let mut add = |scope, name: &str, budgets: &[Budget]| {
        let caps = Caps::of(budgets).only(false);
        let windows = BudgetWindow::ALL.into_iter();
        let set = windows.filter(|window| caps.get(*window).is_some());
        found.extend(set.map(|window| Budgeted {
            scope,
            caps,
            window,
            name: name.to_owned(),
        }));
    };
    let people = signed.people();
    for org in people.orgs() {
        if signed.role_in(org.id).is_some() {
            add(Scope::Org(org.id), &org.name, &org.budgets);
        }
    }
    for user in people.users() {
        if !user.budgets.is_empty() && sees(signed, user) {
            add(Scope::User(user.id), &user.name, &user.budgets);
        }
    }
    let (visible, snapshot) = (signed.visible(), signed.snapshot());
    for key in snapshot.all_keys() {
        if !key.budgets.is_empty() && visible.sees(key.owner, key.org) {
            add(Scope::Key(key.id), &key.name, &key.budgets);
        }
    }
    found
}

/// How often one caller may ask in a minute: every answer looks through all keys.
const MOST_IN_A_MINUTE: u32 = 120;
const MINUTE: Duration = Duration::from_mins(1);

/// Who asked how budgets stand, and how often, in the minute that began with their first time. Absent
/// for whoever holds the administrator's token.
#[derive(Default)]
pub(super) struct Views(Mutex<HashMap<Option<UserId>, (Instant, u32)>>);

impl Views {
    fn take(&self, caller: Option<UserId>, now: Instant) -> Result<(), ApiError> {
        // A panic elsewhere leaves the map whole: every change is one retain or one count.
        let mut views = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        views.retain(|_, (began, _)| now.duration_since(*began) < MINUTE);
        let (began, times) = views.entry(caller).or_insert((now, 0));
        if *times >= MOST_IN_A_MINUTE {
            return Err(ApiError::TooSoon(
                MINUTE.saturating_sub(now.duration_since(*began)),
            ));
        }
        *times += 1;
        Ok(())
    }
}

/// Whether a user's budgets may be seen: by themselves, and by who administers where they are.
fn sees(signed: &Signed, user: &User) -> bool {
    let own = signed.user().is_some_and(|me| me.id == user.id);
    let mut roles = signed.people().roles(user.id).iter();
    own || signed.is_platform() || roles.any(|(org, _)| signed.role_in(*org) >= Some(Role::Admin))
}

/// What an organization's keys may use together. For its members.
#[utoipa::path(
    get, path = "/orgs/{org}/limits", tag = "budgets", operation_id = "show_org_limits",
    params(("org" = String, Path)),
    responses((status = 200, body = AllowanceView), (status = 404, body = ErrorBody), Refused),
)]
pub(super) async fn of_org(
    signed: Signed,
    Name(text): Name,
    Query(Nothing {}): Query<Nothing>,
) -> Result<Json<AllowanceView>, ApiError> {
    let org = orgs::find(&signed, &text, Role::Viewer)?;
    Ok(Json(AllowanceView::new(org.limits, &org.budgets)))
}

/// What a user's keys may use together. For themselves, and for who administers where they are.
#[utoipa::path(
    get, path = "/users/{id}/limits", tag = "budgets", operation_id = "show_user_limits",
    params(("id" = String, Path)),
    responses((status = 200, body = AllowanceView), (status = 404, body = ErrorBody), Refused),
)]
pub(super) async fn of_user(
    signed: Signed,
    Id(id): Id<UserId>,
    Query(Nothing {}): Query<Nothing>,
) -> Result<Json<AllowanceView>, ApiError> {
    let user = users::find(&signed, id)?;
    if !sees(&signed, &user) {
        let message =
            "What somebody may use is for them, and for administrators of where they are.";
        return Err(ApiError::Forbidden(message.into()));
    }
    Ok(Json(AllowanceView::new(user.limits, &user.budgets)))
}

/// Sets what an organization's keys may use together, in place of what was set before. Takes an
/// administrator of the organization.
#[utoipa::path(
    put, path = "/orgs/{org}/limits", tag = "budgets", operation_id = "limit_org",
    params(("org" = String, Path)), request_body = AllowanceInput,
    responses((status = 200, body = AllowanceView), (status = 404, body = ErrorBody), Refused),
)]
pub(super) async fn limit_org(
    signed: Signed,
    Name(text): Name,
    Query(Nothing {}): Query<Nothing>,
    Body(input): Body<AllowanceInput>,
) -> Result<Json<AllowanceView>, ApiError> {
    let org = orgs::find(&signed, &text, Role::Admin)?;
    allots(&signed)?;
    let (limits, budgets) = input.read()?;
    let subject = Subject::id(SubjectKind::Org, org.id).called(org.name.as_str());
    let note = signed
        .note(Action::LimitsChange, subject)
        .in_org(Some(org.id));
    let set = |org: &mut Org| {
        org.limits = limits;
        org.budgets.clone_from(&budgets);
    };
    signed.store().noted(note).change_org(org.id, set).await?;
    signed.refresh().await?;
    Ok(Json(AllowanceView::new(limits, &budgets)))
}

/// Sets what a user's keys may use together, in place of what was set before. Takes an administrator of
/// the installation or, for a service, of its organization.
#[utoipa::path(
    put, path = "/users/{id}/limits", tag = "budgets", operation_id = "limit_user",
    params(("id" = String, Path)), request_body = AllowanceInput,
    responses((status = 200, body = AllowanceView), (status = 404, body = ErrorBody), Refused),
)]
pub(super) async fn limit_user(
    signed: Signed,
    Id(id): Id<UserId>,
    Query(Nothing {}): Query<Nothing>,
    Body(input): Body<AllowanceInput>,
) -> Result<Json<AllowanceView>, ApiError> {
    let user = users::find(&signed, id)?;
    users::manages(&signed, &user)?;
    allots(&signed)?;
    let (limits, budgets) = input.read()?;
    let notes = users::notes(&signed, Action::LimitsChange, &user);
    let set = |user: &mut User| {
        user.limits = limits;
        user.budgets.clone_from(&budgets);
    };
    signed.store().noted_all(notes).change_user(id, set).await?;
    signed.refresh().await?;
    Ok(Json(AllowanceView::new(limits, &budgets)))
}

/// Where the platform's money is lent within a budget, whoever borrows does not set it.
fn allots(signed: &Signed) -> Result<(), ApiError> {
    if signed.bootstrap().platform {
        signed.platform()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_caller_asks_so_often_in_a_minute_and_no_more() {
        let views = Views::default();
        let start = clock::monotonic();
        let [one, other] = [1, 2].map(|n| Some(UserId(uuid::Uuid::from_u128(n))));
        for _ in 0..MOST_IN_A_MINUTE {
            assert!(views.take(one, start).is_ok());
        }
        let refused = views.take(one, start + Duration::from_secs(20));
        assert!(
            matches!(refused, Err(ApiError::TooSoon(pause)) if pause == Duration::from_secs(40))
        );
        assert!(views.take(other, start).is_ok());
        assert!(views.take(None, start).is_ok());
        assert!(views.take(one, start + MINUTE).is_ok());
    }
}
