import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useEffect, useMemo } from "react";
import { ApiFailure } from "../../api/client";
import { prices } from "../../api/prices";
import { type Call, conversation, type Session as SessionRow } from "../../api/record";
import { compact, count, duration, money, share } from "../../format";
import { Named } from "../../shell/Named";
import { Chart, type Series } from "../../ui/Chart";
import { CopyButton } from "../../ui/Copy";
import { Fact, Facts } from "../../ui/Facts";
import { Columns, Page } from "../../ui/Page";
import { Panel } from "../../ui/Panel";
import { Empty, Failed, SkeletonRows } from "../../ui/states";
import { Tabs } from "../../ui/Tabs";
import { Time } from "../../ui/Time";
import { byList, byPlan } from "../calls/paid";
import { cached, prompt, tokens } from "../overview/series";
import { Parts } from "./Parts";
import { Transcript } from "./Transcript";
import { Turns } from "./Turns";
import { tree } from "./tree";
import { breaksInWords, differs, type Turn, turns } from "./turns";

const REFRESH_MS = 15_000;
/** Calls that are looked at; a longer conversation shows its newest. */
const MOST = 5000;
const TABS = [
  ["turns", "Turns"],
  ["transcript", "Transcript"],
] as const;

export function Session() {
  const { id } = useParams({ from: "/sessions/$id" });
  const query = useInfiniteQuery({ ...conversation(id), refetchInterval: REFRESH_MS });
  const session = query.data?.pages[0]?.session;
  const calls = useMemo(
    () => query.data?.pages.flatMap((page) => page.calls.data) ?? [],
    [query.data],
  );
  const { hasNextPage, isFetching, fetchNextPage } = query;
  useEffect(() => {
    // Where a cache broke shows only with the turn before.
    if (hasNextPage && !isFetching && calls.length < MOST) void fetchNextPage();
  }, [hasNextPage, isFetching, calls.length, fetchNextPage]);
  return (
    <Page
      title={`Session ${session?.name ?? id.slice(-8)}`}
      about={
        session && (
          <>
            <span>{session.caller}</span> <span>{session.models.join(", ")}</span>{" "}
            <Time at={session.last_at} />
          </>
        )
      }
      actions={<CopyButton text={id} label="Copy id" />}
    >
      {session ? (
        <Shown session={session} calls={calls} whole={!hasNextPage} />
      ) : query.error instanceof ApiFailure && query.error.status === 404 ? (
        <Empty title="Nothing is on record of it">
          Calls are on record when they have ended. If this conversation's first still runs, it
          shows here then; if not, there is no such conversation that you may see.
        </Empty>
      ) : query.isError ? (
        <Failed error={query.error} retry={() => query.refetch()} />
      ) : (
        <SkeletonRows rows={12} />
      )}
    </Page>
  );
}

type ShownProps = { session: SessionRow; calls: Call[]; whole: boolean };

function Shown({ session, calls, whole }: ShownProps) {
  const list = useQuery(prices()).data;
  const all = useMemo(() => turns(calls, list ?? []), [calls, list]);
  const parts = useMemo(() => tree(calls), [calls]);
  const broken = all.filter(({ broke }) => broke);
  const within = whole ? undefined : `in the newest ${count(calls.length)} calls`;
  return (
    <>
      <Columns>
        <Panel title="Cost over the conversation">
          <Spent turns={all} />
        </Panel>
        <Sums session={session} broken={broken} within={within} />
      </Columns>
      <Parts parts={parts} within={within} />
      <Below session={session} turns={all} calls={calls} />
    </>
  );
}

/** What it cost turn by turn, or what was said. */
function Below({ session, turns, calls }: { session: SessionRow; turns: Turn[]; calls: Call[] }) {
  const { tab = "turns", only } = useSearch({ from: "/sessions/$id" });
  const navigate = useNavigate({ from: "/sessions/$id" });
  const choose = (tab: "turns" | "transcript") =>
    navigate({
      search: ({ org, only }) => ({
        ...(org && { org }),
        ...(only && { only }),
        ...(tab !== "turns" && { tab }),
      }),
      replace: true,
    });
  return (
    <>
      <div>
        <Tabs label="Show" value={tab} options={TABS} onChange={choose} />
      </div>
      {tab === "turns" ? (
        <Turns
          turns={turns}
          only={only}
          onOnly={(only) =>
            navigate({
              search: ({ org }) => ({ ...(org && { org }), ...(only && { only }) }),
              replace: true,
            })
          }
        />
      ) : (
        <Transcript key={session.id} id={session.id} calls={calls} />
      )}
    </>
  );
}

const dollars = (value: number) => money(value.toFixed(9));

function Spent({ turns }: { turns: Turn[] }) {
  const drawn = useMemo(() => {
    const values = turns.map(({ spent }) => spent);
    const spent: Series = {
      label: "Spent",
      color: "--series-1",
      values,
      whole: values.at(-1) ?? 0,
    };
    const sums = turns.map(({ listed }) => listed);
    const listed: Series = {
      label: "By list price",
      color: "--series-2",
      values: sums,
      whole: sums.at(-1) ?? 0,
    };
    // Where a plan pays, what breaks is told by list price, and stands on that line.
    const apart = turns.some(differs);
    const broke: Series = {
      label: apart ? "Cache broke, by list price" : "Cache broke",
      color: "--series-3",
      values: turns.map(({ broke, listed }) => (broke ? listed : null)),
      told: turns.map(({ broke }) => broke?.usd ?? null),
      marks: true,
    };
    return {
      times: turns.map(({ call }) => Date.parse(call.at) / 1000),
      series: [
        spent,
        ...(apart ? [listed] : []),
        ...(turns.some(({ broke }) => broke) ? [broke] : []),
      ],
    };
  }, [turns]);
  return <Chart label="Cost over the conversation" format={dollars} {...drawn} />;
}

type SumsProps = { session: SessionRow; broken: Turn[]; within: string | undefined };

function Sums({ session, broken, within }: SumsProps) {
  const breaks = breaksInWords(broken, dollars);
  const list = byList(session);
  return (
    <Panel title="In all">
      <Facts>
        <Fact name="Cost">
          {byPlan(session) ? `${money(session.cost_usd)}, as a plan pays` : money(session.cost_usd)}
        </Fact>
        <Fact name="By list price">{list && money(list)}</Fact>
        <Fact name="Calls">
          {session.errors > 0
            ? `${count(session.calls)}, of which ${count(session.errors)} failed`
            : count(session.calls)}
        </Fact>
        <Fact name="Tokens">{compact(tokens(session))}</Fact>
        <Fact name="Cache hits">{share(cached(session), prompt(session))}</Fact>
        <Fact name="Cache breaks">{within ? `${breaks}, ${within}` : breaks}</Fact>
        <Fact name="Lasted">
          {duration(Date.parse(session.last_at) - Date.parse(session.first_at))}
        </Fact>
        <Fact name="Key">
          <Named id={session.key} />
        </Fact>
      </Facts>
    </Panel>
  );
}
