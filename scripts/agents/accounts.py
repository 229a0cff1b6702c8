#!/usr/bin/env python3
"""Signs in with simulated subscriptions, and runs the real coding agents on them.

    scripts/agents/accounts.py TOLLHOUSE SIM [--only NAME,...]

People who have no vendor's key sign in as docs/accounts.md says: `tollhouse account login` shows a
code, and Codex itself does, whose login is imported; the codes are typed at the simulator's
authority. Real agents then do their tasks on those plans at the simulator's backends, which are as
strict as their vendors are said to be. And what a person is signed in to on a machine is lent by
`tollhouse bridge` (docs/bridges.md) or brought along with `--own-login` (docs/credentials.md).

Checked: what each agent checks by itself (check.py); in the ledger that every call drew on one
account of the right person, cost nothing and says what it would have cost by list; that when an
account is used up or signed out another takes over in the middle of a conversation; and that an
agent for which nobody can pay, or whose tools cannot be served, stops and says why.

One line per check, then `N passed, N failed`; exit code 1 when one failed.
"""

import argparse
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path

import logins
from check import installed
from clients import Claude, Codex, CodexLite, OpenCode
from ledger import Failed
from place import Place
from plans import ADAS, USED, agent, m365, takeover

CONFIG = """
[server]
listen = "{listen}"
data_dir = "{dir}/data"
drain_seconds = 1

[admin]
token = "env:ADMIN_TOKEN"

[accounts.authority.codex]
base = "{sim}"

[accounts.authority.github]
base = "{sim}"
api = "{sim}"
client_id = "Iv1.simulated"

[accounts.authority.microsoft]
base = "{sim}/contoso.onmicrosoft.com"
client_id = "00000000-0000-0000-0000-000000000000"

[[provider]]
name = "chatgpt"
endpoints = {{ responses = "{sim}/backend-api/codex" }}

[[provider]]
name = "github-copilot"
endpoints = {{ messages = "{sim}", chat = "{sim}", responses = "{sim}" }}
headers = {{ editor-version = "acme/1.2", copilot-integration-id = "acme-gateway" }}

[[provider]]
name = "microsoft-365-copilot"
endpoints = {{ chat = "{sim}/beta/copilot" }}

[[provider]]
name = "anthropic"
endpoints = {{ messages = "{sim}" }}
"""
# The names that agents ask for, and what serves them. The third is one that Codex knows by itself,
# and speaks its other dialect with.
ROUTES = [
    ("sim-coder", "chatgpt", "sim-coder", None),
    ("sim-coder-2-via-responses", "chatgpt", "sim-coder-2", None),
    ("gpt-6.1-terra", "chatgpt", "sim-coder-2", None),
    ("copilot-coder", "github-copilot", "sim-coder", "responses"),
    ("sim-coder-2-via-messages", "github-copilot", "sim-coder-2", "messages"),
    ("m365-copilot", "microsoft-365-copilot", "m365-copilot", None),
    ("claude-opus-5-5", "anthropic", "sim-echo", None),
]


class State:
    """What one check leaves to the next."""

    def __init__(self, place, programs):
        self.place, self.programs = place, programs

    def home(self, name):
        home = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=self.place.dir))
        (home / "work").mkdir()
        return home

    def drawn(self):
        """The account that served the last call, by its name at the authority."""
        return self.place.provider_calls()[-1]["account"]


