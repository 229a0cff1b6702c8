//! Organizations, people and tokens as requests are judged by.

use std::collections::HashMap;

use tollhouse_domain::id::{OrgId, UserId};
use tollhouse_domain::tenancy::{Membership, Org, Role, User};
use tollhouse_store::ApiToken;

/// Everybody, by what they are looked up by.
#[derive(Default)]
pub(crate) struct People {
    orgs: HashMap<OrgId, Org>,
    users: HashMap<UserId, User>,
    roles: HashMap<UserId, Vec<(OrgId, Role)>>,
    members: HashMap<OrgId, Vec<Membership>>,
    tokens: HashMap<[u8; 32], ApiToken>,
}

impl People {
    pub(crate) fn new(
        orgs: Vec<Org>,
        users: Vec<User>,
        members: Vec<Membership>,
        tokens: Vec<([u8; 32], ApiToken)>,
    ) -> Self {
        let mut roles: HashMap<UserId, Vec<(OrgId, Role)>> = HashMap::new();
        let mut in_org: HashMap<OrgId, Vec<Membership>> = HashMap::new();
        for member in members {
            let of = roles.entry(member.user).or_default();
            of.push((member.org, member.role));
            in_org.entry(member.org).or_default().push(member);
        }
        Self {
            orgs: orgs.into_iter().map(|org| (org.id, org)).collect(),
            users: users.into_iter().map(|user| (user.id, user)).collect(),
            roles,
            members: in_org,
            tokens: tokens.into_iter().collect(),
        }
    }

    pub(crate) fn org(&self, id: OrgId) -> Option<&Org> {
        self.orgs.get(&id)
    }

    pub(crate) fn orgs(&self) -> impl Iterator<Item = &Org> {
        self.orgs.values()
    }

    pub(crate) fn users(&self) -> impl Iterator<Item = &User> {
        self.users.values()
    }

    /// Who is in an organization.
    pub(crate) fn members(&self, org: OrgId) -> &[Membership] {
        self.members.get(&org).map_or(&[], Vec::as_slice)
    }

    /// An organization by its name.
    pub(crate) fn org_named(&self, name: &str) -> Option<&Org> {
        self.orgs.values().find(|org| org.name == name)
    }

    pub(crate) fn user(&self, id: UserId) -> Option<&User> {
        self.users.get(&id)
    }

    /// Whose address this is, in lower case.
    pub(crate) fn user_at(&self, email: &str) -> Option<&User> {
        self.users
            .values()
            .find(|user| user.email.as_deref() == Some(email))
    }

    /// The organizations that somebody is in, and as what.
    pub(crate) fn roles(&self, user: UserId) -> &[(OrgId, Role)] {
        self.roles.get(&user).map_or(&[], Vec::as_slice)
    }

    /// What somebody is in an organization.
    pub(crate) fn role(&self, user: UserId, org: OrgId) -> Option<Role> {
        let found = self.roles(user).iter().find(|(of, _)| *of == org);
        found.map(|(_, role)| *role)
    }

    /// Whether what belongs to `owner` and `org` works: both are there and switched on, and who owns
    /// something in an organization is still a member of it.
    pub(crate) fn works(&self, owner: Option<UserId>, org: Option<OrgId>) -> bool {
        let user =
            owner.is_none_or(|id| self.user(id).is_some_and(|user| user.disabled_at.is_none()));
        let tenant = org.is_none_or(|id| self.org(id).is_some_and(|org| org.disabled_at.is_none()));
        let inside = match (owner, org) {
            (Some(owner), Some(org)) => self.role(owner, org) >= Some(Role::Member),
            (Some(_) | None, None) | (None, Some(_)) => true,
        };
        user && tenant && inside
    }

    pub(crate) fn token(&self, digest: &[u8; 32]) -> Option<&ApiToken> {
        self.tokens.get(digest)
    }
}
