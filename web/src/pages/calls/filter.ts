// Which calls are looked at, as it stands in the address. Sessions are filtered by the same.

import type { RecordFilter } from "../../api/record";
import { type Between, between } from "./between";

export const SINCE = [
  ["1h", "Last hour", 3_600_000],
  ["24h", "Last 24 hours", 86_400_000],
  ["7d", "Last 7 days", 7 * 86_400_000],
  ["30d", "Last 30 days", 30 * 86_400_000],
  ["90d", "Last 90 days", 90 * 86_400_000],
] as const;

/** The filters that are chosen from what there is, and what the control plane groups them by. */
export const DIMENSIONS = [
  ["outcome", "Outcome"],
  ["status", "Status"],
  ["model", "Model"],
  ["provider", "Provider"],
  ["caller", "Caller"],
  ["agent", "Agent"],
  ["user", "User"],
  ["key", "Key"],
  ["source", "Credential"],
] as const;

/** Those of which there are always the same. */
export const CHOICES = [
  [
    "fallback",
    "Fallback",
    [
      ["true", "turned elsewhere"],
      ["rate_limited", "at a limit"],
      ["server_error", "provider failed"],
      ["unreachable", "not reached"],
      ["unauthorized", "credential refused"],
    ],
  ],
] as const;

/** What is chosen besides what there is. */
export const BESIDES: { [name in Dimension]?: readonly [value: string, text: string] } = {
  outcome: ["unsuccessful", "all but success"],
};

/** The filters that are typed: what they are called, and what they look like. */
export const TYPED = [
  ["error", "Error", "rate_limited"],
  ["credential", "Credential or account id", "cred_01…"],
  ["tag", "Tag", "repo=web"],
  ["min_cost_usd", "Cost at least", "$1"],
  ["id", "Call id", "call_01…"],
] as const;

export type Dimension = (typeof DIMENSIONS)[number][0];
export type Choice = (typeof CHOICES)[number][0];
export type Typed = (typeof TYPED)[number][0];
export type Since = (typeof SINCE)[number][0];
export type CallsSearch = { [name in Dimension | Choice | Typed]?: string } & {
  since?: Since;
} & Between;

/** Anything unknown in an address is left out. */
export function callsSearch(search: Record<string, unknown>): CallsSearch {
  const known: CallsSearch = {};
  for (const [name] of [...DIMENSIONS, ...CHOICES, ...TYPED]) {
    const value = search[name];
    if (typeof value === "string" && value) known[name] = value;
    // The address prints a model called `1` as a number, and one called `true` as what is true.
    else if (typeof value === "number" || value === true) known[name] = String(value);
  }
  const since = SINCE.find(([name]) => name === search.since)?.[0];
  // How far back it goes says nothing where it is said when it begins.
  const range = between(search);
  return { ...known, ...(range.from || range.to ? range : since && { since }) };
}

/** The same as the control plane is asked. The beginning is whole minutes, so that it stays a while. */
export function asked(
  { since, status, ...rest }: CallsSearch,
  org: string | undefined,
  now: number,
): RecordFilter {
  const length = SINCE.find(([name]) => name === since)?.[2];
  const from = length && new Date(Math.floor((now - length) / 60_000) * 60_000).toISOString();
  return {
    ...rest,
    ...(status && { status: Number(status) }),
    ...(org && { org }),
    ...(from && { from }),
  };
}
