//! An identity provider that lies as told: discovery, keys and tokens over a real socket.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tollhouse_gateway::clock;

use super::upstream_key;

pub(crate) const CLIENT: &str = "toll&house";
const REDIRECT: &str = "http://localhost:7878/oidc/callback";

fn text(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// What a path is answered with instead of what it should be.
#[derive(Clone)]
pub(crate) enum Trick {
    /// This status and body, and these header lines.
    Says(u16, String, String),
    /// Nothing, for ever.
    Hangs,
}

/// A code that somebody may redeem once.
struct Code {
    nonce: String,
    challenge: String,
    claims: Value,
}

/// What it knows and does.
pub(crate) struct State {
    signer: EcdsaKeyPair,
    /// What the key that signs is called, and what the published one is.
    pub(crate) kid: [String; 2],
    /// Changes to the header of tokens.
    pub(crate) header: Value,
    /// What the signature is in place of a real one.
    pub(crate) signature: Option<String>,
    /// Changes to the discovery document.
    pub(crate) document: Value,
    pub(crate) tricks: BTreeMap<&'static str, Trick>,
    /// The paths that were asked for.
    pub(crate) asked: Vec<String>,
    codes: BTreeMap<String, Code>,
}

pub(crate) struct Idp {
    pub(crate) url: String,
    state: Arc<Mutex<State>>,
    _tasks: JoinSet<()>,
}

/// `into` with the fields of `changes` in their place; null takes one away.
fn change(into: &mut Value, changes: &Value) {
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => into.as_object_mut().unwrap().remove(name),
            value => into
                .as_object_mut()
                .unwrap()
                .insert(name.clone(), value.clone()),
        };
    }
}

impl Idp {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State {
            signer: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap(),
            kid: ["one".to_owned(), "one".to_owned()],
            header: json!({}),
            signature: None,
            document: json!({}),
            tricks: BTreeMap::new(),
            asked: Vec::new(),
            codes: BTreeMap::new(),
        }));
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, url.clone(), Arc::clone(&state)));
        Self {
            url,
            state,
            _tasks: tasks,
        }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// How often a path was asked for.
    pub(crate) fn count(&self, path: &str) -> usize {
        let state = self.state();
        state.asked.iter().filter(|asked| *asked == path).count()
    }

    /// Where a browser that was sent to `url` is sent back to once somebody with these claims has
    /// signed in: the query of our address.
    pub(crate) fn authorize(&self, url: &str, claims: &Value) -> String {
        let (endpoint, query) = url.split_once('?').unwrap();
        assert_eq!(endpoint, format!("{}/auth", self.url));
        let asked: BTreeMap<String, String> = form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect();
        assert_eq!(asked["client_id"], CLIENT);
        assert_eq!(asked["redirect_uri"], REDIRECT);
        assert_eq!(asked["code_challenge_method"], "S256");
        let mut state = self.state();
        let code = format!("code-{}", state.codes.len());
        state.codes.insert(
            code.clone(),
            Code {
                nonce: asked["nonce"].clone(),
                challenge: asked["code_challenge"].clone(),
                claims: claims.clone(),
            },
        );
        form_urlencoded::Serializer::new(String::new())
            .append_pair("code", &code)
            .append_pair("state", &asked["state"])
            .append_pair("iss", &self.url)
            .finish()
    }
}

impl State {
    fn document(&self, url: &str) -> Value {
        let mut document = json!({
            "issuer": url,
            "authorization_endpoint": format!("{url}/auth"),
            "token_endpoint": format!("{url}/token"),
            "jwks_uri": format!("{url}/keys"),
            "authorization_response_iss_parameter_supported": true,
        });
        change(&mut document, &self.document);
        document
    }

    fn keys(&self) -> Value {
        let point = &self.signer.public_key().as_ref()[1..];
        let (x, y) = (text(&point[..32]), text(&point[32..]));
        let kid = &self.kid[1];
        json!({"keys": [
            {"kty": "EC", "crv": "P-256", "kid": kid, "x": x, "y": y, "use": "sig"},
            {"kty": "unknown"},
        ]})
    }

