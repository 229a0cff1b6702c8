#!/usr/bin/env python3
"""Measures what an authority that never answers costs the calls of other providers.

    cargo build --release -p tollhouse-cli -p tollhouse-bench && cargo build -p tollhouse-sim --example sim
    scripts/measure-accounts.py target/release/tollhouse target/release/tollhouse-bench target/debug/examples/sim

Accounts whose tokens have ended, at an authority that takes connections and says nothing; callers that ask for them at
once and again as soon as they are answered; beside them a fixed rate of calls to another provider. Rounds with and
without those callers take turns, and readiness is asked all the while.
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

ACCOUNTS, CALLERS, RATE, MILLIS, ROUNDS = 50, 500, 500, 5_000, 5
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


def sign_in():
    """Accounts whose tokens end a second from now, and then an authority that hangs."""
    control("now", seconds=int(time.time()))
    control("lifetime", seconds=1)
    for number in range(ACCOUNTS):
        tokens = control("sign-in", account=f"person-{number}", client="app_EMoamEEZ73f0CkXaXp7hrann")
        body = {"provider": "chatgpt", "name": f"login-{number}", "auth_json": {"tokens": tokens}, "consent": True}
        status, body = ask(PORT, "POST", "/api/v1/accounts/import", body)
        if status != 200:
            sys.exit(f"import: {status} {body}")
    control("outage", vendor="openai", outage="hangs")
    time.sleep(2)


class Callers:
    """Those who ask for the accounts, and how they are answered."""

    def __init__(self):
        self.loop, self.answers = asyncio.new_event_loop(), {}
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        self.tasks = []

    async def call(self, number):
        body = json.dumps({"model": "gpt-5", "input": "hello", "stream": True})
        head = f"POST /v1/responses HTTP/1.1\r\nhost: measure\r\nauthorization: Bearer {KEY}\r\nconnection: close\r\n"
        head += f"x-tollhouse-session: waiting-{number}\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n"
        while True:
            reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
            try:
                writer.write(f"{head}\r\n{body}".encode())
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


def load(bench):
    command = [bench, "load", "--target", f"127.0.0.1:{PORT}", "--mock", f"127.0.0.1:{MOCK}", "--mode", "open"]
    command += ["--conns", "4000", "--rate", str(RATE), "--millis", str(MILLIS)]
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


def main(gateway, bench, sim):
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
        sign_in()
        alone, beside, callers, readiness = [], [], Callers(), Readiness()
        load(bench)
        for _ in range(ROUNDS):
            alone.append(load(bench))
            callers.begin()
            time.sleep(1)
            beside.append(load(bench))
            callers.end()
            time.sleep(1)
        readiness.over = True
        print(f"{CALLERS} callers of {ACCOUNTS} accounts, answered {callers.answers or 'never'}; {RATE} calls/s to the other provider")
        show("alone", alone)
        show("beside them", beside)
        print(f"readiness: {readiness.worst} at worst, {max(readiness.took):.1f} ms at most in {len(readiness.took)} times")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
