import { expect, test } from "vitest";
import type { User } from "../../api/people";
import type { Me } from "../../api/session";
import { manages, mayMakePeople, mayMakeServices, mayRemove, rolesFor } from "./rights";
import { found, peopleSearch } from "./search";

function user(id: string, kind: string, roles: Record<string, string>): User {
  const orgs = Object.entries(roles).map(([id, role]) => ({ id, name: id, role }));
  return { id, kind, name: id, orgs, admin: false, created_at: "2026-05-01T00:00:00Z" };
}

function me(roles: Record<string, string>, rest: Partial<Me> = {}): Me {
  return {
    acts_as: "user",
    admin: false,
    scope: "admin",
    user: user("me", "person", roles),
    ...rest,
  };
}

test("roles are given up to one's own, by administrators", () => {
  expect(rolesFor(me({ a: "admin" }), "a", "member")).toEqual(["viewer", "member", "admin"]);
  expect(rolesFor(me({ a: "owner" }), "a", "owner")).toHaveLength(4);
  // Only owners change owners, and nobody changes what is elsewhere.
  expect(rolesFor(me({ a: "admin" }), "a", "owner")).toEqual([]);
  expect(rolesFor(me({ a: "member" }), "a", "viewer")).toEqual([]);
  expect(rolesFor(me({ a: "owner" }), "b", "viewer")).toEqual([]);
  expect(rolesFor(me({}, { admin: true }), "b", "owner")).toHaveLength(4);
});

test("services are managed by who administers all that they are in, people by the installation", () => {
  const both = user("bot", "service", { a: "member", b: "member" });
  expect(manages(me({ a: "owner" }), both)).toBe(false);
  expect(manages(me({ a: "owner", b: "admin" }), both)).toBe(true);
  expect(manages(me({ a: "admin" }), user("bot", "service", { a: "owner" }))).toBe(false);
  expect(manages(me({ a: "owner" }), user("bot", "service", {}))).toBe(false);
  expect(manages(me({ a: "owner" }), user("ada", "person", { a: "viewer" }))).toBe(false);
  expect(manages(me({}, { admin: true }), user("ada", "person", {}))).toBe(true);
});

test("what may be added depends on the role and the scope", () => {
  expect(mayMakePeople(me({ a: "owner" }))).toBe(false);
  expect(mayMakePeople(me({}, { admin: true }))).toBe(true);
  expect(mayMakeServices(me({ a: "member" }))).toBe(false);
  expect(mayMakeServices(me({ a: "admin" }), "a")).toBe(true);
  expect(mayMakeServices(me({ a: "admin" }, { scope: "write" }), "a")).toBe(false);
});

test("everybody may leave, and administrators remove who is not above them", () => {
  expect(mayRemove(me({ a: "viewer" }), "a", "me", "viewer")).toBe(true);
  expect(mayRemove(me({ a: "viewer" }), "a", "ada", "viewer")).toBe(false);
  expect(mayRemove(me({ a: "admin" }), "a", "ada", "owner")).toBe(false);
  expect(mayRemove(me({ a: "owner" }), "a", "ada", "owner")).toBe(true);
});

test("addresses keep what is known", () => {
  expect(peopleSearch({ show: "orgs", q: 7, add: true, other: 1 })).toEqual({
    show: "orgs",
    q: "7",
    add: true,
  });
  expect(peopleSearch({ show: "people", q: "", add: "yes" })).toEqual({});
  expect(found(" ADA ", "Ada Lovelace", null)).toBe(true);
  expect(found("x", "Ada", undefined)).toBe(false);
});
