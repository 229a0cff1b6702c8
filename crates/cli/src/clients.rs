//! What each client needs to work through the gateway: variables to set and to take out, arguments.
//!
//! Measured against the real programs, not taken from their documentation. Nothing here runs them.

use serde::Serialize;
use std::collections::BTreeMap;

use crate::args::{Agent, Client};

/// The variable that holds the virtual key where a client lets us choose its name.
pub(crate) const KEY_VARIABLE: &str = "TOLLHOUSE_KEY";
/// The provider's name in the clients' own configuration.
const PROVIDER: &str = "tollhouse";

/// A variable's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Text(String),
    /// The virtual key.
    Key,
}

/// What to do to a client's surroundings.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Setup {
    pub(crate) set: Vec<(&'static str, Value)>,
    /// Variables that would take the client elsewhere, or hand it a credential of a vendor.
    pub(crate) unset: Vec<&'static str>,
    /// Arguments that go before the user's own. Never a secret.
    pub(crate) arguments: Vec<String>,
}

/// What is wanted of a client.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'a> {
    /// The gateway's address, without a trailing slash.
    pub(crate) url: &'a str,
    /// The model to start with.
    pub(crate) model: Option<&'a str>,
    /// Models to offer, for clients that do not ask.
    pub(crate) models: &'a [Model],
    /// Whether the client may talk to its vendor beside us.
    pub(crate) nonessential: bool,
}

/// A model and how it is best spoken to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Model {
    pub(crate) name: String,
    pub(crate) package: &'static str,
}

impl Model {
    /// A model whose protocols are not known: its name tells the vendor, and so the protocol.
    pub(crate) fn guess(name: &str) -> Self {
        let package = if name.starts_with("claude") {
            MESSAGES_PACKAGE
        } else if ["gpt-", "o1", "o3", "o4", "codex-"]
            .iter()
            .any(|start| name.starts_with(start))
        {
            RESPONSES_PACKAGE
        } else {
            CHAT_PACKAGE
        };
        Self {
            name: name.to_owned(),
            package,
        }
    }

    /// A model that is spoken to in one of these protocols.
    pub(crate) fn speaking(name: &str, protocols: &[String]) -> Self {
        let speaks = |protocol: &str| protocols.iter().any(|known| known == protocol);
        let guess = Self::guess(name);
        let packages = [
            ("messages", MESSAGES_PACKAGE),
            ("responses", RESPONSES_PACKAGE),
            ("chat", CHAT_PACKAGE),
        ];
        let spoken = |package| {
            packages
                .iter()
                .any(|(p, known)| *known == package && speaks(p))
        };
        if spoken(guess.package) {
            return guess;
        }
        let first = packages.iter().find(|(protocol, _)| speaks(protocol));
        Self {
            package: first.map_or(guess.package, |(_, package)| package),
            ..guess
        }
    }
}

/// The libraries that come with OpenCode, by the protocol they speak.
const MESSAGES_PACKAGE: &str = "@ai-sdk/anthropic";
const RESPONSES_PACKAGE: &str = "@ai-sdk/openai";
const CHAT_PACKAGE: &str = "@ai-sdk/openai-compatible";

/// Credentials of the vendors whose clients we start: an agent that works through the gateway has no
/// use for them, and whatever it runs could read them.
pub(crate) const VENDOR_CREDENTIALS: [&str; 7] = [
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_AUTH_TOKEN",
    "ANTHROPIC_IDENTITY_TOKEN",
    "CLAUDE_CODE_OAUTH_TOKEN",
    "CLAUDE_CODE_OAUTH_REFRESH_TOKEN",
    "OPENAI_API_KEY",
    "CODEX_API_KEY",
];

/// Claude Code leaves the base URL aside when one of these is set, or sends a second credential.
const CLAUDE_UNSET: [&str; 11] = [
    "ANTHROPIC_API_KEY",
    "CLAUDE_CODE_OAUTH_TOKEN",
    "CLAUDE_CODE_OAUTH_REFRESH_TOKEN",
    "ANTHROPIC_IDENTITY_TOKEN",
    "CLAUDE_CODE_USE_GATEWAY",
    "CLAUDE_CODE_USE_BEDROCK",
    "CLAUDE_CODE_USE_VERTEX",
    "CLAUDE_CODE_USE_FOUNDRY",
    "CLAUDE_CODE_USE_MANTLE",
    "CLAUDE_CODE_USE_ANTHROPIC_AWS",
    "CLAUDE_CODE_USE_ANTHROPIC_GOOGLE_CLOUD",
];
const CODEX_UNSET: [&str; 3] = ["OPENAI_API_KEY", "CODEX_API_KEY", "OPENAI_BASE_URL"];
/// OpenCode offers every vendor whose variable it finds.
const OPENCODE_UNSET: [&str; 2] = ["ANTHROPIC_API_KEY", "OPENAI_API_KEY"];

/// What a coding agent needs when we start it.
pub(crate) fn agent(agent: Agent, wanted: Wanted<'_>) -> Setup {
    match agent {
        Agent::Claude => claude(wanted),
        Agent::Codex => codex(wanted),
        Agent::Opencode => opencode(wanted),
    }
}

