#!/usr/bin/env python3
"""Measures the overview's and the tables' requests with very many calls on the record.

    scripts/measure-usage.py target/release/tollhouse                               # SQLite, 1,000,000 calls
    scripts/with-postgres.sh scripts/measure-usage.py target/release/tollhouse      # PostgreSQL too, 10,000,000

Calls are written behind the store's back, as the store would write them, over thirty days up to now, and then
`tollhouse db rollup --rebuild` adds them up and `--verify` checks it. CALLS_SQLITE and CALLS_POSTGRES change how many.
"""
import http.client
import os
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

DAYS, KEYS, USERS, ORGS, ROUNDS = 30, 600, 300, 10, 20
TOKEN = "usage-token-usage-token-usage-token-usage"
CONFIG = """
[server]
listen = "127.0.0.1:{port}"
data_dir = "{data}"
database = "{database}"
[admin]
token = "env:USAGE_TOKEN"
[ledger]
retention_days = 0
[[provider]]
name = "lab"
endpoints = {{ chat = "http://127.0.0.1:9/v1" }}
auth = "none"
"""
# What both databases understand; the words in braces differ. `h` is a number that looks random. A key is of one user,
# organization and agent, and works with one caller and up to three models.
SEED = """
INSERT INTO calls (id, at, key_id, user_id, org_id, agent, caller, session_id, session_name, subagent, protocol, endpoint,
    stream, provider, credential_id, credential_source, mode, model_requested, model_sent, model_served, status, outcome,
    error, stop_reason, tokens_input, tokens_cache_read, tokens_cache_write_5m, tokens_cache_write_1h, tokens_output,
    tokens_reasoning, estimated, cost, list_cost, ttft_ms, duration_ms, bytes_in, bytes_out, attempts, upstream_object,
    snapshot_revision, detail)
SELECT {id}, at, {key}, {user}, {org}, CASE WHEN k % 3 = 0 THEN 'agent-' || (k % 20) END,
    CASE k % 5 WHEN 0 THEN 'codex' WHEN 1 THEN 'opencode' ELSE 'claude-code' END, {session}, NULL, NULL,
    CASE WHEN k % 5 = 0 THEN 'responses' ELSE 'messages' END, CASE WHEN k % 5 = 0 THEN 'responses' ELSE 'messages' END,
    TRUE, CASE WHEN k % 5 = 0 THEN 'openai' WHEN m = 2 THEN 'bedrock' ELSE 'anthropic' END, NULL,
    CASE WHEN k % 4 = 0 THEN 'org' ELSE 'platform' END, 'passthrough', model, model, model || '-20260101',
    CASE WHEN h % 40 = 0 THEN 529 ELSE 200 END, CASE WHEN h % 40 = 0 THEN 'upstream_error' ELSE 'success' END, NULL,
    'tool_use', 12, 48000, h % 900, 0, h % 700, NULL, FALSE, 1000000 + h * 2 % 7000000, 1000000 + h * 2 % 7000000,
    100.0 + h % 3000, 500.0 + h % 60000, 210000, 9000, 1, NULL, 1,
    CASE WHEN h % 4 = 0 THEN '{{"tags":{{"repo":"repo-' || (k % 40) || '"}}}}' ELSE '{{}}' END
FROM (SELECT i, at, h, k, m, CASE m WHEN 0 THEN 'big-' WHEN 1 THEN 'small-' ELSE 'odd-' END || (k % 4) AS model FROM
    (SELECT i, {begin} + i * {step} AS at, h / {keys} AS h, h % {keys} AS k, CASE WHEN h / {keys} % 10 < 6 THEN 0 WHEN h / {keys} % 10 < 9 THEN 1 ELSE 2 END AS m
     FROM (SELECT n AS i, (n * 7919 + n / 13) * 104729 % 2147483647 AS h FROM {numbers}) AS a) AS b) AS c;
"""


