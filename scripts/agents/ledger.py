"""What an agent reports about its run, what the gateway's ledger says, and whether they agree."""

import json
import time
import urllib.error
import urllib.request

PATIENCE = 10.0


class Failed(Exception):
    """A client did not do what it should; the text says what."""


class Tokens:
    """Token counts in the ledger's buckets: disjoint, except that reasoning is part of output."""

    def __init__(self, plain=0, read=0, write=0, output=0, reasoning=0):
        self.plain, self.read, self.write = plain, read, write
        self.output, self.reasoning = output, reasoning

    def everything_in(self):
        return self.plain + self.read + self.write

    def __add__(self, other):
        return Tokens(
            self.plain + other.plain, self.read + other.read, self.write + other.write,
            self.output + other.output, self.reasoning + other.reasoning,
        )

    @staticmethod
    def of_row(row):
        usage = {name: count or 0 for name, count in (row.get("usage") or {}).items()}
        get = lambda name: usage.get(name, 0)
        write = get("cache_write_5m") + get("cache_write_1h")
        return Tokens(get("input"), get("cache_read"), write, get("output"), get("reasoning"))


class Report:
    """What an agent says about its run.

    `buckets` is false where the agent's own accounting lumps some input buckets together: then only
    the sum of the input is compared. `steps` holds the tokens of each call where the agent tells.
    """

    def __init__(self, session, text, total, buckets=True, steps=None):
        self.session, self.text, self.total = session, text, total
        self.buckets, self.steps = buckets, steps


def compare(report, rows, expected, mode):
    if len(rows) != expected:
        raise Failed(f"{len(rows)} calls in the ledger instead of {expected}")
    for row in rows:
        if row.get("outcome") != "success" or row.get("status") != 200:
            raise Failed(f"call {row.get('id')}: {row.get('outcome')}, status {row.get('status')}")
        if row.get("mode") != mode:
            raise Failed(f"call {row.get('id')} went {row.get('mode')} instead of {mode}")
    sessions = {row.get("session") for row in rows}
    if len(sessions) != 1 or None in sessions:
        raise Failed(f"the calls are in {len(sessions)} sessions instead of one")
    names = {row["session_name"] for row in rows if row.get("session_name")}
    if names and names != {report.session}:
        raise Failed(f"session {names} in the ledger, {report.session} in the agent's report")
    counts = [Tokens.of_row(row) for row in rows]
    if report.steps:
        counts = without_side_calls(report.steps, counts)
    total = sum(counts, Tokens())
    pairs = [("input", report.total.everything_in(), total.everything_in())]
    if report.buckets:
        pairs += [
            ("uncached input", report.total.plain, total.plain),
            ("cache write", report.total.write, total.write),
        ]
    pairs += [
        ("cache read", report.total.read, total.read),
        ("output", report.total.output, total.output),
        ("reasoning", report.total.reasoning, total.reasoning),
    ]
    for name, told, metered in pairs:
        if told != metered:
            raise Failed(f"{name}: the agent says {told} tokens, the ledger {metered}")


def without_side_calls(steps, counts):
    """The ledger's counts without calls the agent does not report (a title for the session)."""
    rest = list(counts)
    for step in steps:
        same = [
            count for count in rest
            if (count.everything_in(), count.output) == (step.everything_in(), step.output)
        ]
        if not same:
            told = f"{step.everything_in()} in, {step.output} out"
            raise Failed(f"no call in the ledger has the tokens of a step: {told}")
        rest.remove(same[0])
    return [count for count in counts if count not in rest]


class Ledger:
    """The calls that the gateway recorded, through its control plane."""

    def __init__(self, api, token):
        self.url = api.rstrip("/") + "/api/v1/calls"
        self.token = token

    def rows(self):
        rows, cursor = [], None
        while True:
            url = self.url + "?limit=100" + (f"&cursor={cursor}" if cursor else "")
            request = urllib.request.Request(url, headers={"Authorization": f"Bearer {self.token}"})
            try:
                with urllib.request.urlopen(request, timeout=10) as response:
                    page = json.load(response)
            except (urllib.error.URLError, ValueError) as error:
                raise Failed(f"GET {url}: {error}") from error
            rows += page["data"]
            cursor = page.get("next")
            if not cursor:
                return rows

    def ids(self):
        return {row["id"] for row in self.rows()}

    def since(self, before, expected):
        """The calls made since then. They reach the ledger a moment after their answers."""
        deadline = time.monotonic() + PATIENCE
        while True:
            rows = [row for row in self.rows() if row["id"] not in before]
            if len(rows) >= expected or time.monotonic() > deadline:
                return rows
            time.sleep(0.1)
