use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use hyper::body::Incoming;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::chunks::{ChunkBody, Chunks};
use crate::config::UpstreamConfig;
use crate::upstream::bridge::Lent;
use crate::upstream::extras::Extras;
use crate::upstream::{Upstream, UpstreamError};

/// A server on loopback that counts its connections and gives one answer to every request.
struct Inside {
    at: SocketAddr,
    connections: Arc<AtomicUsize>,
    task: tokio::task::JoinHandle<()>,
}

impl Inside {
    async fn start(answer: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&connections);
        let task = async move {
            let mut open = tokio::task::JoinSet::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                open.spawn(async move {
                    let mut seen = Vec::new();
                    let mut buffer = [0; 1024];
                    while let Ok(read @ 1..) = stream.read(&mut buffer).await {
                        seen.extend_from_slice(&buffer[..read]);
                        if seen.ends_with(b"\r\n\r\n") {
                            seen.clear();
                            stream.write_all(answer.as_bytes()).await.unwrap();
                        }
                    }
                });
            }
        };
        Self {
            at,
            connections,
            task: tokio_util::task::TaskTracker::new().spawn(task),
        }
    }

    /// Connections so far. A connection of the test's own comes last, so that none is still on its way.
    async fn connections(&self) -> usize {
        let before_mine = || self.connections.load(Ordering::SeqCst);
        let mut mine = TcpStream::connect(self.at).await.unwrap();
        mine.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
        mine.read_u8().await.unwrap();
        self.connections.fetch_sub(1, Ordering::SeqCst);
        before_mine()
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        self.task.abort();
    }
}

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";

fn upstream(rules: Rules) -> Upstream {
    let config = UpstreamConfig {
        connect_timeout: Duration::from_secs(5),
        idle_timeout: Duration::from_secs(20),
        system_roots: false,
    };
    let (extras, lent) = (Extras::new(std::iter::empty()), Lent::new(&[]));
    Upstream::within(rules, &config, extras, lent).unwrap()
}

/// A resolver that gives these answers in turn, and no other; and how often it was asked.
fn answers(answers: &[&[&str]]) -> (Rules, Arc<AtomicUsize>) {
    let read = |texts: &&[&str]| -> Vec<SocketAddr> {
        let address = |text: &&str| SocketAddr::new(text.parse().unwrap(), 0);
        texts.iter().map(address).collect()
    };
    let left = Mutex::new(answers.iter().map(read).collect::<VecDeque<_>>());
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let lookup = move |_| -> Pending<Vec<SocketAddr>, io::Error> {
        count.fetch_add(1, Ordering::SeqCst);
        let next = left.lock().unwrap().pop_front();
        let error = || io::Error::other("asked once too often");
        Box::pin(std::future::ready(next.ok_or_else(error)))
    };
    let rules = Rules {
        lookup: Arc::new(lookup),
        ..Rules::internet()
    };
    (rules, asked)
}

fn get(uri: &str) -> Request<ChunkBody> {
    let mut request = Request::new(ChunkBody::from(Chunks::from(Bytes::new())));
    *request.uri_mut() = uri.parse().unwrap();
    request
}

