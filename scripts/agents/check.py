#!/usr/bin/env python3
"""Runs the real coding agents against a gateway (or a provider) and checks what they did.

    scripts/agents/check.py --base-url URL --key KEY [--api URL --token TOKEN] [--only NAME,...]

Each agent runs headless, in an empty home and working directory, with nothing in its environment
but the address and the key. The model behind the address must be the simulated provider's
`sim-coder`, which leads an agent through a small task with the agent's own tools: write hello.txt,
look at it, read it back, report. Checked for each: the exit code, the file on disk, the agent's
final words and, with --api and --token, the ledger of the gateway: the number of calls, their
outcome, one session for all of them, and the agent's own token totals against the ledger's.

The agents come from scripts/agents/install.sh. One line per agent, then `N passed, N failed`;
exit code 1 when one failed. Nothing else may use the gateway while this runs.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
MODEL = "sim-coder"
# In its built-in catalog Codex knows this model, and therefore speaks its second dialect.
LITE_MODEL = "gpt-6.1-sol"
PROMPT = "Write hello.txt, look at it with commands, read it back and report."
CONTENT = "hello from tollhouse"
FINAL = "done: hello from tollhouse"
TURNS = 4
LEDGER_PATIENCE = 10.0


class Failed(Exception):
    """An agent did not do what it should; the text says what."""


def main():
    parser = argparse.ArgumentParser(description="Run real coding agents through a gateway.")
    parser.add_argument("--base-url", required=True, help="address without /v1")
    parser.add_argument("--key", required=True, help="the key the agents present")
    parser.add_argument("--api", help="address of the control plane, without /api/v1")
    parser.add_argument("--token", help="bearer token of the control plane")
    parser.add_argument("--only", help="names of agents, separated by commas")
    parser.add_argument("--bin", type=Path, help="directory with claude, codex and opencode")
    parser.add_argument("--timeout", type=float, default=120.0, help="seconds for each agent")
    parser.add_argument("--keep", action="store_true", help="keep the agents' directories")
    options = parser.parse_args()
    if bool(options.api) != bool(options.token):
        parser.error("--api and --token belong together")
    agents = selected(parser, options.only)
    programs = options.bin or installed()
    ledger = Ledger(options.api, options.token) if options.api else None
    target = Target(options.base_url.rstrip("/"), options.key)

    failed = 0
    for agent in agents:
        home = Path(tempfile.mkdtemp(prefix=f"agent-{agent.name}-"))
        started = time.monotonic()
        try:
            facts = check(agent, programs, home, target, ledger, options.timeout)
        except Failed as failure:
            failed += 1
            print(f"FAIL  {agent.name:<20} {failure} (see {home})", flush=True)
            continue
        seconds = time.monotonic() - started
        print(f"ok    {agent.name:<20} {facts}, {seconds:.1f} s", flush=True)
        if not options.keep:
            shutil.rmtree(home, ignore_errors=True)
    print(f"{len(agents) - failed} passed, {failed} failed")
    return 1 if failed else 0


def selected(parser, only):
    if not only:
        return AGENTS
    names = only.split(",")
    unknown = set(names) - {agent.name for agent in AGENTS}
    if unknown:
        known = ", ".join(agent.name for agent in AGENTS)
        parser.error(f"unknown agent {', '.join(sorted(unknown))}; there are {known}")
    return [agent for agent in AGENTS if agent.name in names]


def installed():
    script = str(HERE / "install.sh")
    subprocess.run([script], check=True)
    path = subprocess.run([script, "--path"], check=True, capture_output=True, text=True)
    return Path(path.stdout.strip())


def check(agent, programs, home, target, ledger, timeout):
    """Runs one agent; returns a summary, or raises `Failed`."""
    work = home / "work"
    work.mkdir()
    before = ledger.ids() if ledger else set()
    argv, env = agent.prepare(programs, home, work, target)
    # Not a login's environment: the agent gets these variables and no others.
    env = {"HOME": str(home), "PATH": "/usr/local/bin:/usr/bin:/bin", **env}
    code = run(argv, env, work, home, timeout)
    output = (home / "stdout").read_text(errors="replace")
    if code != 0:
        raise Failed(f"exit code {code}: {last_words(home, output)}")
    report = agent.report(output)
    # Codex's own patch tool ends a file with a newline; nothing else may differ.
    try:
        content = (work / "hello.txt").read_text()
    except OSError as error:
        raise Failed(f"hello.txt was not written: {error.strerror}") from error
    if content.rstrip("\n") != CONTENT:
        raise Failed(f"hello.txt holds {content!r}")
    if report.text.strip() != FINAL:
        raise Failed(f"final words were {report.text!r}")
    if report.total.everything_in() == 0 or report.total.output == 0:
        raise Failed("the agent reports no tokens")
    calls = agent.calls
    if ledger:
        compare(report, ledger.since(before, agent.calls), agent.calls)
    else:
        calls = f"{calls} calls expected, no ledger to look at"
    return f"{calls} calls" if ledger else calls


def run(argv, env, work, home, timeout):
    with open(home / "stdout", "wb") as out, open(home / "stderr", "wb") as err:
        process = subprocess.Popen(
            argv, env=env, cwd=work, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
            start_new_session=True,
        )
        try:
            return process.wait(timeout)
        except subprocess.TimeoutExpired as late:
            raise Failed(f"still running after {timeout:.0f} s") from late
        finally:
            # Its own session: this reaches what the agent started, and nobody else.
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait()


def last_words(home, output):
    error = (home / "stderr").read_text(errors="replace").strip() or output.strip()
    return error[-300:].replace("\n", " ")


# --- what an agent reports, and what the ledger says -------------------------------------------


class Tokens:
    """Token counts in the ledger's buckets: disjoint, except that reasoning is part of output."""

    def __init__(self, plain=0, read=0, write=0, output=0, reasoning=0):
        self.plain, self.read, self.write = plain, read, write
        self.output, self.reasoning = output, reasoning

    def everything_in(self):
        return self.plain + self.read + self.write

    def __add__(self, other):
        return Tokens(
            self.plain + other.plain, self.read + other.read, self.write + other.write,
            self.output + other.output, self.reasoning + other.reasoning,
        )

    @staticmethod
    def of_row(row):
        usage = {name: count or 0 for name, count in (row.get("usage") or {}).items()}
        get = lambda name: usage.get(name, 0)
        write = get("cache_write_5m") + get("cache_write_1h")
        return Tokens(get("input"), get("cache_read"), write, get("output"), get("reasoning"))


