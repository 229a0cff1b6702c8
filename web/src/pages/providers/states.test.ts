import { expect, test } from "vitest";
import { stateOf } from "./states";

test("what a bridge lacks is a login or an owner, and no credential", () => {
  const wants = { state: "auth_required" as const };
  expect(stateOf(wants)).toEqual(["warn", "needs a credential"]);
  expect(stateOf({ ...wants, bridge: { ownerless: false } })).toEqual(["warn", "needs a login"]);
  expect(stateOf({ ...wants, bridge: { ownerless: true } })).toEqual([
    "warn",
    "waits for its owner",
  ]);
  expect(stateOf({ state: "ready", bridge: { ownerless: false } })).toEqual(["good", "ready"]);
});
