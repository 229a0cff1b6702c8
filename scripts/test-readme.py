#!/usr/bin/env python3
"""Runs every command of the README, in order, as a reader would.

    scripts/test-readme.py TOLLHOUSE

Each ```sh block runs in bash and fails the test when one of its commands fails; exported variables
last until the end. A comment directly above a block says what else there is to it:

    <!-- test: background TEXT -->  runs on; the test goes on when it has printed TEXT
    <!-- test: expect TEXT -->      its output holds TEXT
    <!-- test: file NAME -->        not a command: the block is the file NAME
    <!-- test: sign-in MODEL -->    it shows a code, which is typed at the simulated authority; a call for
                                    MODEL is answered after that
    <!-- test: skip REASON -->      not run, but for make's dry run; the reason is printed

The reader's machine is a scratch directory with a home of its own, another port than the usual one,
and stand-ins for the coding agents, which check what they are given and make one call. `make demo`
runs for real, and so does every command that it prints. The providers of configuration files are
moved to the demo, and what issues a plan's tokens to its simulator, so that nothing leaves this machine. Every subcommand of `tollhouse` must be
mentioned, and the example of docs/configuration.md must be a configuration.
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
USUAL_PORT = "7878"
PATIENCE = 120.0
# A make target may compile first.
BUILDING = 1800.0
BLOCK = re.compile(r"(?:^<!-- test: ([\w-]+) ?(.*?) -->\n)?^```(\w*)\n(.*?)^```$", re.M | re.S)
# What is typed at an authority.
CODE = re.compile(r"^ +([B-Z]{4}-[B-Z]{5})$", re.M)
# How a stream ends, in each protocol.
ENDS = re.compile(r'"message_stop"|^data: \[DONE\]|"response.completed"', re.M)
# What a make target needs of the real home, and what else cargo goes by: with other settings than those
# of the build that this tests, it would compile the workspace again.
KEPT = ("TOLLHOUSE_CACHE", "PATH", "LANG", "TMPDIR")
KEPT_PREFIXES = ("CARGO_", "RUST")

AGENT = """#!/bin/sh
# Stands in for {name}: fails unless it is given the gateway and a virtual key and none of a vendor's,
# then makes one call.
set -eu
case "$(env) $*" in *"$EXPECTED_URL"*) ;; *) echo "{name} was not given $EXPECTED_URL" >&2; exit 1 ;; esac
for vendors in {withheld}; do
    if printenv "$vendors" >/dev/null; then echo "{name} was given $vendors" >&2; exit 1; fi
done
curl -fsS "$EXPECTED_URL{path}" -H "authorization: Bearer ${key}" -H 'anthropic-version: 2023-06-01' \\
    -H 'content-type: application/json' -A '{agent}/1.0' -d '{body}' >/dev/null
