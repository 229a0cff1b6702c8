// What models cost.

import { queryOptions } from "@tanstack/react-query";
import { client, type Schemas, taken } from "./client";
import { queries } from "./queries";

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

/** Adds a price, or puts it in the place of the one for the same model and provider. */
export function setPrice(price: Schemas["PriceInput"]): Promise<Schemas["ImportReport"]> {
  return changing(client.PUT("/api/v1/prices", { body: { prices: [price] } }));
}

/** Takes back a price that was imported or set; the catalog's holds again, where it has one. */
export function removePrice({ model, provider }: Price): Promise<unknown> {
  const query = { model, ...(provider && { provider }) };
  return changing(client.DELETE("/api/v1/prices", { params: { query } }));
}

/** Imports LiteLLM's public list, as it is published. */
export function importPrices(
  text: string,
  query: { source?: string; dated?: string },
): Promise<Schemas["ImportReport"]> {
  const bodySerializer = (body: string) => body;
  return changing(
    client.POST("/api/v1/prices/import", { params: { query }, body: text, bodySerializer }),
  );
}

async function changing<T>(answer: Parameters<typeof taken<T>>[0]): Promise<T> {
  const done = await taken(answer);
  await queries.invalidateQueries({ queryKey: ["prices"] });
  return done;
}
