//! Who could pay, as far as is known before there is a call.

use tollhouse_domain::credential::{CredentialSource, Owner};
use tollhouse_domain::id::{OrgId, UserId};
use tollhouse_domain::provider::AuthScheme;

use crate::snapshot::Snapshot;

/// Whose credentials can be used for a provider, by calls of this user in this organization: the order
/// of the answer is that of the search, which ends at the first owner who has any.
pub(crate) fn sources(
    snapshot: &Snapshot,
    user: Option<UserId>,
    org: Option<OrgId>,
    provider: &str,
) -> Vec<CredentialSource> {
    // A provider that wants no credential is the operator's own machine. Where it is open nobody's is
    // needed; else it is lent like one.
    let operators = snapshot
        .providers()
        .get(provider)
        .is_some_and(|row| row.auth == Some(AuthScheme::None));
    if operators {
        return vec![CredentialSource::Platform];
    }
    let owners = [
        user.map(Owner::User),
        org.map(Owner::Org),
        Some(Owner::Platform),
    ];
    let mut found = Vec::new();
    let nobodys = user.is_none() && org.is_none();
    for owner in owners.into_iter().flatten() {
        let own = snapshot.credentials().operators(provider);
        let own = own.filter(|_| nobodys && owner == Owner::Platform);
        match own.or_else(|| snapshot.credentials().pool(owner, provider)) {
            Some(pool) if pool.members.is_empty() => break,
            Some(_) => found.push(owner.source()),
            None => {}
        }
    }
    found
}
