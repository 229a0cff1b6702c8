//! Caller identity: the client application, from what it says of itself.

/// What user agents of known families start with, and the family's name here.
const FAMILIES: [(&str, &str); 17] = [
    ("claude-cli/", "claude-code"),
    ("claude-code/", "claude-code"),
    ("codex", "codex"),
    ("opencode/", "opencode"),
    ("qwencode/", "qwen-code"),
    ("geminicli/", "gemini-cli"),
    ("copilot", "copilot"),
    ("cursor/", "cursor"),
    ("zed/", "zed"),
    ("anthropic/python", "anthropic-python"),
    ("anthropic/js", "anthropic-typescript"),
    ("openai/python", "openai-python"),
    ("asyncopenai/python", "openai-python"),
    ("asyncanthropic/python", "anthropic-python"),
    ("openai/js", "openai-typescript"),
    ("curl/", "curl"),
    ("ai-sdk/", "ai-sdk"),
];

/// The longest name a caller may give itself.
pub const MAX_NAME: usize = 64;

/// The family a user agent belongs to, if it is a known one.
pub fn family(user_agent: &str) -> Option<&'static str> {
    let known = |prefix: &str| {
        user_agent
            .get(..prefix.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    FAMILIES
        .iter()
        .find(|(prefix, _)| known(prefix))
        .map(|(_, name)| *name)
}

/// Who calls: what our header says, else the user agent's family, else the key's name.
pub fn identify(header: Option<&str>, user_agent: Option<&str>, key_name: &str) -> String {
    if let Some(given) = header {
        let given: String = given
            .trim()
            .chars()
            .filter(|c| !c.is_control())
            .take(MAX_NAME)
            .collect();
        if !given.is_empty() {
            return given;
        }
    }
    user_agent.and_then(family).unwrap_or(key_name).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_agents() {
        assert_eq!(
            family("claude-cli/2.1.330 (external, sdk-cli)"),
            Some("claude-code")
        );
        assert_eq!(family("codex_exec/0.169.0 (Linux)"), Some("codex"));
        assert_eq!(
            family("opencode/1.18.33 ai-sdk/provider-utils"),
            Some("opencode")
        );
        assert_eq!(family("OpenAI/Python 3.54.0"), Some("openai-python"));
        assert_eq!(family("é"), None);
    }

    #[test]
    fn the_header_wins_then_the_family_then_the_key() {
        assert_eq!(identify(Some(" ci "), Some("curl/8"), "key"), "ci");
        assert_eq!(identify(Some("  "), Some("curl/8"), "key"), "curl");
        assert_eq!(identify(None, Some("unheard-of/1"), "key"), "key");
    }
}
