//! Where an identity provider is, as its discovery document says, and whether that may be believed.

use serde::Deserialize;

/// A provider's discovery document (`/.well-known/openid-configuration`), as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Discovery {
    /// What it calls itself.
    pub issuer: String,
    /// Where browsers are sent.
    pub authorization_endpoint: String,
    /// Where codes are redeemed.
    pub token_endpoint: String,
    /// Where its keys are.
    pub jwks_uri: String,
    /// Whether it repeats its name in the answer (RFC 9207).
    #[serde(default, rename = "authorization_response_iss_parameter_supported")]
    pub names_itself: bool,
    /// How clients may show who they are where codes are redeemed.
    #[serde(default, rename = "token_endpoint_auth_methods_supported")]
    methods: Option<Vec<String>>,
}

/// How a client with a secret shows who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientProof {
    /// In the `Authorization` header (`client_secret_basic`).
    Header,
    /// In the form (`client_secret_post`).
    Form,
}

/// Why a discovery document is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DiscoveryError {
    /// It is none.
    #[error("the discovery document is malformed")]
    Malformed,
    /// It is somebody else's.
    #[error("the discovery document names another issuer")]
    Issuer,
    /// It names an address where others could listen.
    #[error("the discovery document names an address without https")]
    Unsafe,
}

impl Discovery {
    /// Where the document of `issuer` is.
    pub fn address(issuer: &str) -> String {
        let issuer = issuer.trim_end_matches('/');
        format!("{issuer}/.well-known/openid-configuration")
    }

    /// Reads the document that was found at [`Discovery::address`] of `issuer`, which has to name
    /// itself exactly so.
    pub fn read(document: &[u8], issuer: &str) -> Result<Self, DiscoveryError> {
        let read: Self = serde_json::from_slice(document).map_err(|_| DiscoveryError::Malformed)?;
        if read.issuer != issuer {
            return Err(DiscoveryError::Issuer);
        }
        let endpoints = [
            &read.authorization_endpoint,
            &read.token_endpoint,
            &read.jwks_uri,
        ];
        if !endpoints.into_iter().all(|endpoint| is_safe(endpoint)) {
            return Err(DiscoveryError::Unsafe);
        }
        Ok(read)
    }

    /// How a client with a secret shows who it is: in the header unless the provider takes only the
    /// form; `None` where it takes neither.
    pub fn proof(&self) -> Option<ClientProof> {
        let Some(methods) = &self.methods else {
            return Some(ClientProof::Header);
        };
        let takes = |method: &str| methods.iter().any(|listed| listed == method);
        if takes("client_secret_basic") {
            Some(ClientProof::Header)
        } else {
            takes("client_secret_post").then_some(ClientProof::Form)
        }
    }
}

/// Whether nobody on the way can read or change what goes to an address: https, or http that does not
/// leave this machine. Addresses with a user's name in them are nobody's.
pub fn is_safe(address: &str) -> bool {
    let plain = |c: char| c.is_ascii_graphic() && c != '\\' && c != '#';
    let Some((scheme, rest)) = address.split_once("://") else {
        return false;
    };
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    if authority.is_empty() || authority.contains('@') || !address.chars().all(plain) {
        return false;
    }
    let host = match authority.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    let here = || {
        let address = host.parse::<std::net::IpAddr>();
        host == "localhost" || address.is_ok_and(|address| address.is_loopback())
    };
    !host.is_empty() && (scheme == "https" || (scheme == "http" && here()))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn takes_https_and_this_machine() {
        for (address, safe) in [
            ("https://id.example/auth", true),
            ("https://id.example:8443/auth?a=b", true),
            ("http://127.0.0.1:9/auth", true),
            ("http://[::1]:9/auth", true),
            ("http://localhost:9", true),
            ("http://id.example/auth", false),
            ("http://127.0.0.1.example/", false),
            ("http://localhost.example/", false),
            ("http://localhost@id.example/", false),
            ("http://127.0.0.1\\@id.example/", false),
            ("https://user@id.example/", false),
            ("http://10.0.0.1/", false),
            ("ftp://id.example/", false),
            ("HTTPS//id.example", false),
            ("https://", false),
            ("https:///auth", false),
            ("https://:443/auth", false),
            ("https://id.example/a b", false),
            ("https://id.example/a\r\nb", false),
            ("https://id.example/#a", false),
            ("javascript:alert(1)", false),
        ] {
            assert_eq!(is_safe(address), safe, "{address}");
        }
    }

    #[test]
    fn a_secret_goes_into_the_header_where_it_may() {
        let (basic, post, other) = (
            "client_secret_basic",
            "client_secret_post",
            "private_key_jwt",
        );
        for (methods, expected) in [
            (Value::Null, Some(ClientProof::Header)),
            (json!([basic]), Some(ClientProof::Header)),
            (json!([post, basic]), Some(ClientProof::Header)),
            (json!([other, post]), Some(ClientProof::Form)),
            (json!([other]), None),
            (json!([]), None),
        ] {
            let document = json!({
                "issuer": "https://id.example",
                "authorization_endpoint": "https://id.example/auth",
                "token_endpoint": "https://id.example/token",
                "jwks_uri": "https://id.example/keys",
                "token_endpoint_auth_methods_supported": methods,
            });
            let read = Discovery::read(document.to_string().as_bytes(), "https://id.example");
            assert_eq!(read.unwrap().proof(), expected, "{methods}");
        }
    }

    #[test]
    fn believes_only_the_issuer_itself() {
        let issuer = "https://id.example/realm";
        assert_eq!(
            Discovery::address(issuer),
            "https://id.example/realm/.well-known/openid-configuration"
        );
        assert_eq!(
            Discovery::address("https://id.example/"),
            "https://id.example/.well-known/openid-configuration"
        );
        let unsafe_one = json!("http://id.example/");
        for (name, value, result) in [
            ("unknown", json!([1]), Ok(())),
            (
                "issuer",
                json!("https://id.example/realm/"),
                Err(DiscoveryError::Issuer),
            ),
            ("issuer", Value::Null, Err(DiscoveryError::Malformed)),
            ("jwks_uri", Value::Null, Err(DiscoveryError::Malformed)),
            ("jwks_uri", unsafe_one.clone(), Err(DiscoveryError::Unsafe)),
            (
                "token_endpoint",
                unsafe_one.clone(),
                Err(DiscoveryError::Unsafe),
            ),
            (
                "authorization_endpoint",
                unsafe_one,
                Err(DiscoveryError::Unsafe),
            ),
        ] {
            let mut document = json!({
                "issuer": issuer,
                "authorization_endpoint": "https://id.example/auth",
                "token_endpoint": "https://id.example/token",
                "jwks_uri": "https://keys.example/",
                "authorization_response_iss_parameter_supported": true,
            });
            document[name] = value;
            let read = Discovery::read(document.to_string().as_bytes(), issuer);
            assert_eq!(
                read.as_ref().map(|_| ()),
                result.as_ref().copied(),
                "{name}"
            );
            assert!(read.is_err() || read.is_ok_and(|read| read.names_itself));
        }
        assert_eq!(
            Discovery::read(b"<html>", issuer),
            Err(DiscoveryError::Malformed)
        );
    }
}
