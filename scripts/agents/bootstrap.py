#!/usr/bin/env python3
"""Starts every client with exactly what `POST /api/v1/agents/{agent}/bootstrap` answers.

    scripts/agents/bootstrap.py --api URL --token TOKEN [--only NAME,...] [--bin DIR]

Each client runs in an empty home with the answer's variables, HOME and PATH, and with the answer's
files, and nothing else says where the gateway is or what the key is. It has to finish one exchange with
the simulated provider's `sim-echo`. Checked: exit code, the words that come back, that the token is in
no argument and in no file, and in the ledger that the calls were made with that token, succeeded and
say whose credential paid. Then the token is ended.

One line per client, then `N passed, N failed`; exit code 1 when one failed.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from check import installed, last_words, run
from ledger import Failed

HERE = Path(__file__).resolve().parent
MODEL, WORDS = "sim-echo", "tollhouse says good morning"
# What `sim-echo` says where it finds no words of the user's: Qwen Code sends the prompt inside of notes
# of its own, which the echo passes over.
SILENCE = {"qwen-code": "(nothing was said)"}

ANTHROPIC = """
import os, anthropic
answer = anthropic.Anthropic().messages.create(
    model=os.environ["MODEL"], max_tokens=64,
    messages=[{"role": "user", "content": os.environ["WORDS"]}])
print(answer.content[0].text)
"""
OPENAI = """
import os, openai
answer = openai.OpenAI().chat.completions.create(
    model=os.environ["MODEL"], messages=[{"role": "user", "content": os.environ["WORDS"]}])
print(answer.choices[0].message.content)
"""

# What is said to each client besides: how to run headless, and nothing about the gateway.
CLIENTS = {
    "claude-code": lambda bin, _: [bin / "claude", "-p", WORDS],
    "codex": lambda bin, _: [
        bin / "codex", "exec", "--skip-git-repo-check",
        "--dangerously-bypass-approvals-and-sandbox", WORDS,
    ],
    "opencode": lambda bin, _: [bin / "opencode", "run", WORDS],
    "qwen-code": lambda bin, _: [bin / "qwen", "-p", WORDS],
    "anthropic-sdk": lambda _, python: [python, "-c", ANTHROPIC],
    "openai-sdk": lambda _, python: [python, "-c", OPENAI],
}


class Api:
    def __init__(self, url, token):
        self.url, self.token = url.rstrip("/") + "/api/v1", token

    def ask(self, method, path, body=None):
        request = urllib.request.Request(
            self.url + path, method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"authorization": f"Bearer {self.token}", "content-type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            raise Failed(f"{method} {path}: {error.code} {error.read()[:300]!r}") from error
        return json.loads(text) if text else None

    def calls(self, key):
        """The rows of a key, once there is one: the ledger is a moment behind."""
        until = time.monotonic() + 10
        while True:
            rows = self.ask("GET", f"/calls?key={key}&limit=100")["data"]
            if rows or time.monotonic() > until:
                return rows
            time.sleep(0.1)

    def said(self, call):
        """What a client said in a call, as it arrived; it is stored a moment after the row."""
        until = time.monotonic() + 10
        while True:
            try:
                kept = self.ask("GET", f"/calls/{call}/capture")
                return kept["request"]["body"]
            except Failed:
                if time.monotonic() > until:
                    raise
                time.sleep(0.1)


def main():
    parser = argparse.ArgumentParser(description="Start clients with what bootstrap answers.")
    parser.add_argument("--api", required=True, help="address of the control plane, without /api/v1")
    parser.add_argument("--token", required=True, help="bearer token of the control plane")
    parser.add_argument("--only", help="names of clients, separated by commas")
    parser.add_argument("--bin", type=Path, help="directory with the clients' programs")
    parser.add_argument("--timeout", type=float, default=120.0, help="seconds for each client")
    options = parser.parse_args()
    names = options.only.split(",") if options.only else list(CLIENTS)
    unknown = set(names) - set(CLIENTS)
    if unknown:
        parser.error(f"unknown client {', '.join(sorted(unknown))}; there are {', '.join(CLIENTS)}")
    api = Api(options.api, options.token)
    programs = options.bin or installed()
    python = subprocess.run(
        [HERE / "install.sh", "--python"], check=True, capture_output=True, text=True
    ).stdout.strip()

    failed = 0
    for name in names:
        home = Path(tempfile.mkdtemp(prefix=f"bootstrap-{name}-"))
        started = time.monotonic()
        try:
            facts = check(api, name, CLIENTS[name](programs, python), home, options.timeout)
        except Failed as failure:
            failed += 1
            print(f"FAIL  bootstrap {name:<22} {failure} (see {home})", flush=True)
            continue
        seconds = time.monotonic() - started
        print(f"ok    bootstrap {name:<22} {facts}, {seconds:.1f} s", flush=True)
        shutil.rmtree(home, ignore_errors=True)
    print(f"{len(names) - failed} passed, {failed} failed")
    return 1 if failed else 0


def check(api, name, argv, home, timeout):
    answer = api.ask(
        "POST", "/agents/bootstrap-check/bootstrap",
        {"client": name, "model": MODEL, "platform": True},
    )
    token, env = answer["token"], answer["env"]
    # What the client sends is kept, to see that the prompt was in it.
    api.ask("PATCH", f"/keys/{answer['id']}", {"capture": "full"})
    if [value for value in env.values() if token in value] != [token]:
        raise Failed("the token is not in exactly one variable")
    if token in json.dumps(answer["files"]) or any(token in str(word) for word in argv):
        raise Failed("the token is in a file or an argument")
    for file in answer["files"]:
        path = home / file["path"]
        path.parent.mkdir(parents=True, mode=0o700, exist_ok=True)
        path.write_text(file["content"])
        path.chmod(int(file["mode"], 8))
    work = home / "work"
    work.mkdir()
    if set(answer["unset"]) & set(env):
        raise Failed("a variable is both set and taken out")
    # The two for our own scripts; and these and no others are what the client gets.
    ours = {"MODEL": answer["model"], "WORDS": WORDS} if name.endswith("-sdk") else {}
    env = {"HOME": str(home), "PATH": "/usr/local/bin:/usr/bin:/bin", **ours, **env}
    code = run(argv, env, work, home, timeout)
    output = (home / "stdout").read_text(errors="replace")
    if code != 0:
        raise Failed(f"exit code {code}: {last_words(home, output)}")
    if SILENCE.get(name, WORDS) not in output:
        raise Failed(f"its last words are {output.strip()[-200:]!r}")
    rows = api.calls(answer["id"])
    if not rows:
        raise Failed("no call with this token is on record")
    if not any(WORDS in api.said(row["id"]) for row in rows):
        raise Failed("the prompt is in none of its requests")
    for row in rows:
        if row.get("outcome") != "success":
            raise Failed(f"call {row['id']}: {row.get('outcome')}, status {row.get('status')}")
        if row.get("credential_source") != answer["credential_source"]:
            raise Failed(f"call {row['id']} drew on {row.get('credential_source')}")
        if row.get("agent") != "bootstrap-check":
            raise Failed(f"call {row['id']} is attributed to {row.get('agent')}")
    api.ask("DELETE", f"/keys/{answer['id']}")
    return f"{len(rows)} calls on the {answer['credential_source']}'s credential"


if __name__ == "__main__":
    sys.exit(main())
