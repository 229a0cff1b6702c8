#!/usr/bin/env python3
"""Measures a gateway with very many keys, users and organizations: its start, its memory, one change.

    scripts/measure-scale.py target/release/tollhouse                               # SQLite
    scripts/with-postgres.sh scripts/measure-scale.py target/release/tollhouse      # PostgreSQL too

Rows are written behind the store's back, as the store would write them: making a hundred thousand keys one by one is
not what is measured.
"""
import http.client
import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

KEYS, USERS, ORGS = 100_000, 10_000, 1_000
TOKEN = "scale-token-scale-token-scale-token-scale"
CONFIG = """
[server]
listen = "127.0.0.1:{port}"
data_dir = "{data}"
database = "{database}"
[admin]
token = "env:SCALE_TOKEN"
[[provider]]
name = "lab"
endpoints = {{ chat = "http://127.0.0.1:9/v1" }}
auth = "none"
"""
# What both databases understand; {id} is an id made of a number, {bytes} thirty-two bytes of one.
SEED = """
WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {orgs})
INSERT INTO orgs (id, name, limits, budgets, created_at)
SELECT {org}, 'org ' || n, '{{}}', '[]', 0 FROM n;
WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {users})
INSERT INTO users (id, kind, name, email, admin, limits, budgets, created_at)
SELECT {user}, 'person', 'user ' || n, 'user' || n || '@example.com', FALSE, '{{}}', '[]', 0 FROM n;
WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {users})
INSERT INTO memberships (org_id, user_id, role, since)
SELECT {org_of}, {user}, 'member', 0 FROM n;
WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {keys})
INSERT INTO virtual_keys (id, digest, name, prefix, owner_id, org_id, kind, models, credentials, created_at, managed,
    retired, limits, budgets)
SELECT {key}, {digest}, 'key ' || n, 'th-abcdef', {user_of}, {org_of}, 'standard', '["claude-*","gpt-*"]',
    '{{"client":false,"user":true,"org":true,"platform":false}}', 0, FALSE, FALSE, '{{"rpm":60}}',
    '[{{"usd":"100","window":"month"}}]' FROM n;
"""


def words(postgres):
    def uuid(kind, number):
        if postgres:
            return f"CAST(lpad(to_hex({kind}), 8, '0') || lpad(to_hex({number}), 24, '0') AS uuid)"
        return f"unhex(printf('%08x%024x', {kind}, {number}))"

    digest = "decode(lpad(to_hex(n), 64, '0'), 'hex')" if postgres else "unhex(printf('%064x', n))"
    return {
        "orgs": ORGS, "users": USERS, "keys": KEYS, "digest": digest,
        "org": uuid(1, "n"), "user": uuid(2, "n"), "key": uuid(3, "n"),
        "org_of": uuid(1, f"1 + n % {ORGS}"), "user_of": uuid(2, f"1 + n % {USERS}"),
    }


class Server:
    def __init__(self, binary, config, port):
        began = time.monotonic()
        environment = {**os.environ, "SCALE_TOKEN": TOKEN}
        self.port = port
        self.process = subprocess.Popen([binary, "serve", "--config", config, "--log", "warn"], env=environment)
        while self.ask("GET", "/readyz")[0] != 200:
            if self.process.poll() is not None or time.monotonic() - began > 60:
                sys.exit("the gateway does not start")
            time.sleep(0.01)
        self.took = time.monotonic() - began

    def ask(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {"authorization": f"Bearer {TOKEN}", "content-type": "application/json"}
        try:
            connection.request(method, path, body and json.dumps(body), headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except OSError:
            return None, b""
        finally:
            connection.close()

    def memory(self, what):
        with open(f"/proc/{self.process.pid}/status") as status:
            line = next(line for line in status if line.startswith(what))
        return int(line.split()[1]) / 1024

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)


def measure(binary, name, database, execute, postgres):
    with tempfile.TemporaryDirectory() as folder:
        port, config = 17931, f"{folder}/scale.toml"
        with open(config, "w") as file:
            file.write(CONFIG.format(port=port, data=f"{folder}/data", database=database))
        Server(binary, config, port).stop()
        execute(f"{folder}/data/tollhouse.db", SEED.format(**words(postgres)))
        server = Server(binary, config, port)
        print(f"{name}: ready after {server.took:.2f} s, {server.memory('VmRSS'):.0f} MiB (peak {server.memory('VmHWM'):.0f})")
        for what, make in [("a key", ("POST", "/api/v1/keys", {"name": "one more"}))] * 3:
            began = time.monotonic()
            status, body = server.ask(*make)
            assert status == 201, body
            print(f"{name}: {what} made and in force after {1000 * (time.monotonic() - began):.1f} ms")
        print(f"{name}: {server.memory('VmRSS'):.0f} MiB after that (peak {server.memory('VmHWM'):.0f})")
        server.stop()


def sqlite(path, sql):
    with sqlite3.connect(path) as database:
        database.create_function("unhex", 1, bytes.fromhex)  # Older libraries have none.
        database.executescript(sql)


def psql(url):
    def execute(_, sql):
        sql = "SET search_path TO tollhouse; " + sql + " ANALYZE;"
        subprocess.run(["psql", "--no-psqlrc", "--quiet", url], input=sql, text=True, check=True)
    return execute


if __name__ == "__main__":
    measure(sys.argv[1], "sqlite", "sqlite", sqlite, False)
    if url := os.environ.get("TEST_DATABASE_URL"):
        measure(sys.argv[1], "postgres", url, psql(url), True)
