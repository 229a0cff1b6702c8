"""The agents: how each is set up and started, and how to read what it prints."""

import json

from ledger import Failed, Report, Tokens
from routes import LITE_MODELS, via
from tasks import LARGE, SMALL, SMALL_WORDS, large_words


class Target:
    """Where an agent is pointed at, and how to authenticate there.

    With `routed`, a gateway stands there and its routes (see routes.py) say which protocol the
    provider is called in; otherwise it is the simulated provider itself.
    """

    def __init__(self, base_url, key, routed):
        self.base_url, self.key, self.routed = base_url, key, routed


class Agent:
    """One way to run an agent. With an `upstream` it does the larger task, and the provider is
    called in that protocol, which may not be the agent's own."""

    def __init__(self, name, protocol, upstream=None, paper=False, thoughts=0):
        self.name = name if upstream is None else f"{name}-to-{upstream}"
        self.protocol, self.upstream = protocol, upstream
        self.task = SMALL if upstream is None else LARGE
        self.words = SMALL_WORDS if upstream is None else large_words(paper, thoughts)

    @property
    def calls(self):
        return self.task.turns

    @property
    def mode(self):
        same = self.upstream in (None, self.protocol)
        return "passthrough" if same else "translated"

    def model(self, target):
        routed = self.upstream and target.routed
        return via(self.task.model, self.upstream) if routed else self.task.model


class Claude(Agent):
    def __init__(self, upstream=None, **kwargs):
        super().__init__("claude", "messages", upstream, **kwargs)

    def prepare(self, programs, home, work, target):
        argv = [
            programs / "claude", "-p", self.task.prompt, "--output-format", "json",
            "--model", self.model(target),
            "--permission-mode", "acceptEdits", "--allowedTools", "Bash Read Write Edit",
        ]
        return argv, {
            "ANTHROPIC_BASE_URL": target.base_url,
            "ANTHROPIC_AUTH_TOKEN": target.key,
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            "CLAUDE_CODE_GATEWAY_HINT_HEADERS": "1",
        }

    def report(self, output):
        result = parse(output)
        if result.get("is_error"):
            raise Failed(f"claude reports an error: {result.get('result')}")
        usage = result["usage"]
        total = Tokens(
            usage["input_tokens"], usage["cache_read_input_tokens"],
            usage["cache_creation_input_tokens"], usage["output_tokens"],
            usage.get("output_tokens_details", {}).get("thinking_tokens", 0),
        )
        return Report(result["session_id"], result["result"], total)


class ClaudeHelper(Claude):
    """Claude Code with a key helper: it sends the key in both headers."""

    def __init__(self):
        super().__init__()
        self.name = "claude-helper"

    def prepare(self, programs, home, work, target):
        argv, env = super().prepare(programs, home, work, target)
        key = home / "key.sh"
        key.write_text(f"#!/bin/sh\necho '{target.key}'\n")
        key.chmod(0o700)
        settings = home / ".claude"
        settings.mkdir()
        (settings / "settings.json").write_text(json.dumps({"apiKeyHelper": str(key)}))
        del env["ANTHROPIC_AUTH_TOKEN"]
        return argv, env


class Codex(Agent):
    def __init__(self, upstream=None, name="codex", **kwargs):
        super().__init__(name, "responses", upstream, **kwargs)

    def headers(self, _target):
        return ""

    def prepare(self, programs, home, work, target):
        config = home / ".codex"
        config.mkdir()
        # Its sandbox needs kernel features that containers withhold; the directory is throw-away.
        (config / "config.toml").write_text(
            f"""model = "{self.model(target)}"
model_provider = "gateway"
sandbox_mode = "danger-full-access"
approval_policy = "never"
{'model_reasoning_effort = "high"' if self.upstream else ""}
check_for_update_on_startup = false

[analytics]
enabled = false

[model_providers.gateway]
name = "gateway"
base_url = "{target.base_url}/v1"
env_key = "GATEWAY_KEY"
wire_api = "responses"
{self.headers(target)}
"""
        )
        argv = [programs / "codex", "exec", "--json", "--skip-git-repo-check", self.task.prompt]
        return argv, {"GATEWAY_KEY": target.key}

    def report(self, output):
        session, text, usage = None, "", None
        for event in lines(output):
            kind, item = event.get("type"), event.get("item", {})
            if kind == "thread.started":
                session = event["thread_id"]
            elif kind == "item.completed" and item.get("type") == "agent_message":
                text = item["text"]
            elif kind == "turn.completed":
                usage = event["usage"]
        if usage is None:
            raise Failed("codex did not complete its turn")
        read, write = usage["cached_input_tokens"], usage.get("cache_write_input_tokens", 0)
        total = Tokens(
            usage["input_tokens"] - read - write, read, write,
            usage["output_tokens"], usage["reasoning_output_tokens"],
        )
        return Report(session, text, total)


