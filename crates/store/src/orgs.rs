//! Organizations and who is in them.

use sqlx::FromRow;
use tollhouse_domain::id::{OrgId, UserId};
use tollhouse_domain::tenancy::{Membership, Org, Role, Standing};
use tollhouse_domain::time::Timestamp;
use uuid::Uuid;

use crate::convert::{NEWEST, from_json, moment, to_json, word};
use crate::db::Store;
use crate::error::{Result, StoreError};
use crate::options::Page;

#[derive(Clone, PartialEq, FromRow)]
struct OrgRow {
    id: Uuid,
    name: String,
    limits: String,
    budgets: String,
    created_at: i64,
    disabled_at: Option<i64>,
}

impl OrgRow {
    fn new(org: &Org) -> Result<Self> {
        Ok(Self {
            id: org.id.0,
            name: org.name.clone(),
            limits: to_json("limits", &org.limits)?,
            budgets: to_json("budgets", &org.budgets)?,
            created_at: org.created_at.0,
            disabled_at: org.disabled_at.map(|at| at.0),
        })
    }

    fn org(self) -> Result<Org> {
        Ok(Org {
            id: OrgId(self.id),
            name: self.name,
            limits: from_json("an organization's limits", &self.limits)?,
            budgets: from_json("an organization's budgets", &self.budgets)?,
            created_at: Timestamp(self.created_at),
            disabled_at: moment(self.disabled_at),
        })
    }
}

#[derive(FromRow)]
struct MemberRow {
    org_id: Uuid,
    user_id: Uuid,
    role: String,
    since: i64,
    source: String,
}

impl MemberRow {
    fn membership(self) -> Result<Membership> {
        Ok(Membership {
            org: OrgId(self.org_id),
            user: UserId(self.user_id),
            role: word("a member's role", &self.role)?,
            since: Timestamp(self.since),
        })
    }
}

#[derive(FromRow)]
struct StandingRow {
    admin: bool,
    role: Option<String>,
}

impl StandingRow {
    /// Of somebody who is not there, or switched off: nothing.
    fn standing(row: Option<Self>) -> Result<Standing> {
        let Some(row) = row else {
            return Ok(Standing::default());
        };
        Ok(Standing {
            admin: row.admin,
            role: row
                .role
                .map(|text| word("a member's role", &text))
                .transpose()?,
        })
    }
}

const COLUMNS: &str =
    "SELECT id, name, limits, budgets, created_at, disabled_at FROM orgs ORDER BY id";
const PAGE: &str = "SELECT id, name, limits, budgets, created_at, disabled_at FROM orgs \
    WHERE id < $1 ORDER BY id DESC LIMIT $2";
const ONE: &str =
    "SELECT id, name, limits, budgets, created_at, disabled_at FROM orgs WHERE id = $1";
const INSERT: &str = "INSERT INTO orgs (id, name, limits, budgets, created_at, disabled_at) \
    VALUES ($1, $2, $3, $4, $5, $6)";
const UPDATE: &str =
    "UPDATE orgs SET name = $2, limits = $3, budgets = $4, disabled_at = $5 WHERE id = $1";
const MEMBERS: &str =
    "SELECT org_id, user_id, role, since, source FROM memberships ORDER BY org_id, user_id";
const MEMBER: &str = "SELECT org_id, user_id, role, since, source FROM memberships \
    WHERE org_id = $1 AND user_id = $2";
const STANDING: &str = "SELECT users.admin, memberships.role FROM users LEFT JOIN memberships \
    ON memberships.user_id = users.id AND memberships.org_id = $1 \
    WHERE users.id = $2 AND users.disabled_at IS NULL";
// Whoever was in before keeps the day they came. What somebody gave by hand, single sign-on leaves alone.
const PUT_MEMBER: &str = "INSERT INTO memberships (org_id, user_id, role, since) \
    VALUES ($1, $2, $3, $4) \
    ON CONFLICT (org_id, user_id) DO UPDATE SET role = excluded.role, source = 'hand'";
