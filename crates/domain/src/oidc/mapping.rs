//! What groups at the identity provider are worth here.

use std::collections::BTreeMap;

use crate::id::OrgId;
use crate::tenancy::Role;

/// What being in a group gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Grant {
    /// A role in an organization, named as an operator names it.
    Member {
        /// The organization's name.
        org: String,
        /// What they are there.
        role: Role,
    },
    /// Administering the whole installation.
    Admin,
}

/// One line of the mapping table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// The group, exactly as the provider calls it.
    pub group: String,
    /// What it gives.
    pub grant: Grant,
}

/// What somebody's groups give together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Granted {
    /// The highest role in each organization, by its name.
    pub orgs: BTreeMap<String, Role>,
    /// Whether they administer the whole installation.
    pub admin: bool,
}

/// What `groups` give by `rules`: of several roles in one organization the highest.
pub fn granted(rules: &[Rule], groups: &[String]) -> Granted {
    let mut granted = Granted::default();
    for rule in rules.iter().filter(|rule| groups.contains(&rule.group)) {
        match &rule.grant {
            Grant::Admin => granted.admin = true,
            Grant::Member { org, role } => {
                let held = granted.orgs.entry(org.clone()).or_insert(*role);
                *held = (*held).max(*role);
            }
        }
    }
    granted
}

/// Who gave something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Given {
    /// Single sign-on, which may take it away again.
    BySignOn,
    /// Somebody, by hand: single sign-on leaves it alone.
    ByHand,
}

/// A membership that somebody has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// Where.
    pub org: OrgId,
    /// As what.
    pub role: Role,
    /// Who gave it.
    pub given: Given,
}

/// What a sign-in changes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// Memberships to be given or changed.
    pub put: Vec<(OrgId, Role)>,
    /// Memberships to be taken away.
    pub remove: Vec<OrgId>,
}

impl Plan {
    /// Whether everything stays as it is.
    pub fn is_empty(&self) -> bool {
        self.put.is_empty() && self.remove.is_empty()
    }
}

/// From what somebody has to what their groups give, by the least change.
pub fn plan(wanted: &BTreeMap<OrgId, Role>, held: &[Held]) -> Plan {
    let has = |org: OrgId| held.iter().find(|held| held.org == org);
    let put = wanted
        .iter()
        .filter(|(org, role)| match has(**org) {
            None => true,
            Some(held) => held.given == Given::BySignOn && held.role != **role,
        })
        .map(|(org, role)| (*org, *role));
    let gone = held
        .iter()
        .filter(|held| held.given == Given::BySignOn && !wanted.contains_key(&held.org));
    Plan {
        put: put.collect(),
        remove: gone.map(|held| held.org).collect(),
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn org(n: u128) -> OrgId {
        OrgId(Uuid::from_u128(n))
    }

    #[test]
    fn groups_give_the_highest_of_their_roles() {
        let member = |group: &str, org: &str, role| Rule {
            group: group.to_owned(),
            grant: Grant::Member {
                org: org.to_owned(),
                role,
            },
        };
        let rules = [
            member("tower", "acme", Role::Owner),
            member("gate", "acme", Role::Viewer),
            member("gate", "lab", Role::Member),
            Rule {
                group: "root".to_owned(),
                grant: Grant::Admin,
            },
        ];
        for (groups, orgs, admin) in [
            (&[][..], &[][..], false),
            (&["Tower", "tow"], &[], false),
            (
                &["gate"],
                &[("acme", Role::Viewer), ("lab", Role::Member)],
                false,
            ),
            (&["tower"], &[("acme", Role::Owner)], false),
            (
                &["tower", "gate"],
                &[("acme", Role::Owner), ("lab", Role::Member)],
                false,
            ),
            (
                &["gate", "tower"],
                &[("acme", Role::Owner), ("lab", Role::Member)],
                false,
            ),
            (&["root"], &[], true),
        ] {
            let groups: Vec<String> = groups.iter().map(|&group| group.to_owned()).collect();
            let orgs = orgs.iter().map(|&(org, role)| (org.to_owned(), role));
            let expected = Granted {
                orgs: orgs.collect(),
                admin,
            };
            assert_eq!(granted(&rules, &groups), expected, "{groups:?}");
        }
    }

    #[test]
    fn changes_only_what_sign_on_gave() {
        use Given::{ByHand, BySignOn};
        use Role::{Admin, Member, Owner};
        for (wanted, held, put, remove) in [
            (&[][..], &[][..], &[][..], &[][..]),
            (&[(1, Member)], &[], &[(1, Member)], &[]),
            (&[(1, Member)], &[(1, Member, BySignOn)], &[], &[]),
            (&[(1, Admin)], &[(1, Member, BySignOn)], &[(1, Admin)], &[]),
            (&[(1, Member)], &[(1, Admin, BySignOn)], &[(1, Member)], &[]),
            (&[], &[(1, Owner, BySignOn)], &[], &[1]),
            (&[], &[(1, Owner, ByHand)], &[], &[]),
            (&[(1, Owner)], &[(1, Member, ByHand)], &[], &[]),
            (
                &[(2, Member)],
                &[(1, Member, BySignOn), (3, Member, ByHand)],
                &[(2, Member)],
                &[1],
            ),
        ] {
            let wanted = wanted.iter().map(|(n, role)| (org(*n), *role)).collect();
            let held: Vec<Held> = held
                .iter()
                .map(|&(n, role, given)| Held {
                    org: org(n),
                    role,
                    given,
                })
                .collect();
            let expected = Plan {
                put: put.iter().map(|(n, role)| (org(*n), *role)).collect(),
                remove: remove.iter().map(|n| org(*n)).collect(),
            };
            let made = plan(&wanted, &held);
            assert_eq!(made, expected, "{wanted:?} {held:?}");
            assert_eq!(made.is_empty(), put.is_empty() && remove.is_empty());
        }
    }
}
