// Calls as they run and as they end.

import { useEffect, useRef, useState } from "react";
import { client, type Schemas } from "./client";
import type { Call } from "./record";

export type RunningCall = Schemas["RunningCall"];
/** The calls that run: those that have run the longest, and how many more there are. */
export type RunningCalls = Schemas["RunningCalls"];

const PAUSE_MS = 3000;

type Hear = {
  onCall: (call: Call) => void;
  /** Called when other calls run than before; without any when that is not known any more. */
  onRunning?: (running: RunningCalls | undefined) => void;
  /** Called when there is a connection, the first time and again. */
  onOpen?: () => void;
  /** Called when calls went by too fast to be heard. */
  onMissed?: (calls: number) => void;
};

/** Hears of calls from now on and of those that run, while it is mounted; says whether it listens. */
export function useLive(hear: Hear["onCall"] | Hear): boolean {
  const [open, setOpen] = useState(false);
  const latest = useRef<Hear>({ onCall: () => {} });
  latest.current = typeof hear === "function" ? { onCall: hear } : hear;
  useEffect(() => {
    let over = false;
    let source: EventSource;
    let again: ReturnType<typeof setTimeout> | undefined;
    const listen = () => {
      if (over) return;
      source = new EventSource("/api/v1/live");
      source.onopen = () => {
        setOpen(true);
        latest.current.onOpen?.();
      };
      source.addEventListener("call", ({ data }) => latest.current.onCall(JSON.parse(data)));
      source.addEventListener("running", ({ data }) =>
        latest.current.onRunning?.(JSON.parse(data)),
      );
      source.addEventListener("missed", ({ data }) =>
        latest.current.onMissed?.(JSON.parse(data).calls),
      );
      source.onerror = () => {
        setOpen(false);
        latest.current.onRunning?.(undefined);
        // Browsers come back by themselves from what breaks, and not from what is refused.
        if (source.readyState === EventSource.CLOSED) again = setTimeout(ask, PAUSE_MS);
      };
    };
    // Events say nothing of why they were refused: a question that waits for whoever has to sign in
    // again does.
    const ask = () => client.GET("/api/v1/me").then(listen, listen);
    listen();
    return () => {
      over = true;
      clearTimeout(again);
      source.close();
    };
  }, []);
  return open;
}
