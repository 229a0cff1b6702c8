// What the overview is asked, as it stands in the address.

export const RANGES = [
  ["24h", "24 hours"],
  ["7d", "7 days"],
  ["30d", "30 days"],
  ["90d", "90 days"],
] as const;

export const GROUPS = [
  ["model", "Model"],
  ["provider", "Provider"],
  ["caller", "Caller"],
  ["agent", "Agent"],
  ["user", "User"],
  ["key", "Key"],
  ["org", "Organization"],
  ["outcome", "Outcome"],
  ["tag", "Tag"],
] as const;

/** The tag whose values are compared until another is named: what most clients send. */
export const TAG = "repo";

export type Range = (typeof RANGES)[number][0];
export type GroupBy = (typeof GROUPS)[number][0];

export type OverviewSearch = { range?: Range; by?: GroupBy; tag?: string };

/** Anything else in an address is left out, which means what stands there by default. */
export function overviewSearch(search: Record<string, unknown>): OverviewSearch {
  const range = RANGES.find(([name]) => name === search.range)?.[0];
  const by = GROUPS.find(([name]) => name === search.by)?.[0];
  const tag = typeof search.tag === "string" && search.tag ? search.tag : undefined;
  return { ...(range && { range }), ...(by && { by }), ...(tag && { tag }) };
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export type Span = {
  /** What is shown: from here until now. */
  from: string;
  /** When each bucket begins, in Unix seconds. */
  times: number[];
  interval: "hour" | "day";
};

const SHAPES: Record<Range, { interval: "hour" | "day"; count: number }> = {
  "24h": { interval: "hour", count: 24 },
  "7d": { interval: "hour", count: 7 * 24 },
  "30d": { interval: "day", count: 30 },
  "90d": { interval: "day", count: 90 },
};

/** Whole buckets in UTC, the last of which is the one that `now` is in. */
export function span(range: Range, now: number): Span {
  const { interval, count } = SHAPES[range];
  const length = interval === "hour" ? HOUR_MS : DAY_MS;
  const first = (Math.floor(now / length) - (count - 1)) * length;
  return {
    from: new Date(first).toISOString(),
    times: Array.from({ length: count }, (_, index) => (first + index * length) / 1000),
    interval,
  };
}

/** The time of whole buckets, from the first to the last of them. */
export function parts(
  times: readonly number[],
  interval: Span["interval"],
  first: number,
  last: number,
): { from: string; to: string } {
  const length = interval === "hour" ? HOUR_MS : DAY_MS;
  const begin = (index: number) => (times[index] ?? 0) * 1000;
  return {
    from: new Date(begin(first)).toISOString(),
    to: new Date(begin(last) + length).toISOString(),
  };
}