echo "{name} made a call"
"""
AGENTS = [
    {
        "name": "claude",
        "key": "ANTHROPIC_AUTH_TOKEN",
        "withheld": "ANTHROPIC_API_KEY",
        "path": "/v1/messages",
        "agent": "claude-cli",
        "body": '{"model":"claude-sonnet-4-6","max_tokens":16,"messages":[{"role":"user","content":"hi"}]}',
    },
    {
        "name": "codex",
        "key": "TOLLHOUSE_KEY",
        "withheld": "OPENAI_API_KEY",
        "path": "/v1/responses",
        "agent": "codex_cli_rs",
        "body": '{"model":"gpt-5.6","input":"hi"}',
    },
    {
        "name": "opencode",
        "key": "TOLLHOUSE_KEY",
        "withheld": "ANTHROPIC_API_KEY OPENAI_API_KEY",
        "path": "/v1/chat/completions",
        "agent": "opencode",
        "body": '{"model":"gpt-5.6","messages":[{"role":"user","content":"hi"}]}',
    },
]

# Two entries in the form of LiteLLM's file, which the reader has fetched.
PRICES = {
    "sample_spec": {"mode": "chat", "input_cost_per_token": 0.0, "litellm_provider": "a name"},
    "claude-sonnet-4-6": {
        "mode": "chat",
        "litellm_provider": "anthropic",
        "input_cost_per_token": 3e-06,
        "output_cost_per_token": 1.5e-05,
    },
}


class Failed(Exception):
    """A command did not do what the README says."""


class Reader:
    """Someone who follows the README on a machine of their own."""

    def __init__(self, scratch, tollhouse):
        self.scratch = scratch
        self.tollhouse = tollhouse
        self.ran = self.skipped = 0
        self.background = []
        self.provider_key = ""
        self.ready = scratch / "ready.json"
        self.port = free_port()
        home = Path.home()
        self.env = {
            name: value for name, value in os.environ.items() if name in KEPT or name.startswith(KEPT_PREFIXES)
        }
        self.env.setdefault("CARGO_HOME", str(home / ".cargo"))
        self.env.setdefault("RUSTUP_HOME", str(home / ".rustup"))
        self.env.setdefault("TOLLHOUSE_CACHE", str(cache()))
        self.env["HOME"] = str(scratch / "home")
        programs = scratch / "bin"
        for directory in (scratch / "home", programs):
            directory.mkdir()
        (programs / "tollhouse").symlink_to(tollhouse)
        for agent in AGENTS:
            program = programs / agent["name"]
            program.write_text(AGENT.format(**agent))
            program.chmod(0o700)
        self.env["PATH"] = f"{programs}:{self.env['PATH']}"
        (scratch / "model_prices_and_context_window.json").write_text(json.dumps(PRICES))
        # What the demo is asked for beyond what the README says: another port, and where it is.
        self.env["ARGS"] = f"--port {self.port} --ready-file {self.ready}"
        self.url()

    def url(self):
        self.env["EXPECTED_URL"] = f"http://127.0.0.1:{self.port}"

    def read(self, page):
        for number, (directive, argument, language, text) in enumerate(blocks(page), 1):
            try:
                self.block(directive, argument, language, self.adapt(text))
            except Failed as failure:
                raise Failed(f"block {number}: {failure}\n--- the block\n{text}") from failure

    def adapt(self, text):
        """The reader's own port and keys in the place of the README's."""
        text = text.replace(USUAL_PORT, str(self.port))
        return re.sub(r"sk-\w+-\.\.\.", self.provider_key, text)

    def block(self, directive, argument, language, text):
        if directive == "skip":
            if not argument:
                raise Failed("a block is skipped without a reason")
            for command in re.findall(r"^make .*$", text, re.M):
                self.run(command.replace("make ", "make -n ", 1))
                self.ran -= 1
            self.skipped += 1
            print(f"skipped: {text.strip().splitlines()[0]} ({argument})")
        elif directive == "file":
            self.write(argument, text)
        elif language != "sh":
            if language not in ("text", "json"):
                raise Failed(f"a block of {language or 'no language'} says not what to do with it")
        elif directive == "background":
            self.start(text, argument)
        elif directive == "sign-in":
            self.sign_in(text, argument)
        else:
            output = self.run(text)
            if directive == "expect" and argument not in output:
                raise Failed(f"{argument!r} is not in its output:\n{output}")

    def where(self, text):
        """Make targets are called in the checkout, everything else in a directory of the reader's."""
        return ROOT if text.startswith("make ") else self.scratch

    def run(self, text):
        state = self.scratch / "env"
        script = f'{text}\nenv -0 >"{state}"'
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script], cwd=self.where(text), env=self.env,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            timeout=PATIENCE, check=False,
        )
        output = done.stdout.decode(errors="replace")
        if done.returncode:
            raise Failed(f"exit code {done.returncode}:\n{output}")
        pairs = (pair.split("=", 1) for pair in state.read_text().split("\0") if "=" in pair)
        self.env = {name: value for name, value in pairs if name not in ("_", "SHLVL", "PWD", "OLDPWD")}
        self.ran += 1
        return output

    def start(self, text, expected):
        log = self.scratch / f"background-{len(self.background)}.log"
        with open(log, "wb") as out:
            process = subprocess.Popen(
                ["bash", "-c", f"exec {text}"], cwd=self.where(text), env=self.env,
                stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, start_new_session=True,
            )
        self.background.append((process, text.strip(), log))
        deadline = time.monotonic() + (BUILDING if text.startswith("make ") else PATIENCE)
        while expected not in log.read_text(errors="replace"):
            if process.poll() is not None or time.monotonic() > deadline:
                raise Failed(f"{expected!r} was not printed:\n{log.read_text(errors='replace')}")
            time.sleep(0.05)
        self.ran += 1
        if text.startswith("make demo"):
            self.paste(log.read_text())

    def sign_in(self, text, model):
        """Somebody types the code that is shown; a key's calls draw on the plan then."""
        self.authority("now", {"seconds": int(time.time())})
        self.start(text, "and type the code")
        process, _, log = self.background.pop()
        deadline = time.monotonic() + PATIENCE
        while not (code := CODE.search(log.read_text())):
            if process.poll() is not None or time.monotonic() > deadline:
                raise Failed(f"no code was shown:\n{log.read_text()}")
            time.sleep(0.05)
        self.authority("approve", {"user_code": code[1], "account": "ada"})
        if process.wait(PATIENCE):
            raise Failed(f"nobody is signed in:\n{log.read_text()}")
        if f"models {model}" not in re.sub(r" +", " ", log.read_text().replace("\t", " ")):
            raise Failed(f"it does not say that {model} leads there:\n{log.read_text()}")
        key = self.run("tollhouse key create --name of-the-plan").split()[0]
        body = json.dumps({"model": model, "input": "hi"})
        self.run(
            f"curl -fsS \"$EXPECTED_URL/v1/responses\" -H 'authorization: Bearer {key}' "
            f"-H 'content-type: application/json' -d '{body}'"
        )
        self.ran -= 2

    def authority(self, control, fields):
        request = urllib.request.Request(
            f"{self.simulator}/sim/authority/{control}", method="POST", data=json.dumps(fields).encode(),
            headers={"content-type": "application/json"},
        )
        urllib.request.urlopen(request, timeout=PATIENCE).close()

    def paste(self, printed):
        """Runs what the demo says to paste."""
        commands = re.findall(r"^  (\S.*)$", printed, re.M)
        if len(commands) < 8:
            raise Failed(f"the demo printed {len(commands)} commands:\n{printed}")
        for command in commands:
            output = self.run(command)
            if command.startswith("curl ") and not ENDS.search(output):
                raise Failed(f"{command}\nhas no complete answer:\n{output}")
        for name in [name for name in self.env if name.startswith("OPENCODE_")]:
            del self.env[name]

    def write(self, name, text):
        """Writes a file of the README's, with its providers moved to the demo."""
        demo = json.loads(self.ready.read_text())
        url = demo["url"]
        self.simulator = demo["provider_url"]
        endpoints = f'endpoints = {{ messages = "{url}", chat = "{url}/v1", responses = "{url}/v1" }}'
        known = re.compile(r'^(\[\[provider\]\]\nname = "(\w+)".*\n)(?!endpoints)', re.M)
        plan = f'endpoints = {{ responses = "{self.simulator}/backend-api/codex" }}'
        moved = lambda found: f"{found[1]}{plan if found[2] == 'chatgpt' else endpoints}\n"
        issued = f'\n[accounts.authority.codex]\nbase = "{self.simulator}"\n'
        (self.scratch / name).write_text(known.sub(moved, text) + issued)
        self.provider_key = demo["key"]
        # A fresh terminal; the demo still has the other port.
        for variable in ("TOLLHOUSE_URL", "TOLLHOUSE_TOKEN", "TOLLHOUSE_KEY"):
            self.env.pop(variable, None)
        self.port = free_port()
        self.url()
        self.env["TOLLHOUSE_LISTEN"] = f"127.0.0.1:{self.port}"

    def stop(self):
        """Ends what runs on, last first; a server that does not end by itself fails the test."""
        problems = []
        for process, text, log in reversed(self.background):
            code = process.poll()
            if code is None:
                os.killpg(process.pid, signal.SIGTERM)
                try:
                    code = process.wait(40)
                except subprocess.TimeoutExpired:
                    os.killpg(process.pid, signal.SIGKILL)
                    code = process.wait()
            # make reports the signal that it passed on; a login has nothing to bring to an end.
            if code != 0 and not text.startswith(("make ", "tollhouse login ")):
                problems.append(f"{text} ended with {code}:\n{log.read_text(errors='replace')}")
        self.background = []
        if problems:
            raise Failed("\n".join(problems))


