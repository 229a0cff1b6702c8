//! Who somebody is here, by what an identity provider says of them.

use super::{Claims, Terms};
use crate::id::UserId;
use crate::tenancy::{User, UserKind};

/// The most characters of a name.
const MAX_NAME: usize = 100;

/// What is known here of somebody whom the provider names.
#[derive(Debug, Clone, Copy, Default)]
pub struct Known<'a> {
    /// Who the provider's name for them stands for, from an earlier time.
    pub same: Option<&'a User>,
    /// Whose address theirs is, if the provider knows it to be theirs.
    pub address: Option<&'a User>,
    /// Whether that one goes by another name at this provider already.
    pub tied: bool,
}

/// Who somebody is here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Person {
    /// The one they were the last time.
    Same(UserId),
    /// Somebody with an account, from now on by the provider's name too.
    Tied(UserId),
    /// Somebody new.
    New,
}

/// Why somebody whom the provider vouches for is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unwelcome {
    /// Their account is switched off.
    #[error("the account is switched off")]
    Off,
    /// Their address is that of somebody else at the same provider.
    #[error("the address belongs to somebody else at the same identity provider")]
    Tied,
    /// Their address is that of an administrator of the installation, and none of their groups is.
    #[error(
        "the address belongs to an administrator of the installation, which no group of theirs is"
    )]
    Administrator,
    /// Nobody knows them, and none of their groups has a place here.
    #[error("none of their groups has a place here")]
    NoPlace,
    /// Nobody knows them, and nobody gets an account by coming.
    #[error("nobody new gets an account")]
    NoAccount,
    /// Groups mean something here, and the provider does not say which they are in.
    #[error("the token does not say which groups they are in")]
    GroupsUnsaid,
    /// They are of no domain whose people are meant.
    #[error("they are of no domain in oidc.domains")]
    Domain,
}

impl Unwelcome {
    /// The word for it in the audit trail.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "switched_off",
            Self::Tied => "address_taken",
            Self::Administrator => "administrator",
            Self::NoPlace => "no_group",
            Self::NoAccount => "no_account",
            Self::GroupsUnsaid => "groups_not_said",
            Self::Domain => "other_domain",
        }
    }
}

/// Who somebody is here, on these terms.
///
/// An address alone opens no administrator's account: whoever may set addresses at the provider could
/// otherwise take over the installation. It takes a group that makes administrators, which is what the
/// operator has said about it.
pub fn person(known: Known<'_>, terms: &Terms) -> Result<Person, Unwelcome> {
    if let Some(same) = known.same {
        on(same)?;
        return terms.entry.map(|()| Person::Same(same.id));
    }
    match known.address {
        Some(user) => {
            on(user)?;
            terms.entry?;
            if known.tied || user.kind != UserKind::Person {
                return Err(Unwelcome::Tied);
            }
            if user.admin && !terms.granted.admin {
                return Err(Unwelcome::Administrator);
            }
            Ok(Person::Tied(user.id))
        }
        None => terms.entry.and(terms.newcomer).map(|()| Person::New),
    }
}

fn on(user: &User) -> Result<(), Unwelcome> {
    match user.disabled_at {
        None => Ok(()),
        Some(_) => Err(Unwelcome::Off),
    }
}

impl Claims {
    /// What to call them: their name, else their address, else what the provider calls them.
    pub fn display_name(&self) -> String {
        let given = [self.name.as_deref(), self.email.as_deref()];
        let usable = |text: &str| {
            let plain = text.chars().filter(|c| !c.is_control());
            let text: String = plain.take(MAX_NAME).collect();
            let text = text.trim();
            (!text.is_empty()).then(|| text.to_owned())
        };
        let mut given = given.into_iter().flatten().filter_map(usable);
        let subject = || self.subject.chars().take(MAX_NAME).collect();
        given.next().unwrap_or_else(subject)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::limits::Limits;
    use crate::oidc::Granted;
    use crate::time::Timestamp;

    fn user(n: u128, admin: bool, off: bool, kind: UserKind) -> User {
        User {
            id: UserId(Uuid::from_u128(n)),
            kind,
            name: "Ada".to_owned(),
            email: None,
            admin,
            limits: Limits::default(),
            budgets: Vec::new(),
            created_at: Timestamp(0),
            disabled_at: off.then_some(Timestamp(1)),
        }
    }

    #[test]
    fn an_address_opens_only_what_it_may() {
        use UserKind::{Person as Human, Service};
        let (plain, root) = (user(1, false, false, Human), user(1, true, false, Human));
        let (off, off_root) = (user(1, false, true, Human), user(1, true, true, Human));
        let (other, service) = (user(2, false, false, Human), user(1, false, false, Service));
        let one = UserId(Uuid::from_u128(1));
        let same = |user| Known {
            same: Some(user),
            ..Known::default()
        };
        let address = |user, tied| Known {
            same: None,
            address: Some(user),
            tied,
        };
        let both = Known {
            same: Some(&plain),
            address: Some(&other),
            tied: false,
        };
        let (is, tied) = (Ok(Person::Same(one)), Ok(Person::Tied(one)));
        let (switched_off, taken) = (Err(Unwelcome::Off), Err(Unwelcome::Tied));
        let (no_place, no) = (Err(Unwelcome::NoPlace), Err(Unwelcome::Administrator));
        let nobody = Known::default();
        for (name, known, admin, place, expected) in [
            ("new", nobody, false, true, Ok(Person::New)),
            ("nothing", nobody, false, false, no_place),
            ("same", same(&plain), false, false, is),
            ("same root", same(&root), false, false, is),
            ("same off", same(&off), true, true, switched_off),
            ("other's address", both, false, true, is),
            ("address", address(&plain, false), false, false, tied),
            ("taken", address(&plain, true), true, true, taken),
            ("service", address(&service, false), true, true, taken),
            ("off", address(&off, false), true, true, switched_off),
            (
                "off root",
                address(&off_root, false),
                true,
                true,
                switched_off,
            ),
            ("root", address(&root, false), false, true, no),
            ("root by group", address(&root, false), true, true, tied),
        ] {
            let newcomer = place.then_some(()).ok_or(Unwelcome::NoPlace);
            let mut terms = Terms {
                granted: Granted {
                    admin,
                    ..Granted::default()
                },
                entry: Ok(()),
                newcomer,
            };
            assert_eq!(person(known, &terms), expected, "{name}");
            // What keeps them out whoever they are comes second only to being switched off.
            terms.entry = Err(Unwelcome::Domain);
            let kept_out = if expected == switched_off {
                switched_off
            } else {
                Err(Unwelcome::Domain)
            };
            assert_eq!(person(known, &terms), kept_out, "{name}");
        }
    }

    #[test]
    fn calls_people_by_what_there_is() {
        let long = "ä".repeat(200);
        for (claims, expected) in [
            (r#""name":"Ada","email":"a@b.c""#, "Ada"),
            (r#""name":" A\u0000d\na ","email":"a@b.c""#, "Ada"),
            (r#""name":" \n","email":"a@b.c""#, "a@b.c"),
            (r#""email":"""#, "s"),
            ("\"x\":1", "s"),
            (&format!("\"name\":\"{long}\""), &long[..200]),
        ] {
            let text = format!(r#"{{"iss":"i","sub":"s","aud":"a","exp":1,"iat":1,{claims}}}"#);
            let claims =
                Claims::read(text.as_bytes(), "groups").unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(claims.display_name(), expected, "{text}");
        }
    }
}
