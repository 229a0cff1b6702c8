import { useEffect, useState } from "react";
import { askSignIn, type SignInBegun, type SignInView } from "../../api/accounts";
import { isPassing } from "../../api/client";
import { countdown, nextAsk } from "./words";

/** How an attempt stands, asked as often as the control plane says, until it is over. */
export function useAttempt({ id, interval }: Pick<SignInBegun, "id" | "interval">) {
  const [view, setView] = useState<SignInView>();
  const [failure, setFailure] = useState<unknown>();
  useEffect(() => {
    let seen: SignInView | undefined;
    let failures = 0;
    let left = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async () => {
      try {
        seen = await askSignIn(id);
        failures = 0;
        if (!left) setView(seen);
      } catch (error) {
        failures += 1;
        if (!left && !isPassing(error)) {
          setFailure(error);
          return;
        }
      }
      wait();
    };
    const wait = () => {
      const pause = nextAsk(seen, interval, failures);
      if (pause !== undefined && !left) timer = setTimeout(ask, pause);
    };
    wait();
    return () => {
      left = true;
      clearTimeout(timer);
    };
  }, [id, interval]);
  return { view, failure, setView };
}

/** The time that is left of so many seconds, each second anew. */
export function useCountdown(seconds: number): string {
  const [end] = useState(() => Date.now() + seconds * 1000);
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return countdown(end, now);
}
