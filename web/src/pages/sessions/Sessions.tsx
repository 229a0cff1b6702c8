import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import { type Session, sessions } from "../../api/record";
import { compact, count, duration, share, shortId } from "../../format";
import { useNames } from "../../shell/names";
import { useOrg } from "../../shell/org";
import { List, type ListColumn } from "../../ui/List";
import { Page } from "../../ui/Page";
import { Panel } from "../../ui/Panel";
import { Empty, Failed, SkeletonRows } from "../../ui/states";
import { Time, useNow } from "../../ui/Time";
import { Cost } from "../calls/Cost";
import { FilterBar } from "../calls/FilterBar";
import { asked, type CallsSearch } from "../calls/filter";
import { cached, prompt, tokens } from "../overview/series";

const REFRESH_MS = 15_000;

export function Sessions() {
  const search = useSearch({ from: "/sessions" });
  const navigate = useNavigate({ from: "/sessions" });
  const query = useInfiniteQuery({
    ...sessions(asked(search, useOrg(), useNow())),
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
    <Page title="Sessions">
      <FilterBar search={search} onChange={change} />
      <Panel flush>
        {query.isPending ? (
          <SkeletonRows rows={16} />
        ) : query.isError && rows.length === 0 ? (
          <Failed error={query.error} retry={() => query.refetch()} />
        ) : rows.length === 0 ? (
          <Empty title="No conversations here">
            Calls of one conversation are shown together. Take a filter away, or make a first call.
          </Empty>
        ) : (
          <List
            label="Sessions"
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

function useColumns(): ListColumn<Session>[] {
  const name = useNames();
  return useMemo(
    () => [
      { name: "Last call", width: "4.75rem", cell: (session) => <Time at={session.last_at} /> },
      {
        name: "Conversation",
        width: "minmax(5rem, 1fr)",
        cell: ({ id, name }) => (
          <Link to="/sessions/$id" params={{ id }}>
            {name ?? shortId(id)}
          </Link>
        ),
      },
      {
        name: "Models",
        width: "minmax(7rem, 1.5fr)",
        hide: "phone",
        cell: ({ models }) => models.join(", ") || "–",
      },
      {
        name: "Caller",
        width: "minmax(5rem, 1fr)",
        hide: "phone",
        cell: (session) => session.caller,
      },
      {
        name: "Key",
        width: "minmax(5rem, 1fr)",
        hide: "narrow",
        cell: (session) => name(session.key),
      },
      {
        name: "Lasted",
        width: "5.5rem",
        number: true,
        hide: "narrow",
        cell: ({ first_at, last_at }) => duration(Date.parse(last_at) - Date.parse(first_at)),
      },
      { name: "Calls", width: "3.5rem", number: true, cell: (session) => count(session.calls) },
      {
        name: "Errors",
        width: "3.5rem",
        number: true,
        hide: "narrow",
        cell: ({ errors }) => (errors > 0 ? count(errors) : "–"),
      },
      {
        name: "Tokens",
        width: "4.5rem",
        number: true,
        hide: "phone",
        cell: (session) => <span title={count(tokens(session))}>{compact(tokens(session))}</span>,
      },
      {
        name: "Cache hits",
        width: "5rem",
        number: true,
        hide: "narrow",
        cell: (session) => share(cached(session), prompt(session)),
      },
      {
        name: "Cost",
        width: "5.25rem",
        number: true,
        cell: (session) => <Cost of={session} />,
      },
    ],
    [name],
  );
}
