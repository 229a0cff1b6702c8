// What needs somebody, of all that whoever looks may see: the worst first.

import type { Account } from "../../api/accounts";
import type { Standing } from "../../api/budgets";
import type { Provider } from "../../api/routing";
import { money, share, until } from "../../format";
import { isPaused } from "../accounts/words";
import { part } from "../budgets/standings";
import { windowName } from "../keys/meters";

export type Notice = {
  tone: "bad" | "warn";
  /** What it is about, and what is the matter with it. */
  name: string;
  text: string;
  to: "/accounts" | "/providers" | "/budgets";
};

/** From here on a budget is worth a word, as it is to whoever is warned of it. */
const NEARLY = 0.8;

export function notices(
  accounts: readonly Account[],
  providers: readonly Provider[],
  budgets: readonly Standing[],
  now: number,
): Notice[] {
  const all = [
    ...accounts.flatMap((account) => ofAccount(account, now) ?? []),
    ...providers.flatMap((provider) => ofProvider(provider, accounts, now) ?? []),
    ...budgets
      .filter((standing) => part(standing) >= NEARLY)
      .sort((one, other) => part(other) - part(one))
      .map(ofBudget),
  ];
  return [...all.filter(({ tone }) => tone === "bad"), ...all.filter(({ tone }) => tone !== "bad")];
}

function ofAccount(account: Account, now: number): Notice | undefined {
  const about = { name: `${account.provider} ${account.name}`, to: "/accounts" } as const;
  // Whoever paused it knows.
  if (isPaused(account)) return undefined;
  switch (account.state) {
    case "cooling": {
      const back = account.until ? `, back ${until(account.until, now)}` : "";
      return { ...about, tone: "warn", text: `rests${back}` };
    }
    case "auth_required":
      return { ...about, tone: "bad", text: "needs to be signed in again" };
    case "dead":
      return { ...about, tone: "bad", text: "was closed at the provider" };
    case "ready":
    case "refreshing":
    case "disabled":
      return undefined;
  }
}

function ofProvider(
  { name, state, until: back, bridge }: Provider,
  accounts: readonly Account[],
  now: number,
): Notice | undefined {
  const about = { name, to: "/providers" } as const;
  switch (state) {
    case "unreachable":
      return { ...about, tone: "bad", text: "cannot be reached" };
    case "degraded":
      if (!back) return { ...about, tone: "warn", text: "does not answer everywhere" };
      // All that would be drawn on rests; where those are accounts, each says so itself.
      return accounts.some(({ provider, state }) => provider === name && state === "cooling")
        ? undefined
        : { ...about, tone: "warn", text: `rests, back ${until(back, now)}` };
    case "auth_required":
      // Most installations know providers that they have no credential for.
      return bridge && !bridge.ownerless
        ? { ...about, tone: "bad", text: "needs a login" }
        : undefined;
    case "ready":
    case "starting":
    case "unknown":
      return undefined;
  }
}

function ofBudget(standing: Standing): Notice {
  const of = `${money(standing.usd)} ${windowName(standing.window)}`;
  const whole = part(standing) >= 1;
  return {
    tone: whole ? "bad" : "warn",
    name: standing.name,
    text: whole ? `has used up its ${of}` : `has used ${share(part(standing), 1)} of its ${of}`,
    to: "/budgets",
  };
}
