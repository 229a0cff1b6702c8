use std::io::Read as _;

use bytes::Bytes;
use hyper::Method;
use serde_json::Value;
use tollhouse_sim::Script;

use crate::client::{post, requests, send, start};

const TERMINAL: [&str; 3] = ["message_stop", "[DONE]", "response.completed"];

fn ends(body: &[u8], terminal: &str) -> bool {
    String::from_utf8_lossy(body).contains(terminal)
}

#[tokio::test]
async fn errors_come_in_the_callers_envelope() {
    let sim = start().await;
    for (path, body) in requests("sim-echo", true) {
        let seen = post(
            &sim,
            path,
            "status=429;retry_after=7;headers=ratelimit",
            &body,
        )
        .await;
        assert_eq!(
            (seen.status.as_u16(), seen.header("retry-after")),
            (429, "7")
        );
        let error = seen.json();
        if path == "/v1/messages" {
            assert_eq!(
                (&error["type"], &error["error"]["type"]),
                (&"error".into(), &"rate_limit_error".into())
            );
            assert_eq!(seen.header("anthropic-ratelimit-requests-limit"), "4000");
        } else {
            assert_eq!(error["error"]["code"], "rate_limit_exceeded");
            assert_eq!(seen.header("x-ratelimit-reset-tokens"), "6m0s");
        }
        let seen = post(&sim, path, "error=overloaded_error", &body).await;
        assert_eq!(seen.status, 529);
    }
}

#[tokio::test]
async fn a_reset_is_a_cut_and_a_truncation_is_not() {
    let sim = start().await;
    for ((path, body), terminal) in requests("sim-echo", true).into_iter().zip(TERMINAL) {
        let events = |body: &[u8]| String::from_utf8_lossy(body).matches("\n\n").count();
        let seen = post(&sim, path, "reset_after=3", &body).await;
        assert!(
            seen.cut && events(&seen.body) == 3 && !ends(&seen.body, terminal),
            "{path}"
        );
        let seen = post(&sim, path, "truncate_after=3", &body).await;
        assert!(
            !seen.cut && events(&seen.body) == 3 && !ends(&seen.body, terminal),
            "{path}"
        );
        let seen = post(&sim, path, "", &body).await;
        assert!(!seen.cut && ends(&seen.body, terminal), "{path}");
        let headers = [("x-sim", "reset_after=0"), ("anthropic-version", "1")];
        assert!(
            send(&sim, Method::POST, path, &headers, body.to_string())
                .await
                .is_err()
        );
    }
    // The script broke these, not the client.
    let stats = sim.wait_for(|stats| stats.open == 0).await;
    assert_eq!(
        (stats.requests, stats.completed, stats.aborted),
        (12, 12, 0)
    );
}

#[tokio::test]
async fn in_band_errors_replace_the_end() {
    let sim = start().await;
    for ((path, body), terminal) in requests("sim-echo", true).into_iter().zip(TERMINAL) {
        let seen = post(&sim, path, "inband_error=2;error=server_error", &body).await;
        assert_eq!(seen.status, 200);
        assert!(!ends(&seen.body, terminal), "{path}");
        let events = seen.events();
        let (name, data) = &events[2];
        match path {
            "/v1/messages" => {
                assert_eq!(name.as_deref(), Some("error"));
                assert_eq!(data["error"]["type"], "server_error");
            }
            "/v1/chat/completions" => assert_eq!(data["error"]["code"], "server_error"),
            _ => {
                assert_eq!(
                    (name.as_deref(), &data["sequence_number"]),
                    (Some("error"), &2.into())
                );
                assert_eq!(events[3].1["type"], "response.failed");
                assert_eq!(events[3].1["response"]["error"]["code"], "server_error");
            }
        }
    }
}

