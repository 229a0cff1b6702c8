//! Clients that keep score: which calls they made, and how much of each answer they saw.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use tokio::time::Instant;
use tollhouse_sim::{Recorded, Sim};

use crate::support::{Place, Running};

const KEY: &str = "th-load-load-load-load-load-load-load-load";
pub(crate) const TOKEN: &str = "token-token-token-token-token-token-1";

/// A place whose server sends every model to `sim`; `ledger` is what that table says.
pub(crate) fn place(sim: &Sim, database: &str, ledger: &str) -> Place {
    let mut place = Place::new();
    let url = sim.base_url();
    place.write(
        "load.toml",
        &format!(
            r#"
[server]
listen = "127.0.0.1:0"
database = "{database}"

[admin]
token = "env:LOAD_TOKEN"

[ledger]
{ledger}

[[provider]]
name = "sim"
endpoints = {{ messages = "{url}", chat = "{url}/v1", responses = "{url}/v1" }}
api_key = "env:LOAD_UPSTREAM"

[[key]]
name = "load"
secret = "env:LOAD_KEY"

[[route]]
model = "*"
targets = [{{ provider = "sim" }}]
"#
        ),
    );
    place.set("LOAD_KEY", KEY);
    place.set("LOAD_TOKEN", TOKEN);
    place.set("LOAD_UPSTREAM", "upstream-upstream-upstream");
    place
}

/// Starts that server; returns it and clients of it.
pub(crate) fn serve(place: &Place) -> (Running, Clients) {
    // Nobody reads the log while the server runs, so it must fit into a pipe.
    let arguments = ["serve", "--config", "load.toml", "--log", "error"];
    let running = place.start(&arguments, "listening on http://127.0.0.1:");
    let profile = place.read(".config/tollhouse/profile.toml");
    let url = profile.split('"').find(|text| text.starts_with("http://"));
    (running, Clients::new(url.unwrap()))
}

/// What a call asks for.
struct Ask {
    path: &'static str,
    /// How the upstream is to behave.
    script: &'static str,
    /// What a complete stream says at its end and no other; none: the answer is whole.
    terminal: Option<&'static str>,
}

/// Every protocol, whole and streamed, at once and in pieces: an answer takes up to 30 ms.
const ASKS: [Ask; 6] = [
    Ask {
        path: "/v1/messages",
        script: "events=8;gap_ms=2",
        terminal: Some("event: message_stop"),
    },
    Ask {
        path: "/v1/chat/completions",
        script: "",
        terminal: None,
    },
    Ask {
        path: "/v1/responses",
        script: "events=4;gap_ms=1",
        terminal: Some("event: response.completed"),
    },
    Ask {
        path: "/v1/messages",
        script: "size=2000;chunk=700;gap_ms=3",
        terminal: None,
    },
    Ask {
        path: "/v1/chat/completions",
        script: "events=8",
        terminal: Some("data: [DONE]"),
    },
    Ask {
        path: "/v1/responses",
        script: "pause_ms=10",
        terminal: None,
    },
];

/// One token and not one more, so that what it costs is what was held for it.
const PLAIN: Ask = Ask {
    path: "/v1/messages",
    script: "gap_ms=5",
    terminal: Some("event: message_stop"),
};

/// One call as its client saw it.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    /// What the client calls it: the tag `n` of its row.
    pub(crate) marker: String,
    pub(crate) path: &'static str,
    /// The status and the gateway's id of the call, once the head was there.
    pub(crate) head: Option<(StatusCode, String)>,
    /// Everything came that belongs to the answer.
    pub(crate) complete: bool,
    pub(crate) body: String,
    pub(crate) took: Duration,
}

impl Seen {
    pub(crate) fn status(&self) -> Option<StatusCode> {
        self.head.as_ref().map(|(status, _)| *status)
    }
}

/// Clients of one server. Clones share their connections.
#[derive(Clone)]
pub(crate) struct Clients {
    pool: Pool<HttpConnector, Full<Bytes>>,
    base: String,
}

impl Clients {
    fn new(base: &str) -> Self {
        // A call that was made again would have two rows, and rightly so.
        let mut builder = Pool::builder(TokioExecutor::new());
        builder.retry_canceled_requests(false);
        Self {
            pool: builder.build_http(),
            base: base.to_owned(),
        }
    }

    /// Makes the call number `n` of `run`; its kind follows from the number.
    pub(crate) async fn call(&self, run: usize, n: usize) -> Seen {
        let ask = &ASKS[n % ASKS.len()];
        self.make(ask, 99, format!("{run}-{n}")).await
    }

    /// Makes the call number `n` of `run`: one token of output, always.
    pub(crate) async fn call_for_a_token(&self, run: usize, n: usize) -> Seen {
        self.make(&PLAIN, 1, format!("{run}-{n}")).await
    }

    async fn make(&self, ask: &Ask, tokens: u32, marker: String) -> Seen {
        let started = Instant::now();
        let mut seen = Seen {
            path: ask.path,
            head: None,
            complete: false,
            body: String::new(),
            took: Duration::ZERO,
            marker,
        };
        let request = request(&self.base, ask, tokens, &seen.marker);
        if let Ok(answer) = self.pool.request(request).await {
            let (head, mut body) = answer.into_parts();
            let id = head.headers["x-tollhouse-call"].to_str().unwrap();
            seen.head = Some((head.status, id.to_owned()));
            let mut bytes = Vec::new();
            let clean = loop {
                match body.frame().await {
                    Some(Ok(frame)) => bytes.extend_from_slice(frame.data_ref().unwrap()),
                    Some(Err(_)) => break false,
                    None => break true,
                }
            };
            // Nothing here is other than ASCII, however it was cut.
            seen.body = String::from_utf8(bytes).unwrap();
            seen.complete = match ask.terminal {
                Some(terminal) if head.status.is_success() => seen.body.contains(terminal),
                Some(_) | None => clean,
            };
        }
        seen.took = started.elapsed();
        seen
    }

