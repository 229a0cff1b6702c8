//! People and services, and the tokens they sign requests of the control plane with.

mod devices;
mod sign_in;
mod sign_on;
mod tokens;

use sqlx::FromRow;
use tollhouse_domain::id::UserId;
use tollhouse_domain::tenancy::{User, UserKind};
use tollhouse_domain::time::Timestamp;
use uuid::Uuid;

pub use self::devices::DeviceGrant;
pub use self::sign_in::{Attempt, Holder, WebSession};
pub use self::sign_on::{SignOn, SignedOn};
pub use self::tokens::{ApiToken, TokenScope};
use crate::convert::{NEWEST, from_json, moment, to_json, word};
use crate::db::Store;
use crate::error::{Result, StoreError};
use crate::options::Page;

#[derive(Clone, PartialEq, FromRow)]
struct UserRow {
    id: Uuid,
    kind: String,
    name: String,
    email: Option<String>,
    admin: bool,
    limits: String,
    budgets: String,
    created_at: i64,
    disabled_at: Option<i64>,
}

impl UserRow {
    fn new(user: &User) -> Result<Self> {
        let kind = match user.kind {
            UserKind::Person => "person",
            UserKind::Service => "service",
        };
        Ok(Self {
            id: user.id.0,
            kind: kind.to_owned(),
            name: user.name.clone(),
            email: user.email.clone(),
            admin: user.admin,
            limits: to_json("limits", &user.limits)?,
            budgets: to_json("budgets", &user.budgets)?,
            created_at: user.created_at.0,
            disabled_at: user.disabled_at.map(|at| at.0),
        })
    }

    fn user(self) -> Result<User> {
        Ok(User {
            id: UserId(self.id),
            kind: word("a user's kind", &self.kind)?,
            name: self.name,
            email: self.email,
            admin: self.admin,
            limits: from_json("a user's limits", &self.limits)?,
            budgets: from_json("a user's budgets", &self.budgets)?,
            created_at: Timestamp(self.created_at),
            disabled_at: moment(self.disabled_at),
        })
    }
}

macro_rules! select {
    () => {
        "SELECT id, kind, name, email, admin, limits, budgets, created_at, disabled_at FROM users"
    };
}

const ALL: &str = concat!(select!(), " ORDER BY id");
const PAGE: &str = concat!(select!(), " WHERE id < $1 ORDER BY id DESC LIMIT $2");
const ONE: &str = concat!(select!(), " WHERE id = $1");
const BY_EMAIL: &str = concat!(select!(), " WHERE email = $1");
// That somebody is made an administrator is said by hand; that they are not is left to their groups.
const INSERT: &str = "INSERT INTO users (id, kind, name, email, admin, limits, budgets, \
    created_at, disabled_at, admin_source) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, \
    CASE WHEN $5 THEN 'hand' ELSE 'sso' END)";
// What somebody changes by hand is not single sign-on's any more.
const UPDATE: &str = "UPDATE users SET name = $2, email = $3, admin = $4, limits = $5, \
    budgets = $6, disabled_at = $7, \
    admin_source = CASE WHEN admin = $4 THEN admin_source ELSE 'hand' END WHERE id = $1";
const SETTLE: &str =
    "UPDATE users SET admin_source = 'hand' WHERE id = $1 AND admin_source <> 'hand'";

// An organization that would have no owner at work.
const OWNED_ALONE: &str = "SELECT orgs.name FROM memberships JOIN orgs ON orgs.id = memberships.org_id \
    WHERE memberships.user_id = $1 AND memberships.role = 'owner' AND orgs.disabled_at IS NULL \
    AND NOT EXISTS (SELECT 1 FROM memberships AS others \
        JOIN users ON users.id = others.user_id AND users.disabled_at IS NULL \
        WHERE others.org_id = memberships.org_id AND others.role = 'owner' \
        AND others.user_id <> memberships.user_id) \
    ORDER BY orgs.name LIMIT 1";

impl Store {
    /// Adds a user.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the address is somebody's already.
    pub async fn insert_user(&self, user: &User) -> Result<()> {
        let row = UserRow::new(user)?;
        administer!(self, People, |tx| {
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
                .execute(&mut *tx)
                .await?;
            ((), true)
        })
    }

