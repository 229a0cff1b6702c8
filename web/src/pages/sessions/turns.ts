// A conversation turn by turn: what it cost up to each, and where a provider's cache broke.

import type { Price } from "../../api/prices";
import type { Call } from "../../api/record";
import { byPlan } from "../calls/paid";
import { inputTokens, listPriceOf, priceOf, type Rates, ratesOf } from "../calls/tokens";
import type { Only } from "./search";

export type Turn = {
  call: Call;
  /** Counted from one. */
  number: number;
  /** US dollars up to here, of calls whose cost is known. */
  spent: number;
  /** The same by list price: what a plan pays for is in it. */
  listed: number;
  broke?: Break;
};

/** Where the provider had forgotten what it had been sent a turn before. */
export type Break = {
  /** How many tokens were paid for again. */
  tokens: number;
  /** What that cost more than reading them from the cache; undefined without a price. */
  usd: number | undefined;
  /** Whether that is by list price alone, since a plan pays. */
  byPlan: boolean;
  /** How long the conversation had paused, in milliseconds. */
  pause: number;
};

/** Below this providers keep nothing. */
const LEAST = 1024;
/** A part this large of the prompt before must come from the cache, or it broke. */
const HELD = 0.5;

/** `calls` are newest first, as the control plane gives them. */
export function turns(calls: readonly Call[], prices: readonly Price[]): Turn[] {
  // Each sub-agent has its own prompt, and each model its own cache.
  const before = new Map<string, Call>();
  let spent = 0;
  let listed = 0;
  return calls.toReversed().map((call, index) => {
    spent += Number(call.cost_usd ?? 0);
    listed += byListOf(call);
    const turn: Turn = { call, number: index + 1, spent, listed };
    const prompt = inputTokens(call.usage);
    if (!prompt) return turn;
    const line = [call.subagent, call.provider, call.model_served ?? call.model_sent].join("\n");
    const last = before.get(line);
    before.set(line, call);
    const broke = last && breakBetween(last, call, prices);
    return broke ? { ...turn, broke } : turn;
  });
}

function breakBetween(last: Call, call: Call, prices: readonly Price[]): Break | undefined {
  const kept = inputTokens(last.usage) ?? 0;
  const read = call.usage?.cache_read ?? 0;
  const wasCached =
    (last.usage?.cache_read ?? 0) +
      (last.usage?.cache_write_5m ?? 0) +
      (last.usage?.cache_write_1h ?? 0) >
    0;
  // A prompt that shrank was cleared or compacted by the client: nothing could have been read.
  const prompt = inputTokens(call.usage) ?? 0;
  if (!wasCached || kept < LEAST || prompt < kept || read >= kept * HELD) return undefined;
  const tokens = kept - read;
  const plan = byPlan(call);
  const price = (plan ? listPriceOf : priceOf)(prices, call);
  const rates = price && ratesOf(price, call.usage);
  const usd = (tokens * (paidFor(call, rates) - Number(rates?.cache_read ?? Number.NaN))) / 1e6;
  return {
    tokens,
    usd: Number.isFinite(usd) ? usd : undefined,
    byPlan: plan,
    pause: Date.parse(call.at) - Date.parse(last.at) - (last.duration_ms ?? 0),
  };
}

/** What a token that was not read from the cache cost, for a million: writing it there, where that was done. */
function paidFor({ usage }: Call, rates: Rates | undefined): number {
  const short = usage?.cache_write_5m ?? 0;
  const long = usage?.cache_write_1h ?? 0;
  if (short + long === 0) return Number(rates?.input ?? Number.NaN);
  const cost = (tokens: number, rate: string | null | undefined) =>
    tokens > 0 ? tokens * Number(rate ?? Number.NaN) : 0;
  return (cost(short, rates?.cache_write_5m) + cost(long, rates?.cache_write_1h)) / (short + long);
}

/** What a call costs by list; what it cost, where no list has it. */
export function byListOf({ cost_usd, list_cost_usd }: Call): number {
  return Number(list_cost_usd ?? cost_usd ?? 0);
}

/** The turns that are worth a look: where the cache broke, or which failed. */
export function chosen(turns: readonly Turn[], only: Only | undefined): Turn[] {
  if (only === "breaks") return turns.filter(({ broke }) => broke);
  return turns.filter(({ call }) => only === undefined || hasFailed(call));
}

export function hasFailed({ outcome }: Call): boolean {
  return outcome !== "success" && outcome !== "client_disconnect";
}

/** Whether what was spent is not what it is by list price: a plan paid, or nobody knows what it cost. */
export function differs({ spent, listed }: Pick<Turn, "spent" | "listed">): boolean {
  return Math.abs(listed - spent) > 1e-9;
}

/** How often the cache broke, and what that cost. */
export function breaksInWords(broken: readonly Turn[], dollars: (usd: number) => string): string {
  if (broken.length === 0) return "none";
  const cost = (plan: boolean) =>
    broken
      .filter(({ broke }) => broke?.byPlan === plan)
      .reduce((sum, { broke }) => sum + (broke?.usd ?? 0), 0);
  const [paid, planned] = [cost(false), cost(true)];
  const said = [
    ...(paid > 0 ? [`which cost about ${dollars(paid)}`] : []),
    ...(planned > 0 ? [`about ${dollars(planned)} by list price, which a plan pays`] : []),
  ];
  return [broken.length, ...said].join(", ");
}
