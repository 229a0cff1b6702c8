//! What the trail says of calls that drew on credentials which are not their caller's own.
//!
//! Each call has its own row in the ledger, with its credential and the address it came from. The trail
//! does not repeat them; it says which they were, in a way that shows if one is taken out or put in.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Place;
use std::net::IpAddr;

use super::chain::digest_ids;
use super::{Action, Actor, Note, Subject, SubjectKind};
use crate::call::Call;
use crate::credential::{CredentialKind, CredentialSource};
use crate::id::{CredentialId, KeyId};

/// What a vendor answers to a credential that is none of its.
const REFUSED: u16 = 401;

/// Whether the trail has to tell of it when this source's credential is used: it is somebody else's
/// money.
const fn is_told(source: CredentialSource) -> bool {
    match source {
        CredentialSource::Platform => true,
        CredentialSource::Client | CredentialSource::User | CredentialSource::Org => false,
    }
}

/// Whether a call drew on a credential that may be a subscription, which only its id can tell.
pub fn may_be_by_plan(call: &Call) -> bool {
    let source = call.credential_source;
    matches!(source, Some(CredentialSource::User | CredentialSource::Org))
}

/// What a call drew on, as far as the trail tells of it.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Drawn<'a> {
    /// A credential that is kept here.
    Kept(CredentialId),
    /// A sign-in that the client brought, by its fingerprint.
    Own(&'a str),
}

impl<'a> Drawn<'a> {
    fn of(call: &'a Call, plans: &[CredentialId]) -> Option<Self> {
        if let Some(id) = call.credential_id {
            let told = call.credential_source.is_some_and(is_told) || plans.contains(&id);
            return told.then_some(Self::Kept(id));
        }
        // Whoever makes sign-ins up has one for every call; what its vendor refuses was not used.
        let own = call.credential_source == Some(CredentialSource::Client)
            && call.status != Some(REFUSED);
        let login = call.credential_kind == Some(CredentialKind::OauthAccount);
        let fingerprint = call.credential_fingerprint.as_deref();
        fingerprint.filter(|_| own && login).map(Self::Own)
    }
}

/// Calls of one key with one credential.
struct Use<'a> {
    last: &'a Call,
    first: &'a Call,
    ids: Vec<uuid::Uuid>,
    /// Where they came from; `None` once there was more than one place, or an unknown one.
    from: Option<IpAddr>,
}

