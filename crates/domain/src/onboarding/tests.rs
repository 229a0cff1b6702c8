use super::*;

const URL: &str = "http://127.0.0.1:7878";
/// Everything that a format could mistake for its own.
const NASTY: &str = "a\"b\\c'd<<token>>{x}\u{7f6}é#=";

fn setup(name: &str, model: Option<&str>, quiet: bool) -> Setup {
    let models = [
        Offered::speaking("claude-x", &[]),
        Offered::speaking("other", &[]),
    ];
    let wanted = Wanted {
        url: URL,
        model,
        models: &models,
        quiet,
    };
    recipe(name).unwrap().unwrap().setup(wanted).unwrap()
}

#[test]
fn one_variable_holds_the_key_and_nothing_takes_it_out() {
    for recipe in recipes().unwrap() {
        let setup = setup(&recipe.name, Some("m"), true);
        assert!(!setup.env.contains_key(&setup.token), "{}", recipe.name);
        assert!(!setup.unset.contains(&setup.token), "{}", recipe.name);
        let both = setup
            .unset
            .iter()
            .find(|name| setup.env.contains_key(*name));
        assert_eq!(both, None, "{}", recipe.name);
        let credentials = ["KEY", "TOKEN", "SECRET", "PASSWORD"];
        let second = setup
            .env
            .keys()
            .find(|name| credentials.iter().any(|word| name.ends_with(word)));
        assert_eq!(second, None, "{}", recipe.name);
        assert!(setup.env.values().all(|value| !value.is_empty()));
    }
}

#[test]
fn every_text_of_the_table_names_only_what_there_is() {
    for recipe in recipes().unwrap() {
        let setup = setup(&recipe.name, Some("m"), true);
        let texts = setup
            .env
            .values()
            .chain(setup.files.iter().map(|file| &file.content));
        for text in texts.chain(&setup.arguments) {
            assert!(!text.contains("<<") || text.contains(BLOCK.1), "{text}");
        }
        for file in &setup.files {
            assert!(
                !file.path.is_empty() && file.mode == "0600",
                "{}",
                recipe.name
            );
            assert!(!file.path.starts_with('/') && !file.path.contains(".."));
        }
    }
}

#[test]
fn toml_reads_back_whatever_the_model_is_called() {
    for model in ["gpt-5", NASTY] {
        let setup = setup("codex", Some(model), true);
        let file = &setup.files[0];
        let theirs = "sandbox_mode = \"x\"\n[model_providers.mine]\nname = \"m\"\n";
        let whole = format!("{}{theirs}", file.content);
        let read: toml::Table = toml::from_str(&whole).unwrap();
        assert_eq!(read["model"].as_str(), Some(model));
        let provider = &read["model_providers"]["tollhouse"];
        assert_eq!(
            provider["base_url"].as_str(),
            Some("http://127.0.0.1:7878/v1")
        );
        assert_eq!(provider["env_key"].as_str(), Some("TOLLHOUSE_KEY"));
        assert_eq!(provider["wire_api"].as_str(), Some("responses"));
        assert_eq!(read["model_providers"]["mine"]["name"].as_str(), Some("m"));
        assert_eq!(read["sandbox_mode"].as_str(), Some("x"));
        let lines: Vec<_> = setup.arguments.iter().filter(|arg| *arg != "-c").collect();
        let lines: Vec<_> = lines.iter().map(|line| line.as_str()).collect();
        let read: toml::Table = toml::from_str(&lines.join("\n")).unwrap();
        assert_eq!(read["model"].as_str(), Some(model));
        assert_eq!(read["analytics"]["enabled"].as_bool(), Some(false));
    }
    let loud = setup("codex", None, false);
    assert!(!loud.files[0].content.contains("analytics"));
    assert!(!loud.files[0].content.contains("model="));
}

