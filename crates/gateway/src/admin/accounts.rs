//! Accounts: signed in with, brought, shown, paused and removed. Nothing shows their tokens.
//!
//! An account is a credential of another kind, and is gone near by the same people. What is not seen here
//! are those of an organization by its members: they say whom a subscription was sold to.

pub(super) mod import;
pub(super) mod one;
pub(super) mod sign_in;
mod view;

use axum::Json;
use tollhouse_domain::account::authority::Authority;
use tollhouse_domain::credential::Owner;
use tollhouse_domain::provider::{Provider, valid_name};
use tollhouse_domain::tenancy::{Role, Visible};
use tollhouse_store::AccountRecord;

pub(super) use self::view::AccountView;
use super::auth::Signed;
use super::error::{ApiError, Refused};
use super::input::Query;
use super::page::{self, List, PageQuery};
use crate::accounts::OFF;
use crate::clock;

/// Every account that one may see: one's own, those of organizations that one administers, and for an
/// administrator of the installation all of them.
#[utoipa::path(
    get, path = "/accounts", tag = "accounts", operation_id = "list_accounts", params(PageQuery),
    responses((status = 200, body = List<AccountView>), Refused),
)]
pub(super) async fn list(
    signed: Signed,
    Query(query): Query<PageQuery>,
) -> Result<Json<List<AccountView>>, ApiError> {
    let found = seen(&signed).await?;
    let part = page::slice(found, &query, |record| {
        record.credential.meta.id.to_string()
    });
    let now = clock::now();
    Ok(Json(
        part.map(|record| AccountView::new(record, &signed, now)),
    ))
}

async fn seen(signed: &Signed) -> Result<Vec<AccountRecord>, ApiError> {
    let store = signed.store();
    let (user, orgs) = match signed.visible() {
        Visible::All => return Ok(store.accounts_of(None).await?),
        Visible::Of { user, orgs } => (user, orgs),
    };
    let mut found = store.accounts_of(Some(Owner::User(user))).await?;
    for org in orgs {
        if signed.role_in(org) >= Some(Role::Admin) {
            found.extend(store.accounts_of(Some(Owner::Org(org))).await?);
        }
    }
    found.sort_unstable_by_key(|record| record.credential.meta.id);
    Ok(found)
}

/// Whose an account is to be: `me`, or an organization by id or name. Only while accounts are used here, and
/// for an organization only where the operator allows it and to who administers it.
fn owner(signed: &Signed, text: Option<&str>) -> Result<Owner, ApiError> {
    let owner = match text.unwrap_or("me") {
        // The administrator's token is nobody's: its accounts are the operator's own.
        "me" => signed
            .user()
            .map_or(Owner::Platform, |user| Owner::User(user.id)),
        org => {
            let org = signed.org(org)?;
            signed.in_org(org, Role::Admin)?;
            Owner::Org(org)
        }
    };
    used(signed, owner)?;
    Ok(owner)
}

/// Refuses where an owner's accounts would not be used.
fn used(signed: &Signed, owner: Owner) -> Result<(), ApiError> {
    let accounts = &signed.0.accounts;
    if !accounts.enabled() {
        return Err(ApiError::Forbidden(OFF.into()));
    }
    match owner {
        Owner::Org(_) if !accounts.of_organizations() => {
            let message = "Organizations have no accounts here: a subscription is its holder's own. The operator \
                 allows it with `[accounts] allow_organization = true` in the configuration file.";
            Err(ApiError::Forbidden(message.into()))
        }
        Owner::Org(_) | Owner::User(_) | Owner::Platform => Ok(()),
    }
}

/// A provider's authority, if both are ready for accounts.
fn authority<'a>(signed: &'a Signed, provider: &Provider) -> Result<&'a Authority, ApiError> {
    let ready = signed.0.accounts.ready(provider);
    ready.map_err(ApiError::Conflict)
}

fn name(text: Option<String>) -> Result<String, ApiError> {
    let name = text.unwrap_or_else(|| "default".to_owned());
    if valid_name(&name) {
        return Ok(name);
    }
    let message = "Expected 1 to 64 of a-z, 0-9, `-` and `_`.";
    Err(ApiError::invalid("name", message))
}