def blocks(page):
    found = BLOCK.findall(page)
    if len(found) != len(re.findall(r"^```\w*$", page, re.M)) // 2:
        raise Failed("the README's blocks do not pair up")
    return found


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def cache():
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("TOLLHOUSE_CACHE") or Path(base) / "tollhouse")


def mentions(page, tollhouse):
    """Every subcommand is mentioned."""
    text = subprocess.run([tollhouse, "--help"], capture_output=True, text=True, check=True).stdout
    listed = text.split("\nCommands:\n", 1)[1].split("\n\n", 1)[0]
    names = set(re.findall(r"^  ([a-z]+) ", listed, re.M)) - {"help"}
    if not names:
        raise Failed("`tollhouse --help` lists no commands")
    for name in sorted(names):
        if f"tollhouse {name}" not in page and f"`{name}" not in page:
            raise Failed(f"`tollhouse {name}` is not mentioned")


def example(tollhouse, scratch):
    """The configuration that docs/configuration.md shows is one."""
    page = (ROOT / "docs/configuration.md").read_text()
    file = scratch / "example.toml"
    file.write_text(re.search(r"^```toml\n(.*?)^```$", page, re.M | re.S).group(1))
    env = {"ANTHROPIC_API_KEY": "sk-ant-" + "x" * 40, "CI_KEY": "th-" + "x" * 43}
    done = subprocess.run(
        [tollhouse, "check", "--config", file], env=env, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Failed(f"the example of docs/configuration.md is refused: {done.stderr}")


def main():
    if len(sys.argv) != 2:
        print(__doc__.split("\n\n")[1].strip(), file=sys.stderr)
        return 64
    tollhouse = Path(sys.argv[1]).resolve()
    page = (ROOT / "README.md").read_text()
    with tempfile.TemporaryDirectory(prefix="tollhouse-readme-") as scratch:
        reader = Reader(Path(scratch), tollhouse)
        problems = []
        steps = (
            lambda: mentions(page, tollhouse),
            lambda: example(tollhouse, reader.scratch),
            lambda: reader.read(page),
            reader.stop,
        )
        for step in steps:
            try:
                step()
            except Failed as failure:
                problems.append(f"README: {failure}")
        if problems:
            print("\n".join(problems), file=sys.stderr)
            return 1
    print(f"README: {reader.ran} blocks ran, {reader.skipped} skipped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
