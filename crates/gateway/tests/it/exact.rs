//! Bytes cross unchanged, whatever they say and however they are cut, on all three protocols.

use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, TestRunner};
use tokio::runtime::{Builder, Runtime};
use tollhouse_domain::call::Outcome;
use tollhouse_wire::Protocol;

use crate::support::TestGateway;
use crate::support::client::Client;
use crate::support::dialect::DIALECTS;
use crate::support::upstream::{ScriptedUpstream, Step, chunk, last_chunk, stream_head};

/// Legal JSON that a parser and a printer between client and upstream would change.
const FIELDS: [&str; 9] = [
    r#""max_tokens":1.0e2"#,
    r#""seed" :12345678901234567890123456789"#,
    r#""temperature":1.50"#,
    "\"unheard_of\":{ \"b\":[ ] ,\"a\":null}",
    r#""messages":[{"role":"user","content":"h\u00ef \/ \ud83d\ude00"}]"#,
    "\"input\":\"\u{e9}\u{1f600}\"",
    r#""x":1,"x":2"#,
    r#""metadata":{"model":"not this one","stream":1}"#,
    r#""zero":-0"#,
];

/// Events that no protocol knows, and other things that a stream may hold.
const ODDITIES: [&str; 6] = [
    "event: unheard_of\ndata: {\"type\":\"unheard_of\",\"n\":12345678901234567890123}\n\n",
    ": a comment\n\n",
    "event: ping\r\ndata: {\"type\": \"ping\"}\r\n\r\n",
    "data: {\"choices\":[],\ndata:  \"two\":\"lines\"}\n\n",
    "id: 7\nretry: 10\n\n",
    "\n\n",
];

#[derive(Debug, Clone)]
struct Case {
    dialect: usize,
    stream: bool,
    request: String,
    answer: String,
    request_cuts: Vec<Index>,
    answer_cuts: Vec<Index>,
    announced: bool,
}

fn request(stream: bool) -> impl Strategy<Value = String> {
    let fields = prop::sample::subsequence(FIELDS.to_vec(), 0..=FIELDS.len());
    let blanks = prop::collection::vec(select(vec!["", " ", "\n", "\t ", "\r\n"]), 2 * 11 + 2);
    (fields, blanks).prop_flat_map(move |(fields, blanks)| {
        let mut all: Vec<String> = fields.into_iter().map(str::to_owned).collect();
        all.push("\"model\" :\"m\"".to_owned());
        all.push(format!("\"stream\":{stream}"));
        Just(all).prop_shuffle().prop_map(move |fields| {
            let mut blanks = blanks.iter().copied();
            let mut blank = || blanks.next().unwrap_or("");
            let fields: Vec<_> = fields
                .iter()
                .map(|field| format!("{}{field}{}", blank(), blank()))
                .collect();
            format!("{}{{{}}}{}", blank(), fields.join(","), blank())
        })
    })
}

fn answer(dialect: usize, stream: bool) -> impl Strategy<Value = String> {
    let dialect = &DIALECTS[dialect];
    let odd = prop::collection::vec((any::<Index>(), select(ODDITIES.to_vec())), 0..5);
    odd.prop_map(move |odd| {
        if !stream {
            return format!("{} \n", dialect.answer);
        }
        let mut events = dialect.events.to_vec();
        for (place, event) in odd {
            // Before the last: what comes after it is not metered, though it passes as well.
            events.insert(place.index(events.len()), event);
        }
        events.concat()
    })
}

fn cases() -> impl Strategy<Value = Case> {
    let cuts = || prop::collection::vec(any::<Index>(), 0..12);
    (0..DIALECTS.len(), any::<bool>()).prop_flat_map(move |(dialect, stream)| {
        let parts = (
            request(stream),
            answer(dialect, stream),
            cuts(),
            cuts(),
            any::<bool>(),
        );
        parts.prop_map(
            move |(request, answer, request_cuts, answer_cuts, announced)| Case {
                dialect,
                stream,
                request,
                answer,
                request_cuts,
                answer_cuts,
                announced,
            },
        )
    })
}

