import { expect, test } from "vitest";
import type { Credential } from "../../api/credentials";
import type { Me } from "../../api/session";
import { rowsOf } from "./rows";
import { credentialsSearch, ownersFor } from "./search";

const credential = (provider: string, name: string): Credential => ({
  provider,
  name,
  owner: { kind: "user" },
  configured: true,
  managed: false,
  state: "ready",
});

test("every provider has a row, and each credential its own", () => {
  const rows = rowsOf(
    ["lab", "anthropic"],
    [credential("lab", "a"), credential("lab", "b"), credential("gone", "default")],
  );
  expect(rows.map((row) => [row.provider, row.credential?.name, row.first])).toEqual([
    ["anthropic", undefined, true],
    ["gone", "default", true],
    ["lab", "a", true],
    ["lab", "b", false],
  ]);
});

test("who is signed in sees the owners that they may ask for", () => {
  const user = { id: "user_1", name: "A", kind: "person", created_at: "", admin: false, orgs: [] };
  // Only what is looked at: there is more to say of who is signed in.
  const owners = (me: object, orgs: number) => ownersFor(me as Me, orgs).map(([of]) => of);
  expect(owners({ scope: "admin", user }, 0)).toEqual(["me"]);
  expect(owners({ scope: "admin", user }, 1)).toEqual(["me", "org"]);
  expect(owners({ scope: "admin", admin: true, user }, 1)).toEqual(["me", "org", "platform"]);
  expect(owners({ scope: "admin", admin: true }, 0)).toEqual(["platform"]);
});

test("addresses that say nothing known mean the default", () => {
  expect(credentialsSearch({ of: "platform", set: "", name: "a" })).toEqual({
    of: "platform",
    set: "",
    name: "a",
  });
  expect(credentialsSearch({ of: "all", set: 1, api_key: "sk-1" })).toEqual({});
});
