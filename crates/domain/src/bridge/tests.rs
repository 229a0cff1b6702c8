use std::collections::HashSet;

use super::*;

#[test]
fn the_embedded_table_reads_and_nothing_is_there_twice() {
    let all = bridges().unwrap();
    let providers = crate::catalog::providers().unwrap();
    let distinct = |of: fn(&Bridge) -> String| all.iter().map(of).collect::<HashSet<_>>().len();
    for count in [
        distinct(|bridge| bridge.id.clone()),
        distinct(|bridge| bridge.port.to_string()),
        distinct(|bridge| bridge.url_variable.clone()),
        distinct(|bridge| bridge.provider.clone()),
    ] {
        assert_eq!(count, all.len());
    }
    for bridge in &all {
        assert!(crate::provider::valid_name(&bridge.provider), "{bridge:?}");
        assert!(!providers.contains_key(&bridge.provider), "{bridge:?}");
        assert_eq!(bridge.protocol, Protocol::Chat);
        assert_eq!(bridge.command.is_some(), !bridge.version.is_empty());
        if bridge.serve.is_some() {
            // What is served here has to be found, and its owner is told what they agreed to.
            assert!(bridge.command.is_some() && bridge.terms.is_some() && bridge.login.is_some());
            assert!(!bridge.models.is_empty());
        }
    }
    let ports: Vec<_> = all.iter().map(|bridge| bridge.port).collect();
    assert_eq!(ports, [3250, 3251, 3252, 3253, 3254, 3256, 3257]);
}

#[test]
fn a_program_is_started_without_tools_and_is_never_told_a_word_of_the_request() {
    let claude = bridge("claude").unwrap().unwrap().serve.unwrap();
    let arguments = claude.arguments(Some("opus"), Some("/tmp/s"));
    assert!(arguments.windows(2).any(|two| two == ["--tools", ""]));
    assert!(
        arguments
            .ends_with(&["--model", "opus", "--system-prompt-file", "/tmp/s"].map(str::to_owned))
    );
    assert!(!claude.arguments(None, None).contains(&"--model".to_owned()));
    let codex = bridge("codex").unwrap().unwrap().serve.unwrap();
    assert!(!codex.takes_system() && claude.takes_system());
    let arguments = codex.arguments(Some("gpt-5"), Some("/tmp/s"));
    assert!(
        arguments
            .windows(2)
            .any(|two| two == ["--sandbox", "read-only"])
    );
    assert!(arguments.contains(&"features.shell_tool=false".to_owned()));
    assert!(!arguments.iter().any(|argument| argument.contains("/tmp/s")));
}

#[test]
fn a_bridges_models_have_names_of_their_own() {
    let claude = bridge("claude").unwrap().unwrap();
    assert_eq!(claude.routed("opus"), "claude-bridge/opus");
    assert_eq!(claude.usual_url(), "http://127.0.0.1:3250");
    assert!(claude.remedy().contains("claude auth login"));
}

#[test]
fn what_is_told_of_a_failure_is_short_and_says_no_secret() {
    let own = "hunter2-of-the-bridge";
    let key = format!("sk-ant-oat01-{}", "A1b2C3d4".repeat(6));
    let text = format!("401 {key}\n\u{1b}[31mBearer {own} and {own}");
    let said = told(&text, &[own]);
    assert!(!said.contains(&key) && !said.contains(own), "{said}");
    assert!(said.starts_with("401 ") && !said.contains('\n'), "{said}");
    assert_eq!(
        told(&"word ".repeat(500), &[]).chars().count(),
        LONGEST_TOLD
    );
}