fn reason(answer: Result<Response<Incoming>, UpstreamError>) -> Forbidden {
    match answer {
        Err(UpstreamError::Forbidden(reason)) => reason,
        other => panic!("{other:?}"),
    }
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[tokio::test]
async fn a_name_for_loopback_is_not_connected_to() {
    let inside = Inside::start(OK).await;
    for plain in [false, true] {
        let (rules, _) = answers(&[&["127.0.0.1", "::1"]]);
        let upstream = upstream(Rules { plain, ..rules });
        let scheme = if plain { "http" } else { "https" };
        let uri = format!("{scheme}://a.example:{}/v1", inside.at.port());
        let found = vec![ip("127.0.0.1"), ip("::1")];
        let name = "a.example".to_owned();
        let expected = Forbidden::Name { name, found };
        assert_eq!(reason(upstream.send_guarded(get(&uri)).await), expected);
    }
    assert_eq!(inside.connections().await, 0);
}

#[tokio::test]
async fn addresses_and_plain_text_are_refused_before_anything_is_looked_up() {
    let inside = Inside::start(OK).await;
    let port = inside.at.port();
    let (rules, asked) = answers(&[]);
    let encrypted = upstream(rules.clone());
    let cases = [
        (
            format!("https://127.0.0.1:{port}/"),
            Forbidden::Inside(ip("127.0.0.1")),
        ),
        (
            format!("https://[::ffff:127.0.0.1]:{port}/"),
            Forbidden::Inside(ip("::ffff:127.0.0.1")),
        ),
        (
            "https://169.254.169.254/latest".into(),
            Forbidden::Inside(ip("169.254.169.254")),
        ),
        (format!("http://a.example:{port}/"), Forbidden::Plain),
        (format!("http://127.0.0.1:{port}/"), Forbidden::Plain),
    ];
    for (uri, expected) in cases {
        assert_eq!(
            reason(encrypted.send_guarded(get(&uri)).await),
            expected,
            "{uri}"
        );
    }
    assert_eq!(asked.load(Ordering::SeqCst), 0);
    assert_eq!(inside.connections().await, 0);
}

/// What this machine's resolver takes for an address is not one to us before it answers.
#[tokio::test]
async fn the_systems_resolver_leads_nowhere_inside_either() {
    let inside = Inside::start(OK).await;
    let upstream = upstream(Rules::internet());
    for host in ["localhost", "2130706433", "0x7f.1", "0177.0.0.1", "127.1"] {
        let uri = format!("https://{host}:{}/", inside.at.port());
        match upstream.send_guarded(get(&uri)).await {
            // Some resolvers do not know the odd ones.
            Err(
                UpstreamError::Forbidden(Forbidden::Name { .. }) | UpstreamError::Unreachable(_),
            ) => {}
            other => panic!("{host}: {other:?}"),
        }
    }
    assert_eq!(inside.connections().await, 0);
}

#[tokio::test]
async fn a_name_that_turns_to_loopback_is_refused_from_then_on() {
    let server =
        Inside::start("HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").await;
    // 127.0.0.1 stands for the internet here, ::1 and 127.0.0.2 for the inside.
    let (rules, asked) = answers(&[&["127.0.0.1"], &["127.0.0.2"], &["127.0.0.1"], &["::1"]]);
    let upstream = upstream(Rules {
        allowed: |address| address == ip("127.0.0.1"),
        plain: true,
        ..rules
    });
    let uri = format!("http://a.example:{}/", server.at.port());
    for turned in ["127.0.0.2", "::1"] {
        let first = upstream.send_guarded(get(&uri)).await.unwrap();
        assert_eq!(first.status(), StatusCode::OK);
        drop(first);
        let name = "a.example".to_owned();
        let found = vec![ip(turned)];
        let second = upstream.send_guarded(get(&uri)).await;
        assert_eq!(reason(second), Forbidden::Name { name, found });
    }
    // One look for each connection: the address that was judged is the one that is used.
    assert_eq!(asked.load(Ordering::SeqCst), 4);
    assert_eq!(server.connections().await, 2);
}

#[tokio::test]
async fn of_a_mixed_answer_only_the_public_part_is_used() {
    let inside = Inside::start(OK).await;
    // 127.0.0.3 stands for the internet here; nobody listens there.
    let (rules, _) = answers(&[&["127.0.0.1", "127.0.0.3", "127.0.0.1"]]);
    let upstream = upstream(Rules {
        allowed: |address| address == ip("127.0.0.3"),
        plain: true,
        ..rules
    });
    let uri = format!("http://a.example:{}/", inside.at.port());
    let answer = upstream.send_guarded(get(&uri)).await;
    assert!(
        matches!(answer, Err(UpstreamError::Unreachable(_))),
        "{answer:?}"
    );
    assert_eq!(inside.connections().await, 0);
}

/// The last look, at the socket, catches what got past the first.
#[tokio::test]
async fn the_socket_is_looked_at_too() {
    static LOOKS: AtomicUsize = AtomicUsize::new(0);
    let inside = Inside::start(OK).await;
    let (rules, _) = answers(&[&["127.0.0.1"]]);
    let upstream = upstream(Rules {
        allowed: |_| LOOKS.fetch_add(1, Ordering::SeqCst) == 0,
        plain: true,
        ..rules
    });
    let uri = format!("http://a.example:{}/", inside.at.port());
    let answer = upstream.send_guarded(get(&uri)).await;
    assert_eq!(reason(answer), Forbidden::Inside(ip("127.0.0.1")));
    assert_eq!(LOOKS.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_redirect_inside_is_passed_on_and_not_followed() {
    let inside = Inside::start(OK).await;
    let to: &'static str = format!("http://127.0.0.1:{}/secret", inside.at.port()).leak();
    let answer = format!("HTTP/1.1 307 T\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n").leak();
    let outside = Inside::start(answer).await;
    let (rules, _) = answers(&[&["127.0.0.1"]]);
    let upstream = upstream(Rules {
        allowed: |address| address == ip("127.0.0.1"),
        plain: true,
        ..rules
    });
    let guarded = format!("http://a.example:{}/", outside.at.port());
    let operators = format!("http://{}/", outside.at);
    for answer in [
        upstream.send_guarded(get(&guarded)).await,
        upstream.send(get(&operators)).await,
    ] {
        let answer = answer.unwrap();
        assert_eq!(answer.status(), StatusCode::TEMPORARY_REDIRECT);
        assert_eq!(answer.headers()[header::LOCATION], to);
    }
    assert_eq!(inside.connections().await, 0);
}

#[tokio::test]
async fn the_operators_open_connections_are_not_used() {
    let inside = Inside::start(OK).await;
    let (rules, _) = answers(&[]);
    let upstream = upstream(Rules {
        plain: true,
        ..rules
    });
    let uri = format!("http://{}/", inside.at);
    // The second call shows that there is a connection to be had for the asking.
    for _ in 0..2 {
        let answer = upstream.send(get(&uri)).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        http_body_util::BodyExt::collect(answer.into_body())
            .await
            .unwrap();
    }
    let answer = upstream.send_guarded(get(&uri)).await;
    assert_eq!(reason(answer), Forbidden::Inside(ip("127.0.0.1")));
    assert_eq!(inside.connections().await, 1);
}
