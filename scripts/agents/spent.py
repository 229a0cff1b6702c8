#!/usr/bin/env python3
"""Runs the real coding agents on a key whose budget is spent, and checks that they stop.

    scripts/agents/spent.py --base-url URL --token TOKEN

An agent that is told so in the wrong form asks again until somebody kills it. Checked for each: it
ends by itself and says why, or, as OpenCode does, waits without a word for the moment that
`retry-after` names; it made as few calls as a single failure costs; every one was refused before any
provider was asked; and the same key, its budget raised, finishes the small task.

The control plane is expected at the same address.
One line per agent, then `N passed, N failed`; exit code 1 when one failed.
"""

import argparse
import json
import shutil
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from check import check, installed, run
from clients import AGENTS, Target
from ledger import Failed, Ledger

# What an agent may ask before it gives up: its turn, the title of the session, and one try of each.
MOST_CALLS = 4
# An agent that stops does so at once; one that asks again does so within this time.
PATIENCE = 30.0
# How each says what happened: Codex has words of its own for the code. None: it waits.
WORDS = {
    "claude": "budget",
    "codex": "Quota exceeded",
    "opencode-messages": None,
    "opencode-chat": None,
    "opencode-responses": None,
}


def main():
    parser = argparse.ArgumentParser(description="Run real agents on a spent budget.")
    parser.add_argument("--base-url", required=True, help="address without /v1")
    parser.add_argument("--token", required=True, help="bearer token of the control plane")
    parser.add_argument("--bin", type=Path, help="directory with claude, codex and opencode")
    options = parser.parse_args()
    api = Api(options.base_url.rstrip("/"), options.token)
    programs = options.bin or installed()
    agents = [agent for agent in AGENTS if agent.name in WORDS]
    # Without a price nothing can be counted against a budget, and every call would be refused for that.
    price = {"model": "sim-coder", "source": "test", "usd_per_million": {"input": "3", "output": "15"}}
    api.ask("PUT", "/prices", {"prices": [price]})
    failed = 0
    for agent in agents:
        home = Path(tempfile.mkdtemp(prefix=f"spent-{agent.name}-"))
        try:
            facts = stops(agent, programs, home, api)
        except Failed as failure:
            failed += 1
            print(f"FAIL  {agent.name:<32} {failure} (see {home})", flush=True)
            continue
        print(f"ok    {agent.name:<32} {facts}", flush=True)
        shutil.rmtree(home, ignore_errors=True)
    print(f"{len(agents) - failed} passed, {failed} failed")
    return 1 if failed else 0


def stops(agent, programs, home, api):
    spent = [{"usd": "0.000001", "window": "day"}]
    key = api.ask("POST", "/keys", {"name": f"spent-{agent.name}", "budget": spent})
    target = Target(api.url, key["secret"], routed=True)
    work = home / "work"
    work.mkdir()
    agent.task.prepare(work)
    argv, env = agent.prepare(programs, home, work, target)
    env = {"HOME": str(home), "PATH": "/usr/local/bin:/usr/bin:/bin", **env}
    started = time.monotonic()
    words = WORDS[agent.name]
    try:
        run(argv, env, work, home, PATIENCE)
    except Failed:
        if words:
            raise
    seconds = time.monotonic() - started
    told = "".join((home / name).read_text(errors="replace") for name in ("stdout", "stderr"))
    if words and words not in told:
        raise Failed(f"it does not say {words!r}: {told[-300:]!r}")
    rows = [row for row in api.ledger.rows() if row["key"] == key["id"]]
    if not 1 <= len(rows) <= MOST_CALLS:
        raise Failed(f"it asked {len(rows)} times")
    asked = [row for row in rows if row.get("attempts") or row["outcome"] != "refused"]
    if asked:
        raise Failed(f"{len(asked)} of its calls went to a provider")
    api.ask("PATCH", f"/keys/{key['id']}", {"budget": [{"usd": "1000", "window": "day"}]})
    again = home / "again"
    again.mkdir()
    check(agent, programs, again, target, None, 120.0)
    what = "stopped" if words else "waited"
    return f"{what} after {len(rows)} calls ({seconds:.1f} s); went on when the budget was raised"


class Api:
    """The control plane."""

    def __init__(self, url, token):
        self.url, self.token = url, token
        self.ledger = Ledger(url, token)

    def ask(self, method, path, body):
        request = urllib.request.Request(
            f"{self.url}/api/v1{path}", method=method, data=json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.token}", "content-type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            text = error.read().decode(errors="replace")[:300]
            raise Failed(f"{method} {path}: {error.code} {text}") from error


if __name__ == "__main__":
    sys.exit(main())
