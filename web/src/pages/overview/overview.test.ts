import { expect, test } from "vitest";
import type { Totals } from "../../api/record";
import { overviewSearch, parts, span } from "./search";
import { along, hitRate, latency as percentile, tokens } from "./series";

const NOW = Date.parse("2026-05-01T12:34:56Z");

test("a span is whole buckets up to now", () => {
  const day = span("24h", NOW);
  expect(day.from).toBe("2026-04-30T13:00:00.000Z");
  expect(day.times).toHaveLength(24);
  expect(new Date((day.times.at(-1) ?? 0) * 1000).toISOString()).toBe("2026-05-01T12:00:00.000Z");
  expect(span("30d", NOW).from).toBe("2026-04-02T00:00:00.000Z");
});

test("a part of a span begins with its first bucket and ends with its last", () => {
  const { times, interval } = span("24h", NOW);
  expect(parts(times, interval, 23, 23)).toEqual({
    from: "2026-05-01T12:00:00.000Z",
    to: "2026-05-01T13:00:00.000Z",
  });
  expect(parts(times, interval, 0, 1)).toEqual({
    from: "2026-04-30T13:00:00.000Z",
    to: "2026-04-30T15:00:00.000Z",
  });
});

test("the same minute asks the same", () => {
  expect(span("24h", NOW + 3000)).toEqual(span("24h", NOW));
});

test("addresses that say nothing known mean the default", () => {
  expect(overviewSearch({ range: "7d", by: "caller" })).toEqual({ range: "7d", by: "caller" });
  expect(overviewSearch({ range: "1y", by: ["x"], other: 1, tag: "" })).toEqual({});
  expect(overviewSearch({ by: "tag", tag: "branch" })).toEqual({ by: "tag", tag: "branch" });
});

const NONE = {
  errors: 0,
  estimated: 0,
  calls_without_cost: 0,
  attempts: 0,
  bytes_in: 0,
  bytes_out: 0,
};

test("buckets without calls are zero, and have no latency", () => {
  const latency = { ttft: { calls: 2, mean_ms: 3, p50_ms: 2, p95_ms: 5, p99_ms: 6 } };
  const series = [{ at: "2026-05-01T12:00:00Z", calls: 2, ...NONE, latency }];
  const at = Date.parse("2026-05-01T11:00:00Z") / 1000;
  expect(along(series, [at, at + 3600], ({ calls }) => calls)).toEqual([0, 2]);
  expect(along(series, [at], hitRate)).toEqual([null]);
  const p95 = (totals: Totals) => percentile(totals, "ttft", "p95");
  expect(along(series, [at, at + 3600], p95)).toEqual([null, 5]);
});

test("tokens are counted once", () => {
  const usage = { input: 1, cache_read: 10, cache_write_5m: 100, output: 1000, reasoning: 999 };
  const totals = { calls: 1, ...NONE, usage };
  expect(tokens(totals)).toBe(1111);
  expect(hitRate(totals)).toBeCloseTo(10 / 111);
});
