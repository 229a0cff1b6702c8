//! Who asks, and what they may do: the administrator by token, everybody else by a token of their own.

mod present;

use std::net::IpAddr;
use std::ops::Deref;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{Extensions, Method};
use tollhouse_domain::audit::{self, Action, Note, Subject};
use tollhouse_domain::id::{OrgId, TokenId, UserId};
use tollhouse_domain::tenancy::{Role, Standing, User, Visible};
use tollhouse_domain::time::Timestamp;
use tollhouse_store::{TokenScope, WebSession};

use self::present::{acting, token_holder};
pub(super) use self::present::{guard, visitor, with_session};
use super::Control;
use super::error::ApiError;
use crate::client::Client;
use crate::clock;
use crate::snapshot::{People, Snapshot};
use crate::state::Gateway;

/// Somebody who may use the control plane.
#[derive(Clone)]
pub(super) enum Actor {
    /// Whoever holds the administrator's token.
    Operator,
    /// A user, with a token of theirs.
    User {
        /// Who.
        user: User,
        /// Where they are, and as what.
        roles: Vec<(OrgId, Role)>,
        /// What their token lets them do of it.
        scope: TokenScope,
    },
}

/// Anybody signed in, and with that the gateway: handlers have no other way to it, so that none can
/// act without having asked who is there.
#[derive(Clone)]
pub(super) struct Signed {
    control: Control,
    actor: Actor,
    /// What the request was judged by.
    snapshot: Arc<Snapshot>,
    /// Where it came from.
    from: Option<IpAddr>,
    /// By what, if it is a browser's session.
    session: Option<WebSession>,
    /// By what, if it is a token: its digest, and when it ends.
    token: Option<([u8; 32], Option<Timestamp>)>,
}

/// Where a request came from, for those that nobody is signed in for.
#[derive(Clone, Copy)]
pub(super) struct From(pub(super) Option<IpAddr>);

impl From {
    fn of(extensions: &Extensions) -> Self {
        Self(extensions.get().map(|Client(from)| *from))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for From {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Ok(Self::of(&parts.extensions))
    }
}

impl Signed {
    pub(super) fn control(&self) -> &Control {
        &self.control
    }

    /// The session that the request came with, if it is no token.
    pub(super) fn session(&self) -> Option<WebSession> {
        self.session
    }

    /// The personal token that the request came with.
    pub(super) fn own_token(&self) -> Option<TokenId> {
        let (digest, _) = self.token.as_ref()?;
        self.snapshot.people.token(digest).map(|token| token.id)
    }

    /// What they may do of what their user may.
    pub(super) fn scope(&self) -> TokenScope {
        match &self.actor {
            Actor::Operator => TokenScope::Admin,
            Actor::User { scope, .. } => *scope,
        }
    }

    /// What a change of theirs leaves in the audit trail. Without one the store takes none:
    /// `signed.store().noted(signed.note(…))`.
    pub(super) fn note(&self, action: Action, subject: Subject) -> Note {
        let actor = match &self.actor {
            Actor::Operator => audit::Actor::OPERATOR,
            Actor::User { user, .. } => audit::Actor::user(user.id, user.name.as_str()),
        };
        let mut note = Note::new(clock::now(), actor, action, subject);
        note.from = self.from;
        note
    }

    /// The user, if it is one.
    pub(super) fn user(&self) -> Option<&User> {
        match &self.actor {
            Actor::Operator => None,
            Actor::User { user, .. } => Some(user),
        }
    }

    /// The user; the administrator's token belongs to nobody.
    pub(super) fn me(&self) -> Result<&User, ApiError> {
        let nobody = "The administrator's token is nobody's: sign in as a user for what is theirs.";
        self.user().ok_or(ApiError::Forbidden(nobody.into()))
    }

    /// Whether they administer the whole installation.
    pub(super) fn is_platform(&self) -> bool {
        match &self.actor {
            Actor::Operator => true,
            Actor::User { user, scope, .. } => user.admin && *scope == TokenScope::Admin,
        }
    }

    /// Only who administers the whole installation may go on.
    pub(super) fn platform(&self) -> Result<(), ApiError> {
        if self.is_platform() {
            return Ok(());
        }
        let message = "Only an administrator of this installation may do this.";
        Err(ApiError::Forbidden(message.into()))
    }

    /// What they are in an organization; administrators of the installation are owners everywhere.
    pub(super) fn role_in(&self, org: OrgId) -> Option<Role> {
        if self.is_platform() {
            return self.snapshot.people.org(org).map(|_| Role::Owner);
        }
        match &self.actor {
            Actor::Operator => None,
            Actor::User { roles, scope, .. } => {
                let found = roles.iter().find(|(of, _)| *of == org);
                found.map(|(_, role)| (*role).min(most(*scope)))
            }
        }
    }

    /// What they are in an organization by what is read of them inside a transaction.
    pub(super) fn role_by(&self, standing: Standing) -> Option<Role> {
        match &self.actor {
            Actor::Operator => Some(Role::Owner),
            Actor::User { scope, .. } if standing.admin && *scope == TokenScope::Admin => {
                Some(Role::Owner)
            }
            Actor::User { scope, .. } => standing.role.map(|role| role.min(most(*scope))),
        }
    }

