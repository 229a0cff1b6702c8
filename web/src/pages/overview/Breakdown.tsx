import type { UsageReport } from "../../api/record";
import { compact, count, exactMoney, money, share } from "../../format";
import { useNames } from "../../shell/names";
import { Panel } from "../../ui/Panel";
import { Empty, SkeletonRows } from "../../ui/states";
import { type Column, Table } from "../../ui/Table";
import { Tabs } from "../../ui/Tabs";
import styles from "./Breakdown.module.css";
import { GROUPS, type GroupBy } from "./search";
import { cached, prompt, spend, tokens } from "./series";

type Row = UsageReport["data"][number];
type Props = {
  by: GroupBy;
  report: UsageReport | undefined;
  onBy: (by: GroupBy) => void;
};

export function Breakdown({ by, report, onBy }: Props) {
  const name = useNames();
  const rows = [...(report?.data ?? [])].sort((a, b) => spend(b) - spend(a) || b.calls - a.calls);
  const most = Math.max(...rows.map(spend), 0);
  const whole = report ? spend(report.totals) : 0;
  const columns: Column<Row>[] = [
    {
      name: GROUPS.find(([group]) => group === by)?.[1] ?? by,
      cell: (row) => (row.group ? name(row.group) : <span className={styles.none}>none</span>),
      wide: true,
    },
    { name: "Calls", cell: (row) => count(row.calls), number: true },
    { name: "Errors", cell: (row) => share(row.errors, row.calls), number: true },
    {
      name: "Tokens",
      cell: (row) => <span title={count(tokens(row))}>{compact(tokens(row))}</span>,
      number: true,
    },
    { name: "Cache hits", cell: (row) => share(cached(row), prompt(row)), number: true },
    {
      name: "Cost",
      cell: (row) => <span title={exactMoney(row.cost_usd)}>{money(row.cost_usd)}</span>,
      number: true,
    },
    {
      name: "Share of cost",
      cell: (row) => (
        <span className={styles.share}>
          <i style={{ width: `${most > 0 ? (100 * spend(row)) / most : 0}%` }} />
          <b>{share(spend(row), whole)}</b>
        </span>
      ),
    },
  ];
  return (
    <Panel
      title="Breakdown"
      aside={<Tabs label="Group by" value={by} options={GROUPS} onChange={onBy} />}
      flush
    >
      {report ? (
        <Table
          label={`Usage by ${by}`}
          columns={columns}
          rows={rows}
          rowKey={(row) => row.group ?? ""}
          empty={<Empty title="Nothing to compare" />}
        />
      ) : (
        <SkeletonRows rows={5} />
      )}
    </Panel>
  );
}
