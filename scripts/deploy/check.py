#!/usr/bin/env python3
"""Checks what is below deploy/ without a cluster and without docker.

    scripts/deploy.sh TOLLHOUSE check

Every object against the schemas of Kubernetes; what schemas cannot say (below, one function each); the
recipes of the images with hadolint; the configuration with `tollhouse check`, given what the manifests
declare; and, where there is kubectl, that it puts the same objects together.

One line for each thing that is wrong, then `N passed, N failed`; exit code 1 when one failed.
"""

import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

import kubernetes_validate
import yaml

from manifests import ROOT, containers, environment, objects, only, pod, read

KUBERNETES = ROOT / "kubernetes"
FORMS = ["sqlite", "postgres", "agents"]
SERVERS = ["sqlite", "postgres"]
VERSION = "1.37"
# Anything that looks like somebody's credential. What the documentation writes in its place has dots.
SECRETS = re.compile(r"sk-(?:ant-|proj-)?[A-Za-z0-9_-]{12,}|\bth-[A-Za-z0-9_-]{16,}|[A-Za-z0-9+/]{43}=|postgres(?:ql)?://[^\s:/]+:[^@\s]+@")
# What a reader is to fill in.
PLACEHOLDER = re.compile(r"postgres(?:ql)?://[^\s]*PASSWORD")

passed, failed = 0, []


def expect(true, what):
    global passed
    if true:
        passed += 1
    else:
        failed.append(what)


def title(one):
    return f"{one['kind']} {one['metadata'].get('namespace', '')}/{one['metadata']['name']}"


def schemas(form, found):
    """Every field is one that Kubernetes knows, and has the type that it wants."""
    for one in found:
        try:
            kubernetes_validate.validate(one, VERSION, strict=True)
            expect(True, "")
        except kubernetes_validate.ValidationError as error:
            expect(False, f"{form}: {title(one)}: {'.'.join(map(str, error.path))}: {error.message}")


def restricted(form, one):
    """A pod runs as nobody in particular, in a container that it cannot change."""
    made, name = pod(one), f"{form}: {title(one)}"
    context = made.get("securityContext", {})
    expect(context.get("runAsNonRoot") is True and context.get("runAsUser", 0) > 0, f"{name}: runs as root")
    expect(context.get("seccompProfile", {}).get("type") == "RuntimeDefault", f"{name}: no seccomp profile")
    expect(made.get("automountServiceAccountToken") is False, f"{name}: mounts a token of the cluster's")
    for container in containers(one):
        own = container.get("securityContext", {})
        expect(own.get("readOnlyRootFilesystem") is True, f"{name}: its root file system can be written")
        expect(own.get("allowPrivilegeEscalation") is False, f"{name}: may gain privileges")
        expect(own.get("capabilities", {}).get("drop") == ["ALL"], f"{name}: keeps capabilities")
        expect("memory" in container["resources"]["limits"], f"{name}: memory without a limit")
        image = container["image"]
        tag = image.rpartition("/")[2].partition(":")[2]
        expect("@sha256:" in image or re.search(r"\d+\.\d+", tag), f"{name}: {image} is not pinned")
        for variable in container.get("env", []):
            secret = re.search(r"KEY|TOKEN|SECRET|PASSWORD|DATABASE", variable["name"])
            expect(not secret or "valueFrom" in variable, f"{name}: {variable['name']} is written out")


def server(form, found):
    """Probes, an orderly end, and one process for one SQLite file."""
    one = only(found, "StatefulSet" if form == "postgres" else "Deployment", "tollhouse")
    made, name = pod(one), f"{form}: {title(one)}"
    (container,) = made["containers"]
    for probe, path in [("startupProbe", "/healthz"), ("livenessProbe", "/healthz"), ("readinessProbe", "/readyz")]:
        expect(container.get(probe, {}).get("httpGet", {}).get("path") == path, f"{name}: {probe} is not {path}")
    config = tomllib.loads(only(found, "ConfigMap", "tollhouse")["data"]["tollhouse.toml"])
    pause = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
    least = config["server"]["drain_seconds"] + pause + 15
    expect(made["terminationGracePeriodSeconds"] >= least, f"{name}: killed before it has drained ({least} s)")
    if form == "sqlite":
        expect(one["spec"]["replicas"] == 1, f"{name}: more than one process for one SQLite file")
        expect(one["spec"]["strategy"] == {"type": "Recreate"}, f"{name}: the next starts before the last ended")
        claim = only(found, "PersistentVolumeClaim")["spec"]["accessModes"]
        expect(claim == ["ReadWriteOncePod"], f"{name}: other pods may mount the volume")
    else:
        expect(one["spec"]["replicas"] > 1, f"{name}: one replica alone")
        expect(only(found, "PodDisruptionBudget")["spec"]["maxUnavailable"] == 1, f"{name}: no disruption budget")
        claims = [claim["metadata"]["name"] for claim in one["spec"]["volumeClaimTemplates"]]
        expect(claims == ["data"], f"{name}: the journal is lost with its pod")
    mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    data = Path(config["server"]["data_dir"])
    # The volume itself gets the mode that the cluster gives it; a directory in it that of the server.
    expect(data.parent == Path(mounts["data"]), f"{name}: data_dir is not a directory in the volume")
    expect(made["securityContext"].get("fsGroupChangePolicy") == "OnRootMismatch", f"{name}: modes are opened at each start")
    port = int(config["server"]["listen"].rpartition(":")[2])
    expect(container["ports"][0]["containerPort"] == port, f"{name}: listens elsewhere")
    service = only(found, "Service")
    address = f"http://{service['metadata']['name']}.{service['metadata']['namespace']}.svc:{service['spec']['ports'][0]['port']}"
    expect(config["server"]["public_url"] == address, f"{name}: public_url is not {address}")
    labels = one["spec"]["template"]["metadata"]["labels"]
    for selector in [service["spec"]["selector"], one["spec"]["selector"]["matchLabels"]]:
        expect(selector.items() <= labels.items(), f"{name}: {selector} does not select it")


