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
] as const;

export type Range = (typeof RANGES)[number][0];
export type GroupBy = (typeof GROUPS)[number][0];

export type OverviewSearch = { range?: Range; by?: GroupBy };

/** Anything else in an address is left out, which means what stands there by default. */
export function overviewSearch(search: Record<string, unknown>): OverviewSearch {
  const range = RANGES.find(([name]) => name === search.range)?.[0];
  const by = GROUPS.find(([name]) => name === search.by)?.[0];
  return { ...(range && { range }), ...(by && { by }) };
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const MINUTE_MS = 60_000;

export type Span = {
  /** What is shown: from here until now. */
  from: string;
  /** As long before, up to `from`. */
  before: string;
  /** When each bucket begins, in Unix seconds. */
  times: number[];
  bucket: "hour" | "day";
};

const SHAPES: Record<Range, { bucket: "hour" | "day"; count: number }> = {
  "24h": { bucket: "hour", count: 24 },
  "7d": { bucket: "hour", count: 7 * 24 },
  "30d": { bucket: "day", count: 30 },
  "90d": { bucket: "day", count: 90 },
};

/** Whole buckets in UTC, the last of which is the one that `now` is in. */
export function span(range: Range, now: number): Span {
  const { bucket, count } = SHAPES[range];
  const length = bucket === "hour" ? HOUR_MS : DAY_MS;
  const last = Math.floor(now / length) * length;
  const first = last - (count - 1) * length;
  // To the minute, so that what was asked a moment ago is still the same question.
  const shown = Math.floor(now / MINUTE_MS) * MINUTE_MS - first;
  return {
    from: new Date(first).toISOString(),
    before: new Date(first - shown).toISOString(),
    times: Array.from({ length: count }, (_, index) => (first + index * length) / 1000),
    bucket,
  };
}
