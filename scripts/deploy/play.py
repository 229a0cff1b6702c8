#!/usr/bin/env python3
"""Runs the sample on this machine, as far as it goes without a cluster.

    scripts/deploy.sh TOLLHOUSE play

The gateway runs with the ConfigMap's file, the Deployment's arguments and variables, as its user, on a
read-only root and a volume as a cluster hands it out. The first start finds no provider's key, warns, and
waits; somebody signs in with a plan as `kubectl exec` would, at a simulated authority, and calls draw on it;
keys are set likewise; the real Codex and Claude Code run as their Jobs say; then the
gateway is started again, after a cluster has opened the modes of everything in the volume.

What is not as in a cluster: addresses, and that the providers are the simulated one. As somebody
else than root, user and read-only root are left out; agents that are not installed are too (`make agents`
installs them). It says so.
"""

import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import json
from pathlib import Path

from manifests import ROOT, containers, objects, only, pod
from running import Gateway, config_text, free_port, nobody, own, read_only, until

HERE = Path(__file__).resolve().parent
AGENTS = ROOT / "kubernetes/agents"
WORDS = "Say hello."

passed = 0


def expect(true, what):
    global passed
    if not true:
        raise SystemExit(f"FAILED {what}")
    passed += 1


def simulator(place, key):
    """The simulated provider, and its address."""
    target = Path(os.environ.get("CARGO_TARGET_DIR", HERE.parents[1] / "target"))
    said = open(place / "sim", "w")
    process = subprocess.Popen([target / "debug/examples/sim", "0", key], stdout=said)
    until(lambda: (place / "sim").read_text().strip(), "the simulated provider")
    return process, (place / "sim").read_text().strip()


def at(text, provider, endpoints):
    """The configuration with a provider at another address."""
    name = f'name = "{provider}"\n'
    assert name in text
    return text.replace(name, f"{name}endpoints = {endpoints}\n")


