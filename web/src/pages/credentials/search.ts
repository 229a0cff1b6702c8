// Whose credentials are looked at, and which one is being set, as it stands in the address.

import { isPlatform } from "../../api/me";
import type { Me } from "../../api/session";

export const OWNERS = [
  ["me", "Mine"],
  ["org", "Organization's"],
  ["platform", "Platform's"],
] as const;

export type Whose = (typeof OWNERS)[number][0];

/** `set` is the provider whose credential is being set, empty while it is not chosen; `name` which of several. */
export type CredentialsSearch = { of?: Whose; set?: string; name?: string };

export function credentialsSearch(search: Record<string, unknown>): CredentialsSearch {
  const of = OWNERS.find(([name]) => name === search.of)?.[0];
  const set = typeof search.set === "string" ? search.set : undefined;
  const name = typeof search.name === "string" && search.name ? search.name : undefined;
  return { ...(of && { of }), ...(set !== undefined && { set }), ...(name && { name }) };
}

/** Whose there are for somebody: the installation's token has none of its own. */
export function ownersFor(me: Me, orgs: number): readonly (readonly [Whose, string])[] {
  return OWNERS.filter(([of]) => {
    if (of === "me") return Boolean(me.user);
    if (of === "org") return orgs > 0;
    return isPlatform(me);
  });
}
