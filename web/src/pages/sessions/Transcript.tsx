import { useState } from "react";
import { type Transcript as Part, readTranscript } from "../../api/captures";
import { isAtLeast, isPlatform, useMe } from "../../api/me";
import type { Call } from "../../api/record";
import { Button } from "../../ui/Button";
import { Panel } from "../../ui/Panel";
import { Empty, Failed } from "../../ui/states";
import { ToolsUsed } from "./ToolsUsed";
import styles from "./Transcript.module.css";
import { TranscriptTurn } from "./TranscriptTurn";
import { toolsOf, unreadOf } from "./transcript";

/** What was said, each turn once, where that is kept. */
export function Transcript({ id, calls }: { id: string; calls: readonly Call[] }) {
  const me = useMe();
  const [parts, setParts] = useState<Part[]>([]);
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const last = parts.at(-1);
  const read = async () => {
    setBusy(true);
    setError(undefined);
    try {
      const part = await readTranscript(id, last?.next);
      setParts((before) => [...before, part]);
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  };
  const [call] = calls;
  const administers = call?.org ? isAtLeast(me, "admin", call.org) : isPlatform(me);
  const own = call?.user !== undefined && call.user === me.user?.id;
  const kept = calls.some(({ capture }) => capture === "full" || capture === "redacted");
  return (
    <>
      <ToolsUsed tools={toolsOf(parts)} unread={unreadOf(parts)} read={parts.length > 0} />
      <Panel title="Transcript">
        {parts.length > 0 ? (
          <ol className={styles.turns}>
            {parts.flatMap(({ data }) =>
              data.map((turn) => <TranscriptTurn key={turn.call} turn={turn} />),
            )}
          </ol>
        ) : !kept ? (
          <Empty title="Nothing is kept of what was said here">
            So it is unknown which tools were used, too. Set “Kept of bodies” of a key, or{" "}
            <code>capture.bodies</code> for the installation, and calls made from then on can be
            read.
          </Empty>
        ) : !administers && !own ? (
          <p className={styles.note}>Whoever made the calls and administrators may read them.</p>
        ) : null}
        {error ? (
          <Failed error={error} retry={read} />
        ) : (
          kept &&
          (administers || own) &&
          (last === undefined || last.next) && (
            <p className={styles.ask}>
              <Button busy={busy} onClick={read}>
                {last ? "Show more" : "Show"}
              </Button>
              <span className={styles.note}>
                Each call that is read is noted in the audit trail.
              </span>
            </p>
          )
        )}
      </Panel>
    </>
  );
}
