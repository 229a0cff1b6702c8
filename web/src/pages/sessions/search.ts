export type SessionSearch = { tab?: "transcript" };

/** Anything unknown in an address is left out. */
export function sessionSearch(search: Record<string, unknown>): SessionSearch {
  return search.tab === "transcript" ? { tab: "transcript" } : {};
}
