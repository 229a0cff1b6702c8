import { expect, test } from "vitest";
import { asTyped, fromTyped } from "./between";
import { asked, callsSearch } from "./filter";

const NOW = Date.parse("2026-05-01T12:34:56Z");

test("an address says what is filtered, and nothing unknown", () => {
  expect(callsSearch({ model: "m", since: "7d", limit: 3, user: "", key: ["x"] })).toEqual({
    model: "m",
    since: "7d",
  });
  expect(callsSearch({ since: "1y" })).toEqual({});
  expect(callsSearch({ model: 1 })).toEqual({ model: "1" });
  expect(callsSearch({ tag: "repo=web", min_cost_usd: 0.5, id: "call_01" })).toEqual({
    tag: "repo=web",
    min_cost_usd: "0.5",
    id: "call_01",
  });
  expect(callsSearch({ credential: "cred_01", fallback: true, error: "overloaded" })).toEqual({
    credential: "cred_01",
    fallback: "true",
    error: "overloaded",
  });
});

test("a time between two moments is one, and comes before how far back", () => {
  const search = callsSearch({ since: "7d", from: "2026-05-01T10:00:00Z", to: "never" });
  expect(search).toEqual({ from: "2026-05-01T10:00:00.000Z" });
  expect(asked({ ...search, to: "2026-05-01T11:00:00.000Z" }, "org_1", NOW)).toEqual({
    org: "org_1",
    from: "2026-05-01T10:00:00.000Z",
    to: "2026-05-01T11:00:00.000Z",
  });
  // What is typed is the reader's own time, and comes back as it was.
  const typed = asTyped(search.from);
  expect(typed).toMatch(/^2026-0[45]-\d\dT\d\d:\d\d$/);
  expect(fromTyped(typed)).toBe(search.from);
  expect([asTyped(undefined), fromTyped("")]).toEqual(["", undefined]);
});

test("the control plane is asked the same within a minute", () => {
  const filter = asked({ outcome: "refused", since: "1h" }, "org_1", NOW);
  expect(filter).toEqual({ outcome: "refused", org: "org_1", from: "2026-05-01T11:34:00.000Z" });
  expect(asked({ outcome: "refused", since: "1h" }, "org_1", NOW + 3000)).toEqual(filter);
  expect(asked({ status: "429" }, undefined, NOW)).toEqual({ status: 429 });
  expect(asked({}, undefined, NOW)).toEqual({});
});
