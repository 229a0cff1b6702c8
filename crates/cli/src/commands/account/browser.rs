//! Signing in with a browser, which comes back to this machine. Where it cannot, somebody pastes the address
//! that it ended at.

use std::future::pending;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use http::{Method, StatusCode, Uri};
use serde::Serialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use super::sign_in::{Begun, Next, Standing};
use crate::api::{Api, refusal};
use crate::output::{self, printable};
use crate::record::Record;

/// The most that is read of a request: its first line is all that matters.
const MOST: usize = 16 << 10;
/// The longest that a browser may take for it.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Serialize)]
struct Back<'a> {
    callback_url: &'a str,
}

/// Waits until a browser comes back or somebody pastes what it came back with, and hands that in.
pub(super) async fn wait(api: &Api, begun: &Begun) -> anyhow::Result<Record> {
    let (Some(url), Some(redirect)) = (&begun.authorize_url, &begun.redirect_uri) else {
        bail!("the server named no address to sign in at");
    };
    let uri: Uri = redirect.parse().context("the address to come back to")?;
    let listeners = listen(uri.port_u16().unwrap_or(80)).await;
    begun.warn();
    output::note(&format!("Open\n\n    {}\n", printable(url)));
    output::note(if listeners.is_empty() {
        "and paste the address that the browser ends at (Ctrl-C to give up):"
    } else {
        "in a browser on this machine. With one elsewhere, paste the address that it ends at (Ctrl-C to give \
         up):"
    });
    let mut pasted = lines();
    loop {
        let back = tokio::select! {
            path = comes_back(&listeners, uri.path()) => format!("{redirect}?{path}"),
            line = next(&mut pasted) => line,
        };
        if back.trim().is_empty() {
            continue;
        }
        if let Some(account) = hand_in(api, begun, &back).await? {
            return Ok(account);
        }
    }
}

/// Hands in what a browser came back with. `None` when it is not good: somebody may have pasted half of it,
/// and any page can send a browser to an address on this machine.
async fn hand_in(api: &Api, begun: &Begun, back: &str) -> anyhow::Result<Option<Record>> {
    let body = serde_json::to_vec(&Back { callback_url: back })?;
    let path = format!("{}/code", begun.poll);
    let (status, said) = api.ask(Method::POST, &path, Bytes::from(body)).await?;
    if status == StatusCode::BAD_REQUEST {
        output::note(&refusal(status, &said));
        return Ok(None);
    }
    if status != StatusCode::OK {
        bail!(refusal(status, &said));
    }
    let mut standing: Standing = serde_json::from_slice(&said)?;
    loop {
        match standing.next()? {
            Next::Done(account) => return Ok(Some(account)),
            // The authority is in trouble; the server has the code and goes on with it.
            Next::Wait(pause) => tokio::time::sleep(pause).await,
        }
        standing = api.get(&begun.poll).await?;
    }
}

/// The port on this machine, as far as it is free: names like `localhost` mean either address.
async fn listen(port: u16) -> Vec<TcpListener> {
    let mut listeners = Vec::new();
    listeners.extend(TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await);
    listeners.extend(TcpListener::bind((Ipv6Addr::LOCALHOST, port)).await);
    listeners
}

/// Waits for a browser that asks for `path`; the query that it does so with.
async fn comes_back(listeners: &[TcpListener], path: &str) -> String {
    loop {
        let stream = match listeners {
            [] => pending().await,
            [one] => one.accept().await,
            [one, other, ..] => tokio::select! {
                stream = one.accept() => stream,
                stream = other.accept() => stream,
            },
        };
        let Ok((stream, _)) = stream else {
            // One that is broken is broken the next time too.
            tokio::time::sleep(Duration::from_secs(1)).await;
            continue;
        };
        let answered = tokio::time::timeout(PATIENCE, answer(stream, path)).await;
        if let Ok(Ok(Some(query))) = answered {
            return query;
        }
    }
}

async fn answer(mut stream: TcpStream, path: &str) -> io::Result<Option<String>> {
    let mut read = Vec::new();
    while !read.contains(&b'\n') && read.len() < MOST {
        let mut part = [0; 2048];
        match stream.read(&mut part).await? {
            0 => break,
            count => read.extend_from_slice(&part[..count]),
        }
    }
    let query = query(&read, path);
    let (status, said) = match query {
        Some(_) => (
            "200 OK",
            "Signed in, or about to be: go back to the terminal. This page can be closed.",
        ),
        None => ("404 Not Found", "There is nothing here."),
    };
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {}\r\n\
         cache-control: no-store\r\nreferrer-policy: no-referrer\r\nconnection: close\r\n\r\n{said}",
        said.len()
    );
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await?;
    Ok(query)
}

/// The query of a request for `path`, by the request's first line.
fn query(read: &[u8], path: &str) -> Option<String> {
    let line = read.split(|byte| *byte == b'\n').next()?;
    let line = std::str::from_utf8(line).ok()?.trim_end();
    let target = line.strip_prefix("GET ")?.split(' ').next()?;
    let (asked, query) = target.split_once('?')?;
    (asked == path).then(|| query.to_owned())
}

/// Lines of standard input. They are read beside, by a thread that nobody waits for: it may read for ever.
fn lines() -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel(1);
    std::thread::spawn(move || {
        for line in io::stdin().lines().map_while(Result::ok) {
            if sender.blocking_send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

/// The next line; once there are no more, none ever comes.
async fn next(lines: &mut mpsc::Receiver<String>) -> String {
    match lines.recv().await {
        Some(line) => line,
        None => pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_comes_back_by_one_address_alone() {
        let cases = [
            (
                "GET /auth/callback?code=a&state=s HTTP/1.1\r\nhost: x",
                Some("code=a&state=s"),
            ),
            (
                "GET /auth/callback?code=a&state=s HTTP/1.1\n",
                Some("code=a&state=s"),
            ),
            ("GET /auth/callback HTTP/1.1\r\n", None),
            ("GET /favicon.ico HTTP/1.1\r\n", None),
            ("GET /auth/callback/x?code=a HTTP/1.1\r\n", None),
            ("POST /auth/callback?code=a HTTP/1.1\r\n", None),
            ("\u{16}\u{3}", None),
            ("", None),
        ];
        for (text, expected) in cases {
            let found = query(text.as_bytes(), "/auth/callback");
            assert_eq!(found.as_deref(), expected, "{text}");
        }
    }
}
