// Organizations and who is in them; names for the ids that the record holds.

import { queryOptions } from "@tanstack/react-query";
import { client, type Schemas, taken } from "./client";
import { whole } from "./parts";
import { queries } from "./queries";

export type Org = Schemas["Org"];
export type User = Schemas["User"];
export type Member = Schemas["Member"];

/** Names change seldom. */
const NAMES_MS = 5 * 60_000;

export function orgs() {
  return queryOptions({
    queryKey: ["orgs"],
    queryFn: ({ signal }) =>
      whole((query) => taken(client.GET("/api/v1/orgs", { params: { query }, signal }))),
    staleTime: NAMES_MS,
  });
}

export function users() {
  return queryOptions({
    queryKey: ["users"],
    queryFn: ({ signal }) =>
      whole((query) => taken(client.GET("/api/v1/users", { params: { query }, signal }))),
    staleTime: NAMES_MS,
  });
}

export function keys() {
  return queryOptions({
    queryKey: ["keys"],
    queryFn: ({ signal }) =>
      whole((query) => taken(client.GET("/api/v1/keys", { params: { query }, signal }))),
    staleTime: NAMES_MS,
  });
}

export function members(org: string) {
  return queryOptions({
    queryKey: ["members", org],
    queryFn: ({ signal }) =>
      whole((query) => {
        const params = { path: { org }, query };
        return taken(client.GET("/api/v1/orgs/{org}/members", { params, signal }));
      }),
  });
}

export function createUser(body: Schemas["NewUser"]): Promise<User> {
  return changing(client.POST("/api/v1/users", { body }));
}

export function changeUser(id: string, body: Schemas["UserChange"]): Promise<User> {
  return changing(client.PATCH("/api/v1/users/{id}", { params: { path: { id } }, body }));
}

/** The first password, or another one; ends their sessions. */
export function setPassword(id: string, password: string): Promise<unknown> {
  const params = { path: { id } };
  return taken(client.PUT("/api/v1/users/{id}/password", { params, body: { new: password } }));
}

export function createOrg(body: Schemas["NewOrg"]): Promise<Org> {
  return changing(client.POST("/api/v1/orgs", { body }));
}

export function changeOrg(org: string, body: Schemas["OrgChange"]): Promise<Org> {
  return changing(client.PATCH("/api/v1/orgs/{org}", { params: { path: { org } }, body }));
}

/** Makes somebody a member, or changes what they are. */
export function putMember(org: string, user: string, role: string): Promise<Member> {
  const params = { path: { org, user } };
  return changing(client.PUT("/api/v1/orgs/{org}/members/{user}", { params, body: { role } }));
}

export function removeMember(org: string, user: string): Promise<unknown> {
  const params = { path: { org, user } };
  return changing(client.DELETE("/api/v1/orgs/{org}/members/{user}", { params }));
}

/** The answer to a change, after which everybody is asked for again. */
async function changing<T>(answer: Parameters<typeof taken<T>>[0]): Promise<T> {
  const done = await taken(answer);
  await Promise.all(
    ["users", "orgs", "members"].map((key) => queries.invalidateQueries({ queryKey: [key] })),
  );
  return done;
}