/// What a client needs when somebody else starts it.
pub(crate) fn client(client: Client, wanted: Wanted<'_>) -> Setup {
    match client {
        Client::Claude => claude(wanted),
        Client::Codex => codex(wanted),
        Client::Opencode => opencode(wanted),
        Client::Openai => Setup {
            set: vec![
                ("OPENAI_BASE_URL", Value::Text(format!("{}/v1", wanted.url))),
                ("OPENAI_API_KEY", Value::Key),
            ],
            ..Setup::default()
        },
        Client::Anthropic => Setup {
            set: vec![
                ("ANTHROPIC_BASE_URL", Value::Text(wanted.url.to_owned())),
                ("ANTHROPIC_API_KEY", Value::Key),
            ],
            // The SDK sends both when both are set.
            unset: vec!["ANTHROPIC_AUTH_TOKEN"],
            ..Setup::default()
        },
    }
}

fn claude(wanted: Wanted<'_>) -> Setup {
    let on = || Value::Text("1".to_owned());
    let mut set = vec![
        ("ANTHROPIC_BASE_URL", Value::Text(wanted.url.to_owned())),
        ("ANTHROPIC_AUTH_TOKEN", Value::Key),
        // Says which prompt and which kind of work a request belongs to.
        ("CLAUDE_CODE_GATEWAY_HINT_HEADERS", on()),
    ];
    if !wanted.nonessential {
        set.push(("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", on()));
    }
    let model = wanted
        .model
        .map(|model| ["--model".to_owned(), model.to_owned()]);
    let arguments = model.into_iter().flatten().collect();
    Setup {
        set,
        unset: CLAUDE_UNSET.to_vec(),
        arguments,
    }
}

/// Codex takes its provider from its configuration only, which arguments can override.
fn codex(wanted: Wanted<'_>) -> Setup {
    let table = format!("model_providers.{PROVIDER}");
    let mut settings = vec![
        format!("model_provider={}", toml_text(PROVIDER)),
        format!("{table}.name={}", toml_text("Tollhouse")),
        format!(
            "{table}.base_url={}",
            toml_text(&format!("{}/v1", wanted.url))
        ),
        format!("{table}.env_key={}", toml_text(KEY_VARIABLE)),
        format!("{table}.wire_api={}", toml_text("responses")),
    ];
    if let Some(model) = wanted.model {
        settings.push(format!("model={}", toml_text(model)));
    }
    if !wanted.nonessential {
        settings.push("analytics.enabled=false".to_owned());
        settings.push("check_for_update_on_startup=false".to_owned());
    }
    Setup {
        set: vec![(KEY_VARIABLE, Value::Key)],
        unset: CODEX_UNSET.to_vec(),
        arguments: settings
            .into_iter()
            .flat_map(|set| ["-c".to_owned(), set])
            .collect(),
    }
}

/// A TOML string.
fn toml_text(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

#[derive(Serialize)]
struct OpencodeConfig<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    autoupdate: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    share: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    provider: BTreeMap<&'static str, OpencodeProvider<'a>>,
}

#[derive(Serialize)]
struct OpencodeProvider<'a> {
    npm: &'static str,
    name: &'static str,
    options: OpencodeOptions,
    models: BTreeMap<&'a str, OpencodeModel<'a>>,
}

#[derive(Serialize)]
struct OpencodeOptions {
    #[serde(rename = "baseURL")]
    base_url: String,
    #[serde(rename = "apiKey")]
    api_key: String,
}

#[derive(Serialize)]
struct OpencodeModel<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<OpencodePackage>,
}

#[derive(Serialize)]
struct OpencodePackage {
    npm: &'static str,
}

/// OpenCode reads a whole configuration from a variable, over the user's own files; the key stays in
/// a variable of its own.
fn opencode(wanted: Wanted<'_>) -> Setup {
    let asked = wanted
        .model
        .filter(|name| wanted.models.iter().all(|known| known.name != *name));
    let asked = asked.map(Model::guess);
    let models = wanted.models.iter().chain(&asked).map(|model| {
        let npm = model.package;
        let provider = (npm != CHAT_PACKAGE).then_some(OpencodePackage { npm });
        (
            model.name.as_str(),
            OpencodeModel {
                name: &model.name,
                provider,
            },
        )
    });
    let provider = OpencodeProvider {
        npm: CHAT_PACKAGE,
        name: "Tollhouse",
        options: OpencodeOptions {
            base_url: format!("{}/v1", wanted.url),
            api_key: format!("{{env:{KEY_VARIABLE}}}"),
        },
        models: models.collect(),
    };
    let config = OpencodeConfig {
        schema: "https://opencode.ai/config.json",
        autoupdate: (!wanted.nonessential).then_some(false),
        share: (!wanted.nonessential).then_some("disabled"),
        model: wanted.model.map(|model| format!("{PROVIDER}/{model}")),
        provider: BTreeMap::from([(PROVIDER, provider)]),
    };
    // Maps of strings always print.
    let config = serde_json::to_string(&config).unwrap_or_default();
    let mut set = vec![
        ("OPENCODE_CONFIG_CONTENT", Value::Text(config)),
        (KEY_VARIABLE, Value::Key),
    ];
    if !wanted.nonessential {
        set.push(("OPENCODE_DISABLE_MODELS_FETCH", Value::Text("1".to_owned())));
    }
    Setup {
        set,
        unset: OPENCODE_UNSET.to_vec(),
        ..Setup::default()
    }
}

#[cfg(test)]
mod tests;