def words(postgres, calls, first, last):
    def uuid(kind, number):
        if postgres:
            return f"CAST(lpad(to_hex({kind}), 8, '0') || lpad(to_hex({number}), 24, '0') AS uuid)"
        return f"unhex(printf('%08x%024x', {kind}, {number}))"

    now = int(time.time() * 1e6)
    span = DAYS * 86_400_000_000
    # Version 7: milliseconds, then a number.
    if postgres:
        call_id = "CAST(lpad(to_hex(at / 1000), 12, '0') || '7000' || '8000' || lpad(to_hex(i), 12, '0') AS uuid)"
        numbers = f"generate_series(CAST({first} AS bigint), {last}) AS g (n)"
    else:
        call_id = "unhex(printf('%012x70008000%012x', at / 1000, i))"
        numbers = f"(WITH RECURSIVE g (n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM g WHERE n < {last}) SELECT n FROM g)"
    return {
        "id": call_id, "numbers": numbers, "begin": now - span, "step": span // calls, "keys": KEYS,
        "key": uuid(3, "k"), "user": uuid(2, f"k % {USERS}"), "org": uuid(1, f"k % {ORGS}"),
        "session": uuid(4, f"k + {KEYS} * (i / ({KEYS} * 40))"),
    }


def ids():
    def uuid(kind, number):
        text = f"{kind:08x}{number:024x}"
        return "-".join([text[:8], text[8:12], text[12:16], text[16:20], text[20:]]).replace("-", "")
    return {"key": f"key_{uuid(3, 7)}", "user": f"user_{uuid(2, 7)}", "org": f"org_{uuid(1, 7)}"}


