import { expect, test } from "vitest";
import type { Price } from "../../api/prices";
import type { Call } from "../../api/record";
import { breaksInWords, chosen, differs, turns } from "./turns";

type Usage = NonNullable<Call["usage"]>;

function call(minute: number, usage: Usage, more: Partial<Call> = {}): Call {
  const at = new Date(Date.parse("2026-05-01T12:00:00Z") + minute * 60_000).toISOString();
  const fixed = { key: "key_1", caller: "c", session: "ses_1", endpoint: "messages", stream: true };
  const ended = { outcome: "success", mode: "passthrough", estimated: false, attempts: 1 };
  const sizes = { bytes_in: 0, bytes_out: 0, snapshot_revision: 1 };
  const model = { provider: "p", model_served: "m" };
  return { id: `call_${minute}`, at, ...fixed, ...ended, ...sizes, ...model, usage, ...more };
}

const PRICES: Price[] = [
  {
    model: "m",
    source: "test",
    dated: "2026-01-01",
    imported: false,
    usd_per_million: {
      input: "3",
      cache_read: "0.3",
      cache_write_5m: "3.75",
      cache_write_1h: "6",
      output: "15",
    },
  },
];

const FIRST = call(0, { input: 10, cache_write_5m: 10_000, output: 100 }, { cost_usd: "0.04" });
const HIT = call(1, { input: 10, cache_read: 10_000, cache_write_5m: 500 }, { cost_usd: "0.005" });
const LOST = call(9, { input: 10, cache_write_5m: 11_000 }, { cost_usd: "0.0413" });

test("a turn that reads nothing of what was there broke the cache, and says what it cost", () => {
  const [first, hit, lost] = turns([LOST, HIT, FIRST], PRICES);
  expect([first?.broke, hit?.broke]).toEqual([undefined, undefined]);
  // 10,510 tokens at 3.75 instead of 0.30 for a million.
  expect(lost?.broke?.tokens).toBe(10_510);
  expect(lost?.broke?.usd).toBeCloseTo((10_510 * 3.45) / 1e6);
  expect(lost?.broke?.pause).toBe(8 * 60_000);
  expect(lost?.spent).toBeCloseTo(0.0863);
  expect([first?.number, lost?.number]).toEqual([1, 3]);
});

test("what a plan pays for cost nobody anything, and is told by list price", () => {
  const planned = (one: Call) => ({ ...one, cost_usd: "0", list_cost_usd: one.cost_usd ?? null });
  const all = turns([LOST, HIT, FIRST].map(planned), PRICES);
  const [last] = all.slice(-1);
  expect(last?.spent).toBe(0);
  expect(last?.listed).toBeCloseTo(0.0863);
  expect(last?.broke?.byPlan).toBe(true);
  expect(all.every(differs)).toBe(true);
  const words = (list: Call[]) =>
    breaksInWords(
      turns(list, PRICES).filter(({ broke }) => broke),
      (usd) => `$${usd.toFixed(4)}`,
    );
  expect(words([LOST, HIT, FIRST])).toBe("1, which cost about $0.0363");
  expect(words([LOST, HIT, FIRST].map(planned))).toBe(
    "1, about $0.0363 by list price, which a plan pays",
  );
  expect(words([FIRST])).toBe("none");
  expect(turns([LOST, HIT, FIRST], PRICES).some(differs)).toBe(false);
});

test.each<[string, Call[]]>([
  ["a sub-agent begins", [call(2, { cache_write_5m: 9000 }, { subagent: "a" }), FIRST]],
  ["another model answers", [call(2, { cache_write_5m: 11_000 }, { model_served: "n" }), FIRST]],
  ["the client compacted", [call(2, { cache_write_5m: 2000 }), FIRST]],
  ["nothing was cached", [call(2, { input: 6000 }), call(1, { input: 5000 })]],
  ["nothing was used", [call(2, {}, { outcome: "refused" }), FIRST]],
])("no cache broke where %s", (_, calls) => {
  expect(turns(calls, PRICES).some(({ broke }) => broke)).toBe(false);
});

test("without a price the tokens are still told", () => {
  const broke = turns([LOST, HIT, FIRST], [])[2]?.broke;
  expect([broke?.tokens, broke?.usd]).toEqual([10_510, undefined]);
});

test("what is kept for an hour costs what that costs", () => {
  const hour = call(9, { input: 10, cache_write_1h: 11_000 });
  expect(turns([hour, HIT, FIRST], PRICES)[2]?.broke?.usd).toBeCloseTo((10_510 * 5.7) / 1e6);
});

test("turns that are worth a look are found", () => {
  const failed = call(10, {}, { outcome: "upstream_error" });
  const all = turns([failed, LOST, HIT, FIRST], PRICES);
  expect(chosen(all, undefined)).toHaveLength(4);
  expect(chosen(all, "breaks").map(({ number }) => number)).toEqual([3]);
  expect(chosen(all, "failed").map(({ number }) => number)).toEqual([4]);
});
