//! Connections to addresses that a user named: to machines of the internet only, and over TLS only.
//!
//! A name can stand for something else at any time, so what was checked when it was written down counts
//! for nothing here. The name is looked up once per connection, what is not public of the answer is
//! dropped, and the connection goes to what is left of that same answer.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::Uri;
use http::uri::Scheme;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tollhouse_domain::address::is_public;
use tower::Service;

use super::connect::BoxError;

type Pending<T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send>>;

/// Finds the addresses of a name.
type Lookup = Arc<dyn Fn(Name) -> Pending<Vec<SocketAddr>, io::Error> + Send + Sync>;

/// Why an address that a user named is not called. For the operator's eyes: it says what a name stands
/// for here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Forbidden {
    #[error("it is not https")]
    Plain,
    #[error("{0} is not an address on the internet")]
    Inside(IpAddr),
    #[error("{name} stands for {} only, which is not on the internet", list(.found))]
    Name { name: String, found: Vec<IpAddr> },
}

fn list(addresses: &[IpAddr]) -> String {
    let texts: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    texts.join(", ")
}

impl Forbidden {
    /// What forbade a connection, if something did.
    pub(super) fn within<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a Self> {
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(found) = error.downcast_ref() {
                return Some(found);
            }
            next = error.source();
        }
        None
    }
}

/// What may be connected to, and how names are looked up.
#[derive(Clone)]
pub(super) struct Rules {
    pub(super) lookup: Lookup,
    pub(super) allowed: fn(IpAddr) -> bool,
    /// Only tests speak without TLS.
    pub(super) plain: bool,
}

impl Rules {
    /// The internet, as this machine's resolver knows it.
    pub(super) fn internet() -> Self {
        let lookup = |name| -> Pending<Vec<SocketAddr>, io::Error> {
            Box::pin(async move { Ok(GaiResolver::new().call(name).await?.collect()) })
        };
        Self {
            lookup: Arc::new(lookup),
            allowed: is_public,
            plain: false,
        }
    }
}

/// Looks names up, and keeps what may be connected to.
#[derive(Clone)]
pub(super) struct Sieve(Rules);

impl Service<Name> for Sieve {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = BoxError;
    type Future = Pending<Self::Response, BoxError>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let allowed = self.0.allowed;
        let finding = (self.0.lookup)(name.clone());
        Box::pin(async move {
            let (public, inside): (Vec<SocketAddr>, Vec<SocketAddr>) = finding
                .await?
                .into_iter()
                .partition(|found| allowed(found.ip()));
            if public.is_empty() && !inside.is_empty() {
                return Err(Forbidden::Name {
                    name: name.to_string(),
                    found: inside.iter().map(SocketAddr::ip).collect(),
                }
                .into());
            }
            Ok(public.into_iter())
        })
    }
}

/// Connects within the rules.
#[derive(Clone)]
pub(crate) struct Guard {
    rules: Rules,
    inner: HttpConnector<Sieve>,
}

impl Guard {
    pub(super) fn new(rules: Rules) -> Self {
        let inner = super::connect::tcp(Sieve(rules.clone()));
        Self { rules, inner }
    }

    /// What can be said before anything is looked up: addresses are never asked of a resolver.
    fn check(&self, address: &Uri) -> Result<(), Forbidden> {
        if address.scheme() != Some(&Scheme::HTTPS) && !self.rules.plain {
            return Err(Forbidden::Plain);
        }
        let host = address.host().unwrap_or_default();
        match host.trim_matches(['[', ']']).parse() {
            Ok(literal) if !(self.rules.allowed)(literal) => Err(Forbidden::Inside(literal)),
            Ok(_) | Err(_) => Ok(()),
        }
    }
}

impl Service<Uri> for Guard {
    type Response = TokioIo<TcpStream>;
    type Error = BoxError;
    type Future = Pending<Self::Response, BoxError>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, address: Uri) -> Self::Future {
        if let Err(forbidden) = self.check(&address) {
            return Box::pin(std::future::ready(Err(forbidden.into())));
        }
        let (connecting, allowed) = (self.inner.call(address), self.rules.allowed);
        Box::pin(async move {
            let stream = connecting.await?;
            // Once more, at the socket itself: whatever chose the address, nothing is said to this one.
            let peer = stream.inner().peer_addr()?.ip();
            if allowed(peer) {
                Ok(stream)
            } else {
                Err(Forbidden::Inside(peer).into())
            }
        })
    }
}

#[cfg(test)]
mod tests;
