// Calls as they run and as they end.

import { useEffect, useRef, useState } from "react";
import { client, failure, type Schemas } from "./client";
import type { Call } from "./record";

export type RunningCall = Schemas["RunningCall"];
/** The calls that run: those that have run the longest, and how many more there are. */
export type RunningCalls = Schemas["RunningCalls"];

const PAUSE_MS = 3000;
const TOO_MANY = 429;

type Hear = {
  onCall: (call: Call) => void;
  /** Called when other calls run than before; without any when that is not known any more. */
  onRunning?: (running: RunningCalls | undefined) => void;
  /** Called when there is a connection, the first time and again. */
  onOpen?: () => void;
  /** Called when calls went by too fast to be heard. */
  onMissed?: (calls: number) => void;
};

/** Whether calls are heard of, and if not, what the server says against it. */
export type Hearing = { listens: boolean; refused?: string };

/** Hears of calls from now on and of those that run, while it is mounted. */
export function useLive(hear: Hear["onCall"] | Hear): Hearing {
  const [hearing, setHearing] = useState<Hearing>({ listens: false });
  const latest = useRef<Hear>({ onCall: () => {} });
  latest.current = typeof hear === "function" ? { onCall: hear } : hear;
  useEffect(() => {
    const over = new AbortController();
    let source: EventSource | undefined;
    let again: ReturnType<typeof setTimeout> | undefined;
    const listen = () => {
      const events = new EventSource("/api/v1/live");
      source = events;
      events.onopen = () => {
        setHearing({ listens: true });
        latest.current.onOpen?.();
      };
      events.addEventListener("call", ({ data }) => latest.current.onCall(JSON.parse(data)));
      events.addEventListener("running", ({ data }) =>
        latest.current.onRunning?.(JSON.parse(data)),
      );
      events.addEventListener("missed", ({ data }) =>
        latest.current.onMissed?.(JSON.parse(data).calls),
      );
      events.onerror = () => {
        setHearing({ listens: false });
        latest.current.onRunning?.(undefined);
        // Browsers come back by themselves from what breaks, and not from what is refused.
        if (events.readyState === EventSource.CLOSED) ask();
      };
    };
    // Events say nothing of why they were refused: the same question says it, and waits for whoever has to
    // sign in again.
    const ask = async () => {
      const refused = await refusal(over.signal);
      if (over.signal.aborted) return;
      setHearing({ listens: false, ...(refused && { refused }) });
      again = setTimeout(refused ? ask : listen, PAUSE_MS);
    };
    listen();
    return () => {
      over.abort();
      clearTimeout(again);
      source?.close();
    };
  }, []);
  return hearing;
}

/** What the server says against another view; nothing where it has none, or says nothing. */
async function refusal(signal: AbortSignal): Promise<string | undefined> {
  const asking = new AbortController();
  try {
    const either = AbortSignal.any([signal, asking.signal]);
    const answer = client.GET("/api/v1/live", { parseAs: "stream", signal: either });
    const { response, error } = await answer;
    return response.status === TOO_MANY ? failure(response.status, error).message : undefined;
  } catch {
    return undefined;
  } finally {
    asking.abort();
  }
}
