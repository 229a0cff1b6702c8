#!/usr/bin/env python3
"""Measures what an authority costs calls: one that never answers those of other providers, and a refresh those that wait.

    cargo build --release -p tollhouse-cli -p tollhouse-bench && cargo build -p tollhouse-sim --example sim
    scripts/measure-accounts.py target/release/tollhouse target/release/tollhouse-bench target/debug/examples/sim [SECONDS]

First a thousand calls at once of one account whose token has ended, while its refresh is held up at the authority: how
long after that is let go each is answered, beside as many calls of a token that is good.

Then accounts whose tokens have ended, at an authority that takes connections and says nothing; callers that ask for them
at once and again as soon as they are answered; beside them a fixed rate of calls to another provider. Rounds of SECONDS
(5; fewer than 30, after which the gateway closes connections that the generator leaves idle) with and without those
callers take turns, and readiness is asked all the while.
"""
import asyncio
import contextlib
import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time

ACCOUNTS, CALLERS, RATE, ROUNDS = 50, 500, 500, 5
CROWD, HELD_SECONDS = 1_000, 0.5
SHORT, LONG = 1, 86_400
TOKEN, KEY = "measure-token-measure-token-measure-token", "th-measure0measure0measure0measure0measure0"
SIM, MOCK, PORT = 17941, 17942, 17943
CONFIG = f"""
[server]
listen = "127.0.0.1:{PORT}"
data_dir = "{{data}}"
[admin]
token = "env:MEASURE_TOKEN"
[accounts.authority.codex]
base = "http://127.0.0.1:{SIM}"
[[provider]]
name = "chatgpt"
endpoints = {{{{ responses = "http://127.0.0.1:{SIM}/backend-api/codex" }}}}
[[provider]]
name = "anthropic"
endpoints = {{{{ messages = "http://127.0.0.1:{MOCK}" }}}}
api_key = "env:MEASURE_TOKEN"
[[key]]
name = "measure"
secret = "env:MEASURE_KEY"
credentials = {{{{ platform = true }}}}
[[route]]
model = "gpt-*"
targets = [ {{{{ provider = "chatgpt" }}}} ]
[[route]]
model = "*"
targets = [ {{{{ provider = "anthropic" }}}} ]
"""


