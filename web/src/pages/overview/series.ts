// Sums of the record as rows of numbers.

import type { Totals, UsageReport } from "../../api/record";

/** One number of every bucket; of one without calls, what `pick` makes of nothing. */
export function along(
  series: UsageReport["series"],
  times: readonly number[],
  pick: (totals: Totals) => number | null,
): (number | null)[] {
  const found = new Map((series ?? []).map((point) => [Date.parse(point.at) / 1000, point]));
  return times.map((time) => pick(found.get(time) ?? NOTHING));
}

const NOTHING: Totals = {
  calls: 0,
  errors: 0,
  estimated: 0,
  calls_without_cost: 0,
  attempts: 0,
  bytes_in: 0,
  bytes_out: 0,
};

/** A percentile of the time to the first byte or to the end, in milliseconds; null where no call says. */
export function latency(
  totals: Totals,
  of: "ttft" | "duration",
  percentile: "p50" | "p95",
): number | null {
  return totals.latency?.[of]?.[`${percentile}_ms`] ?? null;
}

export function spend(totals: Totals): number {
  return Number(totals.cost_usd ?? 0);
}

export function written(totals: Totals): number {
  return (totals.usage?.cache_write_5m ?? 0) + (totals.usage?.cache_write_1h ?? 0);
}

/** All tokens that went in, wherever they came from. */
export function prompt(totals: Totals): number {
  return (totals.usage?.input ?? 0) + (totals.usage?.cache_read ?? 0) + written(totals);
}

export function tokens(totals: Totals): number {
  return prompt(totals) + (totals.usage?.output ?? 0);
}

export function cached(totals: Totals): number {
  return totals.usage?.cache_read ?? 0;
}

/** Which part of what went in was read from a cache; null where nothing went in. */
export function hitRate(totals: Totals): number | null {
  const whole = prompt(totals);
  return whole > 0 ? cached(totals) / whole : null;
}

export function errorRate(totals: Totals): number {
  return totals.calls > 0 ? totals.errors / totals.calls : 0;
}
