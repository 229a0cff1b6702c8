import { useSyncExternalStore } from "react";
import { ago, clockTime, moment, until } from "../format";

const TICK_MS = 10_000;

/** One clock for all relative times on a page. */
let now = Date.now();
function watch(tick: () => void): () => void {
  const timer = setInterval(() => {
    now = Date.now();
    tick();
  }, TICK_MS);
  return () => clearInterval(timer);
}

export function useNow(): number {
  return useSyncExternalStore(watch, () => now);
}

/** How long ago; when exactly, under the pointer. */
export function Time({ at }: { at: string | null | undefined }) {
  useNow();
  if (!at) return <span>–</span>;
  return (
    <time dateTime={at} title={moment(at)}>
      {ago(at)}
    </time>
  );
}

/** How long from now, and when that is; to the second, under the pointer. */
export function Until({ at }: { at: string }) {
  useNow();
  return (
    <time dateTime={at} title={moment(at)}>
      {until(at)}
    </time>
  );
}

/** The time of day; the day too, under the pointer. */
export function Clock({ at }: { at: string }) {
  return (
    <time dateTime={at} title={moment(at)}>
      {clockTime(new Date(at))}
    </time>
  );
}
