// What the list of keys is asked, as it stands in the address.

import type { Key } from "../../api/keys";

export const STATES = [
  ["active", "Active"],
  ["expired", "Expired"],
  ["revoked", "Revoked"],
  ["all", "All"],
] as const;

export const KINDS = [
  ["standard", "Standard"],
  ["scoped", "Scoped"],
] as const;

export type State = (typeof STATES)[number][0];
export type Kind = (typeof KINDS)[number][0];

export type KeysSearch = { q?: string; state?: State; kind?: Kind; owner?: string };

/** Anything else in an address is left out, which means what stands there by default. */
export function keysSearch(search: Record<string, unknown>): KeysSearch {
  // The address has what looks like a number as one.
  const q = typeof search.q === "string" || typeof search.q === "number" ? `${search.q}` : "";
  const owner = typeof search.owner === "string" && search.owner ? search.owner : undefined;
  const state = STATES.find(([name]) => name === search.state)?.[0];
  const kind = KINDS.find(([name]) => name === search.kind)?.[0];
  return {
    ...(q && { q }),
    ...(state && { state }),
    ...(kind && { kind }),
    ...(owner && { owner }),
  };
}

/** One key's page: looked at, or changed. */
export function keySearch(search: Record<string, unknown>): { edit?: true } {
  return search.edit === true ? { edit: true } : {};
}

/** What stands for "nobody's" where owners are chosen. */
export const NOBODY = "nobody";

/** The keys that are meant. `name` gives the names by which people look for owners. */
export function chosen(
  keys: readonly Key[],
  { q = "", state = "active", kind, owner }: KeysSearch,
  org: string | undefined,
  name: (id: string) => string,
): Key[] {
  const words = q.toLowerCase().split(/\s+/).filter(Boolean);
  return keys.filter((key) => {
    if (state !== "all" && key.state !== state) return false;
    if (kind && key.kind !== kind) return false;
    if (owner && (key.owner ?? NOBODY) !== owner) return false;
    if (org && key.org !== org) return false;
    const about = [key.name, key.id, key.prefix, key.agent, key.owner && name(key.owner)];
    const text = about.filter(Boolean).join(" ").toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
