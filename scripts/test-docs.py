#!/usr/bin/env python3
"""Compares the documentation with the code it documents; prints what differs.

Every key of the configuration file, every environment variable, every metric, every error kind, every
route and every header of ours is in its page under `docs/`, every command in the README, and every one
that a page names exists. Decisions are listed in their
index, and links between documents lead somewhere.
"""

import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GATEWAY = ROOT / "crates/gateway/src"

# The structs of the configuration file, and the heading that documents each.
SECTIONS = {
    "Server": "`[server]`",
    "Tls": "`[server.tls]`",
    "Admin": "`[admin]`",
    "Vault": "`[vault]`",
    "Ledger": "`[ledger]`",
    "Capture": "`[capture]`",
    "Upstream": "`[upstream]`",
    "Limits": "`[limits]`",
    "Bootstrap": "`[bootstrap]`",
    "Accounts": "`[accounts]`",
    "Oidc": "`[oidc]`",
    "Provider": "`[[provider]]`",
    "Bridge": "`[[bridge]]`",
    "Key": "`[[key]]`",
    "Route": "`[[route]]`",
}
# Structs that are documented by a second table under another's heading.
NESTED = {
    "FileCredentials": "`[[key]]`",
    "AccountScheme": "`[[provider]]`",
    "Change": "`[accounts]`",
    "Mapping": "`[oidc]`",
    "Metadata": "`[[provider]]`",
    "Target": "`[[route]]`",
}

problems = []


def problem(text):
    problems.append(text)


def compare(what, in_code, in_docs):
    for name in sorted(in_code - in_docs):
        problem(f"{what}: `{name}` is in the code and not in the documentation")
    for name in sorted(in_docs - in_code):
        problem(f"{what}: `{name}` is in the documentation and not in the code")


def structs(source):
    """The fields of each struct in a Rust source."""
    found = {}
    for name, body in re.findall(r"struct (\w+) \{\n(.*?)\n\}", source, re.S):
        found[name] = set(re.findall(r"^    (?:pub(?:\([^)]*\))? )?(\w+):", body, re.M))
    return found


def sections(page):
    """The text under each second-level heading."""
    parts = re.split(r"^## (.*)$", page, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2]))


def first_column(text):
    """The code in the first cell of each row of the tables in a text."""
    return set(re.findall(r"^\| `([^`]+)` \|", text, re.M))


def configuration():
    written = structs((GATEWAY / "config/file.rs").read_text())
    written["Target"] = structs((ROOT / "crates/domain/src/route.rs").read_text())["Target"]
    written["Change"] = structs((ROOT / "crates/domain/src/account/authority.rs").read_text())["Change"]
    written["AccountScheme"] = structs((ROOT / "crates/domain/src/provider.rs").read_text())["AccountScheme"]
    tables = written.pop("FileConfig")
    documented = sections((ROOT / "docs/configuration.md").read_text())
    for struct in sorted(written.keys() - SECTIONS.keys() - NESTED.keys()):
        problem(f"configuration: scripts/test-docs.py does not know where `{struct}` is documented")
    if len(tables) + 1 != len(SECTIONS):
        problem("configuration: the file has tables that scripts/test-docs.py does not know")
    for struct, heading in SECTIONS.items():
        keys = set(written.get(struct, ()))
        for nested in (name for name, place in NESTED.items() if place == heading):
            keys |= written[nested]
        # A key that holds a table of its own is documented under its own heading.
        keys -= {key for key in keys if f"`[{struct.lower()}.{key}]`" in documented}
        compare(f"configuration {heading}", keys, first_column(documented.get(heading, "")))


def variables():
    """Every environment variable of the command."""
    in_code = set()
    for path in (ROOT / "crates/cli/src").rglob("*.rs"):
        in_code |= set(re.findall(r"TOLLHOUSE_[A-Z]+(?:_[A-Z]+)*", path.read_text()))
    page = sections((ROOT / "docs/configuration.md").read_text())["Flags and variables"]
    compare("variables", in_code, first_column(page))


def catalog():
    known = re.findall(r'^name = "(.*)"', (ROOT / "catalog/providers.toml").read_text(), re.M)
    text = sections((ROOT / "docs/configuration.md").read_text())["`[[provider]]`"]
    listed = re.search(r"need a name only:\s+(.*?)\.\n", text, re.S)
    names = set(re.findall(r"`([^`]+)`", listed.group(1))) if listed else set()
    compare("catalog", set(known), names)


def metrics():
    source = (GATEWAY / "telemetry/metrics.rs").read_text()
    kinds = dict(re.findall(r"^    (?:pub\(crate\) )?(\w+): (.+),$", source, re.M))
    for locals_, fields in re.findall(r"let \(?([\w, ]+)\)? = \(?(self\..*?clone\(\))\)?;", source):
        for local, field in zip(locals_.split(", "), re.findall(r"self\.(\w+)\.clone", fields)):
            kinds[local] = kinds[field]
    pattern = r'register(?:_with_unit)?\(\s*"(\w+)",\s*"[^"]*",\s*(?:Unit::(\w+),\s*)?(?:self\.)?(\w+)'
    registered = set()
    for name, unit, value in re.findall(pattern, source):
        unit = f"_{unit.lower()}" if unit else ""
        total = "_total" if "Counter" in kinds[value] else ""
        registered.add(f"tollhouse_{name}{unit}{total}")
    if len(registered) != len(re.findall(r'\.register(?:_with_unit)?\(\s*"', source)):
        problem("metrics: not every registration could be read from telemetry/metrics.rs")
    page = (ROOT / "docs/metrics.md").read_text()
    compare("metrics", registered, first_column(page))


