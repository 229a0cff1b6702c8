#!/usr/bin/env python3
"""What the agents' pods are told about the gateway is what the gateway itself hands out.

    scripts/deploy.sh TOLLHOUSE clients            fail when the files below deploy/ say something else
    scripts/deploy.sh TOLLHOUSE clients --write    write them

A gateway starts with the sample's own configuration and is asked to bootstrap each client; of the answer
the files and variables are taken, and not the token.
"""

import sys
import tempfile
from pathlib import Path

from running import Gateway, config_text

from manifests import ROOT, containers, objects

AGENTS = ROOT / "kubernetes/agents"
# Client, model, and where what it is told is kept.
CLIENTS = {
    "codex": ("gpt-5.3-codex", AGENTS / "codex/config.toml"),
    "claude-code": ("claude-sonnet-4-6", AGENTS / "claude/claude.env"),
}


def told(api, client, model):
    """The variable of the token, what is to be unset, and the text of the file."""
    answer = api.ask("POST", f"/agents/{client}/bootstrap", {"client": client, "model": model, "platform": True})
    variables = answer["env"]
    (token,) = [name for name, value in variables.items() if value == answer["token"]]
    rest = {name: value for name, value in variables.items() if name != token}
    if answer["files"]:
        (file,) = answer["files"]
        assert not rest, f"{client}: variables as well as a file: {rest}"
        text = file["content"]
    else:
        text = "".join(f"{name}={value}\n" for name, value in sorted(rest.items()))
    assert answer["token"] not in text
    return token, answer["unset"], text


def main():
    program, write = Path(sys.argv[1]).resolve(), "--write" in sys.argv[2:]
    wrong = []
    with tempfile.TemporaryDirectory() as place:
        text = config_text() + "\n[bootstrap]\nplatform = true\n"
        with Gateway(program, Path(place), text) as gateway:
            for client, (model, path) in CLIENTS.items():
                token, unset, said = told(gateway.api, client, model)
                if write:
                    path.parent.mkdir(exist_ok=True)
                    path.write_text(said)
                    continue
                if not path.exists() or path.read_text() != said:
                    wrong.append(f"{path} is not what the gateway hands out: scripts/deploy.sh target/debug/tollhouse clients --write")
                name = client.partition("-")[0]
                found = [one for one in objects(AGENTS) if one["kind"] == "Job" and one["metadata"]["name"] == name]
                (container,) = containers(found[0])
                variables = {variable["name"] for variable in container["env"]}
                if token not in variables:
                    wrong.append(f"{name}: the pod has no {token}")
                if variables & set(unset):
                    wrong.append(f"{name}: the pod has {variables & set(unset)}, which leads it elsewhere")
    for what in wrong:
        print(f"FAILED {what}")
    print(f"clients: {len(CLIENTS) * 3 - len(wrong)} passed, {len(wrong)} failed")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
