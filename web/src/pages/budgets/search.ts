// Which budgets are shown, and whose limits are being set, as it stands in the address.

export const SCOPES = [
  ["all", "All"],
  ["org", "Organizations"],
  ["user", "People"],
  ["key", "Keys"],
] as const;

export type Scope = (typeof SCOPES)[number][0];

/** `set` is the id of an organization or a user, empty while nobody is chosen. */
export type BudgetsSearch = { scope?: Scope; q?: string; set?: string };

export function budgetsSearch(search: Record<string, unknown>): BudgetsSearch {
  const scope = SCOPES.find(([name]) => name === search.scope)?.[0];
  // The address has what looks like a number as one.
  const q = typeof search.q === "string" || typeof search.q === "number" ? `${search.q}` : "";
  const set = typeof search.set === "string" ? search.set : undefined;
  return { ...(scope && { scope }), ...(q && { q }), ...(set !== undefined && { set }) };
}
