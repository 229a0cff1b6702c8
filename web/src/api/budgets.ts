// Budgets, and how they stand.

import { queryOptions } from "@tanstack/react-query";
import { client, type Schemas, taken } from "./client";

export type Standing = Schemas["Standing"];

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
