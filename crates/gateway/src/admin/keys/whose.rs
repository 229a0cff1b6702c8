//! Whose a key may be, and what whoever makes or changes it may give it.

use tollhouse_domain::id::{OrgId, UserId};
use tollhouse_domain::key::VirtualKey;
use tollhouse_domain::tenancy::{Role, UserKind};

use super::input::KeyChange;
use crate::admin::auth::Signed;
use crate::admin::error::ApiError;
use crate::admin::input::Change;

/// Who a key belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Whose {
    pub(crate) owner: Option<UserId>,
    pub(crate) org: Option<OrgId>,
}

/// Whose a new key is. Who says nothing makes one of their own; nobody's own is what administrators of
/// the installation make.
pub(crate) fn new(
    signed: &Signed,
    owner: Option<&str>,
    org: Option<&str>,
) -> Result<Whose, ApiError> {
    let org = org.map(|text| signed.org(text)).transpose()?;
    let owner = match owner {
        Some(text) => Some(user(signed, text)?),
        None if signed.is_platform() => None,
        None => Some(signed.me()?.id),
    };
    let whose = Whose { owner, org };
    check(signed, whose)?;
    Ok(whose)
}

/// Gives the key to who the change says, if anybody.
pub(crate) fn changed(
    signed: &Signed,
    key: &mut VirtualKey,
    change: &KeyChange,
) -> Result<(), ApiError> {
    let owner = match &change.owner {
        Change::Keep => key.owner,
        Change::Clear => None,
        Change::Set(text) => Some(user(signed, text)?),
    };
    let org = match &change.org {
        Change::Keep => key.org,
        Change::Clear => None,
        Change::Set(text) => Some(signed.org(text)?),
    };
    let (before, after) = (
        Whose {
            owner: key.owner,
            org: key.org,
        },
        Whose { owner, org },
    );
    if before != after {
        check(signed, after)?;
        (key.owner, key.org) = (owner, org);
    }
    Ok(())
}

/// Whether the caller may make keys of this owner in this organization.
fn check(signed: &Signed, whose: Whose) -> Result<(), ApiError> {
    let people = &signed.snapshot().people;
    let own = whose.owner.is_some() && whose.owner == signed.user().map(|user| user.id);
    match whose.org {
        Some(org) => signed.in_org(org, if own { Role::Member } else { Role::Admin })?,
        None if own || signed.is_platform() => {}
        None => {
            let message = "Only an administrator of this installation may make keys that are not \
                 their own and in no organization.";
            return Err(ApiError::Forbidden(message.into()));
        }
    }
    if let (Some(owner), Some(org)) = (whose.owner, whose.org)
        && people.role(owner, org) < Some(Role::Member)
    {
        let message = "Expected somebody who is at least a member of the organization.";
        return Err(ApiError::invalid("owner", message));
    }
    Ok(())
}

/// The user that a field names. Others than administrators cannot ask who there is.
fn user(signed: &Signed, text: &str) -> Result<UserId, ApiError> {
    if text == "me" {
        return signed.me().map(|user| user.id);
    }
    let wrong = || ApiError::invalid("owner", "Expected the id of a user here, or `me`.");
    let id: UserId = text.parse().map_err(|_| wrong())?;
    let people = &signed.snapshot().people;
    let shared = |org: &OrgId| people.role(id, *org).is_some();
    let theirs = signed.user().is_some_and(|user| {
        user.id == id || people.roles(user.id).iter().any(|(org, _)| shared(org))
    });
    let known = people.user(id).is_some() && (signed.is_platform() || theirs);
    known.then_some(id).ok_or_else(wrong)
}

/// A person's own credentials are drawn on by keys that they alone have the secret of.
pub(crate) fn own_credentials(signed: &Signed, key: &VirtualKey) -> Result<(), ApiError> {
    let people = &signed.snapshot().people;
    let person = |id: &UserId| {
        let user = people.user(*id);
        user.is_some_and(|user| user.kind == UserKind::Person)
    };
    let me = signed.user().map(|user| user.id);
    let others = key.owner.filter(|owner| Some(*owner) != me);
    if !key.credentials.user || signed.is_platform() || !others.is_some_and(|id| person(&id)) {
        return Ok(());
    }
    let message = "This key draws on the credentials of a person, so only they may have its secret: \
         let them make it, or give it `\"credentials\": {\"user\": false}`.";
    Err(ApiError::Forbidden(message.into()))
}

/// The platform's money is given away by whoever administers the installation, and whoever else
/// manages a key that may spend it cannot widen what it may do.
pub(crate) fn check_grant(
    signed: &Signed,
    before: Option<&VirtualKey>,
    after: &VirtualKey,
) -> Result<(), ApiError> {
    if signed.is_platform() {
        return Ok(());
    }
    // Who changes something else about such a key does not get its secret.
    let newly = |before: &VirtualKey| !before.credentials.user || before.owner != after.owner;
    if before.is_none_or(newly) {
        own_credentials(signed, after)?;
    }
    if !after.credentials.platform {
        return Ok(());
    }
    let bounds = |key: &VirtualKey| {
        let key = key.clone();
        (
            (key.owner, key.org, key.expires_at),
            (key.models, key.providers, key.routes),
            (key.limits, key.budgets, key.credentials),
        )
    };
    if before.is_some_and(|before| bounds(before) == bounds(after)) {
        return Ok(());
    }
    let message = "Only an administrator of this installation may let a key use the platform's \
         credentials, or change what such a key may use.";
    Err(ApiError::Forbidden(message.into()))
}

/// What is kept of a key's calls is said by whoever answers for it: the owner of a key that is in no
/// organization and nobody else, administrators of the organization of one that is. A key that moves takes
/// what was said of it along only where the caller could have said it too.
pub(crate) fn check_capture(
    signed: &Signed,
    before: Option<&VirtualKey>,
    after: &VirtualKey,
) -> Result<(), ApiError> {
    let said = match before {
        None => after.capture.is_some(),
        Some(before) => {
            let moved = (before.owner, before.org) != (after.owner, after.org);
            before.capture != after.capture || moved && after.capture.is_some()
        }
    };
    let own = after.owner.is_some() && after.owner == signed.user().map(|user| user.id);
    let may = match (after.org, after.owner) {
        (Some(org), _) => signed.role_in(org) >= Some(Role::Admin),
        (None, Some(_)) => own,
        (None, None) => signed.is_platform(),
    };
    if may || !said {
        return Ok(());
    }
    let message = "What is kept of a key's calls is said by its owner, or in an organization by its \
         administrators.";
    Err(ApiError::Forbidden(message.into()))
}
