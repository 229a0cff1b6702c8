// Calls as they end.

import { useEffect, useRef, useState } from "react";
import type { Call } from "./record";

const PAUSE_MS = 3000;

/** Hears of calls from now on, while it is mounted; says whether it listens. */
export function useLive(onCall: (call: Call) => void): boolean {
  const [open, setOpen] = useState(false);
  const latest = useRef(onCall);
  latest.current = onCall;
  useEffect(() => {
    let source: EventSource;
    let again: ReturnType<typeof setTimeout> | undefined;
    const listen = () => {
      source = new EventSource("/api/v1/live");
      source.onopen = () => setOpen(true);
      source.addEventListener("call", ({ data }) => latest.current(JSON.parse(data) as Call));
      source.onerror = () => {
        setOpen(false);
        // Browsers come back by themselves from what breaks, and not from what is refused.
        if (source.readyState === EventSource.CLOSED) again = setTimeout(listen, PAUSE_MS);
      };
    };
    listen();
    return () => {
      clearTimeout(again);
      source.close();
    };
  }, []);
  return open;
}
