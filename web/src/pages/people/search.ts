// What the page of people is asked, as it stands in the address.

export const KINDS = [
  ["people", "People"],
  ["services", "Services"],
  ["orgs", "Organizations"],
] as const;

export type Kind = (typeof KINDS)[number][0];
export type PeopleSearch = { show?: Kind; q?: string; add?: boolean };

/** Anything unknown in an address is left out. */
export function peopleSearch(search: Record<string, unknown>): PeopleSearch {
  const show = KINDS.find(([kind]) => kind === search.show)?.[0];
  const q = ["string", "number"].includes(typeof search.q) ? String(search.q) : "";
  return {
    ...(show && show !== "people" && { show }),
    ...(q && { q }),
    ...(search.add === true && { add: true }),
  };
}

/** Whether any of `texts` has in it what was typed. */
export function found(q: string | undefined, ...texts: (string | null | undefined)[]): boolean {
  const wanted = q?.trim().toLowerCase();
  return !wanted || texts.some((text) => text?.toLowerCase().includes(wanted));
}
