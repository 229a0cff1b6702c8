import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import { type Entry, entries, exportOf } from "../../api/audit";
import { isAtLeast, isPlatform, useMe } from "../../api/me";
import { moment } from "../../format";
import { useOrg } from "../../shell/org";
import { Download } from "../../ui/Download";
import { List, type ListColumn } from "../../ui/List";
import { Page } from "../../ui/Page";
import { Panel } from "../../ui/Panel";
import { Empty, Failed, SkeletonRows } from "../../ui/states";
import { Time, useNow } from "../../ui/Time";
import styles from "./Audit.module.css";
import { AuditBar } from "./AuditBar";
import { EntryDialog } from "./EntryDialog";
import { Head } from "./Head";
import { type AuditSearch, asked } from "./search";

/** Who did what to what, and when. */
export function Audit() {
  const search = useSearch({ from: "/audit" });
  const navigate = useNavigate({ from: "/audit" });
  const me = useMe();
  const chosen = useOrg();
  // Whoever does not administer the installation sees what concerns an organization.
  const own = me.user?.orgs.find(({ id }) => isAtLeast(me, "admin", id))?.id;
  const org = chosen ?? (isPlatform(me) ? undefined : own);
  const filter = asked(search, org, useNow());
  const query = useInfiniteQuery(entries(filter));
  const rows = useMemo(() => query.data?.pages.flatMap((page) => page.data) ?? [], [query.data]);
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  const onEnd = useCallback(() => {
    if (!isFetchingNextPage) void fetchNextPage();
  }, [isFetchingNextPage, fetchNextPage]);
  const change = useCallback(
    (next: AuditSearch) =>
      navigate({ search: ({ org }) => ({ ...next, ...(org && { org }) }), replace: true }),
    [navigate],
  );
  const open = useCallback(
    (entry: number) => void navigate({ search: (before) => ({ ...before, entry }) }),
    [navigate],
  );
  const columns = useMemo(() => columnsOf(open), [open]);
  const { entry, ...filters } = search;
  const shown = rows.find(({ seq }) => seq === entry);
  return (
    <Page
      title="Audit"
      actions={
        <Download href={exportOf(filter)} file="audit.jsonl">
          Export JSON lines
        </Download>
      }
    >
      <AuditBar search={filters} onChange={change} />
      <Panel flush>
        {query.isError && rows.length === 0 ? (
          <Failed error={query.error} retry={() => query.refetch()} />
        ) : query.isPending ? (
          <SkeletonRows rows={16} />
        ) : rows.length === 0 ? (
          <Empty title="No entry is like that">Take a filter away, or look further back.</Empty>
        ) : (
          <List
            label="Audit trail"
            columns={columns}
            rows={rows}
            rowKey={({ seq }) => String(seq)}
            more={hasNextPage}
            onEnd={onEnd}
          />
        )}
      </Panel>
      {isPlatform(me) && <Head />}
      {shown && <EntryDialog entry={shown} onClose={() => change(filters)} />}
    </Page>
  );
}

/** What something is called, and failing that its id or what kind of thing it is. */
export function nameOf({
  name,
  id,
  kind,
}: {
  name?: string | null;
  id?: string | null;
  kind: string;
}) {
  return name ?? id ?? kind;
}

function columnsOf(open: (seq: number) => void): ListColumn<Entry>[] {
  return [
    {
      name: "No.",
      width: "2.75rem",
      cell: ({ seq, action }) => (
        <button
          type="button"
          className={styles.open}
          aria-label={`Entry ${seq}: ${action}`}
          onClick={() => open(seq)}
        >
          {seq}
        </button>
      ),
    },
    {
      name: "When",
      width: "5rem",
      cell: ({ at }) => (
        <span title={moment(at)}>
          <Time at={at} />
        </span>
      ),
    },
    { name: "Action", width: "minmax(6rem, 10rem)", cell: ({ action }) => action },
    { name: "Who", width: "minmax(4rem, 1fr)", cell: ({ actor }) => nameOf(actor) },
    {
      name: "What",
      width: "minmax(5rem, 1fr)",
      hide: "phone",
      cell: ({ subject }) => nameOf(subject),
    },
    { name: "From", width: "minmax(6rem, 10rem)", hide: "narrow", cell: ({ from }) => from ?? "–" },
  ];
}
