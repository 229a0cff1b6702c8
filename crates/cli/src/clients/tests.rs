use super::*;

fn wanted(models: &[Model]) -> Wanted<'_> {
    let url = "http://127.0.0.1:7878";
    Wanted {
        url,
        model: Some("sim-\"echo"),
        models,
        nonessential: false,
    }
}

#[test]
fn one_variable_holds_the_key() {
    let clients = [
        Client::Claude,
        Client::Codex,
        Client::Opencode,
        Client::Openai,
        Client::Anthropic,
    ];
    for which in clients {
        let setup = client(which, wanted(&[]));
        let keys = setup
            .set
            .iter()
            .filter(|(_, value)| *value == Value::Key)
            .count();
        assert_eq!(keys, 1, "{which:?}");
        let both = setup
            .unset
            .iter()
            .find(|name| setup.set.iter().any(|(set, _)| set == *name));
        assert_eq!(both, None, "{which:?}");
    }
}

#[test]
fn codex_is_told_by_arguments_that_read_as_toml() {
    let setup = codex(wanted(&[]));
    let settings: Vec<_> = setup
        .arguments
        .iter()
        .filter(|argument| *argument != "-c")
        .collect();
    let text = settings
        .iter()
        .map(|line| line.as_str())
        .collect::<Vec<_>>()
        .join(
            "
",
        );
    let read: toml::Table = toml::from_str(&text).unwrap();
    assert_eq!(read["model_provider"].as_str(), Some("tollhouse"));
    assert_eq!(read["model"].as_str(), Some("sim-\"echo"));
    let provider = read["model_providers"]["tollhouse"].as_table().unwrap();
    assert_eq!(
        provider["base_url"].as_str(),
        Some("http://127.0.0.1:7878/v1")
    );
    assert_eq!(provider["env_key"].as_str(), Some("TOLLHOUSE_KEY"));
    assert_eq!(read["analytics"]["enabled"].as_bool(), Some(false));
}

#[test]
fn traffic_beside_the_gateway_is_off_unless_allowed() {
    let names = |setup: Setup| {
        setup
            .set
            .into_iter()
            .map(|(name, _)| name)
            .collect::<Vec<_>>()
    };
    let switch = "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC";
    assert!(names(claude(wanted(&[]))).contains(&switch));
    let allowed = Wanted {
        nonessential: true,
        ..wanted(&[])
    };
    assert!(!names(claude(allowed)).contains(&switch));
    assert!(
        !codex(allowed)
            .arguments
            .iter()
            .any(|argument| argument.contains("analytics"))
    );
}

#[test]
fn opencode_gets_the_library_that_speaks_the_models_protocol() {
    let models = [
        Model::speaking("claude-x", &["chat".to_owned(), "messages".to_owned()]),
        Model::speaking("claude-y", &["chat".to_owned()]),
        Model::speaking("qwen", &["responses".to_owned()]),
        Model::guess("gpt-6"),
        Model::guess("llama"),
    ];
    let packages: Vec<_> = models.iter().map(|model| model.package).collect();
    let expected = [
        MESSAGES_PACKAGE,
        CHAT_PACKAGE,
        RESPONSES_PACKAGE,
        RESPONSES_PACKAGE,
        CHAT_PACKAGE,
    ];
    assert_eq!(packages, expected);
    let setup = opencode(Wanted {
        model: None,
        ..wanted(&models)
    });
    let Some((_, Value::Text(config))) = setup.set.first() else {
        panic!("no configuration")
    };
    let config: serde_json::Value = serde_json::from_str(config).unwrap();
    let provider = &config["provider"]["tollhouse"];
    assert_eq!(provider["options"]["apiKey"], "{env:TOLLHOUSE_KEY}");
    assert_eq!(
        provider["models"]["claude-x"]["provider"]["npm"],
        MESSAGES_PACKAGE
    );
    assert_eq!(
        provider["models"]["llama"]["provider"],
        serde_json::Value::Null
    );
}
