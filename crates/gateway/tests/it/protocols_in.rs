//! How clients may connect, and how upstreams are: HTTP/1.1, HTTP/2, TLS, and connections kept.

use std::path::Path;
use std::sync::Arc;

use http::{Request, Version};
use http_body_util::{BodyExt, Full};
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::Client as Pool;
use hyper_util::rt::TokioExecutor;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use tollhouse_sim::{Sim, SimConfig};

use crate::support::client::Client;
use crate::support::dialect::{CHAT, DIALECTS, MESSAGES};
use crate::support::upstream::{ScriptedUpstream, Step, chunk, last_chunk, stream};
use crate::support::{KEY, TestGateway, UPSTREAM_KEY};

fn tls(file: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/it/tls")
        .join(file)
}

#[tokio::test]
async fn http2_without_asking_first() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = TestGateway::start(&upstream.url).await;
    let client = Client::http2(&gateway.url);
    for dialect in &DIALECTS {
        upstream.script(vec![Step::Write(
            [stream(dialect.events), last_chunk()].concat(),
        )]);
        let request = client.request(
            http::Method::POST,
            dialect.path,
            &[("te", "trailers")],
            dialect.request("m", true),
        );
        let response = client.send(request).await;
        assert_eq!(response.version(), Version::HTTP_2);
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body, dialect.stream());
        let seen = upstream.last();
        assert_eq!(seen.body, dialect.request("m", true).as_bytes());
        assert!(seen.header("te").is_empty());
        assert_eq!(seen.header("host").len(), 1);
    }
    // Many at once on the one connection, and a cut among them that breaks only its own stream.
    let cut = [stream(&MESSAGES.events[..2]), chunk(b"event: half")].concat();
    upstream.script(vec![Step::Write(cut), Step::Close]);
    let body = MESSAGES.request("m", true);
    let (answer, broken) = client
        .seen(client.request(http::Method::POST, MESSAGES.path, &[], body))
        .await;
    assert!(broken && !answer.text().contains("message_stop"));
    for _ in 0..20 {
        upstream.json(200, CHAT.answer);
    }
    let post = || client.post(CHAT.path, &[], CHAT.request("m", false));
    let answers = futures_util::future::join_all((0..20).map(|_| post())).await;
    assert!(answers.iter().all(|answer| answer.text() == CHAT.answer));
    assert_eq!(gateway.calls_when(24).await.len(), 24);
    gateway.stop().await;
}

#[tokio::test]
async fn tls_with_either_version() {
    let upstream = ScriptedUpstream::start().await;
    let files = format!(
        "[server.tls]\ncertificate = \"{}\"\nkey = \"{}\"",
        tls("loopback.pem").display(),
        tls("loopback.key").display()
    );
    let gateway = TestGateway::start_with(&upstream.url, &files).await;
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(tls("loopback.pem")).unwrap())
        .unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let url = gateway.url.replace("http://", "https://");
    for version in [Version::HTTP_11, Version::HTTP_2] {
        let builder = HttpsConnectorBuilder::new()
            .with_tls_config(config.clone())
            .https_only();
        let connector = if version == Version::HTTP_2 {
            builder.enable_all_versions().build()
        } else {
            builder.enable_http1().build()
        };
        let client: Pool<_, Full<bytes::Bytes>> =
            Pool::builder(TokioExecutor::new()).build(connector);
        upstream.json(200, MESSAGES.answer);
        let request = Request::post(format!("{url}/v1/messages")).header("x-api-key", KEY);
        let request = request
            .body(Full::from(MESSAGES.request("m", false)))
            .unwrap();
        let response = client.request(request).await.unwrap();
        assert_eq!(
            (response.version(), response.status().as_u16()),
            (version, 200)
        );
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body, MESSAGES.answer);
    }
    gateway.stop().await;
}

#[tokio::test]
async fn upstream_connections_are_kept() {
    let sim = Sim::start(SimConfig {
        api_key: Some(UPSTREAM_KEY.into()),
        ..SimConfig::default()
    });
    let sim = sim.await.unwrap();
    let gateway = TestGateway::start(&sim.base_url()).await;
    let client = Client::new(&gateway.url);
    let version = [("anthropic-version", "2023-06-01")];
    for streamed in [false, true, false, true] {
        for dialect in &DIALECTS {
            let body = dialect.request("sim-echo", streamed);
            let answer = client.post(dialect.path, &version, body).await;
            assert_eq!(answer.status, 200, "{}", answer.text());
        }
    }
    let stats = sim.stats();
    assert_eq!((stats.requests, stats.connections), (12, 1));
    gateway.stop().await;
}

#[tokio::test]
async fn a_kept_connection_that_was_closed_meanwhile_costs_nothing() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = TestGateway::start(&upstream.url).await;
    let client = Client::new(&gateway.url);
    for n in 0..5 {
        let whole = crate::support::upstream::json(200, &[], MESSAGES.answer);
        upstream.script(vec![Step::Write(whole), Step::Close]);
        let answer = client
            .post("/v1/messages", &[], MESSAGES.request("m", false))
            .await;
        assert_eq!(answer.text(), MESSAGES.answer, "{n}");
    }
    assert_eq!(upstream.seen().len(), 5);
    gateway.stop().await;
}
