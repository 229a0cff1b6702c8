//! Connections to upstreams: TCP and TLS within one time limit.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use tower::Service;

use crate::config::UpstreamConfig;

pub(super) type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Plain or TLS by the address's scheme; HTTP/2 where TLS agrees on it.
pub(super) fn connector<C>(
    config: &UpstreamConfig,
    tcp: C,
) -> Result<Timed<HttpsConnector<C>>, rustls::Error> {
    let builder = HttpsConnectorBuilder::new();
    let builder = if config.system_roots {
        builder
            .with_provider_and_native_roots(super::crypto())
            .map_err(|error| rustls::Error::General(error.to_string()))?
    } else {
        builder.with_provider_and_webpki_roots(super::crypto())?
    };
    let https = builder
        .https_or_http()
        .enable_all_versions()
        .wrap_connector(tcp);
    Ok(Timed {
        inner: https,
        limit: config.connect_timeout,
    })
}

/// TCP to what `resolver` finds.
pub(super) fn tcp<R>(resolver: R) -> HttpConnector<R> {
    let mut tcp = HttpConnector::new_with_resolver(resolver);
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_keepalive(Some(Duration::from_mins(1)));
    tcp
}

/// A connector that gives up after a while.
#[derive(Clone)]
pub(crate) struct Timed<C> {
    inner: C,
    limit: Duration,
}

/// The limit passed.
#[derive(Debug, thiserror::Error)]
#[error("no connection within {} seconds", .0.as_secs())]
struct TooSlow(Duration);

impl<C> Service<Uri> for Timed<C>
where
    C: Service<Uri, Error = BoxError>,
    C::Future: Send + 'static,
{
    type Response = C::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<C::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, address: Uri) -> Self::Future {
        let (connecting, limit) = (self.inner.call(address), self.limit);
        Box::pin(async move {
            match tokio::time::timeout(limit, connecting).await {
                Ok(connected) => connected,
                Err(_) => Err(TooSlow(limit).into()),
            }
        })
    }
}
