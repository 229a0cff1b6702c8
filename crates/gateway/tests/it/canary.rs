//! Secrets and prompts are planted, much is done with them, and every sink is searched.

mod accounts;
mod deeds;

use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};

use tracing_subscriber::fmt::MakeWriter;

use self::deeds::{lent, much};
use crate::support::client::Client;
use crate::support::upstream::ScriptedUpstream;
use crate::support::{
    ADMIN, KEY, MASTER_KEY, TestGateway, UPSTREAM_KEY, configuration, upstream_key, virtual_key,
};

const OWN: &str = "own-credential-of-a-client-canary";
const USERS: &str = "sk-users-credential-canary";
const ORGS: &str = "sk-organizations-credential-canary";
const WRONG_KEY: &str = "th-wrong-key-canary-0123456789abcdefghij";
const WRONG_ADMIN: &str = "wrong-admin-token-canary-0123456789abcdef";
const PROMPT: &str = "prompt-canary-my-first-novel";
const ANSWER: &str = "answer-canary-once-upon-a-time";

/// Everything that a log at its most talkative says.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

fn listen() -> Log {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(log.clone())
        .with_ansi(false)
        .finish();
    tracing::subscriber::set_global_default(subscriber).unwrap();
    log
}

/// What must be nowhere: by name, so that a failure does not print it again.
fn secrets() -> Vec<(&'static str, String)> {
    let mut all = vec![
        ("virtual key", KEY.to_owned()),
        ("another virtual key", virtual_key("own")),
        ("wrong key", WRONG_KEY.to_owned()),
        ("upstream key", UPSTREAM_KEY.to_owned()),
        ("second upstream key", upstream_key("gone")),
        ("admin token", ADMIN.to_owned()),
        ("wrong admin token", WRONG_ADMIN.to_owned()),
        ("master key", MASTER_KEY.to_owned()),
        ("opened master key", "master-key-canary".to_owned()),
        ("client's own credential", OWN.to_owned()),
        ("user's credential", USERS.to_owned()),
        ("organization's credential", ORGS.to_owned()),
        ("prompt", PROMPT.to_owned()),
        ("answer", ANSWER.to_owned()),
    ];
    // A debug print of bytes would show them as a list of numbers.
    let listed: Vec<_> = all
        .iter()
        .map(|(name, text)| {
            let bytes: Vec<_> = text.bytes().take(8).map(|byte| byte.to_string()).collect();
            (*name, bytes.join(", "))
        })
        .collect();
    all.extend(listed);
    all
}

fn search(sink: &str, bytes: &[u8]) {
    seek(&secrets(), sink, bytes);
}

fn seek(secrets: &[(&'static str, String)], sink: &str, bytes: &[u8]) {
    for (name, secret) in secrets {
        let found = memchr::memmem::find(bytes, secret.as_bytes());
        assert!(found.is_none(), "{sink} holds the {name}");
    }
}

fn search_files(directory: &Path) -> usize {
    seek_files(&secrets(), directory)
}

fn seek_files(secrets: &[(&'static str, String)], directory: &Path) -> usize {
    let mut files = 0;
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files += seek_files(secrets, &path);
        } else {
            let bytes = std::fs::read(&path).unwrap();
            seek(secrets, &path.display().to_string(), &bytes);
            files += 1;
        }
    }
    files
}

#[tokio::test]
async fn no_sink_holds_a_secret_or_a_prompt() {
    let log = listen();
    let upstream = ScriptedUpstream::start().await;
    let data_dir = tempfile::TempDir::new().unwrap();
    let nobody = ScriptedUpstream::start().await.url;
    let more = format!(
        "[capture]\nbodies = \"full\"\n[vault]\nmaster_key = \"env:MASTER\"\n[[provider]]\nname = \"gone\"\napi_key = \"env:UPSTREAM_gone\"\n\
         endpoints = {{ messages = \"{nobody}\", chat = \"{nobody}\", responses = \"{nobody}\" }}\n\
         [[key]]\nname = \"own\"\nsecret = \"env:KEY_own\"\ncredentials = {{ client = true }}\n\
         [[route]]\nmodel = \"gone\"\ntargets = [ {{ provider = \"gone\" }} ]\n"
    );
    let extra = "max_body = \"1MiB\"";
    let text = (configuration(&upstream.url, data_dir.path(), extra) + &more)
        .replace("model = \"*\"", "model = \"m\"");
    let gateway = TestGateway::from_text(&text, data_dir).await;
    let client = Client::new(&gateway.url);
    let mut refusals = Vec::new();
    much(&client, &upstream, &mut refusals).await;
    lent(&client, &upstream, &mut refusals).await;
    let rows = gateway.calls().await;
    assert!(rows.len() > 30);

    for refusal in &refusals {
        assert!(refusal.status.is_client_error() || refusal.status.is_server_error());
        search(
            "a refusal's head",
            format!("{:?}", refusal.headers).as_bytes(),
        );
        search("a refusal", &refusal.body);
        let told = refusal.text();
        assert!(
            !told.contains("127.0.0.1") && !told.contains("localhost"),
            "{told}"
        );
    }
    for row in &rows {
        search("a row", serde_json::to_string(row).unwrap().as_bytes());
    }
    let admin = format!("Bearer {ADMIN}");
    let wrong = format!("Bearer {WRONG_ADMIN}");
    for path in [
        "/api/v1/calls?limit=200",
        "/api/v1/sessions",
        "/api/v1/usage?group_by=key",
        "/api/v1/keys",
        "/api/v1/platform/credentials",
        "/api/v1/orgs/acme/credentials",
        "/api/v1/audit?limit=1000",
        "/api/v1/providers",
        "/metrics",
        "/api/openapi.json",
    ] {
        let answer = client.get(path, &[("authorization", admin.as_str())]).await;
        assert_eq!(answer.status, 200, "{path}");
        search(path, &answer.body);
        search(path, format!("{:?}", answer.headers).as_bytes());
        search(
            path,
            &client
                .get(path, &[("authorization", wrong.as_str())])
                .await
                .body,
        );
    }
    assert!(
        search_files(gateway.data_dir.path()) > 2,
        "the database and the journal"
    );
    let data_dir = gateway.stop().await;
    assert!(search_files(data_dir.path()) > 1);
    search(
        "the command line",
        &std::fs::read("/proc/self/cmdline").unwrap(),
    );
    let log = log.0.lock().unwrap();
    search("the log", &log);
    // The log is really the log: a refusal is in it by its call, and so is what the libraries say.
    let text = String::from_utf8_lossy(&log);
    let call = refusals[0].header("x-tollhouse-call").unwrap();
    assert!(text.contains(call) && text.contains("TRACE") && text.contains("hyper_util"));
}
