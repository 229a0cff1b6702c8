// Which prices are looked at, as it stands in the address.

import type { Price } from "../../api/prices";

export type PricesSearch = { q?: string; provider?: string };

/** Anything unknown in an address is left out. */
export function pricesSearch(search: Record<string, unknown>): PricesSearch {
  const text = (value: unknown) =>
    typeof value === "string" || typeof value === "number" ? String(value) : "";
  const [q, provider] = [text(search.q), text(search.provider)];
  return { ...(q && { q }), ...(provider && { provider }) };
}

/** A price that holds whoever offers the model. */
export const ANYONE = "anyone";

export function chosen(prices: readonly Price[], { q, provider }: PricesSearch): Price[] {
  const wanted = q?.trim().toLowerCase() ?? "";
  return prices.filter(
    (price) =>
      price.model.toLowerCase().includes(wanted) &&
      (!provider || (price.provider ?? ANYONE) === provider),
  );
}

/** What is kept when one price is written over: what a form does not show stays as it was. */
export const BUCKETS = [
  ["input", "Input"],
  ["cache_read", "Cache read"],
  ["cache_write_5m", "Cache write, 5 min"],
  ["cache_write_1h", "Cache write, 1 h"],
  ["output", "Output"],
] as const;
