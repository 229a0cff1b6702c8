"""What real agents do on accounts: their tasks, a conversation that outlives its account, a question."""

import json
import tempfile
import time
from pathlib import Path

from check import check, last_words, run
from clients import Codex, Target, lines, parse
from ledger import Failed
from place import until_true

# Ada's logins by their names here, and how much of each plan is used.
ADAS = {"default": "ada-private", "work": "ada-work"}
USED = {"ada-private": 41.0, "ada-work": 7.0}
QUESTION = "What is new?"


def paid(rows, provider, source, kind="oauth_account", expected=1):
    """Whether so many accounts of whoever is meant paid for these calls, and what they say of it."""
    for row in rows:
        drew = (row.get("provider"), row.get("credential_source"), row.get("credential_kind"))
        if drew != (provider, source, kind):
            raise Failed(f"call {row['id']} drew on {drew}")
        cost, by_list = row.get("cost_usd"), row.get("list_cost_usd")
        if cost != "0" or not float(by_list or 0) > 0:
            raise Failed(f"call {row['id']} cost {cost}, by list {by_list}")
    accounts = {row["credential_id"] for row in rows}
    if len(accounts) != expected:
        raise Failed(f"{len(accounts)} accounts paid instead of {expected}")
    return accounts


def agent(kind, name=None, model=None, provider="chatgpt"):
    """A real agent that does its task on an account: Ada's, or the operator's elsewhere."""
    if model:
        kind.model = lambda _target: model

    def does(state):
        place, ours = state.place, provider == "chatgpt"
        home = Path(tempfile.mkdtemp(prefix="agent-", dir=place.dir))
        before = place.ledger.ids()
        target = Target(place.url, state.key if ours else state.operators, routed=True)
        facts = check(kind, state.programs, home, target, place.ledger, 120.0)
        rows = place.ledger.since(before, kind.calls)
        paid(rows, provider, "user" if ours else "platform")
        if not ours:
            initiators(place, kind.calls)
        return facts

    return name or kind.name, does


def initiators(place, calls):
    """Copilot is told who began: the user once, and then the agent."""
    made = [call for call in place.provider_calls() if call["vendor"] == "copilot"][-calls:]
    told = [dict(call["headers"]).get("x-initiator") for call in made]
    if told != ["user"] + ["agent"] * (calls - 1):
        raise Failed(f"the calls were begun by {told}")


class Conversation:
    """Codex in one conversation of several turns."""

    def __init__(self, state):
        self.state, self.home = state, state.home("conversation")
        agent = Codex()
        target = Target(state.place.url, state.key, routed=True)
        self.argv, self.env = agent.prepare(state.programs, self.home, self.home / "work", target)
        self.env = state.place.environment(self.env, self.home)
        self.began = False

    def turn(self, expect=0):
        """Goes on with it; what Codex says, and the calls that it took."""
        argv, place = self.argv, self.state.place
        if self.began:
            argv = [*argv[:-1], "resume", "--last", "And once more."]
        self.began, before = True, place.ledger.ids()
        code = run(argv, self.env, self.home / "work", self.home, 30.0)
        output = (self.home / "stdout").read_text(errors="replace")
        if code != expect:
            raise Failed(f"exit code {code}: {last_words(self.home, output)}")
        return output, place.ledger.since(before, 1 if expect else Codex().calls)

    def shown(self):
        """How much of its plan Codex was told is used, last."""
        record = max((self.home / ".codex/sessions").rglob("rollout-*.jsonl"))
        payloads = [event.get("payload", {}) for event in lines(record.read_text())]
        told = [payload["rate_limits"] for payload in payloads if payload.get("rate_limits")]
        return told[-1]["primary"]["used_percent"] if told else None


