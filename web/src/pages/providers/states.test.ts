import { expect, test } from "vitest";
import type { Account } from "../../api/accounts";
import type { Provider } from "../../api/routing";
import { missingOf, remedyOf, stateOf } from "./states";

test("what a bridge lacks is a login or an owner, and no credential", () => {
  const wants = { state: "auth_required", why: "none" } as const;
  expect(stateOf(wants)).toEqual(["warn", "needs a credential"]);
  expect(stateOf({ ...wants, bridge: { ownerless: false } })).toEqual(["warn", "needs a login"]);
  expect(stateOf({ ...wants, bridge: { ownerless: true } })).toEqual([
    "warn",
    "waits for its owner",
  ]);
  expect(stateOf({ state: "ready", bridge: { ownerless: false } })).toEqual(["good", "ready"]);
});

const lacks = (why: Provider["why"], ...credentials: Provider["credentials"]) =>
  ({ name: "lab", state: "auth_required", why, credentials }) as Provider;
const KEY = { kind: "api_key" };

test("a credential that is there and does not work is not one that is missing", () => {
  const said = (why: Provider["why"]) => stateOf(lacks(why))[1];
  expect(said("refused")).toBe("credential refused");
  expect(said("paused")).toBe("credential switched off");
  expect(said("unusable")).toBe("credential unusable");
  expect(said("signed_out")).toBe("signed out");
  expect(said("not_set_up")).toBe("not set up");
});

test("what is lacking leads to where it is set, and says what has to come first", () => {
  const account = { kind: "oauth_account" };
  const first = "It needs a client id.";
  expect(remedyOf(lacks("none", KEY), [])).toMatchObject({ to: "/credentials", set: "lab" });
  expect(remedyOf(lacks("none", account, KEY), [])).toMatchObject({ to: "/accounts", set: "lab" });
  const blocked = lacks("none", { ...account, missing: first }, KEY);
  expect(remedyOf(blocked, [])).toMatchObject({ to: "/credentials" });
  expect(missingOf(blocked)).toBe(first);
  expect(remedyOf(lacks("refused", KEY), [])).toEqual({ to: "/credentials", label: "Credentials" });
  expect(remedyOf(lacks("signed_out"), [])?.to).toBe("/accounts");
  expect(remedyOf(lacks("not_set_up"), [])).toBeUndefined();
  expect(missingOf(lacks("not_set_up"))).toContain("Edit");
  expect(missingOf({ ...lacks("not_set_up"), managed: true })).toContain("[[provider]] table");
  expect(missingOf(lacks("refused", { ...account, missing: first }))).toBeUndefined();
});

test("what does not work leads to whose it is, and what is off, to what was switched off", () => {
  const ours = (why: Provider["why"]) => ({ ...lacks(why, KEY), configured: true });
  expect(remedyOf(ours("refused"), [])).toMatchObject({ to: "/credentials", of: "platform" });
  for (const why of ["refused", "unusable", "paused"] as const) {
    expect(remedyOf(lacks(why, KEY), [])).toEqual({ to: "/credentials", label: "Credentials" });
  }
  const account = (provider: string, why?: string) =>
    ({ provider, state: "cooling", ...(why && { why }) }) as Account;
  const paused = [account("lab", "paused")];
  expect(remedyOf(ours("paused"), paused)).toEqual({ to: "/accounts", label: "Accounts" });
  expect(remedyOf(ours("refused"), paused)?.to).toBe("/credentials");
  const others = [account("other", "paused"), account("lab", "cap")];
  expect(remedyOf(ours("paused"), others)?.to).toBe("/credentials");
});
