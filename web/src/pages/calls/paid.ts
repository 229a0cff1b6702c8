// Who pays for calls: whoever owns the credential, for what each used; or a plan, which costs the same anyway.

import type { Call, Totals } from "../../api/record";
import { exactMoney } from "../../format";

export type Paid = Pick<Call | Totals, "cost_usd" | "list_cost_usd">;

const known = (usd: string | null | undefined): usd is string => usd !== undefined && usd !== null;

/**
 * Whether a plan pays: a subscription, or the login behind a bridge. The row of a call that it pays for has a
 * cost of nothing, and a price by list that is more than that or not known. A model whose price is nothing
 * costs nothing by list, too.
 */
export function byPlan({ cost_usd, list_cost_usd }: Paid): boolean {
  if (!known(cost_usd) || Number(cost_usd) !== 0) return false;
  return !known(list_cost_usd) || Number(list_cost_usd) !== 0;
}

/** The cost by list, where it says more than the cost does. */
export function byList({ cost_usd, list_cost_usd }: Paid): string | undefined {
  if (!known(list_cost_usd)) return undefined;
  return Number(list_cost_usd) === Number(cost_usd ?? 0) ? undefined : list_cost_usd;
}

/** The whole of it: what was paid, and what it would have cost. */
export function costInWords(paid: Paid): string {
  const list = byList(paid);
  const cost = byPlan(paid) ? "$0, as a plan pays" : exactMoney(paid.cost_usd);
  if (list !== undefined) return `${cost}; ${exactMoney(list)} by list price`;
  return byPlan(paid) ? `${cost}; by list price unknown` : cost;
}
