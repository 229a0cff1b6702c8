// What would come of an agent's first call, and where what it lacks is put in.

import type { Key } from "../../api/keys";
import { isAtLeast, isPlatform } from "../../api/me";
import type { DryRun, Provider } from "../../api/routing";
import type { Me } from "../../api/session";
import type { Whose } from "../credentials/search";
import type { Client } from "./snippets";

/** The status of a call that has nothing to draw on. */
export const NO_CREDENTIAL = 424;

/** What a client speaks when it asks for a model. */
export function protocolOf(client: Client, model: string): string {
  switch (client) {
    case "claude-code":
    case "anthropic-python":
    case "anthropic-typescript":
    case "curl":
      return "messages";
    case "codex":
      return "responses";
    case "qwen-code":
    case "openai-python":
    case "openai-typescript":
      return "chat";
    case "opencode":
      // As its configuration says of the model: see `offering`.
      if (/^claude/.test(model)) return "messages";
      return /^(gpt-|o1|o3|o4|codex-)/.test(model) ? "responses" : "chat";
  }
}

/** A page on which something to draw on is given, and of which provider. */
export type Cure =
  | { page: "accounts"; provider: string }
  | { page: "credentials"; provider: string; of: Whose; org?: string };

/** Where whoever is signed in gives a key something to draw on; undefined where they cannot. */
export function cureOf(
  said: DryRun,
  key: Key | undefined,
  providers: readonly Provider[],
  me: Me,
): Cure | undefined {
  if (!key || said.refusal?.status !== NO_CREDENTIAL) return undefined;
  const asked = said.route?.targets.map(({ provider }) => provider) ?? [];
  const allowed = asked.filter((name) => !key.providers || key.providers.includes(name));
  const known = allowed.flatMap((name) => providers.find((one) => one.name === name) ?? []);
  const of = ownerOf(key, me);
  return known.map((one) => cureAt(one, of, key)).find(Boolean);
}

/** Accounts first, as the page of providers has it, where one can be signed in to; nobody signs in for somebody else. */
function cureAt(
  { name, credentials }: Provider,
  of: Whose | undefined,
  key: Key,
): Cure | undefined {
  if (!of) return undefined;
  const login = credentials.some(({ kind, missing }) => kind === "oauth_account" && !missing);
  if (login && of === "me") return { page: "accounts", provider: name };
  if (!credentials.some(({ kind }) => kind === "api_key")) return undefined;
  return {
    page: "credentials",
    provider: name,
    of,
    ...(of === "org" && key.org && { org: key.org }),
  };
}

/** Whose credentials the key draws on that whoever is signed in may set. */
function ownerOf(key: Key, me: Me): Whose | undefined {
  const { user, org, platform } = key.credentials;
  if (user && me.user && key.owner === me.user.id) return "me";
  if (org && key.org && isAtLeast(me, "admin", key.org)) return "org";
  return platform && isPlatform(me) ? "platform" : undefined;
}
