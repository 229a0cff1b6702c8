use tollhouse_domain::bridge::Holder;
use tollhouse_wire::Protocol;

use crate::config::{Config, ConfigError, Overrides, parse};

fn read(text: &str) -> Result<Config, ConfigError> {
    let environment = |name: &str| match name {
        "SECRET" => Some("secret-of-a-bridge-0123456789abcdefgh".to_owned()),
        "SHORT" => Some("secret-of-a-bridge-of-31-chars-".to_owned()),
        "CODEX_BRIDGE_URL" => Some("http://localhost:4444/".to_owned()),
        "GEMINI_BRIDGE_URL" => Some("http://bridge.example:1".to_owned()),
        _ => None,
    };
    parse("t.toml", text, &Overrides::default(), &environment)
}

fn error(text: &str) -> String {
    match read(text) {
        Ok(_) => panic!("accepted: {text}"),
        Err(error) => error.to_string(),
    }
}

const CLAUDE: &str = "[[bridge]]\nname = \"claude\"\nsecret = \"env:SECRET\"\n";

#[test]
fn a_name_and_a_secret_are_enough() {
    let config = read(CLAUDE).unwrap();
    let [bridge] = &config.bridges[..] else {
        panic!("{}", config.bridges.len())
    };
    assert_eq!(bridge.address.to_string(), "127.0.0.1:3250");
    assert!(bridge.proves);
    let row = &bridge.provider;
    assert_eq!(row.endpoints[&Protocol::Chat], "http://127.0.0.1:3250/v1");
    assert_eq!(row.bridge, Some(Holder::Platform));
    assert!(!row.is_open() && row.managed && row.models.is_empty());
    assert_eq!(bridge.pause.as_secs(), 60);
    let routes: Vec<_> = config
        .routes
        .iter()
        .map(|route| route.model.to_string())
        .collect();
    let own = [
        "claude-bridge/haiku",
        "claude-bridge/sonnet",
        "claude-bridge/opus",
    ];
    assert_eq!(routes, own);
    assert_eq!(config.routes[2].targets[0].model.as_deref(), Some("opus"));
}

#[test]
fn everything_can_be_said() {
    let text = r#"
[[bridge]]
name = "codex"
secret = "env:SECRET"
models = ["gpt-5"]
[[bridge]]
name = "codex"
provider = "codex-of-ada"
url = "http://[::1]:3999"
secret = "env:SHORT"
proof = false
owner = "ada@example.com"
models = []
probe_seconds = 5
[[route]]
model = "codex-bridge/gpt-5"
targets = [ { provider = "codex-of-ada" } ]
"#;
    let config = read(text).unwrap();
    let urls: Vec<_> = config
        .bridges
        .iter()
        .map(|bridge| bridge.address.to_string())
        .collect();
    // Nobody looks up a name, not even this one.
    assert_eq!(urls, ["127.0.0.1:4444", "[::1]:3999"]);
    let ada = &config.bridges[1];
    assert_eq!(
        ada.provider.bridge,
        Some(Holder::Nobody),
        "until the store knows her"
    );
    assert_eq!(ada.owner.as_deref(), Some("ada@example.com"));
    assert_eq!(ada.pause.as_secs(), 5);
    assert!(!ada.proves);
    assert_eq!(config.routes.len(), 1, "the written route stays");
    assert_eq!(config.routes[0].targets[0].provider, "codex-of-ada");
}

#[test]
fn a_bridge_is_on_this_machine() {
    for url in [
        "https://127.0.0.1:3250",
        "http://127.0.0.1",
        "http://10.0.0.1:3250",
        "http://0.0.0.0:3250",
        "http://bridge.example:3250",
        "http://localhost.example:3250",
        "http://127.0.0.1.nip.io:3250",
        "http://u@127.0.0.1:3250",
        "http://127.0.0.1:3250/v1",
        "http://127.0.0.1:3250/?q",
        "http://[::ffff:10.0.0.1]:3250",
        "127.0.0.1:3250",
        "",
    ] {
        let text = format!("{CLAUDE}url = \"{url}\"\n");
        let said = error(&text);
        assert!(
            said.starts_with("t.toml:1: url: expected an http:// address"),
            "{url}: {said}"
        );
    }
    let said = error("\n[[bridge]]\nname = \"gemini\"\nsecret = \"env:SECRET\"\n");
    assert!(
        said.starts_with("t.toml:2: GEMINI_BRIDGE_URL: expected"),
        "{said}"
    );
}

#[test]
fn what_cannot_be_meant_is_refused_with_its_line() {
    let cases = [
        (
            "[[bridge]]\nname = \"clod\"\nsecret = \"env:SECRET\"\n".to_owned(),
            ":1: bridge name: expected one of claude, chatgpt",
        ),
        (
            "[[bridge]]\nname = \"claude\"\n".to_owned(),
            ":1: secret: a bridge and the gateway share one",
        ),
        (
            "[[bridge]]\nname = \"claude\"\nsecret = \"plain\"\n".to_owned(),
            ":1: a secret is written as a reference",
        ),
        (
            CLAUDE.replace("SECRET", "SHORT"),
            ":1: secret: expected at least 32 characters",
        ),
        (
            format!("{CLAUDE}{CLAUDE}provider = \"other\"\n"),
            ":4: url: a bridge at 127.0.0.1:3250 is written already",
        ),
        (
            format!("{CLAUDE}sekret = 1\n"),
            ":4: unknown field `sekret`",
        ),
        (
            format!("{CLAUDE}{CLAUDE}"),
            ":4: provider \"claude-bridge\" is written twice",
        ),
        (
            format!("{CLAUDE}provider = \"Claude\"\n"),
            ":1: provider: expected",
        ),
        (
            format!("{CLAUDE}models = [\"opus*\"]\n"),
            ":1: models: expected whole names",
        ),
        (
            format!("{CLAUDE}owner = \"ada\"\n"),
            ":1: owner: expected the e-mail address",
        ),
        (
            format!("{CLAUDE}probe_seconds = 1\n"),
            ":1: probe_seconds: expected 5 to 3600",
        ),
        (
            format!(
                "[[provider]]\nname = \"claude-bridge\"\nendpoints = {{ chat = \"http://h\" }}\n{CLAUDE}"
            ),
            ":4: provider \"claude-bridge\" is written twice",
        ),
    ];
    for (text, expected) in cases {
        let said = error(&text);
        assert!(said.contains(expected), "{text}: {said}");
    }
}