def call(gateway, key):
    """A call as an agent makes it: its status and its error's code."""
    request = urllib.request.Request(
        gateway.url + "/v1/responses", method="POST",
        data=json.dumps({"model": "gpt-5.3-codex", "input": WORDS}).encode(),
        headers={"authorization": f"Bearer {key}", "content-type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, None
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())["error"]["code"]


def agent(name, gateway, key, place):
    """An agent's Job: its exit code and what it said; nothing where it is not installed."""
    found = subprocess.run([HERE.parent / "agents/install.sh", "--path"], check=True, capture_output=True, text=True)
    program = Path(found.stdout.strip()) / name
    if not program.exists():
        print(f"{name} is not installed: its Job was not run (`make agents` installs it)")
        return None
    here = lambda text: text.replace("http://tollhouse.tollhouse.svc:7878", gateway.url)
    everything = objects(AGENTS)
    job = only(everything, "Job", name)
    (container,) = containers(job)
    volumes = {volume["name"]: volume for volume in pod(job)["volumes"]}
    root = place / name
    (root / "bin").mkdir(parents=True)
    own(root)
    # Where only root may enter, nobody else finds the program.
    shutil.copy(program.resolve(), root / "bin" / name)
    moved = {}
    for mount in container["volumeMounts"]:
        path, volume = root / mount["mountPath"].lstrip("/"), volumes[mount["name"]]
        moved[mount["mountPath"]] = str(path)
        if "configMap" in volume:
            text = only(everything, "ConfigMap", volume["configMap"]["name"])["data"][mount["subPath"]]
            path.write_text(here(text))
            path.chmod(0o644)
        else:
            path.mkdir(parents=True, exist_ok=True)
            path.chmod(0o777)
            own(path)
    env = {"PATH": f"{root}/bin:/usr/bin:/bin", "TMPDIR": moved["/tmp"]}
    for source in container.get("envFrom", []):
        env |= {name: here(value) for name, value in only(everything, "ConfigMap", source["configMapRef"]["name"])["data"].items()}
    for variable in container["env"]:
        value = variable.get("value")
        env[variable["name"]] = key if value is None else moved.get(value, value)
    writable = [path for path in moved.values() if not Path(path).is_file()]
    run = subprocess.run(
        [*read_only(*writable), *nobody(), *container["command"], *container["args"]],
        env=env, cwd=moved[container["workingDir"]], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120,
    )
    return run.returncode, run.stdout + run.stderr


def opened_by_the_cluster(volume):
    """What a cluster does to a volume for fsGroup, where it does that at every start."""
    for path in [volume, *volume.rglob("*")]:
        mode = stat.S_IMODE(path.stat().st_mode)
        os.chmod(path, mode | (0o2770 if path.is_dir() else 0o660))


def authority(simulator, control, **fields):
    """Has the simulator do something as the authority that issues the plan's tokens."""
    request = urllib.request.Request(
        f"{simulator}/sim/authority/{control}", method="POST", data=json.dumps(fields).encode(),
        headers={"content-type": "application/json"},
    )
    urllib.request.urlopen(request, timeout=30).close()


def sign_in(gateway, simulator):
    """Somebody signs in with a plan, in the pod, and types the code elsewhere."""
    authority(simulator, "now", seconds=int(time.time()))
    said = gateway.place / "sign-in"
    with open(said, "w") as out:
        login = gateway.begin("account", "login", "chatgpt", out=out)
    code = lambda: re.search(r"^ +([B-Z]{4}-[B-Z]{5})$", said.read_text(), re.M)
    until(lambda: code() or login.poll() is not None, "the code to type")
    expect(code(), f"a code is shown: {said.read_text()}")
    authority(simulator, "approve", user_code=code()[1], account="ada")
    expect(login.wait(60) == 0, f"the sign-in ends well: {said.read_text()}")
    expect("ada@example.com" in said.read_text(), "and says who is signed in")


def newest(gateway):
    """Where the last call on record went."""
    return gateway.api.ask("GET", "/calls?limit=1")["data"][0]["provider"]


def first(program, place, text, upstream, simulator):
    """A start without a provider's key, and what comes after it."""
    with Gateway(program, place, text, absent=["ANTHROPIC_API_KEY", "OPENAI_API_KEY"]) as gateway:
        key = gateway.env["AGENTS_KEY"]
        # (The log's line has the field's name too.)
        expect(gateway.said().count("credentials that are not there") == 1, f"it warns once: {gateway.said()}")
        expect(gateway.answers("/healthz") and gateway.answers("/readyz"), "it is alive and ready")
        data = gateway.volume / "data"
        expect(stat.S_IMODE(data.stat().st_mode) & 0o777 == 0o700, "its directory is its own")
        expect(not (data / "master.key").exists() and not (data / "admin.token").exists(), "no secret is in the volume")
        expect(call(gateway, key) == (424, "credential_missing"), "calls are refused until a credential is there")
        sign_in(gateway, simulator)
        expect(call(gateway, key) == (200, None), "a sign-in in the pod is enough, without a restart")
        (row,) = gateway.api.ask("GET", "/calls?provider=chatgpt")["data"]
        drew = row["outcome"], row["credential_source"], row["credential_kind"]
        expect(drew == ("success", "platform", "oauth_account"), f"the call drew on it: {row}")
        for provider in ["openai", "anthropic"]:
            gateway.run("credential", "set", provider, stdin=upstream)
        expect(call(gateway, key) == (200, None), "calls are answered with a key, too")
        expect(newest(gateway) == "openai", "and go where it is, as soon as it is set and without a restart")
        expect(call(gateway, key + "x")[0] == 401, "another key does not work")
        for name, provider in [("codex", "openai"), ("claude", "anthropic")]:
            done = agent(name, gateway, key, place)
            if done is None:
                continue
            expect(done[0] == 0, f"{name} ends well: {done[1]}\n{gateway.said()}")
            rows = gateway.api.ask("GET", f"/calls?provider={provider}&limit=1")["data"]
            row = rows[0] if rows else {}
            seen = row.get("outcome"), row.get("credential_source"), row.get("status")
            expect(seen == ("success", "platform", 200), f"{name}'s call is on the record: {row}")
            print(f"{name}: {len(done[1])} bytes said, one call of {row['model_requested']} at {provider}")
        expect(gateway.run("key", "create", "--name", "reviewer", "--expires", "1d").startswith("th-"), "keys are made in the pod")
    return key


def again(program, place, text, key):
    """The next start, on what the first one left."""
    with Gateway(program, place, text, absent=["ANTHROPIC_API_KEY", "OPENAI_API_KEY"]) as gateway:
        expect(call(gateway, key) == (200, None), "calls are answered after a restart")
        expect(newest(gateway) == "openai", "and what was set is there")
        expect("WARN" not in gateway.said(), f"and nothing is left to warn of: {gateway.said()}")


def main():
    program, upstream = Path(sys.argv[1]).resolve(), "sk-simulated"
    with tempfile.TemporaryDirectory() as place:
        place = Path(place)
        process, url = simulator(place, upstream)
        try:
            text = at(config_text(), "openai", f'{{ responses = "{url}/v1", chat = "{url}/v1" }}')
            text = at(text, "anthropic", f'{{ messages = "{url}" }}')
            text = at(text, "chatgpt", f'{{ responses = "{url}/backend-api/codex" }}')
            text += f'\n[accounts.authority.codex]\nbase = "{url}"\n'
            key = first(program, place, text, upstream, url)
            again(program, place, text, key)
            opened_by_the_cluster(place / "volume")
            again(program, place, text, key)
        finally:
            process.terminate()
            process.wait()
    if not nobody():
        print("not as root: neither the pod's user nor its read-only root were played")
    elif not read_only("/"):
        print("no mounts here: the pod's read-only root was not played")
    print(f"{passed} passed, 0 failed")


if __name__ == "__main__":
    main()
