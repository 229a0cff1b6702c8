// What the states of accounts and of attempts mean to people, and when to ask again.

import type { Account, SignInView, Window } from "../../api/accounts";
import type { Tone } from "../../ui/Badge";

export const STATES: Record<Account["state"], readonly [Tone, string]> = {
  ready: ["good", "Ready"],
  cooling: ["warn", "Resting"],
  refreshing: ["accent", "Renewing"],
  auth_required: ["bad", "Sign in again"],
  dead: ["bad", "Closed"],
  disabled: ["neutral", "Switched off"],
};

const WHY: Record<string, string> = {
  cap: "the plan is used up",
  rate: "too many calls",
  paused: "paused by hand",
  expired: "its login has ended",
  reused: "its refresh token was used by another program",
  revoked: "it was signed out at the provider",
  no_refresh_token: "the provider gave nothing to renew it with",
  refused: "the provider refuses it",
  closed: "closed at the provider",
};

/** A word of the control plane's that is not known here is shown as it is. */
export function whyText(why: string | null | undefined): string | undefined {
  return why ? (WHY[why] ?? why) : undefined;
}

export function isPaused({ state, why }: Pick<Account, "state" | "why">): boolean {
  return state === "cooling" && why === "paused";
}

/** What can be done with an account in its state, but for removing it. */
export type Act = "pause" | "resume" | "wake" | "refresh";

export function actsFor(account: Pick<Account, "state" | "why">): readonly Act[] {
  if (isPaused(account)) return ["resume", "refresh"];
  switch (account.state) {
    case "ready":
    case "refreshing":
      return ["pause", "refresh"];
    case "cooling":
      return ["wake", "pause", "refresh"];
    case "auth_required":
    case "dead":
    case "disabled":
      return [];
  }
}

/** The windows of its plan: the document leaves them open, so nothing is taken for granted. */
export function windowsOf({ windows }: Pick<Account, "windows">): Window[] {
  const { primary, secondary } = windows as { primary?: unknown; secondary?: unknown };
  return [primary, secondary].filter(
    (window): window is Window => typeof (window as Window | null)?.used_percent === "number",
  );
}

/** What to say of a plan as long as nothing was heard of it: of some nothing ever is. */
export function unheard({ provider, tells_windows }: Pick<Account, "provider" | "tells_windows">) {
  return tells_windows
    ? "How much of the plan is used is known after a call."
    : `${provider} does not say with its answers how much of the plan is used.`;
}

/** How long a window is, in the largest unit that it fills. */
export function windowName({ minutes }: Pick<Window, "minutes">): string {
  if (!minutes) return "Plan";
  if (minutes % 10_080 === 0) return minutes === 10_080 ? "Week" : `${minutes / 10_080} weeks`;
  if (minutes % 1440 === 0) return minutes === 1440 ? "Day" : `${minutes / 1440} days`;
  if (minutes % 60 === 0) return minutes === 60 ? "Hour" : `${minutes / 60} hours`;
  return `${minutes} min`;
}

/** Minutes and seconds that are left until a moment: `14:09`. */
export function countdown(until: number, now: number): string {
  const left = Math.max(0, Math.ceil((until - now) / 1000));
  return `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
}

const LONGEST_MS = 60_000;

/** After how many milliseconds to ask again; never when it is over. Failures are waited out longer each. */
export function nextAsk(
  seen: Pick<SignInView, "state" | "retry_in"> | undefined,
  interval: number,
  failures: number,
): number | undefined {
  if (seen && seen.state !== "pending") return undefined;
  const pause = Math.max(1, seen?.retry_in ?? interval) * 1000;
  return Math.min(pause * 2 ** Math.min(failures, 6), Math.max(pause, LONGEST_MS));
}

/** How an attempt ended, and what to do next. */
export function endOf({ state, why }: Pick<SignInView, "state" | "why">): {
  title: string;
  next: string;
} {
  switch (state) {
    case "denied":
      return {
        title: "It was denied",
        next: "Somebody said no at the provider. If that was a mistake, begin again.",
      };
    case "expired":
      return {
        title: "The time is over",
        next: "Nobody finished the sign-in in time. Begin again for a new code.",
      };
    case "cancelled":
      return { title: "It was given up", next: "Begin again whenever you like." };
    default:
      return {
        title: "It was refused",
        next: why ?? "The provider gave no login. Begin again, or ask who administers this server.",
      };
  }
}

/** Links of others lead where browsers go, and nowhere else. */
export function webAddress(text: string | null | undefined): string | undefined {
  if (!text || !URL.canParse(text)) return undefined;
  const { protocol } = new URL(text);
  return protocol === "https:" || protocol === "http:" ? text : undefined;
}
