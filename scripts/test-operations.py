#!/usr/bin/env python3
"""Runs every command of docs/operations.md, in order, as an operator would.

    scripts/test-operations.py TOLLHOUSE

It reads the page as scripts/test-readme.py reads the README, with two more things to be said of a
block:

    <!-- test: stop the server -->             before it, the server is stopped; then it is run
    <!-- test: postgres a database of its own -->         run where TEST_DATABASE_URL names a server, on a database of its own
"""

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import uuid
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
spec = importlib.util.spec_from_file_location("readme", ROOT / "scripts/test-readme.py")
readme = importlib.util.module_from_spec(spec)
spec.loader.exec_module(readme)


class Operator(readme.Reader):
    """Someone who follows the page on a machine of their own."""

    def __init__(self, scratch, tollhouse, database):
        super().__init__(scratch, tollhouse)
        self.provider_key = "sk-ant-" + "x" * 40
        self.env["TOLLHOUSE_LISTEN"] = f"127.0.0.1:{self.port}"
        self.database = database
        if database:
            self.env["DATABASE_URL"] = database

    def block(self, directive, argument, language, text):
        if directive == "stop":
            self.stop()
            directive = ""
        if directive == "postgres":
            if not self.database:
                self.skipped += 1
                print(f"skipped: {text.strip().splitlines()[0]} (no PostgreSQL)")
                return
            directive = ""
        if language == "toml" and directive != "file":
            return
        super().block(directive, argument, language, text)

    def write(self, name, text):
        (self.scratch / name).write_text(text)


def psql(server, sql):
    subprocess.run(["psql", "--no-psqlrc", "--quiet", "--command", sql, server], check=True)


def main():
    if len(sys.argv) != 2:
        print(__doc__.split("\n\n")[1].strip(), file=sys.stderr)
        return 64
    server = os.environ.get("TEST_DATABASE_URL")
    if server and not all(shutil.which(tool) for tool in ("psql", "pg_dump", "pg_restore")):
        print("PostgreSQL's tools are not installed: its part is skipped")
        server = None
    name = f"tollhouse_operations_{uuid.uuid4().hex}"
    database = f"{server.rsplit('/', 1)[0]}/{name}" if server else None
    if server:
        psql(server, f"CREATE DATABASE {name}")
    page = (ROOT / "docs/operations.md").read_text()
    problems = []
    with tempfile.TemporaryDirectory(prefix="tollhouse-operations-") as scratch:
        operator = Operator(Path(scratch), Path(sys.argv[1]).resolve(), database)
        for step in (lambda: operator.read(page), operator.stop):
            try:
                step()
            except readme.Failed as failure:
                problems.append(f"docs/operations.md: {failure}")
    if server:
        psql(server, f"DROP DATABASE {name} WITH (FORCE)")
    if problems:
        print("\n".join(problems), file=sys.stderr)
        return 1
    print(f"docs/operations.md: {operator.ran} blocks ran, {operator.skipped} skipped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
