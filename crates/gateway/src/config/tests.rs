use super::*;

fn read(text: &str) -> Result<Config, ConfigError> {
    let environment = |name: &str| match name {
        "SHORT" => Some("short".to_owned()),
        "KEY" => Some("th-0123456789abcdefghijklmnopqrstuvwxyz".to_owned()),
        "ANTHROPIC" => Some("sk-ant-1".to_owned()),
        "EMPTY" => Some(" \n".to_owned()),
        "TORN" => Some("sk-ant-1\nsk-ant-2".to_owned()),
        "PG" => Some("postgres://u:p@h/db".to_owned()),
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

#[test]
fn an_empty_file_is_a_laptop() {
    let config = read("").unwrap();
    assert_eq!(config.listen.to_string(), "127.0.0.1:7878");
    assert_eq!(config.max_body, 32 << 20);
    assert_eq!(config.public_url, "http://127.0.0.1:7878");
    assert_eq!(config.upstream.connect_timeout.as_secs(), 10);
    assert_eq!(config.upstream.idle_timeout.as_secs(), 600);
    assert_eq!(config.drain.as_secs(), 30);
    assert!(matches!(config.database, DatabaseUrl::Sqlite(_)));
}

#[test]
fn the_contracts_example_reads() {
    let config = read(
        r#"
[server]
listen = "127.0.0.1:7878"
data_dir = "./tollhouse-data"
database = "env:PG"
max_body = "32MiB"
[capture]
bodies = "off"
retention_days = 30
[[provider]]
name = "anthropic"
api_key = "env:ANTHROPIC"
[[provider]]
name = "lab"
endpoints = { chat = "http://127.0.0.1:9002/v1/", messages = "http://127.0.0.1:9001" }
[[key]]
name = "ci"
secret = "env:KEY"
models = ["claude-*", "gpt-*"]
[[route]]
model = "claude-sonnet-4-6"
targets = [ { provider = "anthropic" }, { provider = "lab", model = "q", protocol = "chat" } ]
"#,
    )
    .unwrap();
    assert!(matches!(config.database, DatabaseUrl::Postgres(_)));
    assert_eq!(config.providers[0].provider.endpoints.len(), 1);
    let lab = &config.providers[1].provider;
    assert_eq!(
        lab.endpoints[&tollhouse_wire::Protocol::Chat],
        "http://127.0.0.1:9002/v1"
    );
    assert!(
        config.keys[0].credentials.platform,
        "the administrator's own key"
    );
    assert_eq!(config.routes[0].targets.len(), 2);
}

#[test]
fn errors_name_the_line_and_what_to_write() {
    let cases = [
        ("[server]\nlissten = 1", "t.toml:2: unknown field `lissten`"),
        (
            "[server]\nlisten = \"0.0.0.0:1\"",
            "t.toml:2: listen: an address other than loopback",
        ),
        (
            "[server]\nlisten = \"nowhere\"",
            "t.toml:2: listen: expected \"ADDRESS:PORT\"",
        ),
        (
            "\n[server]\nmax_body = \"big\"",
            "t.toml:3: expected a size such as \"32MiB\"",
        ),
        (
            "[server]\ndatabase = \"mysql://x\"",
            "t.toml:2: database: expected \"sqlite\"",
        ),
        (
            "[admin]\ntoken = \"plain\"",
            "t.toml:2: a secret is written as a reference",
        ),
        (
            "[admin]\ntoken = \"env:SHORT\"",
            "t.toml:2: token: at least 32 characters",
        ),
        (
            "[admin]\ntoken = \"env:NOWHERE\"",
            "t.toml:2: NOWHERE is not set",
        ),
        (
            "[capture]\nbodies = \"all\"",
            "t.toml:2: unknown variant `all`, expected one of `off`, `redacted`, `full`",
        ),
        (
            "[capture]\nmax_body = \"lots\"",
            "t.toml:2: expected a size",
        ),
        (
            "[[provider]]\nname = \"lab\"",
            "t.toml:1: provider \"lab\" is not in the catalog",
        ),
        (
            "[[provider]]\nname = \"a b\"",
            "t.toml:1: provider name: expected",
        ),
        (
            "[[provider]]\nname = \"anthropic\"\napi_key = \"env:KEY\"",
            "t.toml:1: api_key: keys of \"anthropic\" start with sk-ant-",
        ),
        (
            "[[key]]\nname = \"k\"\nsecret = \"env:SHORT\"",
            "t.toml:1: secret: expected \"th-\"",
        ),
        (
            "[[route]]\nmodel = \"*\"\ntargets = []",
            "t.toml:1: targets: a route needs at least one",
        ),
        (
            "[[route]]\nmodel = \"*\"\ntargets = [{ provider = \"x\" }]",
            "t.toml:1: target provider \"x\" has no [[provider]] table",
        ),
        (
            "[[route]]\nmodel = \"a*b\"\ntargets = []",
            "t.toml:2: expected a model name, a prefix",
        ),
    ];
    for (text, expected) in cases {
        let message = error(text);
        assert!(message.starts_with(expected), "{text}\n  says: {message}");
    }
}

#[test]
fn errors_never_quote_a_secret() {
    let message = error("[[key]]\nname = \"k\"\nsecret = \"env:SHORT\"");
    assert!(!message.contains("short"), "{message}");
}

#[test]
fn a_providers_credential_may_be_missing_and_nothing_else_may() {
    for (reference, why) in [
        ("env:NOWHERE", "NOWHERE is not set"),
        ("env:EMPTY", "env:EMPTY: the secret is empty"),
        ("file:/nowhere/at/all", "/nowhere/at/all cannot be read: "),
    ] {
        let provider = format!("[[provider]]\nname = \"anthropic\"\napi_key = \"{reference}\"");
        let config = read(&provider).unwrap();
        let missing = config.providers[0].missing.clone();
        assert!(missing.unwrap().starts_with(why), "{reference}");
        assert!(config.providers[0].api_key.is_none(), "{reference}");
        for own in [
            format!("[admin]\ntoken = \"{reference}\""),
            format!("[vault]\nmaster_key = \"{reference}\""),
            format!("[[key]]\nname = \"k\"\nsecret = \"{reference}\""),
            format!("{provider}\nmetadata = {{ auth_header = \"x-a\", auth = \"{reference}\" }}"),
        ] {
            assert!(error(&own).contains(why), "{own}");
        }
    }
    let there = "[[provider]]\nname = \"anthropic\"\napi_key = \"env:ANTHROPIC\"";
    assert!(read(there).unwrap().providers[0].missing.is_none());
    // What is there and wrong is a mistake to mend, not something to wait for.
    for reference in ["env:TORN", "plain", "file:/"] {
        error(&format!(
            "[[provider]]\nname = \"anthropic\"\napi_key = \"{reference}\""
        ));
    }
}
