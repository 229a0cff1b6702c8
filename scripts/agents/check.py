#!/usr/bin/env python3
"""Runs the real coding agents against a gateway (or a provider) and checks what they did.

    scripts/agents/check.py --base-url URL --key KEY [--api URL --token TOKEN] [--only NAME,...]

Each agent runs headless, in an empty home and working directory, with nothing in its environment
but the address and the key. The models behind the address must be the simulated provider's
`sim-coder` and `sim-coder-2`, which lead an agent through a task with the agent's own tools. The
small one: write hello.txt, look at it, read it back, report. The larger one, once for each protocol
that the provider can be called in: two calls in one turn, one of them failing, a picture, a paper
where the agent can read one, an edit and a report of what has arrived, thinking all the while.

Checked for each: the exit code, the file on disk, the agent's final words and, with --api and
--token, the ledger of the gateway: the number of calls, their outcome and mode, one session for all
of them, and the agent's own token totals against the ledger's.

A gateway needs the routes that routes.py prints.

The agents come from scripts/agents/install.sh. One line per agent, then `N passed, N failed`;
exit code 1 when one failed. Nothing else may use the gateway while this runs.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from clients import AGENTS, Target
from ledger import Failed, Ledger, compare

HERE = Path(__file__).resolve().parent


def main():
    parser = argparse.ArgumentParser(description="Run real coding agents through a gateway.")
    parser.add_argument("--base-url", required=True, help="address without /v1")
    parser.add_argument("--key", required=True, help="the key the agents present")
    parser.add_argument("--api", help="address of the control plane, without /api/v1")
    parser.add_argument("--token", help="bearer token of the control plane")
    parser.add_argument("--only", help="names of agents, separated by commas")
    parser.add_argument("--bin", type=Path, help="directory with claude, codex and opencode")
    parser.add_argument("--timeout", type=float, default=120.0, help="seconds for each agent")
    parser.add_argument("--keep", action="store_true", help="keep the agents' directories")
    parser.add_argument("--pairs", choices=["same", "all"], default="same",
                        help="same: without the agents that need translation")
    options = parser.parse_args()
    if bool(options.api) != bool(options.token):
        parser.error("--api and --token belong together")
    agents = selected(parser, options.only, options.pairs)
    programs = options.bin or installed()
    ledger = Ledger(options.api, options.token) if options.api else None
    target = Target(options.base_url.rstrip("/"), options.key, routed=ledger is not None)

    failed = 0
    for agent in agents:
        home = Path(tempfile.mkdtemp(prefix=f"agent-{agent.name}-"))
        started = time.monotonic()
        try:
            facts = check(agent, programs, home, target, ledger, options.timeout)
        except Failed as failure:
            failed += 1
            print(f"FAIL  {agent.name:<32} {failure} (see {home})", flush=True)
            continue
        seconds = time.monotonic() - started
        print(f"ok    {agent.name:<32} {facts}, {seconds:.1f} s", flush=True)
        if not options.keep:
            shutil.rmtree(home, ignore_errors=True)
    print(f"{len(agents) - failed} passed, {failed} failed")
    return 1 if failed else 0


def selected(parser, only, pairs):
    if not only:
        return [agent for agent in AGENTS if pairs == "all" or agent.mode == "passthrough"]
    names = only.split(",")
    unknown = set(names) - {agent.name for agent in AGENTS}
    if unknown:
        known = ", ".join(agent.name for agent in AGENTS)
        parser.error(f"unknown agent {', '.join(sorted(unknown))}; there are {known}")
    return [agent for agent in AGENTS if agent.name in names]


def installed():
    script = str(HERE / "install.sh")
    subprocess.run([script], check=True)
    path = subprocess.run([script, "--path"], check=True, capture_output=True, text=True)
    return Path(path.stdout.strip())


def check(agent, programs, home, target, ledger, timeout):
    """Runs one agent; returns a summary, or raises `Failed`."""
    work = home / "work"
    work.mkdir()
    agent.task.prepare(work)
    before = ledger.ids() if ledger else set()
    argv, env = agent.prepare(programs, home, work, target)
    # Not a login's environment: the agent gets these variables and no others.
    env = {"HOME": str(home), "PATH": "/usr/local/bin:/usr/bin:/bin", **env}
    code = run(argv, env, work, home, timeout)
    output = (home / "stdout").read_text(errors="replace")
    if code != 0:
        raise Failed(f"exit code {code}: {last_words(home, output)}")
    report = agent.report(output)
    agent.task.check(work, report.text, agent.words)
    if report.total.everything_in() == 0 or report.total.output == 0:
        raise Failed("the agent reports no tokens")
    if not ledger:
        return f"{agent.calls} calls expected, no ledger to look at"
    compare(report, ledger.since(before, agent.calls), agent.calls, agent.mode)
    return f"{agent.calls} calls, {agent.mode}"


def run(argv, env, work, home, timeout):
    with open(home / "stdout", "wb") as out, open(home / "stderr", "wb") as err:
        process = subprocess.Popen(
            argv, env=env, cwd=work, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
            start_new_session=True,
        )
        try:
            return process.wait(timeout)
        except subprocess.TimeoutExpired as late:
            raise Failed(f"still running after {timeout:.0f} s") from late
        finally:
            # Its own session: this reaches what the agent started, and nobody else.
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait()


def last_words(home, output):
    """The ends of what it wrote; agents differ in where they put the reason."""
    error = (home / "stderr").read_text(errors="replace")
    ends = [text.strip()[-300:].replace("\n", " ") for text in (error, output)]
    return " | ".join(end for end in ends if end)


if __name__ == "__main__":
    sys.exit(main())
