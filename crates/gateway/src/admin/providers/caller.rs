//! What a provider is to whoever asks: whose credentials calls of theirs could draw on, and how those are.

use tollhouse_domain::bridge::Holder;
use tollhouse_domain::credential::Owner;
use tollhouse_domain::id::{OrgId, UserId};
use tollhouse_domain::pool::{Outlook, Useless};
use tollhouse_domain::provider::{AuthScheme, Provider};
use tollhouse_domain::time::Timestamp;

use crate::admin::auth::Signed;
use crate::admin::error::ApiError;
use crate::pools::Pools;
use crate::snapshot::Snapshot;

/// Whoever asks, and where.
pub(super) struct Caller {
    /// Whether it is who administers the installation, and may draw on what is the platform's.
    pub(super) platform: bool,
    user: Option<UserId>,
    /// The organizations whose credentials could be drawn on; `None` is a call in none.
    places: Vec<Option<OrgId>>,
}

impl Caller {
    /// Everywhere that they make calls, or in the one organization that `org` names.
    pub(super) fn new(signed: &Signed, org: Option<&str>) -> Result<Self, ApiError> {
        let user = signed.user().map(|user| user.id);
        let places = match org {
            Some(org) => vec![Some(signed.org(org)?)],
            None => {
                let roles = user.map_or(&[][..], |user| signed.people().roles(user));
                let orgs = roles.iter().map(|(org, _)| Some(*org));
                [None].into_iter().chain(orgs).collect()
            }
        };
        Ok(Self {
            platform: signed.is_platform(),
            user,
            places,
        })
    }

    /// Whether a provider is there for them at all: somebody else's login is not.
    pub(super) fn knows(&self, provider: &Provider) -> bool {
        match provider.bridge {
            _ if self.platform => true,
            Some(Holder::User(holder)) => self.user == Some(holder),
            Some(Holder::Nobody | Holder::Platform) => false,
            None => true,
        }
    }

    /// How the credentials are that their calls would draw on.
    pub(super) fn outlook(
        &self,
        provider: &Provider,
        snapshot: &Snapshot,
        pools: &Pools,
        now: Timestamp,
    ) -> Outlook {
        if let Some(holder) = provider.bridge {
            return of_bridge(holder, provider, snapshot, pools, now);
        }
        if provider.anonymous().next().is_some() {
            return Outlook::Useless(Useless::NotSetUp);
        }
        let open = provider.is_open();
        if provider.auth == Some(AuthScheme::None) {
            let usable = open || self.platform;
            return if usable {
                Outlook::Usable
            } else {
                Outlook::Absent
            };
        }
        let each = self.places.iter().map(|place| {
            let found = self.search(*place, &provider.name, snapshot, pools, now);
            match found {
                None if open => Outlook::Usable,
                None => Outlook::Absent,
                Some(found) => found,
            }
        });
        each.fold(Outlook::Absent, Outlook::or)
    }

    /// As a call searches: the first owner who has any is the last one asked.
    fn search(
        &self,
        place: Option<OrgId>,
        provider: &str,
        snapshot: &Snapshot,
        pools: &Pools,
        now: Timestamp,
    ) -> Option<Outlook> {
        let credentials = snapshot.credentials();
        let owners = [
            self.user.map(Owner::User),
            place.map(Owner::Org),
            self.platform.then_some(Owner::Platform),
        ];
        let nobodys = self.user.is_none() && place.is_none();
        owners.into_iter().flatten().find_map(|owner| {
            // The operator's own logins serve keys that are nobody else's.
            let own =
                (nobodys && owner == Owner::Platform).then(|| credentials.operators(provider));
            let pool = own.flatten().or_else(|| credentials.pool(owner, provider));
            pool.map(|pool| pools.outlook(pool, now))
        })
    }
}

/// A bridge has one secret, of whoever it belongs to, and needs it where it wants any.
fn of_bridge(
    holder: Holder,
    provider: &Provider,
    snapshot: &Snapshot,
    pools: &Pools,
    now: Timestamp,
) -> Outlook {
    if provider.auth == Some(AuthScheme::None) {
        return Outlook::Usable;
    }
    let credentials = snapshot.credentials();
    let pool = holder
        .owner()
        .and_then(|owner| credentials.pool(owner, &provider.name));
    pool.map_or(Outlook::Absent, |pool| pools.outlook(pool, now))
}
