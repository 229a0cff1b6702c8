//! Organizations, people, and what each may do where.

use serde::{Deserialize, Serialize};

use crate::id::{OrgId, UserId};
use crate::limits::{Budget, Limits};
use crate::time::Timestamp;

/// A tenant. Nothing that belongs to one can be seen from another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Org {
    /// Its id.
    pub id: OrgId,
    /// Its name, unique: 1 to 64 of `a-z`, `0-9`, `-`, `_`.
    pub name: String,
    /// What its keys may use together.
    #[serde(default)]
    pub limits: Limits,
    /// What its keys may spend together.
    #[serde(default)]
    pub budgets: Vec<Budget>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Since when nothing of it works any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled_at: Option<Timestamp>,
}

/// What kind of user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UserKind {
    /// Somebody who can sign in.
    Person,
    /// An agent or a program: it owns keys and credentials and never signs in.
    Service,
}

/// A person or a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Their id.
    pub id: UserId,
    /// What they are.
    pub kind: UserKind,
    /// What people call them.
    pub name: String,
    /// Their address, unique, in lower case; services have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Whether they administer the whole installation, like whoever holds the administrator's token.
    #[serde(default)]
    pub admin: bool,
    /// What their keys may use together.
    #[serde(default)]
    pub limits: Limits,
    /// What their keys may spend together.
    #[serde(default)]
    pub budgets: Vec<Budget>,
    /// When they were made.
    pub created_at: Timestamp,
    /// Since when neither they nor anything of theirs works any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled_at: Option<Timestamp>,
}

/// What a member may do in an organization; each role may do all that the one before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// See the organization's record, keys, members and budgets.
    Viewer,
    /// Have keys and credentials of their own.
    Member,
    /// Everybody's keys, the organization's credentials, limits and budgets, and its members below
    /// owners.
    Admin,
    /// Owners too, and the organization itself.
    Owner,
}

impl Role {
    /// Every role, least first.
    pub const ALL: [Self; 4] = [Self::Viewer, Self::Member, Self::Admin, Self::Owner];

    /// As stored and printed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Member => "member",
            Self::Admin => "admin",
            Self::Owner => "owner",
        }
    }

    /// Reads what [`Role::as_str`] printed.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }
}

/// Who is in an organization, and as what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    /// The organization.
    pub org: OrgId,
    /// The member.
    pub user: UserId,
    /// What they may do there.
    pub role: Role,
    /// Since when.
    pub since: Timestamp,
}

/// What somebody who changes who is in an organization is there at that moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Standing {
    /// Whether they administer the whole installation.
    pub admin: bool,
    /// What they are in the organization.
    pub role: Option<Role>,
}

/// Whose rows somebody may see.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Visible {
    /// Everybody's: whoever administers the installation.
    #[default]
    All,
    /// Their own, and those of organizations they are in.
    Of {
        /// Whose own.
        user: UserId,
        /// The organizations.
        orgs: Vec<OrgId>,
    },
}

impl Visible {
    /// Whether something that belongs to `user` or `org` may be seen.
    pub fn sees(&self, owner: Option<UserId>, org: Option<OrgId>) -> bool {
        match self {
            Self::All => true,
            Self::Of { user, orgs } => {
                owner == Some(*user) || org.is_some_and(|org| orgs.contains(&org))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn roles_are_in_order_and_read_back() {
        assert!(Role::ALL.is_sorted());
        for role in Role::ALL {
            assert_eq!(Role::parse(role.as_str()), Some(role));
        }
        assert_eq!(Role::parse("Owner"), None);
    }

    #[test]
    fn what_belongs_to_nobody_is_the_administrators() {
        let [user, other] = [1, 2].map(|n| UserId(Uuid::from_u128(n)));
        let [org, elsewhere] = [3, 4].map(|n| OrgId(Uuid::from_u128(n)));
        let visible = Visible::Of {
            user,
            orgs: vec![org],
        };
        assert!(visible.sees(Some(user), None));
        assert!(visible.sees(Some(other), Some(org)));
        assert!(!visible.sees(Some(other), Some(elsewhere)));
        assert!(!visible.sees(None, None));
        assert!(Visible::All.sees(None, None));
    }
}