def errors():
    source = (ROOT / "crates/wire/src/error.rs").read_text()
    page = (ROOT / "docs/errors.md").read_text()
    labels = re.search(r"fn label\(.*?\n    \}\n", source, re.S).group(0)
    compare("errors", set(re.findall(r'=> "(\w+)"', labels)), first_column(page))
    for function, column in (("messages_type", 3), ("openai_code", 4)):
        body = re.search(rf"fn {function}\(.*?\n    \}}\n", source, re.S).group(0)
        in_code = set(re.findall(r'"(\w+)"', body))
        rows = [row.split("|") for row in page.splitlines() if row.startswith("| `")]
        compare(f"errors, {function}", in_code, {row[column].strip(" `") for row in rows})


def audit():
    source = (ROOT / "crates/domain/src/audit/action.rs").read_text()
    page = sections((ROOT / "docs/audit.md").read_text())
    words = source[source.index("/// What was done.\n") :]
    listed = {word for word in first_column(page["What is in it"]) if "." in word}
    compare("audit actions", set(re.findall(r'= "([\w.]+)"', words)), listed)
    faults = (ROOT / "crates/domain/src/audit/chain.rs").read_text()
    faults = set(re.findall(r'Self::\w+ => "(\w+):', faults))
    compare("audit faults", faults, first_column(page["Whether it is whole"]))


def documents():
    return [path for pattern in ("*.md", "docs/*.md", "docs/adr/*.md") for path in ROOT.glob(pattern)]


METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}


def named_routes(cell):
    """The routes that a cell names: `GET`, `PUT /a`, `POST /a/b`, `…/c` are two of /a, and /a/b and /a/c by POST."""
    methods, last, path = [], [], ""
    for code in re.findall(r"`([^`]+)`", cell):
        method, _, rest = code.partition(" ")
        if method in METHODS:
            methods.append(method)
            if not rest:
                continue
        else:
            rest = code
        if rest.startswith("…"):
            rest = path.rsplit("/", 1)[0] + rest[1:]
        path, last, methods = rest, methods or last, []
        yield from (f"{method} {path}" for method in last)


def routes():
    """Every route of the control plane's document."""
    text = (ROOT / "crates/gateway/tests/it/snapshots/it__admin__openapi.snap").read_text()
    paths = json.loads(text.split("---\n", 2)[2])["paths"]
    in_code = set()
    for path, operations in paths.items():
        if path.startswith("/api/v1/"):
            names = METHODS & {name.upper() for name in operations}
            in_code |= {f"{name} {path.removeprefix('/api/v1')}" for name in names}
    page = sections((ROOT / "docs/api.md").read_text())["Control plane"]
    table = page[page.index("| route | |") :].split("\n\n", 1)[0]
    cells = [row.split("|")[1] for row in table.splitlines()[2:]]
    compare("docs/api.md", in_code, {route for cell in cells for route in named_routes(cell)})


def headers():
    in_code = set(re.findall(r'"(x-tollhouse-[\w-]+)"', (GATEWAY / "names.rs").read_text()))
    in_docs = {name for name in first_column((ROOT / "docs/api.md").read_text()) if name.startswith("x-")}
    compare("headers", in_code, in_docs)


def kebab(name):
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower()


def commands():
    """Every command, and of those whose subcommands the README names every one of these."""
    place = ROOT / "crates/cli/src"
    source = "".join(path.read_text() for path in [place / "args.rs", *sorted((place / "args").glob("*.rs"))])
    enums = dict(re.findall(r"enum (\w*Command) \{\n(.*?)\n\}", source, re.S))
    variants = {name: re.findall(r"^    ([A-Z]\w*)(?:\((\w+)|,| \{)", body, re.M) for name, body in enums.items()}
    # What these take alone stands beside a subcommand.
    nested = {"CallsArgs": "CallsCommand", "RoutesArgs": "RoutesCommand"}
    below = {}
    for name, inner in variants["Command"]:
        inner = nested.get(inner, inner)
        below[kebab(name)] = {kebab(one) for one, _ in variants.get(inner, [])}
    page = (ROOT / "README.md").read_text()
    table = page[page.index("| command | |") :].split("\n\n", 1)[0]
    named, group = set(), None
    for cell in (row.split("|")[1] for row in table.splitlines()[2:]):
        for words in re.findall(r"`([^`]+)`", cell):
            command, _, one = words.partition(" ")
            if not one and command in below.get(group, ()):
                command, one = group, command
            group = command if one else None
            named.add(f"{command} {one}".strip())
    told = {name.split()[0] for name in named if " " in name}
    in_code = {name for name, ones in below.items() if name not in told}
    in_code |= {f"{name} {one}" for name in told for one in below.get(name, ())}
    compare("README.md, commands", in_code, named)


def links():
    for path in documents():
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", path.read_text()):
            if "://" not in target and not (path.parent / target).exists():
                problem(f"{path.relative_to(ROOT)}: the link to {target} leads nowhere")


def paths():
    """Source files that a document names in code exist."""
    for path in documents():
        if path.name == "CHANGELOG.md":
            continue
        for name in re.findall(r"`((?:crates|scripts|docs|catalog|migrations)/[\w./-]+)`", path.read_text()):
            if not (ROOT / name).exists():
                problem(f"{path.relative_to(ROOT)}: {name} does not exist")


def decisions():
    index = (ROOT / "docs/adr/README.md").read_text()
    written = {path.name for path in (ROOT / "docs/adr").glob("0*.md")}
    compare("docs/adr/README.md", written, set(re.findall(r"\((0[^)]+\.md)\)", index)))


def main():
    checks = (configuration, variables, catalog, metrics, errors, audit, routes, headers, commands)
    for check in (*checks, links, paths, decisions):
        check()
    for text in problems:
        print(text, file=sys.stderr)
    print(f"documentation: {len(problems)} differences from the code")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
