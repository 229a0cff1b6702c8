// The pages, in the order of the sidebar, and who sees which.

import { isAtLeast, isPlatform } from "../api/me";
import type { Me } from "../api/session";
import type { IconName } from "../ui/icons";

export type Entry = {
  to: string;
  label: string;
  icon: IconName;
  /** Whether it stands there for them; for everybody unless said. */
  for?: (me: Me) => boolean;
};

export type Group = { label?: string; entries: readonly Entry[] };

export const NAVIGATION: readonly Group[] = [
  {
    entries: [
      { to: "/", label: "Overview", icon: "overview" },
      { to: "/live", label: "Live", icon: "live" },
      { to: "/calls", label: "Calls", icon: "calls" },
      { to: "/sessions", label: "Sessions", icon: "sessions" },
    ],
  },
  {
    label: "Access",
    entries: [
      { to: "/connect", label: "Connect", icon: "connect" },
      { to: "/keys", label: "Keys", icon: "keys" },
      { to: "/credentials", label: "Credentials", icon: "credentials" },
      { to: "/accounts", label: "Accounts", icon: "accounts" },
      { to: "/budgets", label: "Budgets", icon: "budgets" },
    ],
  },
  {
    label: "Installation",
    entries: [
      { to: "/people", label: "People", icon: "people" },
      { to: "/providers", label: "Providers", icon: "providers", for: isPlatform },
      { to: "/prices", label: "Prices", icon: "prices" },
      { to: "/audit", label: "Audit", icon: "audit", for: (me) => isAtLeast(me, "admin") },
    ],
  },
];

/** What somebody sees of it. */
export function navigationFor(me: Me): Group[] {
  const groups = NAVIGATION.map((group) => ({
    ...group,
    entries: group.entries.filter((entry) => entry.for?.(me) ?? true),
  }));
  return groups.filter((group) => group.entries.length > 0);
}
