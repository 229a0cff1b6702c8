import { useEffect, useState } from "react";
import type { Call } from "../../api/record";
import { count, money } from "../../format";
import { lastMinute, MOST } from "./feed";
import styles from "./Pace.module.css";

const TICK_MS = 1000;

/** What went by in the last minute. */
export function Pace({ calls }: { calls: readonly Call[] }) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), TICK_MS);
    return () => clearInterval(timer);
  }, []);
  const { calls: ended, errors, usd } = lastMinute(calls, Math.max(now, Date.now()));
  // Of more than are held nothing is known.
  const least = ended >= MOST ? "≥ " : "";
  return (
    <dl className={styles.pace} aria-label="In the last minute">
      <div>
        <dt>Calls a minute</dt>
        <dd>{`${least}${count(ended)}`}</dd>
      </div>
      <div>
        <dt>Cost</dt>
        <dd>{`${least}${money(String(usd))}`}</dd>
      </div>
      <div data-bad={errors > 0 ? "" : undefined}>
        <dt>Errors</dt>
        <dd>{`${least}${count(errors)}`}</dd>
      </div>
    </dl>
  );
}
