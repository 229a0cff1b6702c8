import { expect, test } from "vitest";
import type { Key } from "../../api/keys";
import { blank, changeOf, draftOf, NEVER, newKey } from "./draft";
import { chosen, keysSearch, NOBODY } from "./search";

const KEY: Key = {
  id: "key_1",
  name: "laptop",
  prefix: "th-abcdef",
  kind: "standard",
  credentials: { client: false, user: true, org: true, platform: false },
  limits: { rpm: 60 },
  budget: [{ usd: "25", window: "month" }],
  models: ["claude-*"],
  strict: false,
  capture: "off",
  state: "active",
  created_at: "2026-05-01T12:00:00Z",
  managed: false,
};

test("a new key says what was filled in, and nothing else", () => {
  const draft = { ...blank("", false), name: " laptop " };
  expect(newKey(draft)).toEqual({
    name: "laptop",
    kind: "standard",
    credentials: { client: false, user: true, org: true, platform: false },
    strict: false,
  });
  const full = { ...draft, rpm: "60", budget: [{ usd: "2", window: "day" }], expires: "30d" };
  expect(newKey({ ...full, models: ["gpt-5"], org: "org_1" })).toMatchObject({
    limits: { rpm: 60, tpm: null, concurrency: null },
    budget: [{ usd: "2", window: "day" }],
    expires_in: "30d",
    models: ["gpt-5"],
    org: "org_1",
  });
  expect(newKey({ ...draft, expires: NEVER })).not.toHaveProperty("expires_in");
});

test("a change says what is different, and null for what is taken away", () => {
  const before = draftOf(KEY);
  expect(changeOf(before, draftOf(KEY))).toEqual({});
  const after = { ...before, rpm: "", models: [], budget: [], expires: NEVER };
  expect(changeOf(before, after)).toEqual({
    limits: null,
    models: null,
    budget: null,
    expires_in: null,
  });
  const mine = { ...before.credentials, client: true };
  expect(changeOf(before, { ...before, credentials: mine })).toEqual({
    credentials: { client: true },
  });
});

test("keys are chosen by all that the address says", () => {
  const other: Key = { ...KEY, id: "key_2", name: "nightly", state: "revoked", owner: "user_1" };
  const keys = [KEY, other];
  const ids = (search: object, org?: string) =>
    chosen(keys, search, org, () => "Rosa").map(({ id }) => id);
  expect(ids({})).toEqual(["key_1"]);
  expect(ids({ state: "all" })).toEqual(["key_1", "key_2"]);
  expect(ids({ state: "all", q: "rosa NIGHT" })).toEqual(["key_2"]);
  expect(ids({ state: "all", owner: NOBODY })).toEqual(["key_1"]);
  expect(ids({ kind: "scoped" })).toEqual([]);
  expect(ids({}, "org_1")).toEqual([]);
});

test("addresses that say nothing known mean the default", () => {
  expect(keysSearch({ q: "a", state: "revoked" })).toEqual({ q: "a", state: "revoked" });
  expect(keysSearch({ q: 60 })).toEqual({ q: "60" });
  expect(keysSearch({ q: ["a"], state: "x", kind: [], owner: "" })).toEqual({});
});
