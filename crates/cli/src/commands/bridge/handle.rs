//! Requests to a bridge: who may knock, and what there is.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::header::{AUTHORIZATION, HOST, ORIGIN};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use serde::Serialize;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tollhouse_domain::bridge::{Bridge, ask, door, proof};
use tollhouse_vault::{Secret, constant_time_eq};
use tollhouse_wire::ErrorKind;

use super::answer::{Body, json};
use super::refusal::{Refusal, shut};
use super::watch::Standing;

/// A bridge at work.
pub(super) struct Served {
    pub(super) known: Arc<Bridge>,
    pub(super) standing: Arc<Standing>,
    pub(super) secret: Secret,
    bearer: Secret,
    pub(super) room: Arc<Semaphore>,
    pub(super) limit: Duration,
    pub(super) stop: CancellationToken,
}

#[derive(Serialize)]
struct Models<'a> {
    object: &'static str,
    data: Vec<ModelRow<'a>>,
}

#[derive(Serialize)]
struct ModelRow<'a> {
    id: &'a str,
    object: &'static str,
    created: i64,
    owned_by: &'a str,
}

impl Served {
    pub(super) fn new(
        known: Bridge,
        secret: &Secret,
        concurrency: u32,
        limit: Duration,
        stop: CancellationToken,
    ) -> Self {
        let known = Arc::new(known);
        Self {
            standing: Arc::new(Standing::new(Arc::clone(&known))),
            known,
            secret: secret.duplicate(),
            bearer: Secret::new(format!("Bearer {}", secret.expose())),
            room: Arc::new(Semaphore::new(concurrency as usize)),
            limit,
            stop,
        }
    }

    /// Answers a request that came to `address`.
    pub(super) async fn answer(
        &self,
        request: Request<Incoming>,
        address: SocketAddr,
        tasks: &TaskTracker,
    ) -> Response<Body> {
        let headers = request.headers();
        let hosts = headers.get_all(HOST).iter().map(HeaderValue::as_bytes);
        let barred = door::check(hosts, headers.contains_key(ORIGIN), address);
        if let Err(barred) = barred {
            return shut(barred);
        }
        let (path, method) = (request.uri().path().to_owned(), request.method().clone());
        if path == "/health" && method == Method::GET {
            // It says nothing that a program of this machine could not find out.
            return self.health(headers, address).await;
        }
        let answered = match self.admit(headers) {
            Err(refusal) => Err(refusal),
            Ok(()) => match (method, path.as_str()) {
                (Method::GET, "/v1/models") => Ok(self.models()),
                (Method::POST, "/v1/chat/completions") => self.complete(request, tasks).await,
                _ => Err(Refusal::new(
                    ErrorKind::NotFound,
                    "There is nothing at this path.",
                )),
            },
        };
        answered.unwrap_or_else(|refusal| refusal.response())
    }

    /// Whether whoever asks knows the secret.
    fn admit(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let mut given = headers.get_all(AUTHORIZATION).iter();
        let right = match (given.next(), given.next()) {
            (Some(value), None) => {
                constant_time_eq(value.as_bytes(), self.bearer.expose().as_bytes())
            }
            _ => false,
        };
        if right {
            return Ok(());
        }
        let message = "The secret of the bridge is missing or wrong.";
        Err(Refusal::new(ErrorKind::InvalidKey, message))
    }

    async fn health(&self, headers: &HeaderMap, address: SocketAddr) -> Response<Body> {
        let nonces = headers.get_all(proof::NONCE).iter();
        let Ok(nonce) = proof::wanted(nonces.map(HeaderValue::as_bytes)) else {
            let message = "What is to be proven with is 16 to 128 URL-safe characters.";
            return Refusal::new(ErrorKind::InvalidRequest, message).response();
        };
        let (report, ready) = self.standing.now().await;
        let status = if ready {
            StatusCode::OK
        } else {
            StatusCode::SERVICE_UNAVAILABLE
        };
        let mut response = json(status, serde_json::to_vec(&report).unwrap_or_default());
        if let Some(nonce) = nonce {
            let proof = tollhouse_vault::proof(&self.secret, &proof::said(nonce, address));
            // It is hex digits.
            if let Ok(proof) = HeaderValue::try_from(proof) {
                response.headers_mut().insert(proof::PROOF, proof);
            }
        }
        response
    }

    fn models(&self) -> Response<Body> {
        let names = self.known.models.iter().map(|model| model.name.as_str());
        let rows = names.chain([ask::DEFAULT_MODEL]).map(|id| ModelRow {
            id,
            object: "model",
            created: 0,
            owned_by: &self.known.id,
        });
        let models = Models {
            object: "list",
            data: rows.collect(),
        };
        json(
            StatusCode::OK,
            serde_json::to_vec(&models).unwrap_or_default(),
        )
    }
}