def ask(port, method, path, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {"authorization": f"Bearer {TOKEN}", "content-type": "application/json"}
    with contextlib.closing(connection):
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        return answer.status, answer.read()


def control(name, **fields):
    status, body = ask(SIM, "POST", f"/sim/authority/{name}", fields)
    if status not in (200, 204):
        sys.exit(f"{name}: {status} {body}")
    return json.loads(body) if body else None


def sign_in(names, lifetime):
    """Accounts whose first tokens end so many seconds from now."""
    control("now", seconds=int(time.time()))
    control("lifetime", seconds=lifetime)
    accounts = []
    for name in names:
        tokens = control("sign-in", account=name, client="app_EMoamEEZ73f0CkXaXp7hrann")
        body = {"provider": "chatgpt", "name": name, "auth_json": {"tokens": tokens}, "consent": True}
        status, body = ask(PORT, "POST", "/api/v1/accounts/import", body)
        if status != 200:
            sys.exit(f"import: {status} {body}")
        accounts.append(json.loads(body)["account"]["id"])
    control("lifetime", seconds=LONG)
    return accounts


def request(session):
    body = json.dumps({"model": "gpt-5", "input": "hello", "stream": True})
    head = f"POST /v1/responses HTTP/1.1\r\nhost: measure\r\nauthorization: Bearer {KEY}\r\nconnection: close\r\n"
    head += f"x-tollhouse-session: {session}\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n"
    return f"{head}\r\n{body}".encode()


async def crowd(let_go=None):
    """So many calls at once: the milliseconds until each is answered, or from `let_go` on."""
    connections = [await asyncio.open_connection("127.0.0.1", PORT) for _ in range(CROWD)]
    began = time.monotonic()
    for number, (_, writer) in enumerate(connections):
        writer.write(request(f"crowd-{number}"))

    async def answered(reader, writer):
        status = (await reader.readline()).split()[1]
        took = time.monotonic()
        await reader.read()
        writer.close()
        if status != b"200":
            sys.exit(f"one of the crowd was answered {status}")
        return took

    answers = asyncio.gather(*(answered(*connection) for connection in connections))
    if let_go:
        await asyncio.sleep(HELD_SECONDS)
        began = time.monotonic()
        await asyncio.to_thread(let_go)
    return sorted(1000 * (took - began) for took in await answers)


def refreshes():
    return json.loads(ask(SIM, "GET", "/sim/authority/counters")[1])["totals"]["refreshes"]


def expiry():
    """A crowd with a token that is good, and one whose calls all wait for the same refresh."""
    for what, lifetime, let_go in (("with a good token", LONG, None), ("from the refresh on", SHORT, lambda: control("release"))):
        if let_go:
            control("hold")
        [account] = sign_in(["crowded"], lifetime)
        time.sleep(2 * SHORT)
        before = refreshes()
        took = asyncio.run(crowd(let_go))
        half, most = took[len(took) // 2], took[len(took) * 99 // 100]
        print(f"{CROWD} calls at once, {what}: p50 {half:.0f} ms, p99 {most:.0f}, max {took[-1]:.0f}; {refreshes() - before} refreshes")
        ask(PORT, "DELETE", f"/api/v1/accounts/{account}")


class Callers:
    """Those who ask for the accounts, and how they are answered."""

    def __init__(self):
        self.loop, self.answers = asyncio.new_event_loop(), {}
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        self.tasks = []

    async def call(self, number):
        while True:
            reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
            try:
                writer.write(request(f"waiting-{number}"))
                status = (await reader.readline()).split()[1].decode()
                self.answers[status] = self.answers.get(status, 0) + 1
            finally:
                writer.close()
            # As clients do that are told to wait.
            await asyncio.sleep(1)

    def begin(self):
        self.tasks = [asyncio.run_coroutine_threadsafe(self.call(number), self.loop) for number in range(CALLERS)]

    def end(self):
        for task in self.tasks:
            task.cancel()


class Readiness:
    def __init__(self):
        self.took, self.worst, self.over = [], 200, False
        threading.Thread(target=self.watch, daemon=True).start()

    def watch(self):
        while not self.over:
            began = time.monotonic()
            status, _ = ask(PORT, "GET", "/readyz")
            self.took.append(1000 * (time.monotonic() - began))
            self.worst = max(self.worst, status)
            time.sleep(0.1)


def load(bench, seconds):
    command = [bench, "load", "--target", f"127.0.0.1:{PORT}", "--mock", f"127.0.0.1:{MOCK}", "--mode", "open"]
    command += ["--conns", "4000", "--rate", str(RATE), "--millis", str(1000 * seconds)]
    report = json.loads(subprocess.run(command, env={**os.environ, "BENCH_KEY": KEY}, check=True, capture_output=True).stdout)
    failed = {name: report[name] for name in ("refused", "cut", "mismatched", "unfinished") if report[name]}
    if failed:
        sys.exit(f"calls of the other provider failed: {failed} {report['first_failure']}")
    return report["latency"]


def show(what, rounds):
    for name in rounds[0]:
        if name.startswith("p"):
            values = [latency[name] for latency in rounds]
            print(f"{what}: {name} median {statistics.median(values):.2f}, {min(values):.2f} to {max(values):.2f}")


def hang(bench, seconds):
    """Calls of another provider, with and without those who wait for an authority that hangs."""
    sign_in([f"person-{number}" for number in range(ACCOUNTS)], SHORT)
    control("outage", vendor="openai", outage="hangs")
    time.sleep(2 * SHORT)
    alone, beside, callers, readiness = [], [], Callers(), Readiness()
    load(bench, seconds)
    for _ in range(ROUNDS):
        alone.append(load(bench, seconds))
        callers.begin()
        time.sleep(1)
        beside.append(load(bench, seconds))
        callers.end()
        time.sleep(1)
    readiness.over = True
    print(f"{CALLERS} callers of {ACCOUNTS} accounts, answered {callers.answers or 'never'}; {RATE} calls/s to the other provider")
    show("alone", alone)
    show("beside them", beside)
    print(f"readiness: {readiness.worst} at worst, {max(readiness.took):.1f} ms at most in {len(readiness.took)} times")


def main(gateway, bench, sim, seconds=5):
    environment = {**os.environ, "MEASURE_TOKEN": TOKEN, "MEASURE_KEY": KEY}
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as started:
        def start(*command):
            process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
            started.callback(lambda: (process.terminate(), process.wait(30)))

        with open(f"{folder}/measure.toml", "w") as file:
            file.write(CONFIG.format(data=f"{folder}/data"))
        start(sim, str(SIM))
        start(bench, "mock", "--listen", f"127.0.0.1:{MOCK}")
        start(gateway, "serve", "--config", f"{folder}/measure.toml", "--log", "error")
        for port, path in ((SIM, "/"), (PORT, "/readyz")):
            while True:
                with contextlib.suppress(OSError):
                    ask(port, "GET", path)
                    break
                time.sleep(0.05)
        expiry()
        hang(bench, seconds)


if __name__ == "__main__":
    if len(sys.argv) not in (4, 5):
        sys.exit(__doc__)
    main(*sys.argv[1:4], *(int(seconds) for seconds in sys.argv[4:]))
