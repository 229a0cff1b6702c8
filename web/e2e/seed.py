#!/usr/bin/env python3
"""Writes calls of the past behind the store's back, so that a test sees two months of use at once.

    seed.py < world.json        {"database", "calls", "days", "now", "keys": [{"id", "user", "org"}], "hostile"}

`database` is a SQLite file or the address of a PostgreSQL database, which is written with psql. Rows are as the store
writes them. The numbers are made up and always the same.
"""
import json
import os
import random
import re
import sqlite3
import subprocess
import sys
import uuid

MODELS = [
    # name, provider, protocol, endpoint, price of input, cache read, write, output in nano-dollars a token
    ("claude-sonnet-4-5", "anthropic", "messages", "messages", (3000, 300, 3750, 15000)),
    ("claude-opus-4-5", "anthropic", "messages", "messages", (5000, 500, 6250, 25000)),
    ("gpt-5-codex", "openai", "responses", "responses", (1250, 125, 0, 10000)),
    ("qwen3-coder", "openrouter", "chat", "chat.completions", (220, 22, 0, 1000)),
    ("local-draft", "lab", "chat", "chat.completions", None),
]
CALLERS = {"messages": "claude-code", "responses": "codex", "chat": "opencode"}
ENDS = [("success", 200, None)] * 46 + [
    ("upstream_error", 529, "overloaded: the provider is at its limit"),
    ("upstream_error", 500, "the upstream answered with an error of its own"),
    ("client_disconnect", 200, None),
    ("refused", 429, "rate_limited: 60 requests a minute are allowed"),
]
COLUMNS = """id at key_id user_id org_id agent caller session_id session_name subagent protocol endpoint stream provider
credential_source mode model_requested model_sent model_served status outcome error stop_reason tokens_input
tokens_cache_read tokens_cache_write_5m tokens_output tokens_reasoning estimated cost list_cost ttft_ms duration_ms
bytes_in bytes_out attempts snapshot_revision detail""".split()


def raw(text):
    """The sixteen bytes of an id that is written with its kind."""
    return bytes.fromhex(re.sub(r"^[a-z]+_", "", text).replace("-", "")) if text else None


def main():
    world = json.load(sys.stdin)
    dice = random.Random(7)

    def made(version, milliseconds):
        bits = (milliseconds << 80) | (version << 76) | (dice.getrandbits(12) << 64) | (2 << 62) | dice.getrandbits(62)
        return uuid.UUID(int=bits).bytes

    rows, left = [], world["calls"]
    while left > 0:
        # Most work is done of late, and on working days.
        back = dice.random() ** 1.7 * world["days"] * 86_400_000
        at = int(world["now"] - back)
        turns = min(left, dice.choice([1, 3, 6, 10, 18, 30]))
        left -= turns
        rows += session(world, dice, made, at, turns)
    rows = [row for row in rows if row["at"] < world["now"] * 1000]
    if world["database"].startswith("postgres:"):
        psql(world["database"], rows)
    else:
        database = sqlite3.connect(world["database"], timeout=30)
        with database:
            marks = ", ".join(":" + name for name in COLUMNS)
            database.executemany(f"INSERT INTO calls ({', '.join(COLUMNS)}) VALUES ({marks})", rows)
    print(len(rows), flush=True)
    # Without closing: SQLite would take itself for the last user of the database, and take away the
    # write-ahead log from under the gateway.
    os._exit(0)


def psql(database, rows):
    def literal(name, value):
        if value is None:
            return "NULL"
        if name in ("stream", "estimated"):
            return "TRUE" if value else "FALSE"
        if isinstance(value, bytes):
            return f"'{uuid.UUID(bytes=value)}'"
        return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else str(value)

    def row(values):
        return "(" + ", ".join(literal(name, values[name]) for name in COLUMNS) + ")"

    statements = ["BEGIN;"]
    for at in range(0, len(rows), 1000):
        values = ",\n".join(row(values) for values in rows[at:at + 1000])
        statements.append(f"INSERT INTO calls ({', '.join(COLUMNS)}) VALUES\n{values};")
    statements.append("COMMIT;")
    subprocess.run(["psql", "-qX", "-v", "ON_ERROR_STOP=1", database], check=True, text=True,
                   input="\n".join(statements))


def session(world, dice, made, at, turns):
    key = dice.choice(world["keys"])
    model, provider, protocol, endpoint, price = dice.choice(MODELS)
    name = world.get("hostile") if dice.random() < 0.02 else None
    ident, context, rows = made(8, at), dice.randrange(6_000, 18_000), []
    for turn in range(turns):
        at += dice.randrange(4_000, 90_000)
        outcome, status, error = dice.choice(ENDS)
        sent = outcome != "refused"
        new = dice.randrange(200, 4_000)
        # Now and then the provider has forgotten the conversation.
        cold = turn == 0 or dice.random() < 0.04
        read, write, output = (0, context, 0) if cold else (context, new, 0)
        output = dice.randrange(60, 1_800) if outcome != "upstream_error" else 0
        context += new + output
        usage = sent and outcome != "upstream_error"
        parts = (new if cold else dice.randrange(3, 60), read, write, output)
        if protocol != "messages":
            parts = (parts[0] + write, read, 0, output)
        cost = sum(a * b for a, b in zip(parts, price)) if usage and price else None
        took = 600 + output * dice.uniform(8, 22)
        rows.append({
            "id": made(7, at), "at": at * 1000, "key_id": raw(key["id"]), "user_id": raw(key.get("user")),
            "org_id": raw(key.get("org")), "agent": dice.choice([None, None, "reviewer", "nightly"]),
            "caller": name or CALLERS[protocol], "session_id": ident,
            "session_name": name or f"{ident.hex()[:8]}", "protocol": protocol,
            "subagent": f"agent-{1 + turn % 2}" if turn % 5 > 2 else None,
            "endpoint": endpoint, "stream": 1, "provider": provider if sent else None,
            "credential_source": dice.choice(["org", "org", "user", "platform"]) if sent else None,
            "mode": "passthrough", "model_requested": name or model, "model_sent": model if sent else None,
            "model_served": model if usage else None, "status": status, "outcome": outcome,
            "error": (name or error) if error else None,
            "stop_reason": dice.choice(["tool_use", "end_turn"]) if outcome == "success" else None,
            "tokens_input": parts[0] if usage else None, "tokens_cache_read": parts[1] if usage else None,
            "tokens_cache_write_5m": parts[2] if usage else None, "tokens_output": parts[3] if usage else None,
            "tokens_reasoning": None, "estimated": int(outcome == "client_disconnect"),
            "cost": cost, "list_cost": cost, "ttft_ms": dice.uniform(250, 1800) if usage else None,
            "duration_ms": took if sent else 1.2, "bytes_in": 4 * context, "bytes_out": 40 * output + 900,
            "attempts": int(sent), "snapshot_revision": 1,
            "detail": json.dumps({
                "subagent_type": "Explore" if turn % 5 > 2 else None,
                "subagent_parent": "agent-1" if turn % 5 > 2 and turn % 2 else None,
                "tags": {"repo": name or dice.choice(["web", "billing", "infra"]), "branch": "main"},
                "usage_raw": json.dumps({"input_tokens": parts[0], "output_tokens": output}) if usage else None,
                "upstream_request_id": f"req_{dice.getrandbits(48):012x}" if sent else None,
                "from": "10.0.0.7"}),
        })
    return rows


main()
