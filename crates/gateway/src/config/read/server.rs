//! Where the server listens, what it calls itself, and whom it believes.

use std::net::SocketAddr;

use tollhouse_domain::address::InvalidNetwork;
use tollhouse_vault::Secret;
use toml::Spanned;

use super::{ConfigError, Overrides, Reader};
use crate::config::Proxies;
use crate::config::file::Server;

const DEFAULT_LISTEN: &str = "127.0.0.1:7878";
pub(super) const DEFAULT_MAX_BODY: u64 = 32 << 20;
const DEFAULT_MAX_CONNECTIONS: u32 = 8192;
const SHORTEST_ADMIN_TOKEN: usize = 32;

impl Reader<'_> {
    pub(super) fn listen(
        &self,
        server: &Server,
        overrides: &Overrides,
    ) -> Result<SocketAddr, ConfigError> {
        let written = server
            .listen
            .as_ref()
            .map(|l| (l.span(), l.get_ref().as_str()));
        let (span, text) = match (&overrides.listen, written) {
            (Some(text), _) => (0..0, text.as_str()),
            (None, Some(written)) => written,
            (None, None) => (0..0, DEFAULT_LISTEN),
        };
        let address: SocketAddr = text.parse().map_err(|_| {
            self.error(
                span.clone(),
                format!("listen: expected \"ADDRESS:PORT\", such as \"{DEFAULT_LISTEN}\""),
            )
        })?;
        let protected = server.tls.is_some() || server.behind_proxy == Some(true);
        if !address.ip().is_loopback() && !protected {
            let message = "listen: an address other than loopback would carry keys in the clear; \
                 add [server.tls] with certificate and key, or set behind_proxy = true when \
                 something in front of it terminates TLS";
            return Err(self.error(span, message));
        }
        Ok(address)
    }

    pub(super) fn proxies(&self, server: &Server) -> Result<Proxies, ConfigError> {
        let behind = server.behind_proxy == Some(true);
        let Some(written) = &server.trusted_proxies else {
            return Ok(Proxies::new(behind, Vec::new()));
        };
        let error = |message: String| self.error(written.span(), message);
        if !behind {
            let message = "trusted_proxies: there are none without behind_proxy = true";
            return Err(error(message.to_owned()));
        }
        let read = |text: &String| {
            let wrong = |why: InvalidNetwork| error(format!("trusted_proxies: \"{text}\": {why}"));
            text.parse().map_err(wrong)
        };
        let trusted = written
            .get_ref()
            .iter()
            .map(read)
            .collect::<Result<_, _>>()?;
        Ok(Proxies::new(behind, trusted))
    }

    pub(super) fn public_url(
        &self,
        server: &Server,
        overrides: &Overrides,
        listen: SocketAddr,
    ) -> Result<String, ConfigError> {
        let written = server
            .public_url
            .as_ref()
            .map(|u| (u.span(), u.get_ref().clone()));
        let given = overrides
            .public_url
            .clone()
            .map(|url| (0..0, url))
            .or(written);
        let Some((span, url)) = given else {
            let scheme = if server.tls.is_some() {
                "https"
            } else {
                "http"
            };
            return Ok(format!("{scheme}://{listen}"));
        };
        let web = url.starts_with("http://") || url.starts_with("https://");
        if !web || url.parse::<http::Uri>().is_err() {
            return Err(self.error(span, "public_url: expected an http:// or https:// address"));
        }
        Ok(url.trim_end_matches('/').to_owned())
    }

    pub(super) fn admin_token(
        &self,
        written: Option<&Spanned<String>>,
    ) -> Result<Option<Secret>, ConfigError> {
        let Some(written) = written else {
            return Ok(None);
        };
        let token = self.secret(written.span(), written.get_ref())?;
        if token.expose().len() < SHORTEST_ADMIN_TOKEN {
            let message = format!("token: at least {SHORTEST_ADMIN_TOKEN} characters are needed");
            return Err(self.error(written.span(), message));
        }
        Ok(Some(token))
    }

    pub(super) fn connections(&self, written: Option<&Spanned<u32>>) -> Result<u32, ConfigError> {
        match written {
            Some(written) if *written.get_ref() == 0 => {
                Err(self.error(written.span(), "max_connections: at least 1 is needed"))
            }
            Some(written) => Ok(*written.get_ref()),
            None => Ok(DEFAULT_MAX_CONNECTIONS),
        }
    }
}
