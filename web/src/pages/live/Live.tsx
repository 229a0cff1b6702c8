import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import type { Call } from "../../api/record";
import { ago, clockTime, compact, count, duration, moment } from "../../format";
import { useNames } from "../../shell/names";
import { useOrg } from "../../shell/org";
import { Button } from "../../ui/Button";
import { List, type ListColumn } from "../../ui/List";
import { Page } from "../../ui/Page";
import { Panel } from "../../ui/Panel";
import { Empty, Failed, SkeletonRows } from "../../ui/states";
import { Cost } from "../calls/Cost";
import { Outcome, WHY } from "../calls/Outcome";
import { whyOf } from "../calls/steps";
import { inputTokens } from "../calls/tokens";
import { endOf, howMany, type LiveSearch, MOST, modelOf, passes, underway } from "./feed";
import styles from "./Live.module.css";
import { LiveBar } from "./LiveBar";
import { Pace } from "./Pace";
import { Running } from "./Running";
import { useFeed } from "./useFeed";

const DAY_MS = 86_400_000;

export function Live() {
  const search = useSearch({ from: "/live" });
  const navigate = useNavigate({ from: "/live" });
  const org = useOrg();
  const [paused, setPaused] = useState(false);
  const { rows, running, waiting, hearing, query } = useFeed(org, paused);
  const shown = useMemo(
    () => rows.filter((call) => passes(call, search, org)),
    [rows, search, org],
  );
  const open = useMemo(
    () => underway(running?.calls ?? [], rows, search, org),
    [running, rows, search, org],
  );
  const filtered = org !== undefined || Object.keys(search).some((name) => name !== "org");
  const columns = useColumns();
  const change = (next: LiveSearch) =>
    navigate({ search: { ...next, ...(org && { org }) }, replace: true });
  const loading = query.isPending || (query.data?.data.length && rows.length === 0);
  return (
    <Page
      title="Live"
      actions={
        <>
          <State
            listening={hearing.listens}
            paused={paused}
            waiting={waiting.filter((call) => passes(call, search, org)).length}
          />
          <Button onClick={() => setPaused(!paused)} aria-pressed={paused}>
            {paused ? "Resume" : "Pause"}
          </Button>
        </>
      }
    >
      <div role="status" className={styles.notice}>
        {query.isSuccess && !hearing.listens && (
          <p className={styles.lost}>
            {hearing.refused ??
              "The connection is gone. Calls that run or end now show here as soon as it is back."}
          </p>
        )}
      </div>
      <div className={styles.top}>
        <LiveBar search={search} calls={rows} running={running?.calls} onChange={change} />
        <Pace calls={shown} />
      </div>
      <Running
        calls={open}
        running={howMany(open.length, running?.more ?? 0, filtered)}
        ticking={!paused}
      />
      <Panel flush>
        {query.isError && rows.length === 0 ? (
          <Failed error={query.error} retry={() => query.refetch()} />
        ) : loading ? (
          <SkeletonRows rows={16} />
        ) : rows.length === 0 ? (
          <Empty title="Waiting for the first call">
            Each call shows here while it runs and when it has ended.{" "}
            <Link to="/connect">Connect an agent</Link> to make one.
          </Empty>
        ) : shown.length === 0 ? (
          <Empty title="No call like that yet">
            Of the last {count(rows.length)} none passes these filters. The next that does shows
            here.
          </Empty>
        ) : (
          <List
            label="Calls as they end"
            columns={columns}
            rows={shown}
            rowKey={({ id }) => id}
            more={false}
            onEnd={() => {}}
          />
        )}
      </Panel>
      {rows.length >= MOST && (
        <p className={styles.bound}>
          The last {count(MOST)} are kept here. All of them are in <Link to="/calls">Calls</Link>.
        </p>
      )}
    </Page>
  );
}

type StateProps = { listening: boolean; paused: boolean; waiting: number };

function State({ listening, paused, waiting }: StateProps) {
  const still = waiting === 0 ? "Paused, nothing new" : `Paused, ${count(waiting)} new`;
  return (
    <span role="status" className={styles.state} data-on={listening && !paused ? "" : undefined}>
      <i aria-hidden />
      {paused ? still : listening ? "Listening" : "Connecting"}
    </span>
  );
}

/** The time of day, of what ended in the last day. */
function ended(at: number): string {
  return Date.now() - at < DAY_MS ? clockTime(new Date(at)) : ago(at);
}

function useColumns(): ListColumn<Call>[] {
  const name = useNames();
  return useMemo(
    () => [
      {
        name: "Ended",
        width: "4.75rem",
        cell: (call) => (
          <Link to="/calls/$id" params={{ id: call.id }} title={moment(endOf(call))}>
            {ended(endOf(call))}
          </Link>
        ),
      },
      {
        name: "Outcome",
        width: "6.25rem",
        phone: "4.5rem",
        cell: (call) => <Outcome outcome={call.outcome} why={whyOf(call)} />,
      },
      { name: "Model", width: "minmax(4rem, 2fr)", cell: (call) => modelOf(call) || "–" },
      {
        name: "Provider",
        width: "minmax(5rem, 1fr)",
        hide: "phone",
        cell: ({ provider }) => provider ?? "–",
      },
      {
        name: "Caller",
        width: "minmax(5rem, 1fr)",
        hide: "narrow",
        cell: ({ caller }) => caller || "–",
      },
      { name: "Key", width: "minmax(5rem, 1fr)", hide: "narrow", cell: ({ key }) => name(key) },
      {
        name: "In",
        width: "4rem",
        number: true,
        hide: "phone",
        instead: WHY,
        cell: ({ usage }) => <Tokens value={inputTokens(usage)} />,
      },
      {
        name: "Out",
        width: "3.5rem",
        number: true,
        hide: "phone",
        cell: ({ usage }) => <Tokens value={usage?.output} />,
      },
      {
        name: "Cost",
        width: "5.25rem",
        number: true,
        cell: (call) => <Cost of={call} />,
      },
      {
        name: "Took",
        width: "5rem",
        number: true,
        hide: "phone",
        cell: ({ duration_ms }) => duration(duration_ms),
      },
    ],
    [name],
  );
}

function Tokens({ value }: { value: number | null | undefined }) {
  return <span title={count(value)}>{compact(value)}</span>;
}
