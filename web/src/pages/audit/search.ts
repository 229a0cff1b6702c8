// Which entries are looked at, as it stands in the address.

import type { AuditFilter } from "../../api/audit";

/** docs/audit.md says what each of them means. */
export const ACTIONS = [
  "key.create key.change key.rotate key.renew key.revoke",
  "credential.put credential.change credential.delete credential.use",
  "provider.put provider.delete routes.replace prices.put",
  "user.create user.change user.disable user.link user.password",
  "org.create org.change org.disable member.put member.remove member.keep limits.change",
  "token.create token.revoke session.open session.close session.refuse",
  "device.approve device.deny agent.bootstrap",
  "config.apply vault.init vault.rotate database.restore",
].flatMap((line) => line.split(" "));

export const KINDS = ["user", "operator", "key", "config", "system", "anonymous"];

export const SINCE = [
  ["1h", "Last hour", 3_600_000],
  ["24h", "Last 24 hours", 86_400_000],
  ["7d", "Last 7 days", 7 * 86_400_000],
  ["30d", "Last 30 days", 30 * 86_400_000],
] as const;

export type AuditSearch = {
  action?: string;
  actor?: string;
  since?: (typeof SINCE)[number][0];
  /** The number of the entry that is open. */
  entry?: number;
};

/** Anything unknown in an address is left out. An actor is a kind, or anybody's id. */
export function auditSearch(search: Record<string, unknown>): AuditSearch {
  const action = ACTIONS.find((one) => one === search.action);
  const actor = typeof search.actor === "string" ? search.actor : "";
  const since = SINCE.find(([name]) => name === search.since)?.[0];
  const entry = Number.isInteger(search.entry) ? Number(search.entry) : undefined;
  return {
    ...(action && { action }),
    ...(actor && { actor }),
    ...(since && { since }),
    ...(entry !== undefined && { entry }),
  };
}

/** The same as the control plane is asked, from a whole minute so that it stays a while. */
export function asked(search: AuditSearch, org: string | undefined, now: number): AuditFilter {
  const { action, actor, since } = search;
  const length = SINCE.find(([name]) => name === since)?.[2];
  const from = length && new Date(Math.floor((now - length) / 60_000) * 60_000).toISOString();
  return {
    ...(action && { action }),
    ...(actor && { actor }),
    ...(org && { org }),
    ...(from && { from }),
  };
}
