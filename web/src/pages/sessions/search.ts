export const ONLY = ["breaks", "failed"] as const;

/** Which turns are looked at; all of them unless said. */
export type Only = (typeof ONLY)[number];
export type SessionSearch = { tab?: "transcript"; only?: Only };

/** Anything unknown in an address is left out. */
export function sessionSearch(search: Record<string, unknown>): SessionSearch {
  const only = ONLY.find((name) => name === search.only);
  return {
    ...(search.tab === "transcript" && { tab: "transcript" }),
    ...(only && { only }),
  };
}