def networks(form, found):
    """Whoever is in a namespace comes and goes by a rule."""
    for one in found:
        if not pod(one):
            continue
        labels = one["spec"]["template"]["metadata"]["labels"]
        policies = [other["spec"] for other in found if other["kind"] == "NetworkPolicy"]
        mine = [spec for spec in policies if spec["podSelector"].get("matchLabels", {}).items() <= labels.items()]
        types = {kind for spec in mine for kind in spec["policyTypes"]}
        expect(types == {"Ingress", "Egress"}, f"{form}: {title(one)}: no rule for all of its traffic")
    if form == "agents":
        (policy,) = [one["spec"] for one in found if one["kind"] == "NetworkPolicy"]
        expect("ingress" not in policy, "agents: somebody may come in")
        peers = [peer for rule in policy["egress"] for peer in rule["to"]]
        expect(not any("ipBlock" in peer for peer in peers), "agents: they may leave the cluster")
        spaces = {peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"] for peer in peers}
        expect(spaces == {"tollhouse", "kube-system"}, f"agents: they reach {spaces}")


def agents(found):
    """A pod of an agent holds one secret: the virtual key."""
    secrets = set()
    for one in found:
        for container in containers(one):
            for variable in container.get("env", []):
                reference = variable.get("valueFrom", {}).get("secretKeyRef")
                if reference:
                    secrets.add((one["metadata"]["name"], reference["name"], reference["key"]))
        made = pod(one)
        mounted = [volume for volume in (made or {}).get("volumes", []) if "secret" in volume]
        expect(not mounted, f"agents: {title(one)} mounts secrets")
    expect(secrets == {("codex", "tollhouse-key", "key"), ("claude", "tollhouse-key", "key")}, f"agents: {secrets}")


def configuration(program, form, found):
    """`tollhouse check` likes it, with the providers' secrets and without, and with no other missing."""
    one = only(found, "StatefulSet" if form == "postgres" else "Deployment", "tollhouse")
    (container,) = pod(one)["containers"]
    optional = [
        variable["name"] for variable in container["env"]
        if variable.get("valueFrom", {}).get("secretKeyRef", {}).get("optional")
    ]
    needed = [variable["name"] for variable in container["env"] if "valueFrom" in variable and variable["name"] not in optional]
    expect(optional, f"{form}: there is nothing that it waits for")
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "tollhouse.toml"
        file.write_text(only(found, "ConfigMap", "tollhouse")["data"]["tollhouse.toml"])

        def check(absent):
            run = subprocess.run(
                [program, "check", "--config", file], env=environment(container, absent), cwd=place,
                capture_output=True, text=True,
            )
            return run.returncode, run.stdout + run.stderr

        code, said = check([])
        expect(code == 0 and said.count("credential configured: yes") == len(optional), f"{form}: tollhouse check: {said}")
        code, said = check(optional)
        expect(code == 0 and said.count("is not set") == len(optional), f"{form}: without providers' keys: {said}")
        for name in needed:
            code, said = check([name])
            # Which database is the one thing that has an answer without being asked.
            expect(code == (0 if name == "TOLLHOUSE_DATABASE" else 2), f"{form}: without {name}: {said}")


def compose(program):
    """The same for one machine."""
    said = yaml.safe_load((ROOT / "compose.yaml").read_text())
    for name, service in said["services"].items():
        expect(service["read_only"] and service["cap_drop"] == ["ALL"], f"compose: {name} has more than it needs")
        expect(service["user"].split(":")[0] not in ("", "0", "root"), f"compose: {name} runs as root")
        expect(re.search(r":\d+\.\d+", service["image"]), f"compose: {name}: {service['image']} is not pinned")
        expect(all(port.startswith("127.0.0.1:") for port in service["ports"]), f"compose: {name} is open to the network")
        for mount in service["volumes"]:
            source = mount.split(":")[0]
            there = source in said["volumes"] or (ROOT / source).exists()
            expect(there, f"compose: {name}: {source} does not exist")
        text = (ROOT / "kubernetes/base/tollhouse.toml").read_text()
        asked = set(re.findall(r'"env:(\w+)"', text))
        expect(asked <= set(service["environment"]), f"compose: {name}: {asked - set(service['environment'])} is not passed on")
        config = tomllib.loads(text)
        grace = int(service["stop_grace_period"].removesuffix("s"))
        expect(grace >= config["server"]["drain_seconds"] + 15, f"compose: {name} is killed before it has drained")


def recipes():
    """The images' recipes: linted, every base pinned, nobody root, agents as the tests have them."""
    hadolint = Path(sys.executable).parent / "hadolint"
    for path in sorted(ROOT.glob("*Dockerfile")):
        run = subprocess.run([hadolint, path], capture_output=True, text=True)
        expect(run.returncode == 0, f"{path.name}: {run.stdout}{run.stderr}")
        lines = path.read_text().splitlines()
        stages = {line.split()[3] for line in lines if re.match(r"FROM \S+ AS ", line)}
        for line in lines:
            if line.startswith("FROM ") and line.split()[1] not in stages:
                image = line.split()[1]
                # The last has no numbers: its tags are those of Debian releases.
                expect(re.search(r":\d+\.\d+", image) or image.endswith("-debian12:nonroot"), f"{path.name}: {image} is not pinned")
        users = [line.split()[1] for line in lines if line.startswith("USER ")]
        expect(users and users[-1] not in ("0", "root"), f"{path.name}: runs as root")
    pins = (ROOT.parent / "scripts/agents/install.sh").read_text()
    recipe = (ROOT / "agents.Dockerfile").read_text()
    for variable in ["CODEX", "CLAUDE"]:
        tested = re.search(rf'^{variable}="\S+ (\S+) ', pins, re.M).group(1)
        expect(f"ARG {variable}={tested}\n" in recipe, f"agents.Dockerfile: {variable} is not the tested {tested}")
    manifest = tomllib.loads((ROOT.parent / "Cargo.toml").read_text())
    needed = manifest["workspace"]["package"]["rust-version"]
    built = re.search(r"^FROM rust:(\d+\.\d+)", (ROOT / "Dockerfile").read_text(), re.M).group(1)
    expect(built.split(".") >= needed.split("."), f"Dockerfile: Rust {built} is older than {needed}")
    version = manifest["workspace"]["package"]["version"]
    for form in SERVERS:
        tags = [image["newTag"] for image in read(KUBERNETES / form)["images"]]
        expect(tags == [version], f"{form}: the image is {tags} and this is {version}")


def no_secrets():
    """Nothing below deploy/ looks like a credential."""
    for path in sorted(ROOT.rglob("*")):
        if not path.is_file():
            continue
        expect(path.name != ".env" or not tracked(path), f"{path}: is in git")
        if path.name == ".env":
            continue
        text = PLACEHOLDER.sub("", path.read_text())
        found = SECRETS.search(text)
        expect(not found, f"{path}: looks like a secret: {found and found.group()[:8]}…")
        kinds = [one.get("kind") for one in yaml.safe_load_all(text) if isinstance(one, dict)] if path.suffix == ".yaml" else []
        expect("Secret" not in kinds, f"{path}: a Secret is made outside of git")


def tracked(path):
    return subprocess.run(["git", "ls-files", "--error-unmatch", path], cwd=ROOT, capture_output=True).returncode == 0


def kubectl(form, found):
    """kubectl puts the same objects together, but for the names of ConfigMaps."""
    program = shutil.which("kubectl")
    if not program:
        return False
    run = subprocess.run([program, "kustomize", KUBERNETES / form], capture_output=True, text=True)
    expect(run.returncode == 0, f"{form}: kubectl kustomize: {run.stderr}")
    if run.returncode:
        return True

    def plain(found):
        # Names of ConfigMaps end in a hash of what is in them.
        text = yaml.safe_dump(sorted(found, key=title))
        return re.sub(r"\b(tollhouse|codex|claude)-[a-z0-9]{10}\b", r"\1", text)

    theirs, ours = plain(list(yaml.safe_load_all(run.stdout))), plain(found)
    expect(theirs == ours, f"{form}: kubectl puts something else together")
    return True


def main():
    program = Path(sys.argv[1]).resolve()
    looked = False
    for form in FORMS:
        found = objects(KUBERNETES / form)
        looked = kubectl(form, found)
        schemas(form, found)
        networks(form, found)
        for one in found:
            if pod(one):
                restricted(form, one)
    for form in SERVERS:
        found = objects(KUBERNETES / form)
        server(form, found)
        configuration(program, form, found)
    agents(objects(KUBERNETES / "agents"))
    compose(program)
    recipes()
    no_secrets()
    for what in failed:
        print(f"FAILED {what}")
    if not looked:
        print("without kubectl: that it puts the same objects together was not compared")
    print(f"{passed} passed, {len(failed)} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