/// One note for each credential and key among `calls`, which are in the order of their ids. Of what is
/// not the platform's the trail tells where it is one of `plans` or a sign-in that the client brought: a
/// login, whose vendor has terms.
pub fn uses<'a>(calls: impl IntoIterator<Item = &'a Call>, plans: &[CredentialId]) -> Vec<Note> {
    let mut uses: BTreeMap<(Drawn<'a>, KeyId), Use<'a>> = BTreeMap::new();
    for call in calls {
        let Some(drawn) = Drawn::of(call, plans) else {
            continue;
        };
        match uses.entry((drawn, call.key)) {
            Place::Vacant(place) => {
                place.insert(Use {
                    last: call,
                    first: call,
                    ids: vec![call.id.0],
                    from: call.from,
                });
            }
            Place::Occupied(mut place) => {
                let found = place.get_mut();
                found.last = call;
                found.ids.push(call.id.0);
                found.from = found.from.filter(|from| call.from == Some(*from));
            }
        }
    }
    let note = |((drawn, key), used)| note(&drawn, key, used);
    uses.into_iter().map(note).collect()
}

fn note(drawn: &Drawn<'_>, key: KeyId, used: Use<'_>) -> Note {
    let subject = match drawn {
        Drawn::Kept(id) => Subject::id(SubjectKind::Credential, id),
        Drawn::Own(_) => Subject::of(SubjectKind::Credential),
    };
    let last = used.last;
    let mut note = Note::new(last.at, Actor::key(key), Action::CredentialUse, subject)
        .in_org(last.org)
        .with("calls", used.ids.len() as u64)
        .with("first", used.first.id.to_string())
        .with("last", last.id.to_string())
        .with("digest", digest_ids(used.ids).to_string());
    if let Some(provider) = &last.provider {
        note = note.with("provider", provider.as_str());
    }
    if let Drawn::Own(fingerprint) = drawn {
        let owner = CredentialSource::Client.as_str();
        note = note.with("owner", owner).with("fingerprint", *fingerprint);
    }
    if let Some(user) = last.user {
        note = note.with("user", user.to_string());
    }
    note.from = used.from;
    note
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::audit::Value;
    use crate::id::{CallId, SessionId};
    use crate::time::Timestamp;

    fn call(n: u128, key: u128, credential: Option<u128>, source: CredentialSource) -> Call {
        let id = CallId(Uuid::from_u128(n));
        let at = Timestamp::from_secs(i64::try_from(n).unwrap());
        Call {
            credential_id: credential.map(|id| CredentialId(Uuid::from_u128(id))),
            credential_source: Some(source),
            provider: Some("lab".to_owned()),
            from: Some(IpAddr::from([10, 0, 0, 1])),
            ..Call::opened(id, at, KeyId(Uuid::from_u128(key)), SessionId(Uuid::nil()))
        }
    }

    #[test]
    fn what_is_not_the_platforms_is_not_told() {
        let platform = CredentialSource::Platform;
        let calls = [
            call(1, 1, Some(1), CredentialSource::User),
            call(2, 1, Some(1), CredentialSource::Org),
            call(3, 1, None, CredentialSource::Client),
            call(4, 1, None, platform),
        ];
        assert_eq!(uses(&calls, &[]), []);
        assert_eq!(uses(&[call(5, 1, Some(1), platform)], &[]).len(), 1);
        // A login is told of, whoever it belongs to.
        let plan = CredentialId(Uuid::from_u128(1));
        assert_eq!(uses(&calls, &[plan]).len(), 1);
        assert_eq!(calls.iter().filter(|call| may_be_by_plan(call)).count(), 2);
    }

    /// A subscription is one, whoever holds it; what a client pays by the call is its own affair.
    #[test]
    fn a_sign_in_that_a_client_brought_is_told_of_by_its_fingerprint() {
        let own = |n, key, kind, fingerprint: &str| Call {
            credential_kind: Some(kind),
            credential_fingerprint: Some(fingerprint.to_owned()),
            ..call(n, key, None, CredentialSource::Client)
        };
        let login = CredentialKind::OauthAccount;
        let calls = [
            own(1, 1, login, "aa"),
            own(2, 1, login, "bb"),
            own(3, 2, login, "aa"),
            own(4, 1, login, "aa"),
            own(5, 1, CredentialKind::ApiKey, "cc"),
            // Made up, as its vendor said.
            Call {
                status: Some(401),
                ..own(6, 1, login, "dd")
            },
        ];
        let notes = uses(&calls, &[]);
        let of = |note: &Note| {
            let (calls, fingerprint) = (&note.detail["calls"], &note.detail["fingerprint"]);
            assert_eq!(note.subject, Subject::of(SubjectKind::Credential));
            assert_eq!(note.detail["owner"], Value::Text("client".to_owned()));
            (calls.clone(), fingerprint.clone())
        };
        let found: Vec<_> = notes.iter().map(of).collect();
        let text = |text: &str| Value::Text(text.to_owned());
        let expected = [
            (Value::Number(2), text("aa")),
            (Value::Number(1), text("aa")),
            (Value::Number(1), text("bb")),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn there_is_one_note_for_each_key_and_credential() {
        let platform = CredentialSource::Platform;
        let mut calls = vec![
            call(1, 1, Some(1), platform),
            call(2, 2, Some(1), platform),
            call(3, 1, Some(2), platform),
            call(4, 1, Some(1), platform),
        ];
        let notes = uses(&calls, &[]);
        assert_eq!(notes.len(), 3);
        let of = |note: &Note| {
            let Value::Number(calls) = note.detail["calls"] else {
                panic!("calls are counted")
            };
            (
                note.subject.id.clone(),
                note.actor.id.clone(),
                calls,
                note.at.as_secs(),
            )
        };
        let id = |prefix: &str, n: u128| Some(format!("{prefix}_{n:032x}"));
        assert_eq!(of(&notes[0]), (id("cred", 1), id("key", 1), 2, 4));
        assert_eq!(of(&notes[1]), (id("cred", 1), id("key", 2), 1, 2));
        assert_eq!(of(&notes[2]), (id("cred", 2), id("key", 1), 1, 3));
        assert_eq!(notes[0].from, Some(IpAddr::from([10, 0, 0, 1])));
        assert_eq!(
            notes[0].detail["first"],
            Value::Text(calls[0].id.to_string())
        );
        assert_eq!(
            notes[0].detail["last"],
            Value::Text(calls[3].id.to_string())
        );

        // Another call in the place of one of them is another note; so is another address.
        calls[3].id = CallId(Uuid::from_u128(5));
        let other = uses(&calls, &[]);
        assert_ne!(other[0].detail["digest"], notes[0].detail["digest"]);
        calls[3].from = Some(IpAddr::from([10, 0, 0, 2]));
        assert_eq!(uses(&calls, &[])[0].from, None);
    }
}
