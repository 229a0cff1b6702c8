// Organizations and who is in them; names for the ids that the record holds.

import { queryOptions } from "@tanstack/react-query";
import { client, type Schemas, taken } from "./client";

export type Org = Schemas["Org"];
export type User = Schemas["User"];

/** One list, whole. The control plane gives a thousand rows at a time. */
const MOST = 1000;
/** Names change seldom. */
const NAMES_MS = 5 * 60_000;

export function orgs() {
  return queryOptions({
    queryKey: ["orgs"],
    queryFn: ({ signal }) =>
      taken(client.GET("/api/v1/orgs", { params: { query: { limit: MOST } }, signal })),
    staleTime: NAMES_MS,
  });
}

export function users() {
  return queryOptions({
    queryKey: ["users"],
    queryFn: ({ signal }) =>
      taken(client.GET("/api/v1/users", { params: { query: { limit: MOST } }, signal })),
    staleTime: NAMES_MS,
  });
}

export function keys() {
  return queryOptions({
    queryKey: ["keys"],
    queryFn: ({ signal }) =>
      taken(client.GET("/api/v1/keys", { params: { query: { limit: MOST } }, signal })),
    staleTime: NAMES_MS,
  });
}
