import { Link } from "@tanstack/react-router";
import type { TranscriptCall } from "../../api/captures";
import { Badge } from "../../ui/Badge";
import { Clock } from "../../ui/Time";
import { Outcome } from "../calls/Outcome";
import { subagentOf } from "../calls/subagent";
import styles from "./Transcript.module.css";
import { Folded, TranscriptLine } from "./TranscriptLine";
import { cutOff, turning } from "./transcript";

/** One call: what its request adds to the conversation, and what it was answered. */
export function TranscriptTurn({ turn }: { turn: TranscriptCall }) {
  const words = turning(turn);
  const cut = cutOff(turn);
  return (
    <li className={styles.turn}>
      {words && <p className={styles.turning}>{words}</p>}
      <p className={styles.head}>
        <Link to="/calls/$id" params={{ id: turn.call }}>
          <Clock at={turn.at} />
        </Link>
        <span>{turn.model ?? turn.endpoint}</span>
        {turn.subagent && <Badge tone="accent">{subagentOf(turn)}</Badge>}
        {turn.outcome !== "success" && <Outcome outcome={turn.outcome} />}
        {turn.redacted && <Badge>secrets taken out</Badge>}
        {turn.stop_reason && <span className={styles.stop}>{turn.stop_reason}</span>}
      </p>
      {turn.instructions && turn.instructions.length > 0 && (
        <Folded
          title={
            turn.instructions.length === 1
              ? "Instructions"
              : `Instructions, ${turn.instructions.length} texts`
          }
        >
          <pre className={styles.code}>{turn.instructions.join("\n\n")}</pre>
        </Folded>
      )}
      {turn.asked.map((line, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: what was said does not move
        <TranscriptLine key={at} line={line} />
      ))}
      {turn.cut?.more && <p className={styles.cut}>{cut}</p>}
      {turn.answered.map((line, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: what was said does not move
        <TranscriptLine key={at} line={line} />
      ))}
      {turn.why && <p className={styles.note}>{turn.why}</p>}
      {turn.error && <p className={styles.note}>It ended with {turn.error}.</p>}
    </li>
  );
}