#[tokio::test]
async fn chunking_and_compression_change_no_byte() {
    for scripts in [
        ["", "chunk=1"],
        ["gzip", "chunk=random:3"],
        ["gap_ms=1", "gzip;chunk=7"],
    ] {
        let mut bodies = Vec::new();
        for script in scripts {
            // A new server each time: ids repeat with it, but for the port in them.
            let sim = start().await;
            let seen = post(
                &sim,
                "/v1/messages",
                script,
                &requests("sim-think", true)[0].1,
            )
            .await;
            let mut body = seen.body.clone();
            if script.contains("gzip") {
                assert_eq!(seen.header("content-encoding"), "gzip");
                body.clear();
                flate2::read::GzDecoder::new(&seen.body[..])
                    .read_to_end(&mut body)
                    .unwrap();
            }
            let port = format!("sim{:04x}", sim.addr().port());
            bodies.push(String::from_utf8(body).unwrap().replace(&port, "sim"));
        }
        assert_eq!(bodies[0], bodies[1], "{scripts:?}");
        assert!(bodies[0].ends_with("}\n\n"));
    }
}

#[tokio::test]
async fn size_and_events_shape_the_answer() {
    let sim = start().await;
    let (path, body) = requests("sim-echo", false)[0].clone();
    let seen = post(&sim, path, "size=5000", &body).await;
    assert_eq!(
        seen.json()["content"][0]["text"].as_str().unwrap().len(),
        5000
    );
    for ((path, body), delta) in requests("sim-echo", true).into_iter().zip([
        "text_delta",
        "\"delta\":{\"content\"",
        "output_text.delta\n",
    ]) {
        let seen = post(&sim, path, "events=40", &body).await;
        assert_eq!(
            String::from_utf8_lossy(&seen.body).matches(delta).count(),
            40,
            "{path}"
        );
    }
}

#[tokio::test]
async fn redirects_garbage_and_bad_scripts() {
    let sim = start().await;
    let (path, body) = requests("sim-echo", false)[1].clone();
    let seen = post(&sim, path, "redirect=http://127.0.0.1:1/x", &body).await;
    assert_eq!(
        (seen.status.as_u16(), seen.header("location")),
        (307, "http://127.0.0.1:1/x")
    );
    let seen = post(&sim, path, "garbage", &body).await;
    assert_eq!(seen.status, 200);
    assert!(serde_json::from_slice::<Value>(&seen.body).is_err());
    let seen = post(&sim, path, "nonsense=1", &body).await;
    assert_eq!(seen.status, 400);
    assert!(
        seen.json()["error"]["message"]
            .as_str()
            .unwrap()
            .contains("nonsense")
    );
}

#[tokio::test]
async fn a_client_that_leaves_is_counted() {
    let sim = start().await;
    let (path, body) = requests("sim-echo", true)[1].clone();
    for (number, script) in ["silence", "pause_ms=600000", "gap_ms=600000"]
        .into_iter()
        .enumerate()
    {
        let number = number as u64 + 1;
        let call = post(&sim, path, script, &body);
        tokio::select! {
            _ = call => panic!("answered"),
            _ = sim.wait_for(|stats| stats.open == 1 && stats.requests == number) => {}
        }
        let stats = sim.wait_for(|stats| stats.aborted == number).await;
        assert_eq!(stats.open, 0, "{script}");
    }
}

#[tokio::test]
async fn queued_scripts_apply_once_each() {
    let sim = start().await;
    sim.script("status=500".parse::<Script>().unwrap());
    sim.script_next("status=429".parse().unwrap());
    sim.script_next("".parse().unwrap());
    let (path, body) = requests("sim-echo", false)[2].clone();
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(post(&sim, path, "", &body).await.status.as_u16());
    }
    assert_eq!(seen, [429, 200, 500, 500]);
    assert_eq!(post(&sim, path, "status=503", &body).await.status, 503);
}

#[tokio::test]
async fn the_first_event_leaves_before_the_second_is_due() {
    let sim = start().await;
    let (path, body) = requests("sim-echo", true)[0].clone();
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: sim\r\nanthropic-version: 1\r\nx-sim: gap_ms=600000\r\n\
         content-length: {}\r\n\r\n{body}",
        body.to_string().len()
    );
    let mut stream = tokio::net::TcpStream::connect(sim.addr()).await.unwrap();
    tokio::io::AsyncWriteExt::write_all(&mut stream, request.as_bytes())
        .await
        .unwrap();
    let mut seen = Vec::new();
    while !ends(&seen, "message_start") || !Bytes::copy_from_slice(&seen).ends_with(b"\n\n\r\n") {
        let read = tokio::io::AsyncReadExt::read_buf(&mut stream, &mut seen)
            .await
            .unwrap();
        assert_ne!(read, 0);
    }
    assert!(!ends(&seen, "content_block_start"));
}
