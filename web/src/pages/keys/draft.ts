// A key as a form holds it, and what of it the control plane is told.

import type { BudgetWindow, Key, KeyChange, NewKey } from "../../api/keys";

/** Rates and budgets as a form holds them: empty is not limited. */
export type Amounts = {
  rpm: string;
  tpm: string;
  concurrency: string;
  budget: { usd: string; window: string }[];
};

export type Draft = Amounts & {
  name: string;
  agent: string;
  /** A user's id; empty is nobody when an administrator makes it, and else the caller. */
  owner: string;
  org: string;
  kind: Key["kind"];
  models: string[];
  providers: string[];
  routes: string[];
  /** As the control plane takes it; `never`, or empty for what it is already. */
  expires: string;
  credentials: Key["credentials"];
  strict: boolean;
  /** Nothing: what the installation says. */
  capture: Key["capture"] | null;
};

export const WINDOWS: readonly (readonly [BudgetWindow, string])[] = [
  ["day", "a day"],
  ["week", "a week"],
  ["month", "a month"],
  ["total", "in all"],
  ["session", "a session"],
];

export const NEVER = "never";

export function blank(org: string, platform: boolean): Draft {
  return {
    name: "",
    agent: "",
    owner: "",
    org,
    kind: "standard",
    models: [],
    providers: [],
    routes: [],
    expires: "",
    rpm: "",
    tpm: "",
    concurrency: "",
    budget: [],
    credentials: { client: false, user: true, org: true, platform },
    strict: false,
    capture: null,
  };
}

/** Rates and budgets as they are, for a form. */
export function amountsOf({ limits, budget }: Pick<Key, "limits" | "budget">): Amounts {
  const text = (value: number | null | undefined) => (value ? String(value) : "");
  return {
    rpm: text(limits.rpm),
    tpm: text(limits.tpm),
    concurrency: text(limits.concurrency),
    budget: budget.map(({ usd, window }) => ({ usd, window })),
  };
}

export function draftOf(key: Key): Draft {
  return {
    name: key.name,
    agent: key.agent ?? "",
    owner: key.owner ?? "",
    org: key.org ?? "",
    kind: key.kind,
    models: key.models ?? [],
    providers: key.providers ?? [],
    routes: key.routes ?? [],
    expires: "",
    ...amountsOf(key),
    credentials: key.credentials,
    strict: key.strict,
    capture: key.capture,
  };
}

/** What the control plane is told of rates and budgets, with null for what is not limited. */
export function amounts({ rpm, tpm, concurrency, budget }: Amounts) {
  const number = (text: string) => (text ? Number(text) : null);
  const limits = { rpm: number(rpm), tpm: number(tpm), concurrency: number(concurrency) };
  const limited = Object.values(limits).some((limit) => limit !== null);
  const stated = budget.filter(({ usd }) => usd.trim());
  return { limits: limited ? limits : null, budget: stated.length > 0 ? stated : null };
}

/** Everything that is said of a key, with null for what is not restricted. */
function said(draft: Draft) {
  const list = (names: string[]) => (names.length > 0 ? names : null);
  return {
    name: draft.name.trim(),
    agent: draft.agent.trim() || null,
    owner: draft.owner || null,
    org: draft.org || null,
    models: list(draft.models),
    providers: list(draft.providers),
    routes: list(draft.routes),
    ...amounts(draft),
    credentials: draft.credentials,
    strict: draft.strict,
    capture: draft.capture,
  };
}

/** What is not restricted is left out. */
export function newKey(draft: Draft): NewKey {
  const { name, credentials, ...rest } = said(draft);
  const present = Object.entries(rest).filter(([, value]) => value !== null);
  const life = draft.expires && draft.expires !== NEVER ? { expires_in: draft.expires } : {};
  return { ...Object.fromEntries(present), name, kind: draft.kind, credentials, ...life };
}

/** Only what is different, so that two people who change different things both have their way. */
export function changeOf(before: Draft, after: Draft): KeyChange {
  const [old, now] = [said(before), said(after)];
  const different = Object.entries(now).filter(
    ([field, value]) => JSON.stringify(value) !== JSON.stringify(old[field as keyof typeof old]),
  );
  const life = after.expires
    ? { expires_in: after.expires === NEVER ? null : after.expires }
    : undefined;
  const change: KeyChange = { ...Object.fromEntries(different), ...life };
  if (!change.credentials) return change;
  // Who may not give the platform's away need not say that they do not.
  const policy = Object.entries(now.credentials).filter(
    ([who, may]) => old.credentials[who as keyof Key["credentials"]] !== may,
  );
  return { ...change, credentials: Object.fromEntries(policy) };
}