def main():
    parser = argparse.ArgumentParser(description="Run real coding agents on simulated subscriptions.")
    parser.add_argument("tollhouse", type=Path, help="the gateway's program")
    parser.add_argument("sim", type=Path, help="the simulated provider's program")
    parser.add_argument("--only", help="names of checks, separated by commas; signing in always goes first")
    parser.add_argument("--bin", type=Path, help="directory with claude, codex and opencode")
    parser.add_argument("--keep", action="store_true", help="keep what the agents wrote")
    options = parser.parse_args()
    only = options.only.split(",") if options.only else [name for name, _ in CHECKS]
    unknown = set(only) - {name for name, _ in CHECKS}
    if unknown:
        parser.error(f"unknown check {', '.join(sorted(unknown))}")
    programs = options.bin or installed()
    dir = Path(tempfile.mkdtemp(prefix="subscriptions-"))
    passed = failed = 0
    with Place(options.tollhouse.resolve(), options.sim.resolve(), programs, dir) as place:
        state = State(place, programs)
        state.bridges = logins.start_bridges(place)
        place.serve(configuration(place) + logins.configuration(state.bridges))
        for name, what in CHECKS:
            if name != "sign-in" and name not in only:
                continue
            started = time.monotonic()
            try:
                facts = what(state)
            except Failed as failure:
                failed += 1
                print(f"FAIL  account {name:<24} {failure} (see {dir})", flush=True)
                if name == "sign-in":
                    break
                continue
            passed += 1
            print(f"ok    account {name:<24} {facts}, {time.monotonic() - started:.1f} s", flush=True)
    if not failed and not options.keep:
        shutil.rmtree(dir, ignore_errors=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


def configuration(place):
    listen = place.url.removeprefix("http://")
    text = CONFIG.format(listen=listen, dir=place.dir, sim=place.provider)
    for name, provider, model, protocol in ROUTES:
        said = f', protocol = "{protocol}"' if protocol else ""
        target = f'{{ provider = "{provider}", model = "{model}"{said} }}'
        text += f'\n[[route]]\nmodel = "{name}"\ntargets = [{target}]\n'
    return text


def sign_in(state):
    """Ada has two plans and nothing else: one she signs in with here, the other with Codex. The
    operator has the other vendors', and whoever lends a login is signed in with Codex."""
    place = state.place
    user = json.loads(place.cli("user", "create", "Ada", "--email", "ada@example.com", "--json"))
    state.ada = place.cli("token", "create", user["id"], "--name", "laptop").strip()
    private, work = ADAS.values()
    file = place.dir / "ada"
    started = [
        place.account_login(private, token=state.ada),
        place.account_login("octocat", "github-copilot"),
        place.account_login("grace", "microsoft-365-copilot"),
        logins.codex_login(place, work, file),
        logins.codex_login(place, logins.HOLDER, logins.home(place)),
    ]
    for login in started:
        login.wait()
    login = file / ".codex/auth.json"
    place.cli("account", "import", "--name", "work", "--file", login, "--yes", token=state.ada)
    found = {row["name"]: row for row in place.listing("account", "list", token=state.ada)}
    holders = {name: row["holder"] for name, row in found.items()}
    if holders != {name: f"{account}@example.com" for name, account in ADAS.items()}:
        raise Failed(f"Ada's accounts are {holders}")
    state.accounts = {ADAS[name]: row["id"] for name, row in found.items()}
    for account, used in USED.items():
        window = {"used_percent": used, "window_minutes": 300, "reset_after_seconds": 7200}
        place.authority("windows", account=account, primary=window, secondary=window)
    price = {"source": "test", "usd_per_million": {"input": "3", "cache_read": "1",
             "cache_write_5m": "3", "cache_write_1h": "3", "output": "15"}}
    prices = [{"model": model, **price} for model in ("sim-coder", "sim-coder-2")]
    place.ask("PUT", "/api/v1/prices", {"prices": prices})
    state.key = place.cli("key", "create", "--name", "laptop", token=state.ada).strip()
    state.operators = place.cli("key", "create", "--name", "operator").strip()
    return "two accounts of Ada's, two of the operator's"


CHECKS = [
    ("sign-in", sign_in),
    agent(Codex()),
    agent(CodexLite("responses", thoughts=3)),
    agent(Claude("responses", paper=True, thoughts=3)),
    agent(OpenCode("chat", "responses", paper=True)),
    ("takeover", takeover),
    agent(Codex(), "codex-copilot", "copilot-coder", "github-copilot"),
    agent(Codex("messages", thoughts=3), "codex-copilot-to-messages", None, "github-copilot"),
    ("claude-m365", m365),
    ("bridges", logins.bridges),
    ("own-login", logins.own),
]


if __name__ == "__main__":
    sys.exit(main())
