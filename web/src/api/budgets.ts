// Budgets, how they stand, and what organizations and users may use.

import { queryOptions } from "@tanstack/react-query";
import { client, type Schemas, taken } from "./client";
import { queries } from "./queries";

export type Standing = Schemas["Standing"];
export type AllowanceInput = Schemas["AllowanceInput"];

const MOST = 1000;
const FRESH_MS = 10_000;
const AGAIN_MS = 30_000;

/** Every budget that whoever asks may see, but for those of sessions. */
export function budgets() {
  return queryOptions({
    queryKey: ["budgets"],
    queryFn: async ({ signal }) => {
      const all: Standing[] = [];
      let cursor: string | undefined;
      do {
        const query = { limit: MOST, ...(cursor ? { cursor } : {}) };
        const part = await taken(client.GET("/api/v1/budgets", { params: { query }, signal }));
        all.push(...part.data);
        cursor = part.next ?? undefined;
      } while (cursor);
      return all;
    },
    staleTime: FRESH_MS,
    refetchInterval: AGAIN_MS,
  });
}

/** Whose keys share limits and budgets. */
export type Sharers = { scope: "org" | "user"; id: string };

/** Sets what all their keys may use together, in place of everything that was set before. */
export async function setAllowance({ scope, id }: Sharers, body: AllowanceInput): Promise<void> {
  if (scope === "org") {
    await taken(client.PUT("/api/v1/orgs/{org}/limits", { params: { path: { org: id } }, body }));
  } else {
    await taken(client.PUT("/api/v1/users/{id}/limits", { params: { path: { id } }, body }));
  }
  void queries.invalidateQueries({ queryKey: ["budgets"] });
}
