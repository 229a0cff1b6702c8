// Budgets in the order in which they are worth a look.

import type { Standing } from "../../api/budgets";
import type { BudgetsSearch } from "./search";

/** How much is spent or held for calls that are open. */
export function taken({ spent_usd, reserved_usd }: Standing): number {
  return Number(spent_usd) + Number(reserved_usd);
}

export function part(standing: Standing): number {
  const whole = Number(standing.usd);
  return whole > 0 ? taken(standing) / whole : 1;
}

/** What is left, as decimal dollars. A budget can be overdrawn. */
export function left(standing: Standing): string {
  // Nano-dollars are the smallest there are.
  return (Number(standing.usd) - taken(standing)).toFixed(9);
}

/** Those that are meant, the most used up first. `within` says what belongs to the chosen organization. */
export function chosen(
  standings: readonly Standing[],
  { scope = "all", q = "" }: BudgetsSearch,
  within: (standing: Standing) => boolean,
): Standing[] {
  const words = q.toLowerCase().split(/\s+/).filter(Boolean);
  return standings
    .filter((one) => scope === "all" || one.scope === scope)
    .filter(within)
    .filter((one) => words.every((word) => `${one.name} ${one.id}`.toLowerCase().includes(word)))
    .sort((one, other) => part(other) - part(one) || one.name.localeCompare(other.name));
}
