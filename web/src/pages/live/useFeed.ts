import { useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";
import { type RunningCalls, useLive } from "../../api/live";
import { type Call, recent } from "../../api/record";
import { joined } from "./feed";

/** How often what was heard is shown: fast enough to look immediate, and seldom enough to be read. */
const SHOW_MS = 250;
/** How long those that ran before a break are shown: a connection that is back by then tells of them anew. */
const KEPT_MS = 10_000;

/** The newest calls, those that end from now on among them, and those that run. */
export function useFeed(org: string | undefined, paused: boolean) {
  const [rows, setRows] = useState<Call[]>([]);
  const [waiting, setWaiting] = useState<Call[]>([]);
  const [running, setRunning] = useState<RunningCalls>();
  const told = useRef<RunningCalls>(undefined);
  const forgetting = useRef<ReturnType<typeof setTimeout>>(undefined);
  const heard = useRef<Call[]>([]);
  const held = useRef(rows);
  held.current = rows;
  const still = useRef(paused);
  still.current = paused;
  const query = useQuery(recent(org));
  const { refetch } = query;
  // What ended before there was a connection, and while there was none, is on record.
  const catchUp = useCallback(() => void refetch(), [refetch]);
  const hearing = useLive({
    onCall: (call) => heard.current.push(call),
    onRunning: (news) => {
      if (news) {
        clearTimeout(forgetting.current);
        forgetting.current = undefined;
        told.current = news;
        if (!paused) setRunning(news);
        return;
      }
      // It breaks again with each attempt that fails.
      forgetting.current ??= setTimeout(() => {
        told.current = undefined;
        if (!still.current) setRunning(undefined);
      }, KEPT_MS);
    },
    onOpen: catchUp,
    onMissed: catchUp,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: another organization begins anew
  useEffect(() => setRows([]), [org]);
  useEffect(() => {
    if (query.data) heard.current.push(...query.data.data);
  }, [query.data]);
  useEffect(() => {
    const timer = setInterval(() => {
      // What waits is bounded too.
      heard.current = joined([], heard.current);
      if (heard.current.length === 0) return;
      // There is nothing to keep still where there is nothing yet.
      if (paused && held.current.length > 0) {
        const known = new Set(held.current.map(({ id }) => id));
        setWaiting(heard.current.filter(({ id }) => !known.has(id)));
        return;
      }
      const news = heard.current;
      heard.current = [];
      setRows((before) => joined(before, news));
    }, SHOW_MS);
    return () => {
      clearInterval(timer);
      setWaiting([]);
    };
  }, [paused]);
  useEffect(() => {
    if (!paused) setRunning(told.current);
  }, [paused]);
  useEffect(() => () => clearTimeout(forgetting.current), []);
  return { rows, running, waiting, hearing, query };
}