    /// Only who is at least `role` in the organization may go on. To others than members it is not
    /// there at all.
    pub(super) fn in_org(&self, org: OrgId, role: Role) -> Result<(), ApiError> {
        holds(self.role_in(org), role)
    }
}

/// Whether `theirs` is at least `role`. To others than members an organization is not there at all.
pub(super) fn holds(theirs: Option<Role>, role: Role) -> Result<(), ApiError> {
    match theirs {
        None => Err(ApiError::missing("There is no such organization.")),
        Some(theirs) if theirs >= role => Ok(()),
        Some(_) => Err(ApiError::Forbidden(
            format!(
                "This takes the role `{}` in the organization.",
                role.as_str()
            )
            .into(),
        )),
    }
}

impl Signed {
    /// The organization that a path or a field names, by id or by name; only for who is in it.
    pub(super) fn org(&self, text: &str) -> Result<OrgId, ApiError> {
        let people = &self.snapshot.people;
        let by_id = text.parse().ok().filter(|id| people.org(*id).is_some());
        let found = by_id.or_else(|| people.org_named(text).map(|org| org.id));
        let missing = || ApiError::missing("There is no such organization.");
        let id = found.ok_or_else(missing)?;
        self.role_in(id).map(|_| id).ok_or_else(missing)
    }

    /// The same, by what there is now that they have changed something.
    pub(super) fn again(mut self) -> Self {
        self.snapshot = self.control.gateway.snapshot();
        self
    }

    /// What the request was judged by.
    pub(super) fn people(&self) -> &People {
        &self.snapshot.people
    }

    /// Whose rows they may see.
    pub(super) fn visible(&self) -> Visible {
        match &self.actor {
            _ if self.is_platform() => Visible::All,
            Actor::Operator => Visible::All,
            Actor::User { user, roles, .. } => Visible::Of {
                user: user.id,
                orgs: roles.iter().map(|(org, _)| *org).collect(),
            },
        }
    }

    /// Whose rows they may see by now, for what goes on after it was asked for; `None` once they may
    /// not be here at all.
    pub(super) fn visible_now(&self) -> Option<Visible> {
        let Actor::User { user, scope, .. } = &self.actor else {
            return Some(Visible::All);
        };
        let snapshot = self.control.gateway.snapshot();
        let actor = match &self.token {
            Some((digest, _)) => token_holder(&snapshot, digest, clock::now())?.1,
            None => acting(&snapshot.people, user.id, *scope)?,
        };
        let now = Self {
            actor,
            snapshot,
            ..self.clone()
        };
        Some(now.visible())
    }

    /// Only with a token that may write; `read` tokens look and do nothing else.
    pub(super) fn writes(&self) -> Result<(), ApiError> {
        match &self.actor {
            Actor::User {
                scope: TokenScope::Read,
                ..
            } => Err(ApiError::Forbidden("This token may only read.".into())),
            Actor::Operator | Actor::User { .. } => Ok(()),
        }
    }

    /// When a token ends that is to end at `asked`, if at all: with the one it was made with at the latest.
    pub(super) fn ends(&self, asked: Option<Timestamp>) -> Option<Timestamp> {
        let own = self.token.and_then(|(_, ends)| ends);
        own.map_or(asked, |own| Some(asked.map_or(own, |asked| asked.min(own))))
    }

    /// Nobody hands out a token that may do more than what they are signed in with.
    pub(super) fn hands_out(&self, scope: TokenScope) -> Result<(), ApiError> {
        match &self.actor {
            Actor::User { scope: own, .. } if scope > *own => Err(ApiError::Forbidden(
                "This would be a token that may do more than the one you use.".into(),
            )),
            Actor::Operator | Actor::User { .. } => Ok(()),
        }
    }

    /// Whether what belongs to `owner` or to `org` is theirs to change: their own as a member, any
    /// in the organization as its administrator.
    pub(super) fn may_change(
        &self,
        owner: Option<UserId>,
        org: Option<OrgId>,
    ) -> Result<(), ApiError> {
        if self.is_platform() {
            return Ok(());
        }
        let own = owner.is_some() && owner == self.user().map(|user| user.id);
        match org {
            Some(org) => self.in_org(org, if own { Role::Member } else { Role::Admin }),
            None if own => Ok(()),
            None => Err(ApiError::missing("There is nothing with this id.")),
        }
    }
}

/// The highest role that a token of a scope acts in.
const fn most(scope: TokenScope) -> Role {
    match scope {
        TokenScope::Read => Role::Viewer,
        TokenScope::Write => Role::Member,
        TokenScope::Admin => Role::Owner,
    }
}

impl Deref for Signed {
    type Target = Gateway;

    fn deref(&self) -> &Gateway {
        &self.control.gateway
    }
}

impl FromRequestParts<Control> for Signed {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &Control) -> Result<Self, ApiError> {
        // The guard put it there.
        let signed = parts.extensions.get::<Self>().cloned();
        let signed = signed.ok_or(ApiError::Unauthorized)?;
        if safe(&parts.method) {
            return Ok(signed);
        }
        signed.writes()?;
        Ok(signed)
    }
}

/// Anybody signed in, with any token: for what even one that may only read does, which is to end itself.
pub(super) struct Leaving(pub(super) Signed);

impl FromRequestParts<Control> for Leaving {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &Control) -> Result<Self, ApiError> {
        let signed = parts.extensions.get::<Signed>().cloned();
        signed.map(Self).ok_or(ApiError::Unauthorized)
    }
}

/// Whether a request with this method changes nothing.
fn safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

/// Whoever administers the whole installation.
pub(super) struct Admin(Signed);

impl Deref for Admin {
    type Target = Signed;

    fn deref(&self) -> &Signed {
        &self.0
    }
}

impl FromRequestParts<Control> for Admin {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, control: &Control) -> Result<Self, ApiError> {
        let signed = Signed::from_request_parts(parts, control).await?;
        signed.platform()?;
        Ok(Self(signed))
    }
}
