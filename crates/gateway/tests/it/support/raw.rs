//! A client without manners: bytes on a socket, for what no HTTP library would send.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Longer than any limit of the gateway, for tests that let paused time run.
const LIMIT: Duration = Duration::from_secs(100);

/// One connection.
pub(crate) struct Raw {
    stream: TcpStream,
}

impl Raw {
    pub(crate) async fn connect(url: &str) -> Self {
        let address = url.strip_prefix("http://").unwrap();
        Self {
            stream: TcpStream::connect(address).await.unwrap(),
        }
    }

    /// Sends bytes. A peer that closed already is no error: what it said is still to be read.
    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        let _ = self.stream.write_all(bytes.as_ref()).await;
        self
    }

    /// Sends bytes as most HTTP libraries do: where they cannot all be written, nothing is read any more.
    pub(crate) async fn send_whole(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        let written = self.stream.write_all(bytes.as_ref()).await;
        written.expect("the peer reads on until all is written");
        self
    }

    /// Says that nothing more will come.
    pub(crate) async fn finish(&mut self) -> &mut Self {
        let _ = self.stream.shutdown().await;
        self
    }

    /// Everything until the peer closes, lossily as text; what was sent before a reset counts.
    pub(crate) async fn rest(&mut self) -> String {
        let mut seen = Vec::new();
        let reading = async { while matches!(self.stream.read_buf(&mut seen).await, Ok(1..)) {} };
        tokio::time::timeout(LIMIT, reading)
            .await
            .expect("the connection stays open");
        String::from_utf8_lossy(&seen).into_owned()
    }

    /// Reads until what has come contains `end`.
    pub(crate) async fn until(&mut self, end: &str) -> String {
        let mut seen = Vec::new();
        let reading = async {
            loop {
                let read = self.stream.read_buf(&mut seen).await.unwrap();
                let text = String::from_utf8_lossy(&seen);
                if text.contains(end) {
                    return text.into_owned();
                }
                assert!(read > 0, "closed after {text:?}");
            }
        };
        tokio::time::timeout(LIMIT, reading)
            .await
            .expect("an answer")
    }
}

/// The status of an answer read as text.
pub(crate) fn status(answer: &str) -> u16 {
    let code = answer.split(' ').nth(1).and_then(|code| code.parse().ok());
    code.unwrap_or_else(|| panic!("no status in {answer:?}"))
}

/// The JSON body of an answer read as text.
pub(crate) fn body(answer: &str) -> serde_json::Value {
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap_or_else(|_| panic!("no JSON in {answer:?}"))
}