/// `bytes` in pieces, none of them empty.
fn pieces(bytes: &[u8], cuts: &[Index]) -> Vec<Vec<u8>> {
    let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len())).collect();
    at.extend([0, bytes.len()]);
    at.sort_unstable();
    at.dedup();
    at.windows(2)
        .map(|pair| bytes[pair[0]..pair[1]].to_vec())
        .collect()
}

/// One gateway for every case.
struct Lab {
    runtime: Runtime,
    upstream: ScriptedUpstream,
    gateway: TestGateway,
    client: Client,
}

impl Lab {
    fn start() -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let (upstream, gateway) = runtime.block_on(async {
            let upstream = ScriptedUpstream::start().await;
            let gateway = TestGateway::start(&upstream.url).await;
            (upstream, gateway)
        });
        let client = Client::new(&gateway.url);
        Self {
            runtime,
            upstream,
            gateway,
            client,
        }
    }

    async fn check(&self, case: &Case) -> Result<(), TestCaseError> {
        let (dialect, answer) = (&DIALECTS[case.dialect], case.answer.as_bytes());
        let head = if case.stream {
            stream_head()
        } else if case.announced {
            let length = answer.len();
            format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n").into_bytes()
        } else {
            b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n".to_vec()
        };
        let chunked = case.stream || !case.announced;
        let framed = |piece: Vec<u8>| if chunked { chunk(&piece) } else { piece };
        let mut steps = vec![Step::Write(head)];
        let written = pieces(answer, &case.answer_cuts).into_iter();
        steps.extend(written.map(|piece| Step::Write(framed(piece))));
        if chunked {
            steps.push(Step::Write(last_chunk()));
        }
        self.upstream.script(steps);
        let sent = pieces(case.request.as_bytes(), &case.request_cuts);
        let seen = self
            .client
            .post_pieces(dialect.path, &[], sent, case.announced)
            .await;
        prop_assert_eq!(seen.status, 200);
        let body = self.upstream.last().body;
        prop_assert_eq!(String::from_utf8_lossy(&body), case.request.as_str());
        prop_assert_eq!(String::from_utf8_lossy(&seen.body), case.answer.as_str());
        Ok(())
    }
}

#[test]
fn any_request_and_answer_in_any_pieces() {
    let lab = Lab::start();
    let config = Config {
        cases: 60,
        failure_persistence: None,
        ..Config::default()
    };
    let result =
        TestRunner::new(config).run(&cases(), |case| lab.runtime.block_on(lab.check(&case)));
    result.unwrap_or_else(|error| panic!("{error}"));
    lab.runtime.block_on(async {
        let calls = lab.gateway.calls().await;
        assert_eq!(calls.len(), 60);
        for call in calls {
            assert_eq!(call.outcome, Outcome::Success, "{call:?}");
            assert_eq!(
                (call.usage.input, call.usage.output),
                (Some(3), Some(9)),
                "{call:?}"
            );
            assert_eq!(call.model_requested.as_deref(), Some("m"));
            let expected = if call.protocol == Some(Protocol::Responses) {
                "completed"
            } else {
                ""
            };
            assert!(
                call.stop_reason
                    .is_some_and(|reason| reason.starts_with(expected))
            );
        }
        lab.gateway.stop().await;
    });
}

#[tokio::test]
async fn answers_without_a_body() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = TestGateway::start(&upstream.url).await;
    let client = Client::new(&gateway.url);
    for head in [
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    ] {
        upstream.script(vec![Step::Write(head.into())]);
        let answer = client.post("/v1/messages", &[], r#"{"model":"m"}"#).await;
        assert_eq!(
            (answer.status.is_success(), answer.body.len()),
            (true, 0),
            "{head:?}"
        );
    }
    upstream.script(vec![Step::Write(
        b"HTTP/1.1 200 OK\r\ncontent-length: 70\r\n\r\n".into(),
    )]);
    let head = client.request(http::Method::HEAD, "/proxy/lab/v1/models", &[], "");
    let answer = client.whole(head).await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("content-length")),
        (200, Some("70"))
    );
    assert_eq!(upstream.last().line(), "HEAD /v1/models HTTP/1.1");
    let calls = gateway.calls().await;
    assert_eq!(calls.len(), 4);
    assert!(
        calls
            .iter()
            .all(|call| call.outcome == Outcome::Success && call.usage.is_empty())
    );
    gateway.stop().await;
}
