// What whoever is signed in may do. The control plane decides; this only keeps from sight what it
// would refuse.

import { type Me, session } from "./session";
import { useWatched } from "./store";

const ROLES = ["viewer", "member", "admin", "owner"] as const;
export type Role = (typeof ROLES)[number];

/** Who is signed in. Only below the gate. */
export function useMe(): Me {
  const state = useWatched(session.state);
  if (!("me" in state)) throw new Error("Nobody is signed in.");
  return state.me;
}

/** Whether they administer the whole installation: as an administrator, or with its token. */
export function isPlatform(me: Me): boolean {
  return me.admin;
}

/** Whether they change anything at all. */
export function writes(me: Me): boolean {
  return me.scope !== "read";
}

/** Whether they are this or more in an organization; in any, when none is named. */
export function isAtLeast(me: Me, role: Role, org?: string): boolean {
  if (isPlatform(me)) return true;
  const orgs = me.user?.orgs ?? [];
  return orgs.some(
    (at) => (!org || at.id === org) && ROLES.indexOf(at.role as Role) >= ROLES.indexOf(role),
  );
}
