//! Which conversation, client and agent a call is attributed to.

use tollhouse_domain::call::Call;

use crate::support::client::Client;
use crate::support::upstream::ScriptedUpstream;
use crate::support::{TestGateway, configuration, virtual_key};

const PLAIN: &str = r#"{"model":"m","messages":[]}"#;

struct Lab {
    upstream: ScriptedUpstream,
    gateway: TestGateway,
    client: Client,
}

impl Lab {
    async fn start() -> Self {
        let upstream = ScriptedUpstream::start().await;
        let data_dir = tempfile::TempDir::new().unwrap();
        let keys = "[[key]]\nname = \"other\"\nsecret = \"env:KEY_other\"\nagent = \"reviewer\"\n";
        let text = configuration(&upstream.url, data_dir.path(), "") + keys;
        let gateway = TestGateway::from_text(&text, data_dir).await;
        let client = Client::new(&gateway.url);
        Self {
            upstream,
            gateway,
            client,
        }
    }

    /// The row of one call.
    async fn call(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Call {
        self.upstream.json(200, "{}");
        let answer = self.client.post(path, headers, body.to_owned()).await;
        assert_eq!(answer.status, 200);
        let id = answer.header("x-tollhouse-call").unwrap().to_owned();
        let calls = self.gateway.calls().await;
        calls
            .into_iter()
            .find(|call| call.id.to_string() == id)
            .unwrap()
    }
}

#[tokio::test]
async fn the_session_is_named_in_any_of_these_places() {
    let lab = Lab::start().await;
    let claude = r#"{"model":"m","metadata":{"user_id":"{\"device_id\":\"d\",\"account_uuid\":\"\",\"session_id\":\"s-1\"}"},"messages":[]}"#;
    let older =
        r#"{"model":"m","metadata":{"user_id":"user_d_account__session_s-1"},"messages":[]}"#;
    let cache_key = r#"{"model":"m","prompt_cache_key":"s-1","input":"hi"}"#;
    let mut sessions = Vec::new();
    for header in [
        "x-tollhouse-session",
        "x-claude-code-session-id",
        "session_id",
        "session-id",
        "thread-id",
        "x-session-id",
        "x-session-affinity",
        "x-opencode-session",
    ] {
        sessions.push(lab.call("/v1/messages", &[(header, "s-1")], PLAIN).await);
    }
    sessions.push(lab.call("/v1/messages", &[], claude).await);
    sessions.push(lab.call("/v1/messages", &[], older).await);
    sessions.push(lab.call("/v1/responses", &[], cache_key).await);
    for call in &sessions {
        assert_eq!(call.session_name.as_deref(), Some("s-1"));
        assert_eq!(
            call.session, sessions[0].session,
            "the same name, wherever it stands"
        );
    }
    // Ours comes first, then the client's header, then the body; the model is no part of it.
    let both = [("x-tollhouse-session", "ours"), ("session-id", "theirs")];
    assert_eq!(
        lab.call("/v1/messages", &both, claude)
            .await
            .session_name
            .as_deref(),
        Some("ours")
    );
    let theirs = lab
        .call("/v1/messages", &[("session-id", "theirs")], claude)
        .await;
    assert_eq!(theirs.session_name.as_deref(), Some("theirs"));
    let other_model = claude.replace("\"m\"", "\"n\"");
    let renamed = lab.call("/v1/messages", &[], &other_model).await;
    assert_eq!(renamed.session, sessions[0].session);
    for seen in lab.upstream.seen() {
        assert!(seen.header("x-tollhouse-session").is_empty());
    }
    lab.gateway.stop().await;
}

#[tokio::test]
async fn a_conversation_without_a_name_goes_by_its_first_user_message() {
    let lab = Lab::start().await;
    let turn = |first: &str, more: &str| {
        format!(r#"{{"model":"m","messages":[{{"role":"user","content":"{first}"}}{more}]}}"#)
    };
    let more = r#",{"role":"assistant","content":"a"},{"role":"user","content":"b"}"#;
    let first = lab.call("/v1/messages", &[], &turn("hello", "")).await;
    let second = lab.call("/v1/messages", &[], &turn("hello", more)).await;
    let another = lab
        .call("/v1/messages", &[], &turn("good morning", ""))
        .await;
    assert_eq!(first.session, second.session);
    assert_ne!(first.session, another.session);
    assert_eq!(first.session_name, None);
    // With nothing to go by, every call stands alone.
    let alone = lab.call("/v1/messages", &[], PLAIN).await;
    assert_ne!(
        alone.session,
        lab.call("/v1/messages", &[], PLAIN).await.session
    );
    lab.gateway.stop().await;
}

#[tokio::test]
async fn sessions_are_never_joined_across_keys() {
    let lab = Lab::start().await;
    let other = virtual_key("other");
    let asked = r#"{"model":"m","messages":[{"role":"user","content":"hello"}]}"#;
    for headers in [&[("x-tollhouse-session", "shared")][..], &[]] {
        let mine = lab.call("/v1/messages", headers, asked).await;
        let headers = [headers, &[("x-api-key", other.as_str())]].concat();
        let theirs = lab.call("/v1/messages", &headers, asked).await;
        assert_ne!(mine.session, theirs.session);
        assert_ne!(mine.key, theirs.key);
    }
    lab.gateway.stop().await;
}

#[tokio::test]
async fn callers_agents_and_tags() {
    let lab = Lab::start().await;
    let codex = r#"{"thread_id":"t","agent_name":"worker"}"#;
    for (header, value, subagent) in [
        ("x-claude-code-agent-id", "agent-7", "agent-7"),
        ("x-openai-subagent", "review", "review"),
        ("x-codex-turn-metadata", codex, "worker"),
    ] {
        let call = lab.call("/v1/messages", &[(header, value)], PLAIN).await;
        assert_eq!(call.subagent.as_deref(), Some(subagent), "{header}");
        assert_eq!(
            lab.upstream.last().header(header),
            [value],
            "it is the protocol's own"
        );
    }
    let nested = [
        ("x-claude-code-agent-id", "agent-8"),
        ("x-claude-code-agent-type", "Explore"),
        ("x-claude-code-parent-agent-id", "agent-7"),
    ];
    let call = lab.call("/v1/messages", &nested, PLAIN).await;
    assert_eq!(call.subagent_type.as_deref(), Some("Explore"));
    assert_eq!(call.subagent_parent.as_deref(), Some("agent-7"));
    for (header, value) in nested {
        assert_eq!(lab.upstream.last().header(header), [value]);
    }
    for (user_agent, caller) in [
        ("claude-cli/2.1.330 (external, sdk-cli)", "claude-code"),
        ("codex_exec/0.169.0 (Linux)", "codex"),
        ("opencode/1.18.33 ai-sdk/provider-utils", "opencode"),
        ("something/1", "test"),
    ] {
        let call = lab
            .call("/v1/messages", &[("user-agent", user_agent)], PLAIN)
            .await;
        assert_eq!(call.caller, caller, "known family, else the key's name");
        assert_eq!(lab.upstream.last().header("user-agent"), [user_agent]);
    }
    let ours = [
        ("x-tollhouse-caller", "nightly"),
        ("x-tollhouse-agent", "builder"),
        ("x-tollhouse-tags", "repo=tollhouse, branch=main,ticket=T-1"),
        ("user-agent", "claude-cli/2"),
    ];
    let call = lab.call("/v1/messages", &ours, PLAIN).await;
    assert_eq!(
        (call.caller.as_str(), call.agent.as_deref()),
        ("nightly", Some("builder"))
    );
    let tags = serde_json::to_value(&call.tags).unwrap();
    let expected = serde_json::json!({"repo": "tollhouse", "branch": "main", "ticket": "T-1"});
    assert_eq!(tags, expected);
    assert!(
        !lab.upstream.last().head.contains("x-tollhouse-"),
        "none of ours goes up"
    );
    let other = virtual_key("other");
    let call = lab
        .call("/v1/messages", &[("x-api-key", other.as_str())], PLAIN)
        .await;
    assert_eq!(
        call.agent.as_deref(),
        Some("reviewer"),
        "the key's agent where the call names none"
    );
    lab.gateway.stop().await;
}
