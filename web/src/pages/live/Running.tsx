import { Link } from "@tanstack/react-router";
import { useEffect, useMemo, useState } from "react";
import type { RunningCall } from "../../api/live";
import { count, duration, moment, shortId } from "../../format";
import { useNames } from "../../shell/names";
import { Button } from "../../ui/Button";
import { List, type ListColumn } from "../../ui/List";
import { Panel } from "../../ui/Panel";
import { subagentOf } from "../calls/subagent";

const TICK_MS = 1000;
/** So many are shown unasked: what ends is not to be far below, and not to move with each that begins. */
const MOST = 5;

type Props = {
  calls: RunningCall[];
  /** How many run, with those that the control plane does not tell of. */
  running: string;
  /** Whether time goes on. */
  ticking: boolean;
};

/** The calls that have not ended, the longest first. Nothing is shown where there are none. */
export function Running({ calls, running, ticking }: Props) {
  const [all, setAll] = useState(false);
  const now = useSeconds(ticking && calls.length > 0);
  const columns = useColumns(now);
  if (calls.length === 0) return null;
  const longest = calls.toReversed();
  const many = calls.length > MOST;
  return (
    <Panel
      title={`Running now: ${running}`}
      aside={
        many && (
          <Button look="quiet" aria-expanded={all} onClick={() => setAll(!all)}>
            {all ? "Show the longest" : `Show ${count(calls.length)}`}
          </Button>
        )
      }
      flush
    >
      <List
        label="Calls that run"
        columns={columns}
        rows={many && !all ? longest.slice(0, MOST) : longest}
        rowKey={({ id }) => id}
        more={false}
        onEnd={() => {}}
      />
    </Panel>
  );
}

function useSeconds(ticking: boolean): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (!ticking) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), TICK_MS);
    return () => clearInterval(timer);
  }, [ticking]);
  return now;
}

/** How long it runs, in whole seconds. Clocks differ: nothing began later than now. */
function lasting(ms: number): string {
  const seconds = Math.floor(Math.max(0, ms) / 1000);
  return seconds < 60 ? `${seconds} s` : duration(seconds * 1000);
}

function useColumns(now: number): ListColumn<RunningCall>[] {
  const name = useNames();
  return useMemo(
    () => [
      {
        name: "Runs for",
        width: "6.25rem",
        phone: "5.5rem",
        cell: ({ at }) => (
          <time dateTime={at} title={`since ${moment(at)}`}>
            {lasting(now - Date.parse(at))}
          </time>
        ),
      },
      {
        name: "Model",
        width: "minmax(4rem, 2fr)",
        cell: (call) => call.model_sent ?? call.model_requested ?? "–",
      },
      {
        name: "Provider",
        width: "minmax(5rem, 1fr)",
        hide: "phone",
        cell: ({ provider, attempts }) => (
          <span title={attempts > 1 ? `attempt ${count(attempts)}` : undefined}>
            {provider ?? "none yet"}
          </span>
        ),
      },
      {
        name: "Caller",
        width: "minmax(5rem, 1fr)",
        hide: "narrow",
        cell: (call) => [call.caller, subagentOf(call)].filter(Boolean).join(" / ") || "–",
      },
      { name: "Key", width: "minmax(5rem, 1fr)", hide: "narrow", cell: ({ key }) => name(key) },
      {
        name: "Session",
        width: "minmax(6rem, 1fr)",
        cell: ({ session, session_name }) => (
          <Link to="/sessions/$id" params={{ id: session }}>
            {session_name ?? shortId(session)}
          </Link>
        ),
      },
    ],
    [name, now],
  );
}
