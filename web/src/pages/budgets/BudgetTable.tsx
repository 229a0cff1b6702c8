import { Link } from "@tanstack/react-router";
import type { Standing } from "../../api/budgets";
import { exactMoney, money, share } from "../../format";
import { Badge } from "../../ui/Badge";
import { Button } from "../../ui/Button";
import { Meter } from "../../ui/Meter";
import { type Column, Table } from "../../ui/Table";
import { Time } from "../../ui/Time";
import { windowName } from "../keys/meters";
import styles from "./BudgetTable.module.css";
import { left, taken } from "./standings";

const SCOPES: Record<string, string> = { org: "Organization", user: "Person", key: "Key" };

type Props = {
  rows: readonly Standing[];
  /** Whether whoever looks may set limits for this organization or user. */
  mayChange: (id: string) => boolean;
  onChange: (id: string) => void;
};

export function BudgetTable({ rows, mayChange, onChange }: Props) {
  const columns: Column<Standing>[] = [
    {
      name: "Whose",
      cell: ({ scope, id, name }) =>
        scope === "key" ? (
          <Link to="/keys/$id" params={{ id }} className={styles.name} title={name}>
            {name}
          </Link>
        ) : (
          <span className={styles.name} title={name}>
            {name}
          </span>
        ),
      wide: true,
    },
    { name: "Kind", cell: ({ scope }) => SCOPES[scope] ?? scope },
    {
      name: "Budget",
      cell: ({ usd, window }) => `${money(usd)} ${windowName(window)}`,
      number: true,
    },
    { name: "Used", cell: (standing) => <Used of={standing} /> },
    {
      name: "Left",
      cell: (standing) => <span title={exactMoney(left(standing))}>{money(left(standing))}</span>,
      number: true,
    },
    {
      name: "Begins anew",
      cell: ({ resets_at }) =>
        resets_at ? <Time at={resets_at} /> : <span className={styles.faint}>never</span>,
      number: true,
    },
    {
      name: "Warned",
      cell: ({ alerted_at }) =>
        alerted_at ? (
          <Badge tone="warn">
            <Time at={alerted_at} />
          </Badge>
        ) : (
          <span className={styles.faint}>–</span>
        ),
    },
  ];
  if (rows.some(({ id }) => mayChange(id))) {
    columns.push({
      name: "Actions",
      cell: ({ id, name }) =>
        mayChange(id) && (
          <Button
            className={styles.change}
            aria-label={`Change ${name}`}
            onClick={() => onChange(id)}
          >
            Change
          </Button>
        ),
      number: true,
    });
  }
  return (
    <Table
      label="Budgets"
      columns={columns}
      rows={rows}
      rowKey={({ id, window }) => `${id} ${window}`}
      empty={null}
    />
  );
}

function Used({ of: standing }: { of: Standing }) {
  const { spent_usd, reserved_usd, usd } = standing;
  const held = Number(reserved_usd) > 0 ? `, ${money(reserved_usd)} held` : "";
  return (
    <div className={styles.used} title={`${exactMoney(spent_usd)} spent`}>
      <Meter
        label={share(taken(standing), Number(usd) || 1)}
        value={taken(standing)}
        most={Number(usd)}
        text={`${money(spent_usd)} spent${held}`}
      />
    </div>
  );
}
