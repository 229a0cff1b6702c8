// Virtual keys: what there is, and what is done to them.

import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { client, type Schemas, taken } from "./client";
import { queries } from "./queries";

export type Key = Schemas["Key"];
export type NewKey = Schemas["NewKey"];
export type KeyChange = Schemas["KeyChange"];
export type CreatedKey = Schemas["CreatedKey"];
export type Limits = Schemas["Limits"];
export type BudgetWindow = "day" | "week" | "month" | "total" | "session";

const PAGE = 1000;
/** "Last used" is to the minute. */
const FRESH_MS = 30_000;

/** Keys, newest first, in parts. */
export function keyList() {
  return infiniteQueryOptions({
    queryKey: ["keys", "list"],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) => {
      const query = { limit: PAGE, ...(pageParam ? { cursor: pageParam } : {}) };
      return taken(client.GET("/api/v1/keys", { params: { query }, signal }));
    },
    getNextPageParam: (last) => last.next ?? undefined,
    staleTime: FRESH_MS,
  });
}

export function key(id: string) {
  return queryOptions({
    queryKey: ["keys", "one", id],
    queryFn: ({ signal }) =>
      taken(client.GET("/api/v1/keys/{id}", { params: { path: { id } }, signal })),
    staleTime: FRESH_MS,
  });
}

export function createKey(body: NewKey): Promise<CreatedKey> {
  return changing(client.POST("/api/v1/keys", { body }));
}

export function changeKey(id: string, body: KeyChange): Promise<Key> {
  return changing(client.PATCH("/api/v1/keys/{id}", { params: { path: { id } }, body }));
}

/** `grace` is how long the secret before works too; null for not at all. */
export function rotateKey(id: string, grace: string | null): Promise<CreatedKey> {
  const params = { path: { id } };
  return changing(client.POST("/api/v1/keys/{id}/rotate", { params, body: { grace } }));
}

export function renewKey(id: string): Promise<Key> {
  return changing(client.POST("/api/v1/keys/{id}/renew", { params: { path: { id } }, body: {} }));
}

export function revokeKey(id: string): Promise<unknown> {
  return changing(client.DELETE("/api/v1/keys/{id}", { params: { path: { id } } }));
}

/** The answer to a change, after which keys and budgets are asked again. */
async function changing<T>(answer: Parameters<typeof taken<T>>[0]): Promise<T> {
  const done = await taken(answer);
  void queries.invalidateQueries({ queryKey: ["keys"] });
  void queries.invalidateQueries({ queryKey: ["budgets"] });
  return done;
}