pub(crate) const OWNERS: &str = "SELECT COUNT(*) FROM memberships JOIN users ON users.id = memberships.user_id \
     WHERE org_id = $1 AND role = 'owner' AND user_id <> $2 AND users.disabled_at IS NULL";
pub(crate) const DELETE_MEMBER: &str = "DELETE FROM memberships WHERE org_id = $1 AND user_id = $2";

// Single sign-on does not give back what somebody took away.
const REMEMBER_REMOVED: &str =
    "INSERT INTO removed_members (org_id, user_id) VALUES ($1, $2) ON CONFLICT DO NOTHING";
const FORGET_REMOVED: &str = "DELETE FROM removed_members WHERE org_id = $1 AND user_id = $2";

impl Store {
    /// Adds an organization.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when its name is taken.
    pub async fn insert_org(&self, org: &Org) -> Result<()> {
        let row = OrgRow::new(org)?;
        administer!(self, People, |tx| {
            sqlx::query(INSERT)
                .bind(row.id)
                .bind(&row.name)
                .bind(&row.limits)
                .bind(&row.budgets)
                .bind(row.created_at)
                .bind(row.disabled_at)
                .execute(&mut *tx)
                .await?;
            ((), true)
        })
    }

    /// Makes a change to what is stored of an organization, and says what there is then. Only what `change`
    /// touches is different afterwards: what somebody else did meanwhile stays.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Conflict`] when the name is taken.
    pub async fn change_org(&self, id: OrgId, change: impl Fn(&mut Org)) -> Result<Org> {
        administer!(self, People, |tx| {
            let stored: Option<OrgRow> = sqlx::query_as(ONE)
                .bind(id.0)
                .fetch_optional(&mut *tx)
                .await?;
            let stored = stored.ok_or(StoreError::NotFound)?;
            let mut changed = stored.clone().org()?;
            change(&mut changed);
            let row = OrgRow::new(&changed)?;
            sqlx::query(UPDATE)
                .bind(row.id)
                .bind(&row.name)
                .bind(&row.limits)
                .bind(&row.budgets)
                .bind(row.disabled_at)
                .execute(&mut *tx)
                .await?;
            (changed, stored != row)
        })
    }

    /// Organizations, newest first, disabled ones included.
    pub async fn orgs(&self, page: Page<OrgId>) -> Result<Vec<Org>> {
        let below = page.after.map_or(NEWEST, |id| id.0);
        let rows: Vec<OrgRow> = read!(self, |pool| sqlx::query_as(PAGE)
            .bind(below)
            .bind(i64::from(page.limit))
            .fetch_all(pool)
            .await?);
        rows.into_iter().map(OrgRow::org).collect()
    }

    /// One organization.
    pub async fn org(&self, id: OrgId) -> Result<Option<Org>> {
        let row: Option<OrgRow> = read!(self, |pool| sqlx::query_as(ONE)
            .bind(id.0)
            .fetch_optional(pool)
            .await?);
        row.map(OrgRow::org).transpose()
    }

    /// Every organization: what a snapshot needs.
    pub async fn all_orgs(&self) -> Result<Vec<Org>> {
        let rows: Vec<OrgRow> = read!(self, |pool| sqlx::query_as(COLUMNS).fetch_all(pool).await?);
        rows.into_iter().map(OrgRow::org).collect()
    }

    /// Every membership: what a snapshot needs.
    pub async fn all_members(&self) -> Result<Vec<Membership>> {
        let rows: Vec<MemberRow> =
            read!(self, |pool| sqlx::query_as(MEMBERS).fetch_all(pool).await?);
        rows.into_iter().map(MemberRow::membership).collect()
    }

