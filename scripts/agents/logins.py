"""Logins that a client keeps by itself: lent out by a bridge, or brought along with every call."""

import json

from check import last_words, run
from clients import Codex, Target
from ledger import Failed
from place import free_port
from plans import QUESTION, asked, paid

# Who is signed in on the machine, at the authority.
HOLDER = "hedy"
CLAUDE_TOKEN = "sk-ant-oat01-simulated-" + "0" * 64


def home(place):
    """Of whoever lends the login."""
    return place.dir / "holder"


def start_bridges(place):
    """`tollhouse bridge` for both programs, which the simulated provider stands behind.

    Codex is led there by its own configuration. Claude Code takes no address from one here, so in
    PATH before it stands a script that gives it one.
    """
    claude = place.dir / "bin/claude"
    claude.parent.mkdir()
    claude.write_text(
        f"#!/bin/sh\nexport ANTHROPIC_BASE_URL={place.provider}"
        " CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1\n"
        f'exec {place.programs}/claude "$@"\n'
    )
    claude.chmod(0o755)
    codex = home(place) / ".codex"
    codex.mkdir(parents=True)
    (codex / "config.toml").write_text(
        f"""model_provider = "sim"
chatgpt_base_url = "{place.provider}/backend-api"
sandbox_mode = "danger-full-access"
approval_policy = "never"
check_for_update_on_startup = false

[analytics]
enabled = false

[model_providers.sim]
name = "sim"
base_url = "{place.provider}/v1"
requires_openai_auth = true
wire_api = "responses"
"""
    )
    path = place.environment({})["PATH"]
    env = {"CLAUDE_CODE_OAUTH_TOKEN": CLAUDE_TOKEN, "PATH": f"{claude.parent}:{path}"}
    bridges = {}
    for name in ("codex", "claude"):
        address = f"127.0.0.1:{free_port()}"
        argv = [place.tollhouse, "bridge", name, "--listen", address]
        bridge = place.start(f"bridge-{name}", argv, env, home(place))
        # What it prints to be pasted, as it is.
        bridges[name] = bridge.said(r"(?s)(\[\[bridge\]\].*?)\n\n")
    return bridges


def configuration(bridges):
    # Whoever lends it signs in later; it is looked for more often than it usually is.
    return "".join(f"\n{text}\nprobe_seconds = 5\n" for text in bridges.values())


def codex_login(place, account, home):
    """Codex itself signs in, at the simulator's authority in place of its vendor's."""
    home.mkdir(exist_ok=True)
    argv = [
        place.programs / "codex", "login", "--device-auth", "--experimental_issuer", place.provider,
    ]
    return place.sign_in(account, argv, {}, home)


def bridges(state):
    """An agent without tools through each bridge, and what it says when it brings some."""
    ready = {row["name"]: row["state"] for row in state.place.listing("providers")}
    for name, model in (("codex", "gpt-5.1-codex"), ("claude", "opus")):
        provider = f"{name}-bridge"
        if ready[provider] != "ready":
            raise Failed(f"the {name} bridge is {ready[provider]}")
        told, rows = asked(state, f"{provider}/{model}", state.operators, "--tools", "")
        if QUESTION not in told:
            raise Failed(f"the answer of the {name} bridge is {told[-300:]!r}")
        paid(rows, provider, "platform", "bridge")
    # Codex has no way to leave them at home.
    directory, codex = state.home("tools"), Codex()
    codex.model = lambda _target: "claude-bridge/opus"
    target = Target(state.place.url, state.operators, routed=True)
    argv, env = codex.prepare(state.programs, directory, directory / "work", target)
    env = state.place.environment(env, directory)
    code = run(argv, env, directory / "work", directory, 30.0)
    told = (directory / "stdout").read_text(errors="replace")
    if code != 1 or "takes no tools" not in told:
        raise Failed(f"Codex: exit code {code}: {last_words(directory, told)}")
    return "Claude Code without tools through both, and a refusal with Codex's tools"


def own(state):
    """`tollhouse run … --own-login`: the client's own login pays, and nobody else's."""
    place, directory = state.place, state.home("own")
    rows = []
    for client, arguments, words, calls in (
        ("codex", ["--model", "sim-coder", "--", "exec", "--json", "--skip-git-repo-check", "Do it."],
         "done: hello from tollhouse", Codex().calls),
        ("claude", ["--model", "claude-opus-5-5", "--", "-p", QUESTION], QUESTION, 1),
    ):
        before = place.ledger.ids()
        argv = [place.tollhouse, "run", client, "--own-login", *arguments]
        env = place.environment(
            {**place.as_user(None), "CLAUDE_CODE_OAUTH_TOKEN": CLAUDE_TOKEN}, home(place)
        )
        code = run(argv, env, directory / "work", directory, 60.0)
        output = (directory / "stdout").read_text(errors="replace")
        if code != 0 or words not in output:
            raise Failed(f"{client}: exit code {code}: {last_words(directory, output)}")
        made = place.ledger.since(before, calls)
        sources = {(row.get("credential_source"), row.get("credential_id")) for row in made}
        if len(made) != calls or sources != {("client", None)}:
            raise Failed(f"{client}: {len(made)} calls drew on {sources}")
        rows += made
    plans = {call["account"] for call in place.provider_calls()[-Codex().calls:]}
    if plans != {HOLDER}:
        raise Failed(f"the plan that paid was {plans}")
    if "sk-ant-oat01" in json.dumps(rows):
        raise Failed("the login is in the ledger")
    return "Codex and Claude Code on what they are signed in to"
