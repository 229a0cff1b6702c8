// The calls that a live view holds: the newest, each once, and never more than so many.

import type { RunningCall } from "../../api/live";
import type { Call } from "../../api/record";
import { count } from "../../format";

/** What is kept. Who looks for older ones has the page of all calls. */
export const MOST = 500;
const MINUTE_MS = 60_000;

export const DIMENSIONS = [
  ["outcome", "Outcome"],
  ["model", "Model"],
  ["provider", "Provider"],
  ["caller", "Caller"],
  ["key", "Key"],
] as const;

export type Dimension = (typeof DIMENSIONS)[number][0];
export type LiveSearch = { [name in Dimension]?: string };

/** Anything unknown in an address is left out. */
export function liveSearch(search: Record<string, unknown>): LiveSearch {
  const known: LiveSearch = {};
  for (const [name] of DIMENSIONS) {
    const value = search[name];
    if (typeof value === "string" && value) known[name] = value;
    // The address prints a model called `1` as a number.
    else if (typeof value === "number") known[name] = String(value);
  }
  return known;
}

/** When a call ended, in Unix milliseconds. */
export function endOf(call: Call): number {
  return Date.parse(call.at) + (call.duration_ms ?? 0);
}

/** Those held and those heard, the last to end first. */
export function joined(held: readonly Call[], heard: readonly Call[], most = MOST): Call[] {
  const known = new Map(held.map((call) => [call.id, call]));
  for (const call of heard) known.set(call.id, call);
  return [...known.values()].sort((a, b) => endOf(b) - endOf(a)).slice(0, most);
}

/** The model that a call is known by. */
export function modelOf(call: Call | RunningCall): string {
  const served = "model_served" in call ? call.model_served : undefined;
  return served ?? call.model_sent ?? call.model_requested ?? "";
}

/** What a call is in one respect; one that runs has no outcome yet. */
export function dimensionOf(call: Call | RunningCall, dimension: Dimension): string {
  if (dimension === "model") return modelOf(call);
  if (dimension === "outcome") return "outcome" in call ? call.outcome : "";
  return call[dimension] ?? "";
}

/** Whether a call is among those that are looked at. */
export function passes(
  call: Call | RunningCall,
  search: LiveSearch,
  org: string | undefined,
): boolean {
  if (org && call.org !== org) return false;
  return DIMENSIONS.every(([name]) => !search[name] || dimensionOf(call, name) === search[name]);
}

/** Those that run and have no row yet, of what is looked at: an end may be heard before the list is told anew. */
export function underway(
  running: readonly RunningCall[],
  rows: readonly Call[],
  search: LiveSearch,
  org: string | undefined,
): RunningCall[] {
  const ended = new Set(rows.map(({ id }) => id));
  return running.filter((call) => !ended.has(call.id) && passes(call, search, org));
}

/** How many run: of those that are not told of, it is not known whether they pass a filter. */
export function howMany(shown: number, more: number, filtered: boolean): string {
  return filtered && more > 0 ? `at least ${count(shown)}` : count(shown + more);
}

export type Pace = { calls: number; errors: number; usd: number };

/** What ended in the minute before `now`. */
export function lastMinute(calls: readonly Call[], now: number): Pace {
  const pace = { calls: 0, errors: 0, usd: 0 };
  for (const call of calls) {
    if (endOf(call) <= now - MINUTE_MS) continue;
    pace.calls += 1;
    if (!["success", "client_disconnect"].includes(call.outcome)) pace.errors += 1;
    pace.usd += Number(call.cost_usd ?? 0);
  }
  return pace;
}
