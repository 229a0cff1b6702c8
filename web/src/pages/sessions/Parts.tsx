import { useState } from "react";
import { compact, count, money } from "../../format";
import { Button } from "../../ui/Button";
import { Panel } from "../../ui/Panel";
import { type Column, Table } from "../../ui/Table";
import styles from "./Parts.module.css";
import { costliest, differs, type Part } from "./turns";

/** So many are shown unasked: the turns below are not to be far away. */
const MOST = 6;

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
const BY_LIST: Column<Part> = {
  name: "By list price",
  cell: ({ listed }) => money(listed.toFixed(9)),
  number: true,
};

/** The sub-agents of a conversation, below it. Nothing is shown where there are none. */
export function Parts({ parts }: { parts: Part[] }) {
  const [all, setAll] = useState(false);
  if (parts.length < 2) return null;
  const columns = parts.some(differs) ? [...COLUMNS, BY_LIST] : COLUMNS;
  const many = parts.length > MOST + 1;
  return (
    <Panel
      title="Sub-agents"
      aside={
        many && (
          <Button look="quiet" aria-expanded={all} onClick={() => setAll(!all)}>
            {all ? "Show the costliest" : `Show all ${count(parts.length - 1)}`}
          </Button>
        )
      }
      flush
    >
      <Table
        label="Sub-agents"
        columns={columns}
        rows={many && !all ? costliest(parts, MOST) : parts}
        rowKey={({ name }) => name ?? ""}
        empty={null}
      />
    </Panel>
  );
}
