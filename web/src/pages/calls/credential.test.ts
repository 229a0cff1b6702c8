import { expect, test } from "vitest";
import type { Me } from "../../api/session";
import { placeOf } from "./credential";

const member: Me = {
  acts_as: "user",
  admin: false,
  scope: "admin",
  user: {
    id: "user_1",
    name: "m",
    email: "m@example.com",
    orgs: [{ id: "org_1", name: "o", role: "member" }],
  },
} as Me;
const root: Me = { acts_as: "operator", admin: true, scope: "admin" } as Me;

const drawn = (credential_source: string, credential_kind: string) => ({
  credential_id: "cred_1",
  credential_source,
  credential_kind,
  user: "user_1",
  org: "org_1",
});

test("a credential leads to the page that it is on, for who may look there", () => {
  expect(placeOf(drawn("user", "oauth_account"), member)).toEqual({ to: "/accounts" });
  expect(placeOf(drawn("user", "api_key"), member)).toEqual({
    to: "/credentials",
    search: { of: "me" },
  });
  expect(placeOf(drawn("org", "api_key"), member)).toEqual({
    to: "/credentials",
    search: { of: "org", org: "org_1" },
  });
  // An organization's accounts are its administrators', and the platform's keys the installation's.
  expect(placeOf(drawn("org", "oauth_account"), member)).toBeUndefined();
  expect(placeOf(drawn("platform", "api_key"), member)).toBeUndefined();
  expect(placeOf({ ...drawn("user", "api_key"), user: "user_2" }, member)).toBeUndefined();
  expect(placeOf(drawn("user", "api_key"), root)).toBeUndefined();
  expect(placeOf(drawn("user", "oauth_account"), root)).toEqual({ to: "/accounts" });
  expect(placeOf(drawn("platform", "api_key"), root)).toEqual({
    to: "/credentials",
    search: { of: "platform" },
  });
  // A client's own is kept nowhere.
  expect(placeOf({ ...drawn("client", "api_key"), credential_id: null }, root)).toBeUndefined();
});
