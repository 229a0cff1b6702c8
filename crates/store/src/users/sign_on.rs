//! Single sign-on: who somebody is by what an identity provider calls them, and what their groups
//! change, in one transaction.
//!
//! What single sign-on gives is marked as its own, so that it takes away nothing that somebody gave by
//! hand; and what somebody took away by hand is remembered, so that it does not give it back.

use std::collections::BTreeMap;
use std::net::IpAddr;

use sqlx::{FromRow, PgConnection, SqliteConnection};
use tollhouse_domain::audit::{Action, Actor, Note, Subject, SubjectKind};
use tollhouse_domain::id::{OrgId, UserId};
use tollhouse_domain::limits::Limits;
use tollhouse_domain::oidc::{Given, Held, Known, Person, Terms, Unwelcome, person, plan};
use tollhouse_domain::tenancy::{Role, User, UserKind};
use tollhouse_domain::time::Timestamp;
use uuid::Uuid;

use super::{BY_EMAIL, INSERT, ONE, UserRow};
use crate::audit::Trail;
use crate::convert::word;
use crate::db::Store;
use crate::error::{Result, StoreError};
use crate::orgs::{DELETE_MEMBER, OWNERS};
use crate::revision::{RAISE, RAISE_SECTION, Section};

/// What an identity provider says of somebody, and on which terms they come in.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "holds people's addresses")]
pub struct SignOn {
    /// The provider.
    pub issuer: String,
    /// What it calls them.
    pub subject: String,
    /// Their address in lower case, if the provider knows it to be theirs.
    pub email: Option<String>,
    /// What people are to call them, if they are new.
    pub name: String,
    /// What their groups give, and whether they come in.
    pub terms: Terms,
    /// Their id, if they are new.
    pub id: UserId,
    /// When.
    pub at: Timestamp,
    /// Where they come from.
    pub from: Option<IpAddr>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignedOn {
    /// They are let in.
    Welcome {
        /// Who they are.
        user: User,
        /// Whether anything was changed.
        changed: bool,
        /// Where they stay an owner, whatever their groups say, because there is no other.
        kept: Vec<OrgId>,
        /// Organizations that the mapping names and that are not there.
        unknown: Vec<String>,
    },
    /// They are not, and nothing was changed.
    Refused {
        /// Why not.
        why: Unwelcome,
        /// Whose account it is about.
        user: Option<User>,
    },
}

#[derive(FromRow)]
struct HeldRow {
    org_id: Uuid,
    role: String,
    source: String,
}

impl HeldRow {
    fn held(self) -> Result<Held> {
        Ok(Held {
            org: OrgId(self.org_id),
            role: word("a member's role", &self.role)?,
            given: given(&self.source)?,
        })
    }
}

fn given(source: &str) -> Result<Given> {
    match source {
        "sso" => Ok(Given::BySignOn),
        "hand" => Ok(Given::ByHand),
        _ => Err(StoreError::corrupt("who gave something")),
    }
}

const BY_IDENTITY: &str = "SELECT user_id FROM identities WHERE issuer = $1 AND subject = $2";
const TIED: &str = "SELECT COUNT(*) FROM identities WHERE issuer = $1 AND user_id = $2";
const TIE: &str =
    "INSERT INTO identities (issuer, subject, user_id, since) VALUES ($1, $2, $3, $4)";
const ADMIN_SOURCE: &str = "SELECT admin_source FROM users WHERE id = $1";
const SET_ADMIN: &str = "UPDATE users SET admin = $2, admin_source = 'sso' WHERE id = $1";
// An id is nobody's name, even if somebody calls their organization so.
const ORG: &str = "SELECT id FROM orgs WHERE name = $1 OR id = $2 \
    ORDER BY CASE WHEN id = $2 THEN 0 ELSE 1 END LIMIT 1";
const REMOVED: &str = "SELECT COUNT(*) FROM removed_members WHERE org_id = $1 AND user_id = $2";
const HELD: &str =
    "SELECT org_id, role, source FROM memberships WHERE user_id = $1 ORDER BY org_id";
// Whoever was in before keeps the day they came.
const PUT: &str = "INSERT INTO memberships (org_id, user_id, role, since, source) \
    VALUES ($1, $2, $3, $4, 'sso') ON CONFLICT (org_id, user_id) DO UPDATE SET role = excluded.role";

/// What a transaction asks of its connection, in this order.
trait Desk {
    async fn known(&mut self, on: &SignOn) -> Result<Found>;
    async fn welcome(&mut self, on: &SignOn, is: Person, found: Found) -> Result<Visit>;
    async fn administer(&mut self, on: &SignOn, visit: &mut Visit) -> Result<()>;
    async fn wanted(&mut self, on: &SignOn, visit: &mut Visit) -> Result<BTreeMap<OrgId, Role>>;
    async fn place(&mut self, on: &SignOn, visit: &mut Visit) -> Result<()>;
    async fn only_owner(&mut self, org: OrgId, visit: &Visit, held: &[Held]) -> Result<bool>;
}

/// Who is known by what the provider says.
struct Found {
    same: Option<User>,
    address: Option<User>,
    tied: bool,
}

/// Somebody who is let in, and what that leaves in the audit trail.
struct Visit {
    user: User,
    kept: Vec<OrgId>,
    unknown: Vec<String>,
    notes: Vec<Note>,
}

impl Visit {
    /// Notes that somebody did something to themselves, by way of the provider.
    fn note(&mut self, on: &SignOn, action: Action, kind: SubjectKind) -> &mut Note {
        let (id, name) = (self.user.id, self.user.name.as_str());
        let subject = Subject::id(kind, id).called(name);
        let mut note = Note::new(on.at, Actor::user(id, name), action, subject);
        note.from = on.from;
        self.notes.push(note.with("via", "sso"));
        let last = self.notes.len() - 1;
        &mut self.notes[last]
    }