    /// Makes somebody a member, or changes their role, unless `judge` minds. It is told what `by`, who
    /// does it, is there by then, and what the member was: between a request's own look and its write
    /// either may have changed. Nobody stands for the administrator's token.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when they are the last owner and would be one no more.
    pub async fn put_member<E: Send>(
        &self,
        member: Membership,
        by: Option<UserId>,
        judge: impl Fn(Standing, Option<Role>) -> Result<(), E>,
    ) -> Result<Result<(), E>> {
        let by = by.map_or(Uuid::nil(), |user| user.0);
        administer!(self, People, |tx| {
            let (org, user) = (member.org.0, member.user.0);
            let standing = sqlx::query_as(STANDING).bind(org).bind(by);
            let standing = StandingRow::standing(standing.fetch_optional(&mut *tx).await?)?;
            let stored: Option<MemberRow> = sqlx::query_as(MEMBER)
                .bind(org)
                .bind(user)
                .fetch_optional(&mut *tx)
                .await?;
            let by_hand = stored.as_ref().is_some_and(|row| row.source == "hand");
            let before = stored.map(MemberRow::membership).transpose()?;
            let before = before.map(|member| member.role);
            let judged = judge(standing, before);
            if judged.is_ok() {
                if before == Some(Role::Owner) && member.role != Role::Owner {
                    let query = sqlx::query_scalar(OWNERS).bind(org).bind(user);
                    let others: i64 = query.fetch_one(&mut *tx).await?;
                    keep_an_owner(others)?;
                }
                let forget = sqlx::query(FORGET_REMOVED).bind(org).bind(user);
                forget.execute(&mut *tx).await?;
                sqlx::query(PUT_MEMBER)
                    .bind(org)
                    .bind(user)
                    .bind(member.role.as_str())
                    .bind(member.since.0)
                    .execute(&mut *tx)
                    .await?;
            }
            let same = by_hand && before == Some(member.role);
            let changed = judged.is_ok() && !same;
            (judged, changed)
        })
    }

    /// Ends a membership, unless `judge` minds; it is told the same as for [`Store::put_member`].
    /// `false` when there was none.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when they are the last owner.
    pub async fn delete_member<E: Send>(
        &self,
        (org, user): (OrgId, UserId),
        by: Option<UserId>,
        judge: impl Fn(Standing, Option<Role>) -> Result<(), E>,
    ) -> Result<Result<bool, E>> {
        let by = by.map_or(Uuid::nil(), |user| user.0);
        administer!(self, People, |tx| {
            let standing = sqlx::query_as(STANDING).bind(org.0).bind(by);
            let standing = StandingRow::standing(standing.fetch_optional(&mut *tx).await?)?;
            let stored: Option<MemberRow> = sqlx::query_as(MEMBER)
                .bind(org.0)
                .bind(user.0)
                .fetch_optional(&mut *tx)
                .await?;
            let before = stored.map(MemberRow::membership).transpose()?;
            let before = before.map(|member| member.role);
            match judge(standing, before) {
                Err(refusal) => (Err(refusal), false),
                Ok(()) => {
                    if before == Some(Role::Owner) {
                        let query = sqlx::query_scalar(OWNERS).bind(org.0).bind(user.0);
                        let others: i64 = query.fetch_one(&mut *tx).await?;
                        keep_an_owner(others)?;
                    }
                    let query = sqlx::query(DELETE_MEMBER).bind(org.0).bind(user.0);
                    query.execute(&mut *tx).await?;
                    if before.is_some() {
                        let remember = sqlx::query(REMEMBER_REMOVED).bind(org.0).bind(user.0);
                        remember.execute(&mut *tx).await?;
                    }
                    (Ok(before.is_some()), before.is_some())
                }
            }
        })
    }
}

/// An organization without an owner could be put in order by nobody in it.
fn keep_an_owner(others: i64) -> Result<()> {
    if others > 0 {
        return Ok(());
    }
    Err(StoreError::conflict(
        "the organization would have no owner; make somebody else one first",
    ))
}
