import { expect, test } from "vitest";
import type { Standing } from "../../api/budgets";
import { budgetsSearch } from "./search";
import { chosen, left, part } from "./standings";

const standing = (name: string, spent_usd: string, usd = "10"): Standing => ({
  scope: "key",
  id: `key_${name}`,
  name,
  window: "month",
  usd,
  spent_usd,
  reserved_usd: "1",
});

test("what is used up the most stands first", () => {
  const all = [standing("b", "0"), standing("a", "0"), standing("c", "8")];
  const names = (search: object) => chosen(all, search, () => true).map(({ name }) => name);
  expect(names({})).toEqual(["c", "a", "b"]);
  expect(names({ q: "A" })).toEqual(["a"]);
  expect(names({ scope: "org" })).toEqual([]);
  expect(chosen(all, {}, ({ name }) => name === "b")).toHaveLength(1);
});

test("what is held counts as used, and a budget of nothing is used up", () => {
  expect(part(standing("a", "4"))).toBe(0.5);
  expect(left(standing("a", "4"))).toBe("5.000000000");
  expect(left(standing("a", "12"))).toBe("-3.000000000");
  expect(part(standing("a", "0", "0"))).toBe(1);
});

test("addresses that say nothing known mean the default", () => {
  expect(budgetsSearch({ scope: "user", q: "a", set: "" })).toEqual({
    scope: "user",
    q: "a",
    set: "",
  });
  expect(budgetsSearch({ scope: "x", q: [1], set: null })).toEqual({});
});
