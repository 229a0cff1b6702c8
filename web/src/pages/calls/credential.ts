// Whose credential a call was made with, in words.

import { isAtLeast, isPlatform } from "../../api/me";
import type { Call } from "../../api/record";
import type { Me } from "../../api/session";

const KINDS = { api_key: "key", oauth_account: "account", bridge: "bridge" };
const WHOSE = { client: "the client's own", user: "the user's", org: "the organization's" };

type Drawn = Pick<Call, "credential_source" | "credential_kind" | "credential_fingerprint">;

export function credentialOf(drawn: Drawn): string | undefined {
  const { credential_source, credential_kind, credential_fingerprint } = drawn;
  if (!credential_source) return undefined;
  const source = WHOSE[credential_source as keyof typeof WHOSE] ?? `the ${credential_source}'s`;
  const kind = KINDS[credential_kind as keyof typeof KINDS] ?? credential_kind;
  const full = kind ? `${source} ${kind}` : source;
  return credential_fingerprint ? `${full} (${credential_fingerprint})` : full;
}

type Place =
  | { to: "/accounts" }
  | { to: "/credentials"; search: { of: "me" | "org" | "platform"; org?: string } };

/** The page that a call's credential is on, for who may see it there. */
export function placeOf(
  call: Pick<Call, "credential_id" | "credential_source" | "credential_kind" | "user" | "org">,
  me: Me,
): Place | undefined {
  const { credential_id, credential_source, credential_kind, user, org } = call;
  if (!credential_id) return undefined;
  const mine = Boolean(user && user === me.user?.id);
  const account = credential_kind === "oauth_account";
  switch (credential_source) {
    case "user":
      // Administrators see everybody's accounts, and nobody's keys.
      if (account) return mine || isPlatform(me) ? { to: "/accounts" } : undefined;
      return mine ? { to: "/credentials", search: { of: "me" } } : undefined;
    case "org":
      if (!org) return undefined;
      if (account) return isAtLeast(me, "admin", org) ? { to: "/accounts" } : undefined;
      return isAtLeast(me, "viewer", org)
        ? { to: "/credentials", search: { of: "org", org } }
        : undefined;
    case "platform":
      if (!isPlatform(me)) return undefined;
      return account ? { to: "/accounts" } : { to: "/credentials", search: { of: "platform" } };
    default:
      return undefined;
  }
}
