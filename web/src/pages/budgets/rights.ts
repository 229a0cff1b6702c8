// For whom whoever is signed in may set limits. The control plane decides.

import type { Sharers } from "../../api/budgets";
import { isAtLeast, isPlatform, writes } from "../../api/me";
import type { Org, User } from "../../api/people";
import type { Me } from "../../api/session";

export type Sharer = Sharers & { name: string };

export function sharers(me: Me, orgs: readonly Org[], users: readonly User[]): Sharer[] {
  if (!writes(me)) return [];
  const places = orgs
    .filter(({ id, disabled_at }) => !disabled_at && isAtLeast(me, "admin", id))
    .map(({ id, name }) => ({ scope: "org" as const, id, name }));
  // A service is its organization's; people are the installation's.
  const people = users
    .filter(
      ({ kind, orgs, disabled_at }) =>
        !disabled_at &&
        (isPlatform(me) ||
          (kind === "service" && orgs.some(({ id }) => isAtLeast(me, "admin", id)))),
    )
    .map(({ id, name }) => ({ scope: "user" as const, id, name }));
  return [...places, ...people];
}
