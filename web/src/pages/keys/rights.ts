// What whoever is signed in may do to a key. The control plane decides.

import type { Key } from "../../api/keys";
import { isAtLeast, isPlatform, writes } from "../../api/me";
import type { Me } from "../../api/session";

/** Whether they make keys at all. */
export function mayMake(me: Me): boolean {
  return writes(me) && (isAtLeast(me, "member") || me.user?.orgs.length === 0);
}

export function mayChange(me: Me, key: Key): boolean {
  if (!writes(me)) return false;
  if (isPlatform(me)) return true;
  const own = key.owner !== undefined && key.owner === me.user?.id;
  if (!key.org) return own;
  return isAtLeast(me, own ? "member" : "admin", key.org);
}
