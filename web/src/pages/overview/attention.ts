// What needs somebody, of all that whoever looks may see: the worst first.

import type { Account } from "../../api/accounts";
import type { Standing } from "../../api/budgets";
import type { Provider } from "../../api/routing";
import { money, share, toCome } from "../../format";
import { isPaused } from "../accounts/words";
import { part } from "../budgets/standings";
import { windowName } from "../keys/meters";
import { placeOf } from "../providers/states";

export type Notice = {
  /** Its own among all, whatever is the matter. */
  id: string;
  tone: "bad" | "warn";
  /** What it is about, and what is the matter with it. */
  name: string;
  text: string;
  to: "/accounts" | "/providers" | "/budgets" | "/credentials";
  /** Whose credentials it is about, where they are the platform's. */
  of?: "platform";
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
  const { id, provider } = account;
  const about = { id, name: `${provider} ${account.name}`, to: "/accounts" } as const;
  // Whoever paused it knows.
  if (isPaused(account)) return undefined;
  switch (account.state) {
    case "cooling": {
      // No countdown: whoever has the page read out would hear it every minute.
      const back = account.until ? `, back ${toCome(account.until, now)}` : "";
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

/** Those that are paused say nothing of themselves. */
function rests(account: Account): boolean {
  return account.state === "cooling" && !isPaused(account);
}

function ofProvider(
  provider: Provider,
  accounts: readonly Account[],
  now: number,
): Notice | undefined {
  const { name, state, until: back } = provider;
  const about = { id: name, name, to: "/providers" } as const;
  switch (state) {
    case "unreachable":
      return { ...about, tone: "bad", text: "cannot be reached" };
    case "degraded":
      if (!back) return { ...about, tone: "warn", text: "does not answer everywhere" };
      // All that would be drawn on rests; where those are accounts, each says so itself.
      return accounts.some((account) => account.provider === name && rests(account))
        ? undefined
        : { ...about, tone: "warn", text: `rests, back ${toCome(back, now)}` };
    case "auth_required":
      return ofLack(provider, accounts);
    case "ready":
    case "starting":
    case "unknown":
      return undefined;
  }
}

/** Calls fail for want of a credential that works. */
function ofLack(provider: Provider, accounts: readonly Account[]): Notice | undefined {
  const { name, why, bridge } = provider;
  const about = { id: name, name };
  if (bridge) {
    const login = { ...about, to: "/providers", tone: "bad", text: "needs a login" } as const;
    return bridge.ownerless ? undefined : login;
  }
  const own = accounts.filter(({ provider }) => provider === name);
  const there = { ...about, ...placeOf(provider, accounts) };
  switch (why) {
    case "refused":
      return { ...there, tone: "bad", text: "refuses its credential" };
    case "unusable":
      return { ...there, tone: "bad", text: "has a credential that does not open" };
    case "paused":
      return { ...there, tone: "warn", text: "takes no calls: what they would draw on is off" };
    case "signed_out":
      // Those that are listed say so themselves.
      return own.some(({ state }) => state === "auth_required" || state === "dead")
        ? undefined
        : { ...there, tone: "bad", text: "needs to be signed in again" };
    case "not_set_up":
      return own.length > 0
        ? { ...about, to: "/providers", tone: "warn", text: "is not set up yet" }
        : undefined;
    // Most installations know providers that they have no credential for.
    case "none":
    case null:
    case undefined:
      return undefined;
  }
}

function ofBudget(standing: Standing): Notice {
  const of = `${money(standing.usd)} ${windowName(standing.window)}`;
  const whole = part(standing) >= 1;
  return {
    id: `${standing.id} ${standing.window}`,
    tone: whole ? "bad" : "warn",
    name: standing.name,
    text: whole ? `has used up its ${of}` : `has used ${share(part(standing), 1)} of its ${of}`,
    to: "/budgets",
  };
}
