import { expect, test } from "vitest";
import { ago, bytes, change, compact, duration, money, share, shortId, until } from "./format";

test.each([
  [undefined, "–"],
  [null, "–"],
  ["0", "$0"],
  ["0.0000000004", "< $0.000001"],
  ["0.0000012", "$0.0000012"],
  ["0.00107", "$0.0011"],
  ["0.0105", "$0.011"],
  ["0.5", "$0.500"],
  ["0.999", "$0.999"],
  ["0.9996", "$1.00"],
  ["12.345", "$12.35"],
  ["1234.5", "$1,234.50"],
  ["-3", "-$3.00"],
  ["1250000", "$1.25M"],
  ["x", "–"],
])("money of %s is %s", (text, shown) => expect(money(text)).toBe(shown));

test.each([
  [0, "0"],
  [950, "950"],
  [999, "999"],
  [1000, "1k"],
  [12_345, "12.3k"],
  [999_999, "1M"],
  [4_560_000, "4.56M"],
  [2_000_000_000, "2B"],
  [0.5, "0.5"],
  [undefined, "–"],
])("%s is %s in short", (value, shown) => expect(compact(value)).toBe(shown));

test.each([
  [0, "0 ms"],
  [0.2, "< 1 ms"],
  [12.4, "12 ms"],
  [999.7, "1.00 s"],
  [9_960, "10.0 s"],
  [59_960, "1 min 00 s"],
  [3_600_000, "1 h 00 min"],
  [90_000_000, "1 d 1 h"],
])("%s ms is %s", (ms, shown) => expect(duration(ms)).toBe(shown));

test("shares do not round to all or nothing", () => {
  expect([share(0, 10), share(1, 10_000), share(9_999, 10_000), share(10, 10)]).toEqual([
    "0%",
    "< 0.1%",
    "> 99.9%",
    "100%",
  ]);
  expect(share(1, 0)).toBe("–");
});

test("changes say their direction, and nothing from nothing", () => {
  expect([change(2, 1), change(1, 2), change(1000, 1001), change(5, 0)]).toEqual([
    "+100%",
    "−50%",
    "±0%",
    undefined,
  ]);
  expect(change(100, 1)).toBe("+99×");
});

test("times are told from now", () => {
  const now = Date.parse("2026-05-01T12:00:00Z");
  expect(ago("2026-05-01T11:59:58Z", now)).toBe("now");
  expect(ago("2026-05-01T11:58:30Z", now)).toBe("1 min ago");
  expect(ago("2026-05-01T15:00:00Z", now)).toBe("in 3 h");
  expect(ago("2026-04-28T12:00:00Z", now)).toBe("3 d ago");
});

test("ids keep their kind", () => {
  expect(shortId("call_01890a5d7c4e7d1f8a3b000012345678")).toBe("call_…12345678");
  expect(shortId("x")).toBe("x");
});

test("sizes", () => {
  expect([bytes(12), bytes(1234), bytes(999_999), bytes(12_000_000)]).toEqual([
    "12 B",
    "1.23 kB",
    "1 MB",
    "12 MB",
  ]);
});

test("until when says more than whole hours do", () => {
  const now = new Date(2026, 4, 1, 12, 0).getTime();
  expect(until(new Date(2026, 4, 1, 13, 59), now)).toBe("in 1 h, at 13:59");
  expect(until(new Date(2026, 4, 2, 12, 5), now)).toBe("in 1 d, May 2 at 12:05");
});