class Report:
    """What an agent says about its run.

    `buckets` is false where the agent's own accounting lumps some input buckets together: then only
    the sum of the input is compared. `steps` holds the tokens of each call where the agent tells.
    """

    def __init__(self, session, text, total, buckets=True, steps=None):
        self.session, self.text, self.total = session, text, total
        self.buckets, self.steps = buckets, steps


def compare(report, rows, expected):
    if len(rows) != expected:
        raise Failed(f"{len(rows)} calls in the ledger instead of {expected}")
    for row in rows:
        if row.get("outcome") != "success" or row.get("status") != 200:
            raise Failed(f"call {row.get('id')}: {row.get('outcome')}, status {row.get('status')}")
    sessions = {row.get("session") for row in rows}
    if len(sessions) != 1 or None in sessions:
        raise Failed(f"the calls are in {len(sessions)} sessions instead of one")
    names = {row["session_name"] for row in rows if row.get("session_name")}
    if names and names != {report.session}:
        raise Failed(f"session {names} in the ledger, {report.session} in the agent's report")
    counts = [Tokens.of_row(row) for row in rows]
    if report.steps:
        counts = without_side_calls(report.steps, counts)
    total = sum(counts, Tokens())
    pairs = [("input", report.total.everything_in(), total.everything_in())]
    if report.buckets:
        pairs += [
            ("uncached input", report.total.plain, total.plain),
            ("cache write", report.total.write, total.write),
        ]
    pairs += [
        ("cache read", report.total.read, total.read),
        ("output", report.total.output, total.output),
        ("reasoning", report.total.reasoning, total.reasoning),
    ]
    for name, told, metered in pairs:
        if told != metered:
            raise Failed(f"{name}: the agent says {told} tokens, the ledger {metered}")


