// Every provider with the credentials that an owner has for it.

import type { Credential } from "../../api/credentials";
import type { Tone } from "../../ui/Badge";

export type Row = {
  provider: string;
  /** Absent where there is none. */
  credential?: Credential;
  /** Whether it is the first of its provider. */
  first: boolean;
};

/** A credential may be for a provider that whoever looks knows nothing else of. */
export function rowsOf(providers: readonly string[], credentials: readonly Credential[]): Row[] {
  const all = [...new Set([...providers, ...credentials.map(({ provider }) => provider)])].sort();
  return all.flatMap((provider): Row[] => {
    const own = credentials.filter((one) => one.provider === provider);
    if (own.length === 0) return [{ provider, first: true }];
    return own.map((credential, index) => ({ provider, credential, first: index === 0 }));
  });
}

export const STATES: Record<Credential["state"], readonly [Tone, string]> = {
  ready: ["good", "Ready"],
  cooling: ["warn", "Resting"],
  stale: ["bad", "Refused"],
  disabled: ["neutral", "Switched off"],
  unusable: ["bad", "Unusable"],
  missing: ["neutral", "Not set"],
};
