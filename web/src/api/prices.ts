// What models cost.

import { queryOptions } from "@tanstack/react-query";
import { client, type Schemas, taken } from "./client";

export type Price = Schemas["Price"];

/** Prices change when somebody changes them. */
const FRESH_MS = 5 * 60_000;

/** All of them, part after part. */
export function prices() {
  return queryOptions({
    queryKey: ["prices"],
    queryFn: async ({ signal }) => {
      const all: Price[] = [];
      for (let cursor: string | undefined; ; ) {
        const query = { limit: 1000, ...(cursor && { cursor }) };
        const part = await taken(client.GET("/api/v1/prices", { params: { query }, signal }));
        all.push(...part.data);
        if (!part.next) return all;
        cursor = part.next;
      }
    },
    staleTime: FRESH_MS,
  });
}
