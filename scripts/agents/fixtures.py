#!/usr/bin/env python3
"""Records what the real agents and SDKs send, and writes it to fixtures/ without its incidentals.

    "$(scripts/agents/install.sh --python)" scripts/agents/fixtures.py SIM [NAME...]

SIM is the built `sim` example of crates/sim. Each client runs against it directly; every request
becomes fixtures/PROTOCOL/CASE.json after `scrub` (see there). With names, only those clients run.
"""

import json
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE / "sdk")]

import check
from clients import AGENTS, Claude, Codex, Target
from ledger import Failed
from scrub import Scrubber
from sdk_cases import CASES

FIXTURES = HERE.parents[1] / "fixtures"
# The turns of the larger task, by what a request brings.
TURNS = ["first", "parallel-results", "media-results", "edit-result"]
NAMES = {
    "claude-to-messages": "claude-code", "codex-to-responses": "codex",
    "codex-lite-to-responses": "codex-lite", "opencode-messages-to-messages": "opencode",
    "opencode-chat-to-chat": "opencode", "opencode-responses-to-responses": "opencode",
}


class Provider:
    """The simulated provider for one client; `requests` is what has arrived, once it has ended."""

    def __init__(self, program):
        self.directory = Path(tempfile.mkdtemp(prefix="requests-"))
        self.process = subprocess.Popen(
            [program, "0", "-", str(self.directory)], stdout=subprocess.PIPE, text=True
        )
        self.url = self.process.stdout.readline().strip()

    def requests(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()
        written = [json.loads(path.read_text()) for path in sorted(self.directory.iterdir())]
        shutil.rmtree(self.directory)
        return [(it["target"], json.loads(it["body"])) for it in written if it["body"]]


def run_agent(agent, programs, sim, extra_arguments=(), extra_config="", then=(), lenient=False):
    """The requests of one run, or of two where `then` is given, and the directory it was in."""
    home = Path(tempfile.mkdtemp(prefix="agent-"))
    work = home / "work"
    work.mkdir()
    agent.task.prepare(work)
    provider = Provider(sim)
    try:
        argv, env = agent.prepare(programs, home, work, Target(provider.url, "key", routed=False))
        if extra_config:
            config = home / ".codex" / "config.toml"
            config.write_text(extra_config + config.read_text())
        env = {"HOME": str(home), "PATH": "/usr/local/bin:/usr/bin:/bin", **env}
        argv = [*argv, *(it.replace("WORK", str(work)) for it in extra_arguments)]
        code = check.run(argv, env, work, home, 10 if lenient else 60)
        if then and not code:
            argv = [then[0] if it == agent.task.prompt else it for it in argv]
            code = check.run([*argv, *then[1:]], env, work, home, 60)
        output = (home / "stdout").read_text(errors="replace")
        if code:
            raise Failed(f"exit code {code}: {check.last_words(home, output)}")
    except Failed:
        # With so small a window Codex sums up for ever; what it sends is what matters.
        if not lenient:
            raise
    finally:
        requests = provider.requests()
        shutil.rmtree(home, ignore_errors=True)
    return requests, home


def protocol_of(target):
    return next(
        name for name, part in
        [("messages", "/messages"), ("chat", "/chat/"), ("responses", "/responses")]
        if part in target
    )


def write(name, protocol, body, home):
    path = FIXTURES / protocol / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(Scrubber(home).body(body), indent=1, ensure_ascii=False) + "\n"
    path.write_text(text)
    print(f"{len(text):>7} {path.relative_to(FIXTURES.parent)}")


def tasks(programs, sim):
    """The larger task of every agent, in its own protocol."""
    for agent in AGENTS:
        if agent.name not in NAMES:
            continue
        requests, home = run_agent(agent, programs, sim)
        turns = iter(TURNS)
        for target, body in requests:
            side = not body.get("tools") and "additional_tools" not in json.dumps(body)
            yield f"{NAMES[agent.name]}-{'title' if side else next(turns)}", target, body, home


def compaction(programs, sim):
    """Codex, with so small a window that it has to sum up, and Claude Code told to."""
    requests, home = run_agent(Claude("messages"), programs, sim, then=["/compact", "--continue"])
    yield "claude-code-compaction", *requests[-1], home
    agent = Codex("responses")
    config = "model_auto_compact_token_limit = 10\n"
    requests, home = run_agent(agent, programs, sim, extra_config=config, lenient=True)
    for target, body in requests:
        last = json.dumps(body["input"][-1])
        if "CHECKPOINT" in last or "compaction_trigger" in last:
            yield "codex-compaction", target, body, home
            break


def structured(programs, sim):
    """Both agents that can be asked for an answer by a schema."""
    schema = {
        "type": "object", "properties": {"words": {"type": "integer"}},
        "required": ["words"], "additionalProperties": False,
    }
    schema = json.dumps(schema)
    codex = Codex("responses")
    prepare = codex.prepare

    def with_schema(programs, home, work, target):
        (work / "schema.json").write_text(schema)
        return prepare(programs, home, work, target)

    codex.prepare = with_schema
    for name, agent, arguments in [
        ("codex-structured", codex, ["--output-schema", "WORK/schema.json"]),
        ("claude-code-structured", Claude("messages"), ["--json-schema", schema]),
    ]:
        requests, home = run_agent(agent, programs, sim, arguments, lenient=True)
        for target, body in requests[:1]:
            yield name, target, body, home


def sdks(_programs, sim):
    for name, send in CASES:
        provider = Provider(sim)
        try:
            send(provider.url)
        except Exception as error:  # What was sent is what matters.
            print(f"note: {name}: {type(error).__name__}: {str(error)[:200]}")
        requests = provider.requests()
        target, body = requests[-1]
        yield f"sdk-{name}", target, body, Path("/nowhere")


def main():
    sim, *wanted = sys.argv[1:]
    programs = check.installed()
    for source in (tasks, compaction, structured, sdks):
        if wanted and source.__name__ not in wanted:
            continue
        for name, target, body, home in source(programs, sim):
            write(name, protocol_of(target), body, home)
    return 0


if __name__ == "__main__":
    sys.exit(main())
