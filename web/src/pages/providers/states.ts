// What is said of how a provider is.

import type { Lack, Provider } from "../../api/routing";
import type { Tone } from "../../ui/Badge";

const STATES: Record<Provider["state"], [Tone, string]> = {
  ready: ["good", "ready"],
  degraded: ["warn", "degraded"],
  unreachable: ["bad", "unreachable"],
  auth_required: ["warn", "needs a credential"],
  starting: ["neutral", "starting"],
  unknown: ["neutral", "not asked yet"],
};

const LACKS: Record<Lack, [Tone, string]> = {
  none: STATES.auth_required,
  refused: ["bad", "credential refused"],
  signed_out: ["bad", "signed out"],
  unusable: ["bad", "credential unusable"],
  paused: ["warn", "credential switched off"],
  not_set_up: ["warn", "not set up"],
};

type Standing = Pick<Provider, "state" | "why" | "bridge">;

/** Of a bridge it is a login that is missing, which nobody can give it here, or somebody for whom it is. */
export function stateOf({ state, why, bridge }: Standing): [Tone, string] {
  if (state !== "auth_required") return STATES[state];
  if (bridge?.ownerless) return ["warn", "waits for its owner"];
  // What it shares with the gateway may be refused, too; nobody can set that here.
  if (bridge && why !== "refused") return ["warn", "needs a login"];
  return LACKS[why ?? "none"];
}

/** Where somebody sees to it that a provider has what it lacks, what that is called there, and for whom. */
export type Remedy = { to: "/credentials" | "/accounts"; label: string; set?: string };

/** What can be done about it here; nothing where it is done elsewhere, or nothing has to be. */
export function remedyOf(provider: Pick<Provider, "name" | "why" | "bridge" | "credentials">) {
  const { name, why, bridge, credentials } = provider;
  if (!why || bridge) return undefined;
  const remedies: Record<Lack, Remedy | undefined> = {
    none: credentials.some(({ kind, missing }) => kind === "oauth_account" && !missing)
      ? { to: "/accounts", label: "Sign in", set: name }
      : { to: "/credentials", label: "Set one", set: name },
    refused: { to: "/credentials", label: "Credentials" },
    signed_out: { to: "/accounts", label: "Accounts" },
    unusable: { to: "/credentials", label: "Credentials" },
    paused: { to: "/credentials", label: "Credentials" },
    not_set_up: undefined,
  };
  return remedies[why];
}

/** Why nobody can sign in, where that is what calls need; or what the operator has to say first. */
export function missingOf({ why, credentials }: Pick<Provider, "why" | "credentials">) {
  switch (why) {
    case "none":
    case "signed_out":
      return credentials.find(({ missing }) => missing)?.missing ?? undefined;
    case "not_set_up":
      return "Its calls have to say what program makes them, in `headers` of its [[provider]] table.";
    default:
      return undefined;
  }
}