def without_side_calls(steps, counts):
    """The ledger's counts without calls the agent does not report (a title for the session)."""
    rest = list(counts)
    for step in steps:
        same = [
            count for count in rest
            if (count.everything_in(), count.output) == (step.everything_in(), step.output)
        ]
        if not same:
            told = f"{step.everything_in()} in, {step.output} out"
            raise Failed(f"no call in the ledger has the tokens of a step: {told}")
        rest.remove(same[0])
    return [count for count in counts if count not in rest]


class Ledger:
    """The calls that the gateway recorded, through its control plane."""

    def __init__(self, api, token):
        self.url = api.rstrip("/") + "/api/v1/calls"
        self.token = token

    def rows(self):
        rows, cursor = [], None
        while True:
            url = self.url + "?limit=100" + (f"&cursor={cursor}" if cursor else "")
            request = urllib.request.Request(url, headers={"Authorization": f"Bearer {self.token}"})
            try:
                with urllib.request.urlopen(request, timeout=10) as response:
                    page = json.load(response)
            except (urllib.error.URLError, ValueError) as error:
                raise Failed(f"GET {url}: {error}") from error
            rows += page["data"]
            cursor = page.get("next")
            if not cursor:
                return rows

    def ids(self):
        return {row["id"] for row in self.rows()}

    def since(self, before, expected):
        """The calls made since then. They reach the ledger a moment after their answers."""
        deadline = time.monotonic() + LEDGER_PATIENCE
        while True:
            rows = [row for row in self.rows() if row["id"] not in before]
            if len(rows) >= expected or time.monotonic() > deadline:
                return rows
            time.sleep(0.1)


# --- the agents ---------------------------------------------------------------------------------


class Target:
    def __init__(self, base_url, key):
        self.base_url, self.key = base_url, key


class Claude:
    name = "claude"
    calls = TURNS

    def prepare(self, programs, home, work, target):
        argv = [
            programs / "claude", "-p", PROMPT, "--output-format", "json", "--model", MODEL,
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

    name = "claude-helper"

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


class Codex:
    name = "codex"
    calls = TURNS
    model = MODEL
    headers = ""

    def prepare(self, programs, home, work, target):
        config = home / ".codex"
        config.mkdir()
        # Its sandbox needs kernel features that containers withhold; the directory is throw-away.
        (config / "config.toml").write_text(
            f"""model = "{self.model}"
model_provider = "gateway"
sandbox_mode = "danger-full-access"
approval_policy = "never"
check_for_update_on_startup = false

[analytics]
enabled = false

[model_providers.gateway]
name = "gateway"
base_url = "{target.base_url}/v1"
env_key = "GATEWAY_KEY"
wire_api = "responses"
{self.headers}
"""
        )
        argv = [programs / "codex", "exec", "--json", "--skip-git-repo-check", PROMPT]
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
    and the model writes programs. Its model is not the simulated one, so a header says which is
    meant; the gateway must route the name and let the header pass."""

    name = "codex-lite"
    model = LITE_MODEL
    headers = f'http_headers = {{ "x-sim" = "model={MODEL}" }}'


class OpenCode:
    # One more than the task has turns: a title for the session, by the same model.
    calls = TURNS + 1

    def __init__(self, protocol, package):
        self.name = f"opencode-{protocol}"
        self.package = package

    def prepare(self, programs, home, work, target):
        provider = {
            "npm": self.package,
            "name": "gateway",
            "options": {"baseURL": f"{target.base_url}/v1", "apiKey": target.key},
            "models": {MODEL: {"name": MODEL}},
        }
        config = {
            "$schema": "https://opencode.ai/config.json",
            "autoupdate": False,
            "share": "disabled",
            "permission": {"*": "allow"},
            "provider": {"gateway": provider},
        }
        (work / "opencode.json").write_text(json.dumps(config, indent=2))
        argv = [programs / "opencode", "run", "--format", "json", "-m", f"gateway/{MODEL}", PROMPT]
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
        if len(steps) != TURNS:
            raise Failed(f"opencode took {len(steps)} steps instead of {TURNS}")
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


AGENTS = [
    Claude(),
    ClaudeHelper(),
    Codex(),
    CodexLite(),
    OpenCode("messages", "@ai-sdk/anthropic"),
    OpenCode("chat", "@ai-sdk/openai-compatible"),
    OpenCode("responses", "@ai-sdk/openai"),
]

if __name__ == "__main__":
    sys.exit(main())
