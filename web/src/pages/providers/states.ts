// What is said of how a provider is.

import type { Account } from "../../api/accounts";
import type { Lack, Provider } from "../../api/routing";
import type { Tone } from "../../ui/Badge";
import { isPaused } from "../accounts/words";

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

/** Where what a provider draws on is seen to: accounts, or credentials, the platform's or one's own. */
export type Place = { to: "/accounts" } | { to: "/credentials"; of?: "platform" };

type Drawing = Pick<Provider, "name" | "why" | "configured">;

/**
 * Where to look for what does not work. It is told how the credentials are that calls of whoever asks would draw on, and
 * not whose they are: where the platform has none, they are not the platform's.
 */
export function placeOf({ name, why, configured }: Drawing, accounts: readonly Account[]): Place {
  const isOff = accounts.some((account) => account.provider === name && isPaused(account));
  if (why === "signed_out" || (why === "paused" && isOff)) return { to: "/accounts" };
  return { to: "/credentials", ...(configured && { of: "platform" as const }) };
}

/** What that is called, and which provider something is set for. */
export type Remedy = Place & { label: string; set?: string };

/** What can be done here about what a provider lacks; nothing where it is done elsewhere, or nothing has to be. */
export function remedyOf(
  provider: Drawing & Pick<Provider, "bridge" | "credentials">,
  accounts: readonly Account[],
): Remedy | undefined {
  const { name, why, bridge, credentials } = provider;
  if (!why || bridge || why === "not_set_up") return undefined;
  if (why === "none") {
    return credentials.some(({ kind, missing }) => kind === "oauth_account" && !missing)
      ? { to: "/accounts", label: "Sign in", set: name }
      : { to: "/credentials", of: "platform", label: "Set one", set: name };
  }
  const place = placeOf(provider, accounts);
  return { ...place, label: place.to === "/accounts" ? "Accounts" : "Credentials" };
}

/** Why nobody can sign in, where that is what calls need; or what the operator has to say first. */
export function missingOf(provider: Pick<Provider, "why" | "credentials" | "managed">) {
  const { why, credentials, managed } = provider;
  switch (why) {
    case "none":
    case "signed_out":
      return credentials.find(({ missing }) => missing)?.missing ?? undefined;
    case "not_set_up":
      return managed
        ? "Its calls have to say what program makes them, in `headers` of its [[provider]] table."
        : "Its calls have to say what program makes them, in headers that are set with Edit.";
    default:
      return undefined;
  }
}
