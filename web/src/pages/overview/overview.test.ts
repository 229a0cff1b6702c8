import { expect, test } from "vitest";
import { overviewSearch, span } from "./search";
import { along, hitRate, tokens } from "./series";

const NOW = Date.parse("2026-05-01T12:34:56Z");

test("a span is whole buckets, and as long before", () => {
  const day = span("24h", NOW);
  expect(day.from).toBe("2026-04-30T13:00:00.000Z");
  expect(day.times).toHaveLength(24);
  expect(new Date((day.times.at(-1) ?? 0) * 1000).toISOString()).toBe("2026-05-01T12:00:00.000Z");
  // From 13:00 to 12:34 are 23 hours 34 minutes.
  expect(day.before).toBe("2026-04-29T13:26:00.000Z");
  expect(span("30d", NOW).from).toBe("2026-04-02T00:00:00.000Z");
});

test("the same minute asks the same", () => {
  expect(span("24h", NOW + 3000)).toEqual(span("24h", NOW));
});

test("addresses that say nothing known mean the default", () => {
  expect(overviewSearch({ range: "7d", by: "caller" })).toEqual({ range: "7d", by: "caller" });
  expect(overviewSearch({ range: "1y", by: ["x"], other: 1 })).toEqual({});
});

const NO_CALLS = {
  calls: 0,
  errors: 0,
  estimated: 0,
  calls_without_cost: 0,
  attempts: 0,
  bytes_in: 0,
  bytes_out: 0,
};

test("buckets without calls are zero", () => {
  const totals = { ...NO_CALLS, calls: 2 };
  const group = "2026-05-01T12:00:00Z";
  const report = { data: [{ group, groups: [group], ...totals }], totals };
  const at = Date.parse("2026-05-01T11:00:00Z") / 1000;
  expect(along(report, [at, at + 3600], (totals) => totals.calls)).toEqual([0, 2]);
  expect(along(report, [at], hitRate)).toEqual([null]);
});

test("tokens are counted once", () => {
  const usage = { input: 1, cache_read: 10, cache_write_5m: 100, output: 1000, reasoning: 999 };
  const totals = { ...NO_CALLS, calls: 1, usage };
  expect(tokens(totals)).toBe(1111);
  expect(hitRate(totals)).toBeCloseTo(10 / 111);
});
