export type AccountSearch = { password?: boolean };

/** Anything unknown in an address is left out. */
export function accountSearch(search: Record<string, unknown>): AccountSearch {
  return search.password === true ? { password: true } : {};
}