def takeover(state):
    """A conversation outlives an account that is used up and one that is signed out, and ends in
    plain words when there is none."""
    place, talk = state.place, Conversation(state)
    _, rows = talk.turn()
    first = state.drawn()
    others = [account for account in ADAS.values() if account != first]
    session = {row["session"] for row in rows}

    def drew(rows, *accounts):
        expected = {state.accounts[account] for account in accounts}
        if paid(rows, "chatgpt", "user") != expected or {row["session"] for row in rows} != session:
            raise Failed(f"the calls are not {accounts}'s in one session")
        # What Codex shows is about the account that it was served with.
        if talk.shown() != USED[accounts[-1]]:
            raise Failed(f"Codex shows {talk.shown()} % used of {accounts[-1]}")

    drew(rows, first)
    use_up(place, first, 7200)
    _, rows = talk.turn()
    drew(rows, *others)
    if [row.get("fallback") for row in reversed(rows)] != ["rate_limited", None, None, None]:
        raise Failed("not the first call alone was made once more")
    place.authority("limit", account=first, limit=None)
    place.cli("account", "wake", state.accounts[first], token=state.ada)
    place.authority("revoke", account=others[0])
    _, rows = talk.turn()
    drew(rows, first)
    stands = {row["id"]: row["state"] for row in place.listing("account", "list", token=state.ada)}
    if stands != {state.accounts[first]: "ready", state.accounts[others[0]]: "auth_required"}:
        raise Failed(f"the accounts stand {stands}")
    show = ("account", "show", state.accounts[first], "--json")
    used = lambda: json.loads(place.cli(*show, token=state.ada))["windows"].get("primary")
    # That is stored twice a minute.
    window = until_true("how much of the plan is used", used)
    if window["used_percent"] != USED[first]:
        raise Failed(f"the account shows {window}")
    # First in the provider's words, then in the gateway's, which does not ask any more.
    use_up(place, first, 7200)
    for _ in range(2):
        told, rows = talk.turn(expect=1)
        if "hit your usage limit" not in told or len(rows) != 1:
            raise Failed(f"Codex asked {len(rows)} times and says {told[-300:]!r}")
    if rows[0]["outcome"] != "refused":
        raise Failed("an account was asked that is known to be used up")
    told, _ = asked(state, "sim-coder", state.key, expect=1)
    if "resting after a limit until" not in told:
        raise Failed(f"Claude Code says {told!r}")
    return "went on when one was used up and when one was signed out, then stopped"


def use_up(place, account, seconds):
    plan = {"resets_at": int(time.time()) + seconds, "resets_in_seconds": None}
    place.authority("limit", account=account, limit={"plan": plan})


def asked(state, model, key, *arguments, expect=0):
    """Claude Code with a question; what it says, and the calls that it took."""
    place, home = state.place, state.home("question")
    before = place.ledger.ids()
    argv = [
        state.programs / "claude", "-p", QUESTION, "--output-format", "json", "--model", model,
        *arguments,
    ]
    env = {
        "ANTHROPIC_BASE_URL": place.url, "ANTHROPIC_AUTH_TOKEN": key,
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    }
    code = run(argv, place.environment(env, home), home / "work", home, 60.0)
    output = (home / "stdout").read_text(errors="replace")
    if code != expect:
        raise Failed(f"exit code {code}: {last_words(home, output)}")
    return parse(output)["result"], place.ledger.since(before, 1)


def m365(state):
    """Text alone: an agent's tools are refused by name, and a question without them is asked as it
    was typed."""
    told, _ = asked(state, "m365-copilot", state.operators, expect=1)
    if "takes no tools" not in told:
        raise Failed(f"Claude Code says {told!r}")
    told, rows = asked(state, "m365-copilot", state.operators, "--tools", "")
    if told != QUESTION:
        raise Failed(f"what was asked is {told!r}")
    row = rows[0]
    drew = (row.get("credential_kind"), row.get("cost_usd"), row.get("usage"))
    if drew != ("oauth_account", None, None):
        raise Failed(f"the call says {drew}")
    return "no tools, and an answer without them"
