"""A gateway that runs as the manifests say: their configuration, their variables, not as root, and with
nothing to write to but its volume and /tmp."""

import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

from manifests import ROOT, environment, objects, only, pod

USER = 10001
PATIENCE = 30
MOUNTS = os.getuid() == 0 and subprocess.run(
    ["unshare", "--mount", "mount", "-o", "remount,bind,ro", "/"], capture_output=True
).returncode == 0


def until(true, what):
    """Waits for something that happens at once, or nearly."""
    end = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > end:
            raise SystemExit(f"{what} did not get ready")
        time.sleep(0.05)


def config_text(form="sqlite"):
    """The configuration as the pod sees it."""
    return only(objects(ROOT / "kubernetes" / form), "ConfigMap", "tollhouse")["data"]["tollhouse.toml"]


def container(form="sqlite"):
    kind = "StatefulSet" if form == "postgres" else "Deployment"
    (found,) = pod(only(objects(ROOT / "kubernetes" / form), kind, "tollhouse"))["containers"]
    return found


def free_port():
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


def nobody():
    """What makes a program run as the pod's user, where we may."""
    if os.getuid() != 0:
        return []
    return ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", "--bounding-set=-all", "--no-new-privs"]


def read_only(*writable):
    """What makes a program see a root that it cannot write to, but for some directories; where we may."""
    if os.getuid() != 0 or not MOUNTS:
        return []
    binds = "".join(f'mount --bind "{path}" "{path}" && ' for path in writable)
    # The last words are the program: `sh` itself is gone before it starts.
    return ["unshare", "--mount", "sh", "-c", f'{binds}mount -o remount,bind,ro / && exec "$@"', "sh"]


def own(path):
    if os.getuid() == 0:
        os.chown(path, USER, USER)


class Api:
    def __init__(self, url, token):
        self.url, self.token = url + "/api/v1", token

    def ask(self, method, path, body=None):
        request = urllib.request.Request(
            self.url + path, method=method, data=None if body is None else json.dumps(body).encode(),
            headers={"authorization": f"Bearer {self.token}", "content-type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read()
        return json.loads(text) if text else None


class Gateway:
    """Started in `place`: `etc` is the ConfigMap, `volume` the claim."""

    def __init__(self, program, place, text, absent=(), changed=None):
        self.place, self.port = place, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        os.chmod(place, 0o755)
        said = container()
        etc, self.volume = place / "etc", place / "volume"
        etc.mkdir(exist_ok=True)
        (etc / "tollhouse.toml").write_text(text)
        if not self.volume.exists():
            # As a cluster hands it out for fsGroup: root's, open to the group, which is ours.
            self.volume.mkdir()
            if os.getuid() == 0:
                os.chown(self.volume, 0, USER)
                os.chmod(self.volume, 0o2770)
        # Where only root may enter, nobody else finds the program.
        binary = place / "tollhouse"
        if not binary.exists():
            shutil.copy(program, binary)
        self.env = environment(said, absent) | (changed or {})
        self.env["TOLLHOUSE_CONFIG"] = str(etc / "tollhouse.toml")
        # The addresses of this machine in place of the pod's.
        self.env["TOLLHOUSE_URL"] = self.url
        self.env["TOLLHOUSE_LISTEN"] = f"127.0.0.1:{self.port}"
        self.env["TOLLHOUSE_DATA_DIR"] = str(self.volume / "data")
        self.args = [str(binary), *said["args"]]
        self.api = Api(self.url, self.env["TOLLHOUSE_TOKEN"])

    def __enter__(self):
        self.log = open(self.place / "log", "w+")
        self.process = subprocess.Popen(
            [*read_only(self.volume), *nobody(), *self.args], env=self.env, cwd="/", stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=self.log,
        )
        until = time.monotonic() + PATIENCE
        while not self.answers("/readyz"):
            if self.process.poll() is not None or time.monotonic() > until:
                self.process.kill()
                raise SystemExit(f"the gateway did not get ready:\n{self.said()}")
            time.sleep(0.05)
        return self

    def __exit__(self, *failure):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(PATIENCE)
        said = self.said()
        self.log.close()
        if code != 0 and failure == (None, None, None):
            raise SystemExit(f"the gateway ended with {code}:\n{said}")

    def said(self):
        return (self.place / "log").read_text()

    def answers(self, path):
        try:
            with urllib.request.urlopen(self.url + path, timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False

    def begin(self, *arguments, out):
        """A command in the pod that somebody has to do something about before it ends."""
        return subprocess.Popen(
            [*nobody(), self.args[0], *arguments], env=self.env, cwd="/", stdin=subprocess.DEVNULL, stdout=out, stderr=out
        )

    def run(self, *arguments, stdin=""):
        """A command in the pod, as `kubectl exec` runs it."""
        done = subprocess.run(
            [*nobody(), self.args[0], *arguments], env=self.env, cwd="/", input=stdin, capture_output=True, text=True
        )
        if done.returncode != 0:
            raise SystemExit(f"tollhouse {' '.join(arguments)}: {done.stdout}{done.stderr}")
        return done.stdout
