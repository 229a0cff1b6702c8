import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { UsageReport } from "../../api/record";
import { change, compact, count, duration, money, share } from "../../format";
import { useNames } from "../../shell/names";
import { PlainInput } from "../../ui/Field";
import { Panel } from "../../ui/Panel";
import { Empty, Failed, SkeletonRows } from "../../ui/states";
import { type Column, Table } from "../../ui/Table";
import { Tabs } from "../../ui/Tabs";
import { Cost } from "../calls/Cost";
import { byList } from "../calls/paid";
import styles from "./Breakdown.module.css";
import { GROUPS, type GroupBy } from "./search";
import { cached, latency, prompt, spend, tokens } from "./series";

type Row = UsageReport["data"][number];
type Props = {
  /** Since when. */
  from: string;
  by: GroupBy;
  tag: string;
  report: UsageReport | undefined;
  error: unknown;
  onBy: (by: GroupBy) => void;
  onTag: (tag: string) => void;
};

/** The same calls by who made them, or by what answered. */
export function Breakdown({ from, by, tag, report, error, onBy, onTag }: Props) {
  const name = useNames();
  const rows = [...(report?.data ?? [])].sort((a, b) => spend(b) - spend(a) || b.calls - a.calls);
  const aside = (
    <>
      {by === "tag" && (
        <PlainInput
          label="Name of the tag"
          defaultValue={tag}
          onBlur={(event) => onTag(event.target.value.trim())}
          onKeyDown={(event) => event.key === "Enter" && event.currentTarget.blur()}
        />
      )}
      <Tabs label="Group by" value={by} options={GROUPS} onChange={onBy} />
    </>
  );
  return (
    <Panel title="Breakdown" aside={aside} flush>
      {report ? (
        <Table
          label={`Usage by ${by}`}
          columns={columns({ from, by, tag }, report, (row) =>
            row.group ? name(row.group) : undefined,
          )}
          rows={rows}
          rowKey={(row) => row.group ?? ""}
          empty={<Empty title="Nothing to compare">No call in this time says.</Empty>}
        />
      ) : error ? (
        <Failed error={error} />
      ) : (
        <SkeletonRows rows={5} />
      )}
    </Panel>
  );
}

type Asked = Pick<Props, "from" | "by" | "tag">;

function columns(
  asked: Asked,
  report: UsageReport,
  name: (row: Row) => string | undefined,
): Column<Row>[] {
  const { by, tag } = asked;
  const most = Math.max(...report.data.map(spend), 0);
  const whole = spend(report.totals);
  return [
    {
      name: by === "tag" ? tag : (GROUPS.find(([group]) => group === by)?.[1] ?? by),
      cell: (row) => (
        <Calls asked={asked} group={row.group}>
          {name(row)}
        </Calls>
      ),
      wide: true,
    },
    {
      name: "Cost",
      cell: (row) => <Cost of={row} />,
      number: true,
    },
    // Where a plan pays, or nobody knows what was paid, this is what there is to compare.
    ...(report.data.some(byList)
      ? [{ name: "By list price", cell: (row: Row) => money(row.list_cost_usd), number: true }]
      : []),
    {
      name: "Before",
      cell: (row) => (
        <span className={styles.before} title="Against as long a time before">
          {row.previous ? (change(spend(row), spend(row.previous)) ?? "–") : "–"}
        </span>
      ),
      number: true,
    },
    {
      name: "Share of cost",
      cell: (row) => (
        <span className={styles.share}>
          <i style={{ width: `${most > 0 ? (100 * spend(row)) / most : 0}%` }} />
          <b>{row.cost_usd ? share(spend(row), whole) : "–"}</b>
        </span>
      ),
    },
    { name: "Calls", cell: (row) => count(row.calls), number: true },
    { name: "Errors", cell: (row) => share(row.errors, row.calls), number: true },
    {
      name: "Tokens",
      cell: (row) => <span title={count(tokens(row))}>{compact(tokens(row))}</span>,
      number: true,
    },
    { name: "Cache hits", cell: (row) => share(cached(row), prompt(row)), number: true },
    { name: "First byte, p50", cell: (row) => duration(latency(row, "ttft", "p50")), number: true },
    { name: "Took, p95", cell: (row) => duration(latency(row, "duration", "p95")), number: true },
  ];
}

type CallsProps = { asked: Asked; group: Row["group"]; children: ReactNode };

/** A group's name, which leads to its calls of the same time. */
function Calls({ asked: { from, by, tag }, group, children }: CallsProps) {
  if (!group) return <span className={styles.none}>none</span>;
  const which = by === "tag" ? { tag: `${tag}=${group}` } : { [by]: group };
  return (
    <Link to="/calls" search={{ ...which, from }} className={styles.link}>
      {children}
    </Link>
  );
}
