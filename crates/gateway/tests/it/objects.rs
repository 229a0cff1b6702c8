//! Things that live upstream and are asked after by id, and the routes beside the big three.

mod batches;
mod small;
mod stored;

use tempfile::TempDir;
use tollhouse_sim::{Sim, SimConfig};

use crate::support::client::{Answer, Client};
use crate::support::{TestGateway, UPSTREAM_KEY, configuration, virtual_key};

const VERSION: (&str, &str) = ("anthropic-version", "2023-06-01");

struct Lab {
    sim: Sim,
    gateway: TestGateway,
    client: Client,
    other: String,
}

/// `lab` serves everything but `second`, which another provider at the same address serves; the key
/// `other` may use only `m-a`.
fn text(url: &str, data_dir: &TempDir) -> String {
    let extra = "public_url = \"http://gateway.example:1\"";
    configuration(url, data_dir.path(), extra)
        + &format!(
            r#"
[[provider]]
name = "second"
endpoints = {{ messages = "{url}" }}
api_key = "env:UPSTREAM"
[[key]]
name = "other"
secret = "env:KEY_other"
models = ["m-a"]
[[route]]
model = "second"
targets = [ {{ provider = "second" }} ]
[[route]]
model = "m-a"
targets = [ {{ provider = "lab" }} ]
[[route]]
model = "org/m-b"
targets = [ {{ provider = "lab" }} ]
"#
        )
}

impl Lab {
    async fn start() -> Self {
        let config = SimConfig {
            api_key: Some(UPSTREAM_KEY.into()),
            ..SimConfig::default()
        };
        let sim = Sim::start(config).await.unwrap();
        let data_dir = TempDir::new().unwrap();
        let text = text(&sim.base_url(), &data_dir);
        let gateway = TestGateway::from_text(&text, data_dir).await;
        let client = Client::new(&gateway.url);
        Self {
            sim,
            gateway,
            client,
            other: virtual_key("other"),
        }
    }

    /// The same gateway after a stop and a start.
    async fn restarted(self) -> Self {
        let Self {
            sim,
            gateway,
            other,
            ..
        } = self;
        let data_dir = gateway.stop().await;
        let text = text(&sim.base_url(), &data_dir);
        let gateway = TestGateway::from_text(&text, data_dir).await;
        let client = Client::new(&gateway.url);
        Self {
            sim,
            gateway,
            client,
            other,
        }
    }

    async fn send(&self, method: &str, path: &str, others: bool) -> Answer {
        let mut headers = vec![VERSION];
        headers.extend(others.then_some(("x-api-key", self.other.as_str())));
        let method = http::Method::from_bytes(method.as_bytes()).unwrap();
        self.client
            .whole(self.client.request(method, path, &headers, ""))
            .await
    }

    async fn batch(&self, models: &[&str], headers: &[(&str, &str)]) -> Answer {
        let item = |(n, model): (usize, &&str)| {
            format!(
                r#"{{"custom_id":"c-{n}","params":{{"model":"{model}","max_tokens":9,"messages":[{{"role":"user","content":"hi"}}]}}}}"#
            )
        };
        let items: Vec<_> = models.iter().enumerate().map(item).collect();
        let body = format!("{{\"requests\":[{}]}}", items.join(","));
        let headers = [headers, &[VERSION]].concat();
        self.client
            .post("/v1/messages/batches", &headers, body)
            .await
    }
}
