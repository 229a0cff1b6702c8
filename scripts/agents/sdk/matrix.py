#!/usr/bin/env python3
"""The vendors' Python SDKs against every pair of protocols, with their own stream accumulators.

    scripts/agents/sdk/matrix.py URL [--pairs same|all] [--direct]

KEY, LIMITED_KEY and ADMIN_TOKEN come from the environment. Without `--direct` a gateway with the
routes of scripts/agents/routes.py stands at URL, otherwise the simulated provider itself. The Node
program beside this one does the same with the vendors' SDKs for Node.

One line per cell that failed, then `N passed, N failed`; exit code 1 when one failed.
"""

import argparse
import base64
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from callers import CALLERS
from routes import PROTOCOLS, via
from tasks import PICTURE, paper, picture


def expect(what, got, wanted):
    if got != wanted:
        raise AssertionError(f"{what}: {got!r} instead of {wanted!r}")


def text(caller, model, stream):
    answer = caller.ask(model, "hello wide world", stream)
    expect("text", answer.text, "hello wide world")
    expect("calls", answer.calls, [])
    expect("end", answer.end, "end")
    check_usage(answer)


def limit(caller, model, stream):
    answer = caller.ask(model, "word " * 40, stream, limit=20)
    expect("words", len(answer.text.split()), 20)
    expect("end", answer.end, "length")


def thinking(caller, model, stream):
    answer = caller.ask(model, "hello wide world", stream, think=True)
    expect("text", answer.text, "hello wide world")
    expect("thought", answer.thought, "The user wrote 3 words. I will repeat them.")
    check_usage(answer)
    expect("reasoning tokens", answer.reasoning_tokens, 9)


def tools(caller, model, stream):
    """Two calls at once, whose results go back with the answer's own thoughts."""
    first = caller.ask(model, "Do the task.", stream, think=True, tools=["bash"])
    expect("names", [call.name for call in first.calls], ["bash", "bash"])
    expect("inputs", [sorted(call.input) for call in first.calls], [["command", "description"]] * 2)
    expect("end", first.end, "tools")
    second = caller.answer_calls(model, "Do the task.", first, stream, think=True, tools=["bash"])
    thoughts = caller.returns_thoughts(model)
    expect("report", second.text, f"done: no picture, no paper, {thoughts} thoughts")


def forced(caller, model, stream):
    answer = caller.ask(model, "Look.", stream, tools=["look"], choice="look")
    expect("call", [(call.name, call.input) for call in answer.calls], [("look", {"command": "simulated"})])


def media(caller, model, stream):
    width, height = PICTURE
    files = {
        "image": base64.b64encode(picture(width, height)).decode(),
        "document": base64.b64encode(paper()).decode(),
    }
    answer = caller.ask(model, "What is there?", stream, files=files)
    report = f"done: a picture of {width} by {height}, a paper of {len(paper())} bytes, 0 thoughts"
    expect("report", answer.text, report)


def check_usage(answer):
    if answer.input_tokens <= 0 or answer.output_tokens <= 0:
        raise AssertionError(f"usage: {answer.input_tokens} in, {answer.output_tokens} out")


CASES = [
    ("text", "sim-echo", text),
    ("limit", "sim-echo", limit),
    ("thinking", "sim-think", thinking),
    ("tools", "sim-coder-2", tools),
    ("forced tool", "sim-tool", forced),
    ("media", "sim-look", media),
]

# The model, and the status that its error must have. An overload has a status of its own only in
# one protocol, so what a caller of another one sees is one of the server's errors.
FAILURES = [
    ("sim-status-403", 403),
    ("sim-status-429", 429),
    ("sim-status-500", 500),
    ("sim-status-503", None),
    ("sim-status-529", None),
]


def errors(caller, upstream, options):
    """Yields the name and the check of every error that a caller can meet on this pair."""
    name = (lambda model: model) if options.direct else (lambda model: via(model, upstream))
    for model, status in FAILURES:
        yield model, lambda model=model, status=status: caller.fails(name(model), status)
    yield "overflow", lambda: caller.overflows(name("sim-overflow"))
    if not options.direct:
        echo = name("sim-echo")
        yield "bad key", lambda: caller.fails(echo, 401, key="th-" + "x" * 40)
        yield "key not allowed", lambda: caller.fails(echo, 403, key=os.environ["LIMITED_KEY"])
        yield "unknown model", lambda: caller.fails("no-such-model", 404)
        yield "too large", lambda: caller.fails(echo, 413, text="x" * (2 << 20))
        if upstream != caller.protocol:
            yield "unmappable", lambda: caller.unmappable(echo)


def cells(options):
    for make in CALLERS:
        caller = make(options.url, os.environ.get("KEY", "none"))
        for upstream in PROTOCOLS:
            if upstream != caller.protocol and options.pairs == "same":
                continue
            pair = f"{caller.protocol} to {upstream}"
            for case, model, run in CASES:
                model = model if options.direct else via(model, upstream)
                for stream in (False, True):
                    how = "stream" if stream else "whole"
                    check = lambda run=run, model=model, stream=stream: run(caller, model, stream)
                    yield f"{pair}, {case}, {how}", check
            for error, check in errors(caller, upstream, options):
                yield f"{pair}, error: {error}", check


def main():
    parser = argparse.ArgumentParser(description="Run the vendors' Python SDKs.")
    parser.add_argument("url", help="address without /v1")
    parser.add_argument("--pairs", choices=["same", "all"], default="same")
    parser.add_argument("--direct", action="store_true", help="no gateway: names are not routed")
    options = parser.parse_args()
    passed = failed = 0
    for name, check in cells(options):
        try:
            check()
            passed += 1
        except Exception as error:  # Whatever an SDK raises is the cell's failure.
            failed += 1
            print(f"FAIL  python, {name}: {type(error).__name__}: {str(error)[:300]}", flush=True)
    print(f"python SDKs: {passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
