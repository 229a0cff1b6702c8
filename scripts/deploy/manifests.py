"""The manifests below deploy/kubernetes, put together as `kubectl kustomize` would, for what this sample
uses of it: lists of files, ConfigMaps from files, a namespace, tags of images."""

from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2] / "deploy"
KNOWN = {"apiVersion", "kind", "namespace", "resources", "configMapGenerator", "images"}


def read(directory):
    """The kustomization of a directory."""
    text = (directory / "kustomization.yaml").read_text()
    found = yaml.safe_load(text)
    unknown = set(found) - KNOWN
    if unknown:
        raise SystemExit(f"{directory}: scripts/deploy/manifests.py does not know {unknown}")
    return found


def objects(directory):
    """Every object that applying the directory makes."""
    said, found = read(directory), []
    for name in said["resources"]:
        path = directory / name
        if path.is_dir():
            found += objects(path.resolve())
        else:
            found += [one for one in yaml.safe_load_all(path.read_text()) if one]
    for made in said.get("configMapGenerator", []):
        data = {}
        for entry in made.get("files", []):
            name, _, path = entry.rpartition("=")
            data[name or Path(path).name] = (directory / path).read_text()
        for path in made.get("envs", []):
            lines = (directory / path).read_text().splitlines()
            data |= dict(line.split("=", 1) for line in lines if line)
        found.append({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": made["name"]}, "data": data})
    tags = {image["name"]: image["newTag"] for image in said.get("images", [])}
    for one in found:
        if one["kind"] != "Namespace":
            one["metadata"].setdefault("namespace", said["namespace"])
        for container in containers(one):
            name = container["image"].rpartition(":")[0]
            if name in tags:
                container["image"] = f"{name}:{tags[name]}"
    return found


def pod(one):
    """The pod that an object makes, if it makes any."""
    return one.get("spec", {}).get("template", {}).get("spec")


def containers(one):
    made = pod(one)
    return made.get("initContainers", []) + made["containers"] if made else []


def only(found, kind, name=None):
    """The one object of a kind (and name)."""
    fits = [one for one in found if one["kind"] == kind and name in (None, one["metadata"]["name"])]
    if len(fits) != 1:
        raise SystemExit(f"{len(fits)} objects {kind} {name or ''} instead of one")
    return fits[0]


def environment(container, absent=()):
    """The variables of a container, with made-up secrets where it takes them from a Secret."""
    # Made here so that none is written anywhere.
    made = {
        "TOLLHOUSE_TOKEN": "t" * 40, "TOLLHOUSE_MASTER_KEY": "bWFzdGVyLWtleS1jYW5hcnktMDEyMzQ1Njc4OWFiY2Q" + "=",
        "AGENTS_KEY": "th-" + "k" * 40, "ANTHROPIC_API_KEY": "sk-ant-" + "x" * 20, "OPENAI_API_KEY": "sk-" + "x" * 20,
        "TOLLHOUSE_DATABASE": "postgres://nobody@127.0.0.1/tollhouse",
    }
    said = {}
    for variable in container.get("env", []):
        name = variable["name"]
        if "value" in variable:
            said[name] = variable["value"]
        elif name not in absent:
            said[name] = made[name]
    return said
