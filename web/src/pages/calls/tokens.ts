// What a call used, and what each part of it came to.

import type { Price } from "../../api/prices";
import type { Call } from "../../api/record";

type Usage = Call["usage"];

/** All that went in, wherever it came from; undefined when nothing is known. */
export function inputTokens(usage: Usage): number | undefined {
  if (!usage) return undefined;
  const parts = [usage.input, usage.cache_read, usage.cache_write_5m, usage.cache_write_1h];
  const known = parts.filter((part) => part !== undefined && part !== null);
  return known.length > 0 ? known.reduce((sum, part) => sum + part, 0) : undefined;
}

export const BUCKETS = [
  ["input", "Input", "--series-3"],
  ["cache_read", "Cache read", "--series-1"],
  ["cache_write_5m", "Cache write, 5 min", "--series-2"],
  ["cache_write_1h", "Cache write, 1 h", "--series-5"],
  ["output", "Output", "--series-4"],
] as const;

export type Bucket = (typeof BUCKETS)[number][0];
export type Rates = Price["usd_per_million"];

/** The rates that a call of this size has at a price. */
export function ratesOf(price: Price, usage: Usage): Rates {
  const long = price.long_context;
  return long && (inputTokens(usage) ?? 0) > long.above
    ? long.usd_per_million
    : price.usd_per_million;
}

/** What the gateway prices a call by: the surest of its models, at its provider's own price or anyone's. */
export function priceOf(prices: readonly Price[], call: Call): Price | undefined {
  if (!call.provider) return undefined;
  for (const model of modelsOf(call)) {
    const known = prices.filter((price) => price.model === model);
    const own = known.find(({ provider }) => provider === call.provider);
    const found = own ?? known.find(({ provider }) => !provider);
    if (found) return found;
  }
  return undefined;
}

/**
 * What the gateway holds a call against that a plan pays for: where the provider has no price, anybody's who
 * lists the model. Of several it is the one that comes to what the row says.
 */
export function listPriceOf(prices: readonly Price[], call: Call): Price | undefined {
  for (const model of modelsOf(call)) {
    const known = prices.filter((price) => price.model === model);
    if (known.length === 0) continue;
    const comes = (price: Price) =>
      addsUp(lines(call.usage, ratesOf(price, call.usage)), call.list_cost_usd);
    return known.find(comes) ?? priceOf(known, call) ?? known[0];
  }
  return undefined;
}

/** What a call's model is called, the surest first. */
function modelsOf({ model_served, model_sent, model_requested }: Call) {
  return [model_served, model_sent, model_requested];
}

export type Line = {
  bucket: Bucket;
  label: string;
  color: string;
  tokens: number;
  /** US dollars for a million; undefined when the price does not say. */
  rate: number | undefined;
  usd: number | undefined;
};

/** The arithmetic of a call's cost, a line for each bucket that was used. */
export function lines(usage: Usage, rates: Rates | undefined): Line[] {
  return BUCKETS.flatMap(([bucket, label, color]) => {
    const tokens = usage?.[bucket];
    if (!tokens) return [];
    const text = rates?.[bucket];
    const rate = text === undefined || text === null ? undefined : Number(text);
    return { bucket, label, color, tokens, rate, usd: rate && (tokens * rate) / 1e6 };
  });
}

/** Whether the lines come to what the call cost, to a billionth of a dollar for each of them. */
export function addsUp(lines: readonly Line[], cost: string | null | undefined): boolean {
  if (cost === undefined || cost === null) return false;
  const sum = lines.reduce((total, { usd }) => total + (usd ?? 0), 0);
  return Math.abs(sum - Number(cost)) <= 1e-9 * (lines.length + 1);
}
