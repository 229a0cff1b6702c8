// What is said of how a provider is.

import type { Provider } from "../../api/routing";
import type { Tone } from "../../ui/Badge";

const STATES: Record<Provider["state"], [Tone, string]> = {
  ready: ["good", "ready"],
  degraded: ["warn", "degraded"],
  unreachable: ["bad", "unreachable"],
  auth_required: ["warn", "needs a credential"],
  starting: ["neutral", "starting"],
  unknown: ["neutral", "not asked yet"],
};

/** Of a bridge it is a login that is missing, which nobody can give it here, or somebody for whom it is. */
export function stateOf({ state, bridge }: Pick<Provider, "state" | "bridge">): [Tone, string] {
  if (bridge && state === "auth_required") {
    return ["warn", bridge.ownerless ? "waits for its owner" : "needs a login"];
  }
  return STATES[state];
}
