import type { ToolUse } from "../../api/captures";
import { count } from "../../format";
import { Panel } from "../../ui/Panel";
import { type Column, Table } from "../../ui/Table";
import styles from "./Transcript.module.css";

const COLUMNS: Column<ToolUse>[] = [
  { name: "Tool", cell: ({ name }) => <span className={styles.name}>{name}</span>, wide: true },
  { name: "Calls", cell: ({ calls }) => count(calls), number: true },
  { name: "Failed", cell: ({ failed }) => (failed > 0 ? count(failed) : "–"), number: true },
];

type Props = {
  tools: ToolUse[];
  /** Calls that could not be read, or not wholly. */
  unread: number;
  /** Whether anything was read at all. */
  read: boolean;
};

/** The tools that were called, as far as the transcript was read. */
export function ToolsUsed({ tools, unread, read }: Props) {
  if (!read) return null;
  const calls = unread === 1 ? "one call" : `${count(unread)} calls`;
  return (
    <Panel
      title="Tools used"
      aside={unread > 0 && <span className={styles.note}>unknown of {calls}</span>}
      flush
    >
      <Table
        label="Tools used"
        columns={COLUMNS}
        rows={tools}
        rowKey={({ name }) => name}
        empty={
          <p className={styles.none}>
            {unread > 0 ? "None in what could be read." : "None in what was read so far."}
          </p>
        }
      />
    </Panel>
  );
}
