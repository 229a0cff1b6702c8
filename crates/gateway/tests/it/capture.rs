//! What calls said is kept where that is wanted, as far as it is wanted, and shown to nobody else.

mod kept;
mod transcript;
mod whose;

use bytes::Bytes;
use http::Method;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::client::{Answer, Client};
use crate::support::upstream::ScriptedUpstream;
use crate::support::{ADMIN, SOON, TestGateway, configuration};

/// A gateway that keeps what `capture` says, the lines of its table.
async fn keeping(upstream: &ScriptedUpstream, capture: &str) -> TestGateway {
    let data_dir = TempDir::new().unwrap();
    let text = configuration(&upstream.url, data_dir.path(), "");
    TestGateway::from_text(&format!("{text}\n[capture]\n{capture}"), data_dir).await
}

/// Asks the control plane as its administrator.
pub(crate) async fn ask(gateway: &TestGateway, method: Method, path: &str) -> Answer {
    let authorization = format!("Bearer {ADMIN}");
    let client = Client::new(&gateway.url);
    let headers = [("authorization", authorization.as_str())];
    let request = client.request(method, path, &headers, Bytes::new());
    client.whole(request).await
}

/// What the newest call said, once it is stored.
pub(crate) async fn said(gateway: &TestGateway) -> Value {
    let id = gateway.calls().await[0].id;
    let path = format!("/api/v1/calls/{id}/capture");
    let waiting = async {
        loop {
            let answer = ask(gateway, Method::GET, &path).await;
            if answer.status == 200 {
                return answer.json();
            }
            assert!(
                answer.text().contains("not stored yet"),
                "{}",
                answer.text()
            );
        }
    };
    tokio::time::timeout(SOON, waiting)
        .await
        .expect("a capture")
}