    fn note_member(&mut self, on: &SignOn, action: Action, org: OrgId, role: Option<Role>) {
        let note = self.note(on, action, SubjectKind::Member);
        note.org = Some(org);
        if let Some(role) = role {
            note.detail.insert("role".to_owned(), role.as_str().into());
        }
    }
}

impl SignOn {
    /// The account of somebody new: with an address only if it is known to be theirs.
    fn newcomer(&self) -> User {
        User {
            id: self.id,
            kind: UserKind::Person,
            name: self.name.clone(),
            email: self.email.clone(),
            admin: false,
            limits: Limits::default(),
            budgets: Vec::new(),
            created_at: self.at,
            disabled_at: None,
        }
    }
}

macro_rules! desk {
    ($connection:ty) => {
        impl Desk for $connection {
            async fn known(&mut self, on: &SignOn) -> Result<Found> {
                let query = sqlx::query_scalar(BY_IDENTITY)
                    .bind(&on.issuer)
                    .bind(&on.subject);
                let same: Option<Uuid> = query.fetch_optional(&mut *self).await?;
                let mut found = Found {
                    same: None,
                    address: None,
                    tied: false,
                };
                if let Some(id) = same {
                    let row: UserRow = sqlx::query_as(ONE).bind(id).fetch_one(&mut *self).await?;
                    found.same = Some(row.user()?);
                } else if let Some(email) = &on.email {
                    let query = sqlx::query_as(BY_EMAIL).bind(email);
                    let row: Option<UserRow> = query.fetch_optional(&mut *self).await?;
                    found.address = row.map(UserRow::user).transpose()?;
                }
                if let Some(user) = &found.address {
                    let query = sqlx::query_scalar(TIED).bind(&on.issuer).bind(user.id.0);
                    let tied: i64 = query.fetch_one(&mut *self).await?;
                    found.tied = tied > 0;
                }
                Ok(found)
            }

            async fn welcome(&mut self, on: &SignOn, is: Person, found: Found) -> Result<Visit> {
                let user = found.same.or(found.address);
                let mut visit = Visit {
                    user: user.unwrap_or_else(|| on.newcomer()),
                    kept: Vec::new(),
                    unknown: Vec::new(),
                    notes: Vec::new(),
                };
                match is {
                    Person::Same(_) => return Ok(visit),
                    Person::Tied(_) => {
                        visit.note(on, Action::UserLink, SubjectKind::User);
                    }
                    Person::New => {
                        let row = UserRow::new(&visit.user)?;
                        sqlx::query(INSERT)
                            .bind(row.id)
                            .bind(&row.kind)
                            .bind(&row.name)
                            .bind(&row.email)
                            .bind(row.admin)
                            .bind(&row.limits)
                            .bind(&row.budgets)
                            .bind(row.created_at)
                            .bind(row.disabled_at)
                            .execute(&mut *self)
                            .await?;
                        visit.note(on, Action::UserCreate, SubjectKind::User);
                    }
                }
                sqlx::query(TIE)
                    .bind(&on.issuer)
                    .bind(&on.subject)
                    .bind(visit.user.id.0)
                    .bind(on.at.0)
                    .execute(&mut *self)
                    .await?;
                Ok(visit)
            }

            async fn administer(&mut self, on: &SignOn, visit: &mut Visit) -> Result<()> {
                let (id, admin) = (visit.user.id.0, on.terms.granted.admin);
                let query = sqlx::query_scalar(ADMIN_SOURCE).bind(id);
                let source: String = query.fetch_one(&mut *self).await?;
                let ours = given(&source)? == Given::BySignOn;
                if admin == visit.user.admin || !ours {
                    return Ok(());
                }
                let set = sqlx::query(SET_ADMIN).bind(id).bind(admin);
                set.execute(&mut *self).await?;
                visit.user.admin = admin;
                let note = visit.note(on, Action::UserChange, SubjectKind::User);
                note.detail.insert("admin".to_owned(), admin.into());
                Ok(())
            }

            async fn wanted(
                &mut self,
                on: &SignOn,
                visit: &mut Visit,
            ) -> Result<BTreeMap<OrgId, Role>> {
                let mut wanted = BTreeMap::new();
                for (name, role) in &on.terms.granted.orgs {
                    let id = name.parse().map_or(Uuid::nil(), |id: OrgId| id.0);
                    let query = sqlx::query_scalar(ORG).bind(name).bind(id);
                    let found: Option<Uuid> = query.fetch_optional(&mut *self).await?;
                    if let Some(id) = found {
                        let query = sqlx::query_scalar(REMOVED).bind(id).bind(visit.user.id.0);
                        let removed: i64 = query.fetch_one(&mut *self).await?;
                        if removed > 0 {
                            continue;
                        }
                        let highest = wanted.entry(OrgId(id)).or_insert(*role);
                        *highest = (*highest).max(*role);
                    } else {
                        visit.unknown.push(name.clone());
                    }
                }
                Ok(wanted)
            }

            async fn place(&mut self, on: &SignOn, visit: &mut Visit) -> Result<()> {
                let user = visit.user.id.0;
                let wanted = self.wanted(on, visit).await?;
                let query = sqlx::query_as(HELD).bind(user);
                let rows: Vec<HeldRow> = query.fetch_all(&mut *self).await?;
                let held = rows.into_iter().map(HeldRow::held);
                let held = held.collect::<Result<Vec<_>>>()?;
                let plan = plan(&wanted, &held);
                for (org, role) in plan.put {
                    if role != Role::Owner && self.only_owner(org, visit, &held).await? {
                        visit.kept.push(org);
                        continue;
                    }
                    let put = sqlx::query(PUT).bind(org.0).bind(user).bind(role.as_str());
                    put.bind(on.at.0).execute(&mut *self).await?;
                    visit.note_member(on, Action::MemberPut, org, Some(role));
                }
                // A name that nothing has may be one that an organization had: nobody loses their place
                // there because it is called otherwise.
                let named = visit.unknown.is_empty();
                for org in plan.remove.into_iter().filter(|_| named) {
                    if self.only_owner(org, visit, &held).await? {
                        visit.kept.push(org);
                        continue;
                    }
                    let query = sqlx::query(DELETE_MEMBER).bind(org.0).bind(user);
                    query.execute(&mut *self).await?;
                    visit.note_member(on, Action::MemberRemove, org, None);
                }
                for org in visit.kept.clone() {
                    visit.note_member(on, Action::MemberKeep, org, Some(Role::Owner));
                }
                Ok(())
            }

            async fn only_owner(
                &mut self,
                org: OrgId,
                visit: &Visit,
                held: &[Held],
            ) -> Result<bool> {
                let owns = |held: &Held| held.org == org && held.role == Role::Owner;
                if !held.iter().any(owns) {
                    return Ok(false);
                }
                let query = sqlx::query_scalar(OWNERS).bind(org.0).bind(visit.user.id.0);
                let others: i64 = query.fetch_one(&mut *self).await?;
                Ok(others == 0)
            }
        }
    };
}

desk!(SqliteConnection);
desk!(PgConnection);

impl Store {
    /// Lets somebody in whom an identity provider vouches for, and brings what they may do in line with
    /// their groups; or says why not. What it changes is in the audit trail as their own doing.
    pub async fn sign_on(&self, on: &SignOn) -> Result<SignedOn> {
        transact!(self, |tx| {
            // First, like every administrative write: see `administer!`.
            sqlx::query(RAISE).execute(&mut *tx).await?;
            let section = Section::People.as_str();
            let raise = sqlx::query(RAISE_SECTION).bind(section);
            raise.execute(&mut *tx).await?;
            let found = tx.known(on).await?;
            let known = Known {
                same: found.same.as_ref(),
                address: found.address.as_ref(),
                tied: found.tied,
            };
            match person(known, &on.terms) {
                Err(why) => {
                    let user = found.same.or(found.address);
                    (SignedOn::Refused { why, user }, false)
                }
                Ok(is) => {
                    let mut visit = tx.welcome(on, is, found).await?;
                    tx.administer(on, &mut visit).await?;
                    tx.place(on, &mut visit).await?;
                    tx.append(&visit.notes).await?;
                    let changed = !visit.notes.is_empty();
                    let welcome = SignedOn::Welcome {
                        user: visit.user,
                        changed,
                        kept: visit.kept,
                        unknown: visit.unknown,
                    };
                    (welcome, changed)
                }
            }
        })
    }
}
