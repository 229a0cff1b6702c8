import { compact, count, money } from "../../format";
import { Panel } from "../../ui/Panel";
import { type Column, Table } from "../../ui/Table";
import styles from "./Parts.module.css";
import type { Part } from "./turns";

const COLUMNS: Column<Part>[] = [
  {
    name: "Agent",
    cell: ({ name }) =>
      name === undefined ? (
        "The conversation itself"
      ) : (
        <span className={styles.branch}>{name}</span>
      ),
    wide: true,
  },
  { name: "Calls", cell: ({ calls }) => count(calls), number: true },
  { name: "Failed", cell: ({ errors }) => (errors > 0 ? count(errors) : "–"), number: true },
  { name: "Tokens", cell: ({ tokens }) => compact(tokens), number: true },
  { name: "Cost", cell: ({ spent }) => money(spent.toFixed(9)), number: true },
];

/** The sub-agents of a conversation, below it. Nothing is shown where there are none. */
export function Parts({ parts }: { parts: Part[] }) {
  if (parts.length < 2) return null;
  return (
    <Panel title="Sub-agents" flush>
      <Table
        label="Sub-agents"
        columns={COLUMNS}
        rows={parts}
        rowKey={({ name }) => name ?? ""}
        empty={null}
      />
    </Panel>
  );
}
