//! On which terms somebody comes in, by what the operator has said.

use super::{Claims, Grant, Granted, Rule, Unwelcome, granted};

/// What the operator has said about whoever comes from the provider.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Policy {
    /// What being in a group gives.
    pub mapping: Vec<Rule>,
    /// Whose people are meant, in lower case; everybody's where there are none.
    pub domains: Vec<String>,
    /// Whether somebody who has no account gets one.
    pub new_accounts: bool,
}

/// What that makes of one of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// What their groups give.
    pub granted: Granted,
    /// Why they do not come in, whoever they are here.
    pub entry: Result<(), Unwelcome>,
    /// Why they do not come in if nobody knows them here.
    pub newcomer: Result<(), Unwelcome>,
}

impl Policy {
    /// Whether groups lead to an organization of this name.
    pub fn names(&self, name: &str) -> bool {
        self.mapping.iter().any(|rule| match &rule.grant {
            Grant::Member { org, .. } => org == name,
            Grant::Admin => false,
        })
    }

    /// On which terms whoever these claims are about comes in.
    pub fn terms(&self, claims: &Claims) -> Terms {
        let granted = granted(&self.mapping, claims.groups.as_deref().unwrap_or_default());
        // Where groups mean something, somebody new has to be in one that does.
        let place = self.mapping.is_empty() || granted.admin || !granted.orgs.is_empty();
        let newcomer = match (self.new_accounts, place) {
            (false, _) => Err(Unwelcome::NoAccount),
            (true, false) => Err(Unwelcome::NoPlace),
            (true, true) => Ok(()),
        };
        let entry = if !self.means(claims) {
            Err(Unwelcome::Domain)
        } else if claims.groups.is_none() && !self.mapping.is_empty() {
            // That somebody is in no group takes things away; that nothing is said does not.
            Err(Unwelcome::GroupsUnsaid)
        } else {
            Ok(())
        };
        Terms {
            granted,
            entry,
            newcomer,
        }
    }

    /// Whether somebody is of a domain that is meant: by an address that is known to be theirs, or by
    /// the provider's own word for whose account it is (`hd`).
    fn means(&self, claims: &Claims) -> bool {
        let email = claims.email.as_deref().filter(|_| claims.email_verified);
        let host = email.and_then(|email| Some(email.trim().rsplit_once('@')?.1));
        let of = [host, claims.hosted.as_deref()];
        let meant = |of: &str| self.domains.iter().any(|one| one.eq_ignore_ascii_case(of));
        self.domains.is_empty() || of.into_iter().flatten().any(meant)
    }
}

#[cfg(test)]
mod tests;
