import { expect, test } from "vitest";
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
  expect(remedyOf(lacks("none", KEY))).toMatchObject({ to: "/credentials", set: "lab" });
  expect(remedyOf(lacks("none", account, KEY))).toMatchObject({ to: "/accounts", set: "lab" });
  const blocked = lacks("none", { ...account, missing: first }, KEY);
  expect(remedyOf(blocked)).toMatchObject({ to: "/credentials" });
  expect(missingOf(blocked)).toBe(first);
  expect(remedyOf(lacks("refused", KEY))).toEqual({ to: "/credentials", label: "Credentials" });
  expect(remedyOf(lacks("signed_out"))?.to).toBe("/accounts");
  expect(remedyOf(lacks("not_set_up"))).toBeUndefined();
  expect(missingOf(lacks("not_set_up"))).toContain("headers");
  expect(missingOf(lacks("refused", { ...account, missing: first }))).toBeUndefined();
});
