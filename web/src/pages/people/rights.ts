// What whoever is signed in may do to whom. The control plane decides.

import { isAtLeast, isPlatform, type Role, writes } from "../../api/me";
import type { User } from "../../api/people";
import type { Me } from "../../api/session";

export const ROLES: readonly Role[] = ["viewer", "member", "admin", "owner"];

export const ABOUT_ROLES: Record<Role, string> = {
  viewer: "Sees calls, keys, budgets and members",
  member: "Also has keys and credentials of their own",
  admin: "Also everybody's keys, credentials, limits and members",
  owner: "Also owners, and the organization itself",
};

/** Whether they may do all that their user may: a narrower token changes nobody. */
function full(me: Me): boolean {
  return writes(me) && (me.scope === "admin" || isPlatform(me));
}

export function mayMakePeople(me: Me): boolean {
  return full(me) && isPlatform(me);
}

/** Services are made for an organization by its administrators. */
export function mayMakeServices(me: Me, org?: string): boolean {
  return full(me) && isAtLeast(me, "admin", org);
}

/** Whether they change somebody, and have a say over their tokens. */
export function manages(me: Me, user: User): boolean {
  if (!full(me)) return false;
  if (isPlatform(me)) return true;
  const all = user.orgs.every(({ id, role }) => isAtLeast(me, higher(role, "admin"), id));
  return user.kind === "service" && user.orgs.length > 0 && all;
}

/** The roles that they may give to somebody who is `now` one thing or nothing. */
export function rolesFor(me: Me, org: string, now: string | undefined): readonly Role[] {
  if (!full(me) || !isAtLeast(me, higher(now ?? "viewer", "admin"), org)) return [];
  return ROLES.filter((role) => isAtLeast(me, role, org));
}

/** Whether they end a membership: their own, or as an administrator of what it is in. */
export function mayRemove(me: Me, org: string, user: string, role: string): boolean {
  if (!full(me)) return false;
  return me.user?.id === user || isAtLeast(me, higher(role, "admin"), org);
}

export function ownsOrg(me: Me, org: string): boolean {
  return full(me) && isAtLeast(me, "owner", org);
}

function higher(role: string, other: Role): Role {
  const known = ROLES.find((one) => one === role) ?? "owner";
  return ROLES.indexOf(known) > ROLES.indexOf(other) ? known : other;
}