    /// Asks the server itself; status and text.
    pub(crate) async fn get(&self, path: &str) -> (StatusCode, String) {
        let request = Request::get(format!("{}{path}", self.base))
            .header("authorization", format!("Bearer {TOKEN}"))
            .body(Full::default())
            .unwrap();
        let answer = self.pool.request(request).await.unwrap();
        let status = answer.status();
        let bytes = answer.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(bytes.to_vec()).unwrap())
    }

    /// Whether a key is let in.
    pub(crate) async fn admits(&self, key: &str) -> bool {
        let request = Request::get(format!("{}/v1/models", self.base))
            .header("authorization", format!("Bearer {key}"))
            .body(Full::default())
            .unwrap();
        self.pool.request(request).await.unwrap().status() == StatusCode::OK
    }

    async fn json(&self, path: &str) -> Value {
        let (status, text) = self.get(path).await;
        assert_eq!(status, StatusCode::OK, "{path}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// The value of a metric without labels.
    pub(crate) async fn metric(&self, name: &str) -> u64 {
        let (_, text) = self.get("/metrics").await;
        let mut lines = text.lines().filter_map(|line| line.strip_prefix(name));
        let value = lines.find_map(|rest| rest.strip_prefix(' '));
        value
            .unwrap_or_else(|| panic!("no {name}: {text}"))
            .parse()
            .unwrap()
    }

    /// Every row of the record, and that the record agrees with itself.
    pub(crate) async fn ledger(&self) -> Ledger {
        let mut rows = HashMap::new();
        let mut path = "/api/v1/calls?limit=1000".to_owned();
        loop {
            let page = self.json(&path).await;
            for row in page["data"].as_array().unwrap() {
                let id = row["id"].as_str().unwrap().to_owned();
                assert!(id.starts_with("call_"), "{row}");
                let again = rows.insert(id, row.clone());
                assert!(again.is_none(), "the same id twice: {row}");
            }
            match page["next"].as_str() {
                Some(next) => path = format!("/api/v1/calls?limit=1000&cursor={next}"),
                None => break,
            }
        }
        let usage = self.json("/api/v1/usage?group_by=outcome").await;
        assert_eq!(usage["totals"]["calls"], rows.len(), "{usage}");
        let groups = usage["data"].as_array().unwrap();
        let total: u64 = groups
            .iter()
            .map(|group| group["calls"].as_u64().unwrap())
            .sum();
        assert_eq!(total, rows.len() as u64, "{usage}");
        Ledger::new(rows)
    }
}

fn request(base: &str, ask: &Ask, tokens: u32, marker: &str) -> Request<Full<Bytes>> {
    let asked = match ask.path {
        "/v1/responses" => format!(r#""input":"n={marker}""#),
        _ => format!(
            r#""max_tokens":{tokens},"messages":[{{"role":"user","content":"n={marker}"}}]"#
        ),
    };
    let stream = ask.terminal.is_some();
    let body = format!(r#"{{"model":"sim-echo",{asked},"stream":{stream}}}"#);
    let mut request = Request::post(format!("{base}{}", ask.path))
        .header("authorization", format!("Bearer {KEY}"))
        .header("content-type", "application/json")
        .header("anthropic-version", "2023-06-01")
        .header("x-tollhouse-tags", format!("n={marker}"));
    if !ask.script.is_empty() {
        request = request.header("x-sim", ask.script);
    }
    request.body(Full::from(body)).unwrap()
}

/// The record as it was read.
pub(crate) struct Ledger {
    rows: HashMap<String, Value>,
    by_marker: HashMap<String, String>,
}

impl Ledger {
    fn new(rows: HashMap<String, Value>) -> Self {
        let mut by_marker = HashMap::new();
        for (id, row) in &rows {
            let marker = row["tags"]["n"].as_str().unwrap().to_owned();
            let again = by_marker.insert(marker, id.clone());
            assert!(again.is_none(), "one call twice: {row} and {again:?}");
        }
        Self { rows, by_marker }
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// How the call ended; `None` when there is no row of it.
    pub(crate) fn outcome(&self, seen: &Seen) -> Option<&str> {
        let (_, id) = seen.head.as_ref()?;
        let row = self.rows.get(id)?;
        assert_eq!(row["tags"]["n"], seen.marker.as_str(), "{row}");
        row["outcome"].as_str()
    }

    /// How the call with this marker ended, whatever its client saw.
    pub(crate) fn outcome_of(&self, marker: &str) -> Option<&str> {
        self.rows[self.by_marker.get(marker)?]["outcome"].as_str()
    }

    pub(crate) fn count(&self, outcome: &str) -> usize {
        let rows = self.rows.values();
        rows.filter(|row| row["outcome"] == outcome).count()
    }

    /// Nothing reached the upstream that is not on the record.
    pub(crate) fn holds_all(&self, upstream: &[Recorded]) {
        let mut twice = HashSet::new();
        for request in upstream {
            let body = String::from_utf8_lossy(&request.body);
            let (_, rest) = body.split_once("\"n=").unwrap();
            let marker = rest.split('"').next().unwrap().to_owned();
            assert!(self.by_marker.contains_key(&marker), "no row of {marker}");
            assert!(twice.insert(marker), "sent twice: {body}");
        }
    }
}