    /// Redeems a code, once, for whoever shows who they are and has the verifier.
    fn token(&mut self, url: &str, head: &str, body: &str) -> Option<Value> {
        let form: BTreeMap<String, String> = form_urlencoded::parse(body.as_bytes())
            .into_owned()
            .collect();
        let secret = upstream_key("idp");
        let basic = STANDARD.encode(format!("toll%26house:{secret}"));
        let in_header = head.contains(&format!("authorization: Basic {basic}"));
        let in_form = form.get("client_secret") == Some(&secret);
        let shown = in_header || (in_form && form["client_id"] == CLIENT);
        let code = self.codes.remove(form.get("code")?)?;
        let challenge = text(digest(&SHA256, form["code_verifier"].as_bytes()));
        let fits = shown && form["redirect_uri"] == REDIRECT && code.challenge == challenge;
        fits.then(|| json!({"id_token": self.sign(url, &code), "token_type": "Bearer"}))
    }

    fn sign(&self, url: &str, code: &Code) -> String {
        let now = clock::now().0 / 1_000_000;
        let mut header = json!({"alg": "ES256", "kid": self.kid[0]});
        change(&mut header, &self.header);
        let mut claims = json!({
            "iss": url, "sub": "ada", "aud": CLIENT, "exp": now + 300, "iat": now, "nonce": code.nonce,
        });
        change(&mut claims, &code.claims);
        let message = format!("{}.{}", text(header.to_string()), text(claims.to_string()));
        let signed = self.signer.sign(&SystemRandom::new(), message.as_bytes());
        let signature = self
            .signature
            .clone()
            .unwrap_or_else(|| text(signed.unwrap()));
        format!("{message}.{signature}")
    }
}

async fn accept(listener: TcpListener, url: String, state: Arc<Mutex<State>>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(serve(stream, url.clone(), Arc::clone(&state)));
    }
}

/// One request for each connection.
async fn serve(stream: TcpStream, url: String, state: Arc<Mutex<State>>) {
    let _gone = answer(stream, url, state).await;
}

async fn answer(mut stream: TcpStream, url: String, state: Arc<Mutex<State>>) -> Option<()> {
    let mut bytes = Vec::new();
    let (head, body) = loop {
        if let Some((head, body)) = String::from_utf8_lossy(&bytes).split_once("\r\n\r\n") {
            let lines = head.lines().filter_map(|line| line.split_once(": "));
            let mut lengths = lines.filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
            let length = lengths
                .next()
                .map_or(0, |(_, value)| value.parse().unwrap());
            if body.len() >= length {
                break (head.to_owned(), body.to_owned());
            }
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let path = head.split(' ').nth(1)?.to_owned();
    let trick = {
        let mut state = state.lock().unwrap();
        state.asked.push(path.clone());
        state.tricks.get(path.as_str()).cloned()
    };
    let (status, more, body) = match trick {
        Some(Trick::Hangs) => {
            let mut rest = [0; 64];
            while stream.read(&mut rest).await.is_ok_and(|read| read > 0) {}
            return None;
        }
        Some(Trick::Says(status, more, body)) => (status, more, body),
        None => {
            let mut state = state.lock().unwrap();
            let answer = match path.as_str() {
                "/.well-known/openid-configuration" => Some(state.document(&url)),
                "/keys" => Some(state.keys()),
                "/token" => state.token(&url, &head, &body),
                _ => None,
            };
            let status = if answer.is_some() { 200 } else { 400 };
            (
                status,
                String::new(),
                answer.unwrap_or_default().to_string(),
            )
        }
    };
    let answer = format!(
        "HTTP/1.1 {status} Status\r\ncontent-type: application/json\r\n{more}connection: close\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(answer.as_bytes()).await.ok()
}