    /// Makes a change to what is stored of a user, and says what there is then. Only what `change`
    /// touches is different afterwards: what somebody else did meanwhile stays.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Conflict`] when the address is somebody else's, or when an
    /// organization would have no owner who is switched on.
    pub async fn change_user(&self, id: UserId, change: impl Fn(&mut User)) -> Result<User> {
        self.alter_user(id, false, change).await
    }

    /// The same, where somebody says by hand whether the user administers the installation: single
    /// sign-on leaves that alone from then on, also where it is what they were.
    ///
    /// # Errors
    /// As for [`Store::change_user`].
    pub async fn settle_user(&self, id: UserId, change: impl Fn(&mut User)) -> Result<User> {
        self.alter_user(id, true, change).await
    }

    async fn alter_user(
        &self,
        id: UserId,
        settles: bool,
        change: impl Fn(&mut User),
    ) -> Result<User> {
        administer!(self, People, |tx| {
            let stored: Option<UserRow> = sqlx::query_as(ONE)
                .bind(id.0)
                .fetch_optional(&mut *tx)
                .await?;
            let stored = stored.ok_or(StoreError::NotFound)?;
            let mut changed = stored.clone().user()?;
            change(&mut changed);
            let row = UserRow::new(&changed)?;
            let switched_off = stored.disabled_at.is_none() && row.disabled_at.is_some();
            if switched_off && changed.kind == UserKind::Person {
                let query = sqlx::query_scalar(OWNED_ALONE).bind(row.id);
                let alone: Option<String> = query.fetch_optional(&mut *tx).await?;
                if let Some(org) = alone {
                    return Err(without_owner(&org));
                }
            }
            sqlx::query(UPDATE)
                .bind(row.id)
                .bind(&row.name)
                .bind(&row.email)
                .bind(row.admin)
                .bind(&row.limits)
                .bind(&row.budgets)
                .bind(row.disabled_at)
                .execute(&mut *tx)
                .await?;
            let mut settled = 0;
            if settles {
                let settle = sqlx::query(SETTLE).bind(row.id).execute(&mut *tx).await?;
                settled = settle.rows_affected();
            }
            if row.disabled_at.is_some() {
                // So that they are not signed in again on the day they are switched on.
                sqlx::query(sign_in::CLOSE_ALL)
                    .bind(row.id)
                    .execute(&mut *tx)
                    .await?;
                sqlx::query(devices::DELETE_OF)
                    .bind(row.id)
                    .execute(&mut *tx)
                    .await?;
            }
            (changed, stored != row || settled > 0)
        })
    }

    /// Users, newest first, disabled ones included.
    pub async fn users(&self, page: Page<UserId>) -> Result<Vec<User>> {
        let below = page.after.map_or(NEWEST, |id| id.0);
        let rows: Vec<UserRow> = read!(self, |pool| sqlx::query_as(PAGE)
            .bind(below)
            .bind(i64::from(page.limit))
            .fetch_all(pool)
            .await?);
        rows.into_iter().map(UserRow::user).collect()
    }

    /// One user.
    pub async fn user(&self, id: UserId) -> Result<Option<User>> {
        let row: Option<UserRow> = read!(self, |pool| sqlx::query_as(ONE)
            .bind(id.0)
            .fetch_optional(pool)
            .await?);
        row.map(UserRow::user).transpose()
    }

    /// The user with this address, in lower case.
    pub async fn user_by_email(&self, email: &str) -> Result<Option<User>> {
        let row: Option<UserRow> = read!(self, |pool| sqlx::query_as(BY_EMAIL)
            .bind(email)
            .fetch_optional(pool)
            .await?);
        row.map(UserRow::user).transpose()
    }

    /// Every user: what a snapshot needs.
    pub async fn all_users(&self) -> Result<Vec<User>> {
        let rows: Vec<UserRow> = read!(self, |pool| sqlx::query_as(ALL).fetch_all(pool).await?);
        rows.into_iter().map(UserRow::user).collect()
    }
}

/// Whoever is switched off owns nothing that somebody else could put in order.
fn without_owner(org: &str) -> StoreError {
    StoreError::conflict(format!(
        "the organization {org} would have no owner who is switched on; make somebody else one first, \
         or switch the organization off"
    ))
}