#[test]
fn json_reads_back_whatever_the_model_is_called() {
    for model in ["gpt-5", NASTY] {
        let setup = setup("opencode", Some(model), true);
        let text = &setup.env["OPENCODE_CONFIG_CONTENT"];
        let read: serde_json::Value = serde_json::from_str(text).unwrap();
        assert_eq!(read["model"], format!("tollhouse/{model}"));
        let provider = &read["provider"]["tollhouse"];
        assert_eq!(provider["options"]["apiKey"], "{env:TOLLHOUSE_KEY}");
        assert_eq!(provider["models"][model]["name"], model);
        let npm = &provider["models"]["claude-x"]["provider"]["npm"];
        assert_eq!(npm, "@ai-sdk/anthropic");
        assert!(provider["models"]["other"].get("provider").is_none());
        assert_eq!(read["share"], "disabled");
    }
    for (quiet, model) in [(true, None), (false, Some("m")), (false, None)] {
        let setup = setup("opencode", model, quiet);
        let text = &setup.env["OPENCODE_CONFIG_CONTENT"];
        let read: serde_json::Value = serde_json::from_str(text).unwrap();
        assert_eq!(read.get("share").is_some(), quiet);
        assert_eq!(read.get("model").is_some(), model.is_some());
        let settings = &setup_of_qwen(quiet);
        let read: serde_json::Value = serde_json::from_str(settings).unwrap();
        assert_eq!(read["security"]["auth"]["selectedType"], "openai");
    }
}

fn setup_of_qwen(quiet: bool) -> String {
    setup("qwen-code", Some("m"), quiet).files[0]
        .content
        .clone()
}

#[test]
fn what_would_break_a_line_is_refused() {
    for bad in ["", "a\nb", "a\rb", "a\0b", "a\u{7f}b", "a\tb"] {
        for recipe in recipes().unwrap() {
            let wanted = Wanted {
                url: URL,
                model: Some(bad),
                models: &[],
                quiet: true,
            };
            assert_eq!(recipe.setup(wanted), Err(Unfit::Text("model")), "{bad:?}");
            let offered = [Offered::speaking(bad, &[])];
            let wanted = Wanted {
                model: None,
                models: &offered,
                ..wanted
            };
            assert!(recipe.setup(wanted).is_err(), "{bad:?}");
            let wanted = Wanted {
                url: "http://h\nX: y",
                models: &[],
                ..wanted
            };
            assert_eq!(recipe.setup(wanted), Err(Unfit::Text("address")));
        }
    }
}

#[test]
fn clients_go_by_their_short_names_too() {
    for (short, long) in [
        ("claude", "claude-code"),
        ("qwen", "qwen-code"),
        ("openai", "openai-sdk"),
    ] {
        assert_eq!(recipe(short).unwrap().unwrap().name, long);
    }
    assert_eq!(recipe("nobody").unwrap(), None);
    let claude = setup("claude", None, true);
    assert_eq!(claude.env["ANTHROPIC_BASE_URL"], URL);
    assert!(!claude.env.contains_key("ANTHROPIC_MODEL"));
    assert_eq!(
        setup("openai", None, true).env["OPENAI_BASE_URL"],
        "http://127.0.0.1:7878/v1"
    );
}

#[test]
fn a_model_is_spoken_to_as_its_provider_does() {
    use Protocol::{Chat, Messages, Responses};
    for (name, spoken, expected) in [
        ("claude-x", &[][..], Messages),
        ("gpt-5", &[], Responses),
        ("llama", &[], Chat),
        ("claude-x", &[Chat], Chat),
        ("claude-x", &[Chat, Messages], Messages),
        ("llama", &[Responses, Messages], Messages),
    ] {
        assert_eq!(
            Offered::speaking(name, spoken).protocol,
            expected,
            "{name} {spoken:?}"
        );
    }
}

#[test]
fn beside_a_sign_in_of_its_own_the_key_has_a_header_of_its_own() {
    let wanted = Wanted {
        url: URL,
        model: Some("m"),
        models: &[],
        quiet: true,
    };
    let beside = |name| recipe(name).unwrap().unwrap().setup_beside(wanted).unwrap();
    let claude = beside("claude").unwrap();
    assert_eq!(claude.token, "ANTHROPIC_CUSTOM_HEADERS");
    assert_eq!(claude.token_value, "x-tollhouse-key: ");
    assert!(claude.env.contains_key("ANTHROPIC_BASE_URL"));
    let codex = beside("codex").unwrap();
    let read: toml::Table = toml::from_str(&codex.files[0].content).unwrap();
    let provider = &read["model_providers"]["tollhouse"];
    assert_eq!(provider["requires_openai_auth"].as_bool(), Some(true));
    assert_eq!(
        provider["env_http_headers"]["x-tollhouse-key"].as_str(),
        Some(codex.token.as_str())
    );
    assert!(
        provider.get("env_key").is_none(),
        "it is no credential of OpenAI's"
    );
    for setup in [&claude, &codex] {
        assert!(!setup.keep.is_empty());
        assert!(setup.keep.iter().all(|name| !setup.unset.contains(name)));
        assert!(!setup.unset.contains(&setup.token));
    }
    assert_eq!(beside("qwen"), None);
}
