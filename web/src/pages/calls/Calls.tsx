import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import { type Call, calls, exportOf } from "../../api/record";
import { compact, count, duration } from "../../format";
import { useNames } from "../../shell/names";
import { useOrg } from "../../shell/org";
import { Download } from "../../ui/Download";
import { List, type ListColumn } from "../../ui/List";
import { Page } from "../../ui/Page";
import { Panel } from "../../ui/Panel";
import { Empty, Failed, SkeletonRows } from "../../ui/states";
import { Time, useNow } from "../../ui/Time";
import { Cost } from "./Cost";
import { FilterBar } from "./FilterBar";
import { asked, type CallsSearch } from "./filter";
import { Outcome, WHY } from "./Outcome";
import { whyOf } from "./steps";
import { inputTokens } from "./tokens";

const REFRESH_MS = 15_000;

export function Calls() {
  const search = useSearch({ from: "/calls" });
  const navigate = useNavigate({ from: "/calls" });
  const filter = asked(search, useOrg(), useNow());
  const query = useInfiniteQuery({
    ...calls(filter),
    // Whoever reads far down is not disturbed.
    refetchInterval: ({ state }) => ((state.data?.pages.length ?? 0) > 1 ? false : REFRESH_MS),
  });
  const rows = useMemo(() => query.data?.pages.flatMap((page) => page.data) ?? [], [query.data]);
  const columns = useColumns();
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  const onEnd = useCallback(() => {
    if (!isFetchingNextPage) void fetchNextPage();
  }, [isFetchingNextPage, fetchNextPage]);
  const change = (next: CallsSearch) =>
    navigate({ search: ({ org }) => ({ ...next, ...(org && { org }) }), replace: true });
  return (
    <Page
      title="Calls"
      actions={
        <>
          <Download href={exportOf(filter, "csv")} file="calls.csv">
            Export CSV
          </Download>
          <Download href={exportOf(filter, "jsonl")} file="calls.jsonl">
            Export JSON lines
          </Download>
        </>
      }
    >
      <FilterBar search={search} onChange={change} />
      <Panel flush>
        {query.isPending ? (
          <SkeletonRows rows={16} />
        ) : query.isError && rows.length === 0 ? (
          <Failed error={query.error} retry={() => query.refetch()} />
        ) : rows.length === 0 ? (
          <NoCalls filtered={Object.keys(search).length > 0} />
        ) : (
          <List
            label="Calls"
            columns={columns}
            rows={rows}
            rowKey={({ id }) => id}
            more={hasNextPage}
            onEnd={onEnd}
            stale={query.isPlaceholderData}
          />
        )}
      </Panel>
    </Page>
  );
}

function NoCalls({ filtered }: { filtered: boolean }) {
  return filtered ? (
    <Empty title="No call passes these filters">Take one away, or look further back in time.</Empty>
  ) : (
    <Empty title="No calls yet">
      Point an agent at this gateway with a virtual key, and each call shows here as it ends.
    </Empty>
  );
}

function useColumns(): ListColumn<Call>[] {
  const name = useNames();
  return useMemo(
    () => [
      {
        name: "Time",
        width: "4.75rem",
        cell: ({ id, at }) => (
          <Link to="/calls/$id" params={{ id }}>
            <Time at={at} />
          </Link>
        ),
      },
      {
        name: "Outcome",
        width: "6.25rem",
        phone: "4.5rem",
        cell: (call) => <Outcome outcome={call.outcome} why={whyOf(call)} />,
      },
      {
        name: "Model",
        width: "minmax(4rem, 2fr)",
        cell: (call) => call.model_served ?? call.model_sent ?? call.model_requested ?? "–",
      },
      {
        name: "Provider",
        width: "minmax(5rem, 1fr)",
        hide: "phone",
        cell: (call) => call.provider ?? "–",
      },
      {
        name: "Caller",
        width: "minmax(5rem, 1fr)",
        hide: "narrow",
        cell: (call) => call.caller || "–",
      },
      { name: "Key", width: "minmax(5rem, 1fr)", hide: "narrow", cell: (call) => name(call.key) },
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
        name: "First byte",
        width: "5rem",
        number: true,
        hide: "narrow",
        cell: ({ ttft_ms }) => duration(ttft_ms),
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