class CodexLite(Codex):
    """Codex in the dialect it keeps for the models in its catalog: tools travel as an input item
    and the model writes programs. So its models have names that the catalog knows; what answers is
    the simulated one, by the route or, where there is none for the name, by a header that the
    gateway must let pass."""

    def __init__(self, upstream=None, **kwargs):
        super().__init__(upstream, "codex-lite", **kwargs)

    def model(self, _target):
        return LITE_MODELS[self.upstream] if self.upstream else "gpt-6.1-sol"

    def headers(self, target):
        if self.upstream and target.routed:
            return ""
        return f'http_headers = {{ "x-sim" = "model={self.task.model}" }}'


class OpenCode(Agent):
    PACKAGES = {
        "messages": "@ai-sdk/anthropic", "chat": "@ai-sdk/openai-compatible",
        "responses": "@ai-sdk/openai",
    }
    # How each package is told to have the model think.
    THINKING = {
        "messages": {"thinking": {"type": "enabled", "budgetTokens": 2048}},
        "chat": {"reasoningEffort": "high"},
        "responses": {
            "reasoningEffort": "high", "reasoningSummary": "auto",
            "include": ["reasoning.encrypted_content"],
        },
    }

    def __init__(self, protocol, upstream=None, **kwargs):
        super().__init__(f"opencode-{protocol}", protocol, upstream, **kwargs)

    @property
    def calls(self):
        # One more than the task has turns: a title for the session, by the same model.
        return self.task.turns + 1

    def prepare(self, programs, home, work, target):
        model = self.model(target)
        described = {"name": model}
        if self.upstream:
            described |= {
                "reasoning": True, "tool_call": True, "attachment": True,
                "modalities": {"input": ["text", "image", "pdf"], "output": ["text"]},
                "options": self.THINKING[self.protocol],
            }
        provider = {
            "npm": self.PACKAGES[self.protocol],
            "name": "gateway",
            "options": {"baseURL": f"{target.base_url}/v1", "apiKey": target.key},
            "models": {model: described},
        }
        config = {
            "$schema": "https://opencode.ai/config.json",
            "autoupdate": False,
            "share": "disabled",
            "permission": {"*": "allow"},
            "provider": {"gateway": provider},
        }
        (work / "opencode.json").write_text(json.dumps(config, indent=2))
        argv = [
            programs / "opencode", "run", "--format", "json", "-m", f"gateway/{model}",
            self.task.prompt,
        ]
        # Its list of models is not needed and comes from the network.
        return argv, {"OPENCODE_DISABLE_MODELS_FETCH": "1"}

    def report(self, output):
        session, text, steps = None, "", []
        for event in lines(output):
            part = event.get("part", {})
            session = event.get("sessionID", session)
            if event.get("type") == "error":
                raise Failed(f"opencode reports an error: {json.dumps(event.get('error'))[:300]}")
            if event.get("type") == "text":
                text = part["text"]
            elif event.get("type") == "step_finish":
                tokens, cache = part["tokens"], part["tokens"]["cache"]
                output_tokens = tokens["output"] + tokens["reasoning"]
                steps.append(
                    Tokens(tokens["input"], cache["read"], cache["write"], output_tokens,
                           tokens["reasoning"])
                )
        if len(steps) != self.task.turns:
            raise Failed(f"opencode took {len(steps)} steps instead of {self.task.turns}")
        # On chat it counts cache writes as plain input.
        return Report(session, text, sum(steps, Tokens()), buckets=False, steps=steps)


def lines(output):
    """The JSON objects among the lines of an output."""
    return [parse(line) for line in output.splitlines() if line.startswith("{")]


def parse(text):
    try:
        return json.loads(text)
    except ValueError as error:
        raise Failed(f"the output is not JSON: {text[:200]!r}") from error


# Each agent with the small task, and with the larger one over every protocol of the provider.
# `thoughts` are those of the model that come back to it: none where a protocol has no place for
# them, be it the agent's or the provider's.
AGENTS = [
    Claude(),
    ClaudeHelper(),
    Codex(),
    CodexLite(),
    OpenCode("messages"),
    OpenCode("chat"),
    OpenCode("responses"),
    Claude("messages", paper=True, thoughts=3),
    Claude("chat", paper=True),
    Claude("responses", paper=True, thoughts=3),
    Codex("responses", thoughts=3),
    Codex("messages", thoughts=3),
    Codex("chat"),
    CodexLite("responses", thoughts=3),
    CodexLite("messages", thoughts=3),
    CodexLite("chat"),
    OpenCode("messages", "messages", paper=True, thoughts=3),
    OpenCode("messages", "chat", paper=True),
    OpenCode("messages", "responses", paper=True, thoughts=3),
    OpenCode("chat", "chat", paper=True, thoughts=3),
    OpenCode("chat", "messages", paper=True),
    OpenCode("chat", "responses", paper=True),
    OpenCode("responses", "responses", paper=True, thoughts=3),
    OpenCode("responses", "messages", paper=True, thoughts=3),
    OpenCode("responses", "chat", paper=True),
]
