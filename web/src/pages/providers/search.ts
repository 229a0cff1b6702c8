export type ProvidersSearch = { model?: string };

/** Anything unknown in an address is left out. */
export function providersSearch(search: Record<string, unknown>): ProvidersSearch {
  const { model } = search;
  return typeof model === "string" || typeof model === "number" ? { model: String(model) } : {};
}
