//! Routes. As with providers, the configuration file's hide the API's of the same pattern.

use std::collections::HashSet;

use aws_lc_rs::digest::{SHA256, digest};
use sqlx::FromRow;
use tollhouse_domain::route::Route;

use crate::convert::{count, from_json, to_json};
use crate::db::Store;
use crate::error::{Result, StoreError};

#[derive(PartialEq, FromRow)]
struct RouteRow {
    model: String,
    managed: bool,
    position: i64,
    targets: String,
}

impl RouteRow {
    fn all(routes: &[Route], managed: bool) -> Result<Vec<Self>> {
        let mut seen = HashSet::new();
        let rows = routes.iter().zip(0u64..).map(|(route, position)| {
            let model = route.model.to_string();
            if !seen.insert(model.clone()) {
                return Err(StoreError::conflict(format!("route `{model}` twice")));
            }
            let targets = to_json("a route's targets", &route.targets)?;
            Ok(Self {
                model,
                managed,
                position: count(position),
                targets,
            })
        });
        rows.collect()
    }

    fn route(self) -> Result<Route> {
        let model = self.model.parse();
        Ok(Route {
            model: model.map_err(|_| StoreError::corrupt("a route's model is no pattern"))?,
            targets: from_json("a route's targets", &self.targets)?,
            managed: self.managed,
        })
    }
}

/// Tells lists of routes apart: the same of the same list, on every replica.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoutesTag(String);

impl RoutesTag {
    /// Of routes in their order.
    pub fn of(routes: &[Route]) -> Result<Self> {
        let text = to_json("routes", &routes)?;
        let digest = digest(&SHA256, text.as_bytes());
        let hex = digest
            .as_ref()
            .iter()
            .take(16)
            .map(|byte| format!("{byte:02x}"));
        Ok(Self(hex.collect()))
    }

    /// Of what was printed.
    pub fn printed(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// As printed.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

const OF_KIND: &str = "SELECT model, managed, position, targets FROM routes WHERE managed = $1 \
    ORDER BY position";
const HOLDING: &str = "SELECT model, managed, position, targets FROM routes \
    WHERE managed OR model NOT IN (SELECT model FROM routes WHERE managed) \
    ORDER BY managed DESC, position";
const DELETE_OF_KIND: &str = "DELETE FROM routes WHERE managed = $1";
const INSERT: &str =
    "INSERT INTO routes (model, managed, position, targets) VALUES ($1, $2, $3, $4)";

impl Store {
    /// Makes the managed routes be those of the configuration file.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when two have the same pattern.
    pub async fn put_managed_routes(&self, routes: &[Route]) -> Result<()> {
        self.put_routes(RouteRow::all(routes, true)?, true, None)
            .await
    }

    /// Makes the unmanaged routes be these.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when two have the same pattern, or the configuration file manages
    /// one of them.
    pub async fn replace_routes(&self, routes: &[Route]) -> Result<()> {
        self.put_routes(RouteRow::all(routes, false)?, false, None)
            .await
    }

    /// The same, if the routes that hold are still one of `read`.
    ///
    /// # Errors
    /// As [`Self::replace_routes`], and [`StoreError::Changed`] when they are not.
    pub async fn replace_routes_of(&self, read: &[RoutesTag], routes: &[Route]) -> Result<()> {
        self.put_routes(RouteRow::all(routes, false)?, false, Some(read))
            .await
    }

    async fn put_routes(
        &self,
        wanted: Vec<RouteRow>,
        managed: bool,
        read: Option<&[RoutesTag]>,
    ) -> Result<()> {
        administer!(self, Catalog, |tx| {
            if let Some(read) = read {
                let holding: Vec<RouteRow> = sqlx::query_as(HOLDING).fetch_all(&mut *tx).await?;
                refuse_changed(holding, read)?;
            }
            if !managed {
                let taken: Vec<RouteRow> = sqlx::query_as(OF_KIND)
                    .bind(true)
                    .fetch_all(&mut *tx)
                    .await?;
                refuse_managed(&wanted, &taken)?;
            }
            let stored: Vec<RouteRow> = sqlx::query_as(OF_KIND)
                .bind(managed)
                .fetch_all(&mut *tx)
                .await?;
            if stored != wanted {
                sqlx::query(DELETE_OF_KIND)
                    .bind(managed)
                    .execute(&mut *tx)
                    .await?;
                for row in &wanted {
                    let query = sqlx::query(INSERT).bind(&row.model).bind(row.managed);
                    query
                        .bind(row.position)
                        .bind(&row.targets)
                        .execute(&mut *tx)
                        .await?;
                }
            }
            ((), stored != wanted)
        })
    }

    /// The routes that would hold if these took the place of the API's. Writes nothing.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where [`Self::replace_routes`] would refuse them.
    pub async fn routes_with(&self, routes: &[Route]) -> Result<Vec<Route>> {
        let wanted = RouteRow::all(routes, false)?;
        let taken: Vec<RouteRow> = read!(self, |pool| sqlx::query_as(OF_KIND)
            .bind(true)
            .fetch_all(pool)
            .await?);
        refuse_managed(&wanted, &taken)?;
        let rows = taken.into_iter().chain(wanted);
        rows.map(RouteRow::route).collect()
    }

    /// The routes that hold: the file's, then the API's that it does not hide, each in the order in
    /// which they were written.
    pub async fn routes(&self) -> Result<Vec<Route>> {
        let rows: Vec<RouteRow> =
            read!(self, |pool| sqlx::query_as(HOLDING).fetch_all(pool).await?);
        rows.into_iter().map(RouteRow::route).collect()
    }
}

fn refuse_changed(holding: Vec<RouteRow>, read: &[RoutesTag]) -> Result<()> {
    let holding = holding.into_iter().map(RouteRow::route);
    let holding = RoutesTag::of(&holding.collect::<Result<Vec<_>>>()?)?;
    if read.contains(&holding) {
        Ok(())
    } else {
        Err(StoreError::Changed)
    }
}

fn refuse_managed(wanted: &[RouteRow], taken: &[RouteRow]) -> Result<()> {
    match wanted
        .iter()
        .find(|row| taken.iter().any(|other| other.model == row.model))
    {
        None => Ok(()),
        Some(row) => {
            let what = format!("the configuration file manages the route `{}`", row.model);
            Err(StoreError::Conflict { what })
        }
    }
}
