import { expect, test } from "vitest";
import { lone, timeLabels } from "./axis";

test("a value with nothing on either side stands alone", () => {
  expect(lone([null, 3, null, 1, 2, null, 0])).toEqual([1, 6]);
  expect(lone([5])).toEqual([0]);
  expect(lone([1, 2, null, null, 3, 4])).toBeNull();
  expect(lone([null, null])).toBeNull();
});

test("moments of the same minute are not called the same", () => {
  const at = (...time: [number, number, number?]) => new Date(2026, 4, 1, ...time).getTime() / 1000;
  expect(timeLabels([at(8, 23, 1), at(8, 23, 2)])).toEqual(["08:23:01", "08:23:02"]);
  expect(timeLabels([at(8, 0), at(9, 0)])).toEqual(["08:00", "09:00"]);
  expect(timeLabels([at(0, 0), at(6, 0)])).toEqual(["May 1", "06:00"]);
});
