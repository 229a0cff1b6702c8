import { type CSSProperties, useState } from "react";
import { compact, count } from "../../format";
import { Button } from "../../ui/Button";
import { Panel } from "../../ui/Panel";
import { type Column, Table } from "../../ui/Table";
import styles from "./Parts.module.css";
import { costliest, costOf, listOf, type Part, spentOf } from "./tree";
import { differs } from "./turns";

/** So many are shown unasked: the turns below are not to be far away. */
const MOST = 6;
/** Deeper ones stand no further to the right. */
const DEEPEST = 8;

const COLUMNS: Column<Part>[] = [
  { name: "Agent", cell: (part) => <Agent part={part} />, wide: true },
  { name: "Calls", cell: ({ own }) => count(own.calls), number: true },
  { name: "Failed", cell: ({ own }) => (own.errors > 0 ? count(own.errors) : "–"), number: true },
  { name: "Tokens", cell: ({ own }) => compact(own.tokens), number: true },
  { name: "Cost", cell: ({ own }) => spentOf(own), number: true },
  {
    name: "With those below",
    cell: ({ own, whole }) =>
      whole.calls === own.calls ? "–" : `${times(whole.calls)}, ${costOf(whole)}`,
    number: true,
  },
];
const BY_LIST: Column<Part> = {
  name: "By list price",
  cell: ({ own }) => listOf(own),
  number: true,
};

type Props = {
  parts: Part[];
  /** Of which calls they are, where not of all. */
  within: string | undefined;
};

/** The sub-agents of a conversation, below it and one another. Nothing is shown where there are none. */
export function Parts({ parts, within }: Props) {
  const [all, setAll] = useState(false);
  if (parts.length < 2) return null;
  const columns = parts.some(({ own }) => differs(own)) ? [...COLUMNS, BY_LIST] : COLUMNS;
  const many = parts.length > MOST + 1;
  return (
    <Panel
      title={within ? `Sub-agents, ${within}` : "Sub-agents"}
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
        rowKey={({ id }) => id ?? ""}
        empty={null}
      />
    </Panel>
  );
}

function Agent({ part: { id, kind, depth } }: { part: Part }) {
  if (id === undefined) return "The conversation itself";
  const style = { "--depth": Math.min(depth, DEEPEST) - 1 } as CSSProperties;
  return (
    <span className={styles.branch} style={style} title={`level ${depth}`}>
      {kind ? (
        <>
          {kind} <span className={styles.id}>{id}</span>
        </>
      ) : (
        id
      )}
    </span>
  );
}

function times(calls: number): string {
  return calls === 1 ? "1 call" : `${count(calls)} calls`;
}
