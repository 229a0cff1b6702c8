// Whose credential a call was made with, in words.

import type { Call } from "../../api/record";

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