def requests():
    now = time.time()
    moment = lambda days: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now - days * 86400))
    day, week, month = moment(1), moment(7), moment(30)
    some = ids()
    usage = "/api/v1/usage?"
    # As the dashboard asks: whole hours or days up to now, beside the range before, with latencies.
    overview = lambda length, count: time.strftime(
        "%Y-%m-%dT%H:%M:%SZ", time.gmtime((now // length - (count - 1)) * length)
    )
    beside = "compare=previous&latency=true"
    ranges = [("24 h", "hour", overview(3600, 24)), ("7 days", "hour", overview(3600, 168)), ("30 days", "day", overview(86400, 30))]
    pages = []
    for name, interval, since in ranges:
        pages += [
            (f"overview, {name}", f"{usage}group_by=outcome&interval={interval}&{beside}&from={since}"),
            (f"overview, {name} by model", f"{usage}group_by=model&limit=50&{beside}&from={since}"),
            (f"overview, {name} by user", f"{usage}group_by=user&limit=50&{beside}&from={since}"),
            (f"overview, {name} by key", f"{usage}group_by=key&limit=50&{beside}&from={since}"),
            (f"overview, {name} of an organization", f"{usage}group_by=outcome&interval={interval}&{beside}&org={some['org']}&from={since}"),
        ]
    return pages + [
        ("overview, 30 days by tag", f"{usage}group_by=tag:repo&limit=50&{beside}&from={ranges[2][2]}"),
        ("30 days by user", f"{usage}group_by=user&from={month}"),
        ("30 days by key and caller", f"{usage}group_by=key,caller&from={month}"),
        ("30 days of an organization", f"{usage}group_by=caller&interval=day&org={some['org']}&from={month}"),
        ("everything by model", f"{usage}group_by=model"),
        ("24 h by session", f"{usage}group_by=session&limit=50&from={day}"),
        ("24 h of a tag, by model", f"{usage}group_by=model&interval=hour&tag=repo%3Drepo-7&from={day}"),
        ("calls", "/api/v1/calls"),
        ("calls of a key", f"/api/v1/calls?key={some['key']}"),
        ("calls of a user", f"/api/v1/calls?user={some['user']}"),
        ("calls of an organization", f"/api/v1/calls?org={some['org']}"),
        ("calls that failed", "/api/v1/calls?outcome=upstream_error"),
        ("calls with status 529", "/api/v1/calls?status=529"),
        ("calls of a model", "/api/v1/calls?model=odd-3"),
        ("calls of a model that is none", "/api/v1/calls?model=none"),
        ("calls of a provider", "/api/v1/calls?provider=bedrock"),
        ("calls of a provider that is none", "/api/v1/calls?provider=none"),
        ("calls of a caller, a week ago", f"/api/v1/calls?caller=codex&to={week}"),
        ("calls of an agent", "/api/v1/calls?agent=agent-6"),
        ("calls that cost", "/api/v1/calls?min_cost_usd=0.007"),
        ("calls that cost more than any", "/api/v1/calls?min_cost_usd=99"),
        ("calls that cost a little more than any", "/api/v1/calls?min_cost_usd=0.02"),
        ("calls with a tag", "/api/v1/calls?tag=repo%3Drepo-7"),
        ("calls with a tag that is none", "/api/v1/calls?tag=repo%3Dnone"),
        ("calls with a tag, of a key", f"/api/v1/calls?tag=repo%3Drepo-7&key={some['key']}"),
        ("sessions", "/api/v1/sessions"),
        ("sessions of a key", f"/api/v1/sessions?key={some['key']}"),
        ("sessions of a user", f"/api/v1/sessions?user={some['user']}"),
        ("sessions of an organization", f"/api/v1/sessions?org={some['org']}"),
        ("sessions of a provider that is none", "/api/v1/sessions?provider=none"),
        ("sessions with a tag", "/api/v1/sessions?tag=repo%3Drepo-7"),
    ]


def ask(port, path):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    began = time.monotonic()
    connection.request("GET", path, headers={"authorization": f"Bearer {TOKEN}"})
    answer = connection.getresponse()
    body = answer.read()
    took = 1000 * (time.monotonic() - began)
    connection.close()
    if answer.status != 200:
        sys.exit(f"{path}: {answer.status} {body[:300]}")
    return took


def ready(process, port):
    for _ in range(6000):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
            connection.request("GET", "/readyz")
            if connection.getresponse().status == 200:
                return
        except OSError:
            pass
        if process.poll() is not None:
            break
        time.sleep(0.01)
    sys.exit("the gateway does not start")


def measure(binary, name, database, execute, postgres, calls):
    with tempfile.TemporaryDirectory() as folder:
        port, config = 17932, f"{folder}/usage.toml"
        with open(config, "w") as file:
            file.write(CONFIG.format(port=port, data=f"{folder}/data", database=database))
        environment = {**os.environ, "USAGE_TOKEN": TOKEN}
        command = lambda *words: subprocess.run([binary, *words, "--config", config], env=environment, check=True)
        command("db", "migrate")
        path = f"{folder}/data/tollhouse.db"
        began = time.monotonic()
        execute(path, "UPDATE usage_state SET whole = 0;")
        for first in range(0, calls, 500_000):
            last = min(first + 500_000, calls) - 1
            execute(path, SEED.format(**words(postgres, calls, first, last)))
        execute(path, "ANALYZE;")
        print(f"{name}: {calls:,} calls written in {time.monotonic() - began:.0f} s", flush=True)
        for what in ["--rebuild", "--verify"]:
            began = time.monotonic()
            command("db", "rollup", what)
            print(f"{name}: db rollup {what}: {time.monotonic() - began:.0f} s", flush=True)
        execute(path, "ANALYZE;")
        process = subprocess.Popen([binary, "serve", "--config", config, "--log", "warn"], env=environment)
        ready(process, port)
        for what, path in requests():
            first = ask(port, path)
            times = sorted([first] if first > 5_000 else [ask(port, path) for _ in range(ROUNDS)])
            p95 = times[int(0.95 * (len(times) - 1))]
            print(f"{name}: {what:38} p50 {statistics.median(times):7.1f} ms  p95 {p95:7.1f} ms", flush=True)
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def sqlite(path, sql):
    with sqlite3.connect(path, isolation_level=None) as database:
        database.create_function("unhex", 1, bytes.fromhex)  # Older libraries have none.
        database.execute("PRAGMA synchronous = OFF")
        database.executescript("BEGIN;" + sql + "COMMIT;")


def psql(url):
    def execute(_, sql):
        sql = "SET search_path TO tollhouse; " + sql
        subprocess.run(["psql", "--no-psqlrc", "--quiet", "-v", "ON_ERROR_STOP=1", url], input=sql, text=True, check=True)
    return execute


if __name__ == "__main__":
    measure(sys.argv[1], "sqlite", "sqlite", sqlite, False, int(os.environ.get("CALLS_SQLITE", 1_000_000)))
    if url := os.environ.get("TEST_DATABASE_URL"):
        calls = int(os.environ.get("CALLS_POSTGRES", 10_000_000))
        measure(sys.argv[1], "postgres", url, psql(url), True, calls)
