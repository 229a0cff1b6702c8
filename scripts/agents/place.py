"""A simulated provider with its authorities, a gateway in front of it, and the command line."""

import json
import os
import re
import secrets
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

from ledger import Failed, Ledger

PATIENCE = 40.0


class Place:
    """Everything lies in `dir`, which is the home of whoever runs the gateway. Use it with `with`."""

    def __init__(self, tollhouse, sim, programs, dir):
        self.tollhouse, self.programs, self.dir = tollhouse, programs, dir
        self.token, self.running = secrets.token_hex(24), []
        self.url = f"http://127.0.0.1:{free_port()}"
        self.provider = self.start("sim", [sim, "0"], {}).first_line()
        self.authority("now", seconds=int(time.time()))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in reversed(self.running):
            process.end()

    def serve(self, config):
        file = self.dir / "tollhouse.toml"
        file.write_text(config)
        serve = [self.tollhouse, "serve", "--config", file, "--log", "warn"]
        self.start("gateway", serve, {"ADMIN_TOKEN": self.token})
        until_true("the gateway", lambda: self.ask("GET", "/healthz") is not None)
        self.ledger = Ledger(self.url, self.token)

    def start(self, name, argv, env, home=None):
        process = Program(name, argv, self.environment(env, home), self.dir)
        self.running.append(process)
        return process

    def environment(self, env, home=None):
        """Nothing of a login's environment but these."""
        path = f"{self.tollhouse.parent}:{self.programs}:/usr/local/bin:/usr/bin:/bin"
        return {"HOME": str(home or self.dir), "PATH": path, **env}

    def as_user(self, token):
        return {"TOLLHOUSE_URL": self.url, "TOLLHOUSE_TOKEN": token or self.token}

    def cli(self, *arguments, token=None, stdin="", expect=0):
        """What a command prints; `tollhouse` itself is in PATH."""
        done = subprocess.run(
            [self.tollhouse, *arguments], env=self.environment(self.as_user(token)), cwd=self.dir,
            input=stdin, capture_output=True, text=True, timeout=PATIENCE,
        )
        if done.returncode != expect:
            words = (done.stderr + done.stdout).strip()[-400:]
            raise Failed(f"tollhouse {' '.join(arguments)}: exit code {done.returncode}: {words}")
        return done.stdout

    def listing(self, *arguments, token=None):
        """The rows of a listing."""
        shown = json.loads(self.cli(*arguments, "--json", token=token))
        return shown["data"] if isinstance(shown, dict) and "data" in shown else shown

    def sign_in(self, account, argv, env, home=None):
        """A command that shows a code, and somebody who types it at the authority as `account`. Returns
        the started command, which ends a moment later."""
        command = self.start(f"login-{account}", argv, env, home)
        # Codex colors it, and the end of that is a letter.
        code = command.said(r"(?:\b|m)([B-Z]{4}-[B-Z]{5})\b")
        self.authority("approve", user_code=code, account=account)
        return command

    def account_login(self, account, *arguments, token=None):
        argv = [self.tollhouse, "account", "login", *arguments]
        return self.sign_in(account, argv, self.as_user(token))

    def authority(self, control, **fields):
        return json.loads(http(f"{self.provider}/sim/authority/{control}", "POST", fields) or "null")

    def provider_calls(self):
        """The calls that the simulated backends let in or turned away, with whose they were."""
        return json.loads(http(f"{self.provider}/sim/authority/calls"))["calls"]

    def ask(self, method, path, body=None):
        return http(self.url + path, method, body, {"authorization": f"Bearer {self.token}"})


class Program:
    """A started program, with all that it writes in one file."""

    def __init__(self, name, argv, env, dir):
        self.name, self.path = name, dir / f"{name}.log"
        with open(self.path, "wb") as out:
            self.process = subprocess.Popen(
                argv, env=env, cwd=dir, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                start_new_session=True,
            )

    def output(self):
        return self.path.read_text(errors="replace")

    def first_line(self):
        return self.said(r"\A(\S+)\n")

    def said(self, pattern):
        """The first group of a pattern, as soon as it was written."""
        def look():
            found = re.search(pattern, self.output())
            if not found and self.process.poll() is not None:
                raise Failed(f"{self.name} ended: {self.output().strip()[-400:]}")
            return found and found.group(1)
        return until_true(f"{self.name}: {pattern!r}", look)

    def wait(self, expect=0):
        try:
            code = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired as late:
            raise Failed(f"{self.name} is still running") from late
        if code != expect:
            raise Failed(f"{self.name}: exit code {code}: {self.output().strip()[-400:]}")
        return self.output()

    def end(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def until_true(what, look):
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            if found := look():
                return found
        except OSError:
            pass
        if time.monotonic() > deadline:
            raise Failed(f"{what}: not within {PATIENCE:.0f} s")
        time.sleep(0.05)


def http(url, method="GET", body=None, headers=None):
    request = urllib.request.Request(
        url, method=method, data=None if body is None else json.dumps(body).encode(),
        headers={"content-type": "application/json", **(headers or {})},
    )
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return answer.read()
    except urllib.error.HTTPError as error:
        text = error.read().decode(errors="replace")[:300]
        raise Failed(f"{method} {url}: {error.code} {text}") from error
