//! An upstream that does exactly as told, byte by byte: it scripts chunk boundaries, pauses at
//! gates that the test opens, resets and half-finished answers, and keeps what it was sent.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tollhouse_domain::bridge::proof::NONCE;

/// One thing to do on an accepted request.
pub(crate) enum Step {
    /// Write these bytes in one go.
    Write(Vec<u8>),
    /// Wait until the test opens the gate.
    Gate(Arc<Notify>),
    /// Close the connection in good order.
    Close,
    /// Wait until the client side goes away, then note it.
    AwaitClose(Arc<Notify>),
}

/// A request as it arrived.
#[derive(Clone)]
pub(crate) struct Seen {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Seen {
    /// The values of a header, by its lower-case name.
    pub(crate) fn header(&self, name: &str) -> Vec<&str> {
        let lines = self
            .head
            .lines()
            .skip(1)
            .filter_map(|line| line.split_once(':'));
        lines
            .filter(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, v)| v.trim())
            .collect()
    }

    pub(crate) fn line(&self) -> &str {
        self.head.lines().next().unwrap_or("")
    }
}

type Scripts = Arc<Mutex<VecDeque<Vec<Step>>>>;
type Standing = Arc<Mutex<HashMap<String, Vec<u8>>>>;
type Prover = Box<dyn Fn(&str) -> String + Send>;
type Proving = Arc<Mutex<Option<Prover>>>;

/// A scripted upstream on a free port. Each request takes the next script; one without a script is
/// answered 500.
pub(crate) struct ScriptedUpstream {
    pub(crate) url: String,
    seen: watch::Sender<Vec<Seen>>,
    scripts: Scripts,
    standing: Standing,
    proving: Proving,
    _tasks: JoinSet<()>,
}

impl ScriptedUpstream {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (seen, scripts) = (watch::Sender::default(), Scripts::default());
        let (standing, proving) = (Standing::default(), Proving::default());
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(
            listener,
            seen.clone(),
            Arc::clone(&scripts),
            Arc::clone(&standing),
            Arc::clone(&proving),
        ));
        Self {
            url,
            seen,
            scripts,
            standing,
            proving,
            _tasks: tasks,
        }
    }

    /// What the next request without a script yet is answered with.
    pub(crate) fn script(&self, steps: Vec<Step>) -> &Self {
        self.scripts.lock().unwrap().push_back(steps);
        self
    }

    /// What every request for `path` gets from now on; it takes no script. Nothing at all is silence.
    pub(crate) fn always(&self, path: &str, answer: Vec<u8>) -> &Self {
        let mut standing = self.standing.lock().unwrap();
        standing.insert(path.to_owned(), answer);
        self
    }

    /// What stands in the head of an answer of [`Self::always`] to a request with this nonce: lines that are
    /// whole.
    pub(crate) fn proves(&self, prover: impl Fn(&str) -> String + Send + 'static) -> &Self {
        *self.proving.lock().unwrap() = Some(Box::new(prover));
        self
    }

    /// The next request gets `body` as JSON with this status.
    pub(crate) fn json(&self, status: u16, body: &str) -> &Self {
        self.script(vec![Step::Write(json(status, &[], body))])
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.borrow().clone()
    }

    /// The request that arrived last.
    pub(crate) fn last(&self) -> Seen {
        self.seen.borrow().last().unwrap().clone()
    }

    /// Waits until that many requests have arrived.
    pub(crate) async fn wait_seen(&self, count: usize) {
        let mut seen = self.seen.subscribe();
        let waiting = seen.wait_for(|seen| seen.len() >= count);
        tokio::time::timeout(super::SOON, waiting)
            .await
            .expect("a request")
            .unwrap();
    }
}

/// A whole JSON answer as bytes.
pub(crate) fn json(status: u16, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let mut extra = String::new();
    for (name, value) in headers {
        extra.extend([name, ": ", value, "\r\n"]);
    }
    let length = body.len();
    format!(
        "HTTP/1.1 {status} Status\r\ncontent-type: application/json\r\n{extra}content-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// An event stream in these chunks, without its end.
pub(crate) fn stream(chunks: &[impl AsRef<[u8]>]) -> Vec<u8> {
    let chunks = chunks.iter().flat_map(|bytes| chunk(bytes.as_ref()));
    stream_head().into_iter().chain(chunks).collect()
}

/// The head of an event stream.
pub(crate) fn stream_head() -> Vec<u8> {
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
        .to_vec()
}

/// One HTTP chunk.
pub(crate) fn chunk(bytes: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat()
}

/// The end of a chunked body.
pub(crate) fn last_chunk() -> Vec<u8> {
    b"0\r\n\r\n".to_vec()
}

async fn accept(
    listener: TcpListener,
    seen: watch::Sender<Vec<Seen>>,
    scripts: Scripts,
    standing: Standing,
    proving: Proving,
) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(serve(
            stream,
            seen.clone(),
            Arc::clone(&scripts),
            Arc::clone(&standing),
            Arc::clone(&proving),
        ));
    }
}

async fn serve(
    mut stream: TcpStream,
    seen: watch::Sender<Vec<Seen>>,
    scripts: Scripts,
    standing: Standing,
    proving: Proving,
) {
    let mut buffer = Vec::new();
    while let Some(request) = read(&mut stream, &mut buffer).await {
        let path = request.line().split(' ').nth(1).map(str::to_owned);
        let always = path.and_then(|path| standing.lock().unwrap().get(&path).cloned());
        let proof = match (&*proving.lock().unwrap(), request.header(NONCE).first()) {
            (Some(prover), Some(nonce)) => prover(nonce),
            _ => String::new(),
        };
        seen.send_modify(|seen| seen.push(request));
        if let Some(mut answer) = always {
            if let Some(end) = answer.iter().position(|byte| *byte == b'\n') {
                let next = end + 1;
                answer.splice(next..next, proof.into_bytes());
            }
            if stream.write_all(&answer).await.is_err() {
                return;
            }
            continue;
        }
        let steps = scripts.lock().unwrap().pop_front().unwrap_or_else(|| {
            vec![Step::Write(json(
                500,
                &[],
                r#"{"error":{"message":"no script"}}"#,
            ))]
        });
        for step in steps {
            match step {
                Step::Write(bytes) => {
                    if stream.write_all(&bytes).await.is_err() {
                        return;
                    }
                    let _ = stream.flush().await;
                }
                Step::Gate(gate) => gate.notified().await,
                Step::Close => return,
                Step::AwaitClose(gone) => {
                    let mut rest = [0u8; 64];
                    while matches!(stream.read(&mut rest).await, Ok(n) if n > 0) {}
                    gone.notify_one();
                    return;
                }
            }
        }
    }
}

async fn read(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<Seen> {
    let head = loop {
        if let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            let rest = buffer.split_off(end + 4);
            break String::from_utf8(std::mem::replace(buffer, rest)).ok()?;
        }
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    };
    let mut seen = Seen {
        head,
        body: Vec::new(),
    };
    let length = seen
        .header("content-length")
        .first()
        .and_then(|value| value.parse().ok());
    let length: usize = length.unwrap_or(0);
    while buffer.len() < length {
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
    let rest = buffer.split_off(length);
    seen.body = std::mem::replace(buffer, rest);
    Some(seen)
}
