// What happened to a call, in order.

import type { Call } from "../../api/record";
import { clockTime } from "../../format";
import { credentialOf } from "./credential";

type Attempt = NonNullable<Call["tried"]>[number];

/** A moment of a call; `at` is milliseconds after its admission, where that is known. */
export type Step = { at: number | undefined; text: string; tone?: "bad" | "warn" };

/** Why an attempt was not the last, and whether that says more than the status does. */
const REASONS: Record<string, string> = {
  unreachable: "could not be reached",
  rate_limited: "was rate limited",
  unauthorized: "did not take the credential",
  server_error: "answered with an error of its own",
};

export function steps(call: Call): Step[] {
  const list: Step[] = [{ at: undefined, text: `Admitted at ${clockTime(new Date(call.at))}` }];
  const tried = call.tried ?? [];
  for (const attempt of tried) {
    list.push({ at: attempt.ended_ms, text: failed(attempt, call), tone: "warn" });
  }
  if (call.fallback && tried.length === 0) {
    // Of calls before attempts were on record, that is all that is known.
    const why = REASONS[call.fallback] ?? call.fallback;
    list.push({ at: undefined, text: `The first target ${why}; another was asked`, tone: "warn" });
  }
  if (call.provider && call.attempts > 0) {
    list.push({ at: tried.at(-1)?.ended_ms, text: `Sent to ${call.provider}${howOften(call)}` });
  }
  if (call.ttft_ms !== undefined && call.ttft_ms !== null) {
    list.push({ at: call.ttft_ms, text: "First byte of the answer" });
  }
  list.push(end(call));
  return list;
}

function failed(attempt: Attempt, call: Call): string {
  const { provider, model_sent, reason, status } = attempt;
  const whose = credentialOf(attempt);
  const other = model_sent !== call.model_requested && model_sent;
  const about = [other && `asked for ${other}`, whose && `with ${whose}`];
  const said = about.filter(Boolean).join(" ");
  const why = REASONS[reason] ?? reason;
  return `${provider}${said && `, ${said},`} ${why}${status ? `, status ${status}` : ""}; another was asked`;
}

function howOften({ attempts, tried, model_sent, model_requested }: Call): string {
  if (attempts === 1) return ", one attempt";
  // Another target often means another model.
  const other = tried?.length && model_sent && model_sent !== model_requested;
  return `${other ? `, asked for ${model_sent}` : ""}, ${attempts} attempts`;
}

function end(call: Call): Step {
  const at = call.duration_ms ?? undefined;
  const status = call.status ? `, status ${call.status}` : "";
  const because = call.error ? `: ${call.error}` : "";
  switch (call.outcome) {
    case "success": {
      const reason = call.stop_reason ? `, because of ${call.stop_reason}` : "";
      // Usage that cannot be believed is an error of an answer that went well.
      return { at, text: `Ended${reason}${status}${because}`, ...(call.error && { tone: "warn" }) };
    }
    case "refused":
      return { at, text: `Refused here${status}${because}`, tone: "warn" };
    case "client_disconnect":
      return { at, text: `The client left${because}`, tone: "warn" };
    case "interrupted":
      return { at, text: `Cut off by the gateway's end${because}`, tone: "bad" };
    default:
      return { at, text: `Failed${status}${because}`, tone: "bad" };
  }
}

/** Why a call did not go well, in a line; nothing of one that did. */
export function whyOf({ status, error }: Call): string | undefined {
  const refused = status && status >= 400 ? String(status) : undefined;
  return [refused, error].filter(Boolean).join(" ") || undefined;
}

/** A stretch of a call, in milliseconds: attempts that failed, the wait for the first byte, the answer. */
export type Stretch = { is: "tried" | "waited" | "answered"; ms: number };

export function stretches(call: Call): Stretch[] {
  const whole = call.duration_ms ?? 0;
  if (whole <= 0) return [];
  const tried = Math.min(call.tried?.at(-1)?.ended_ms ?? 0, whole);
  const first = Math.max(tried, Math.min(call.ttft_ms ?? whole, whole));
  const all: Stretch[] = [
    { is: "tried", ms: tried },
    { is: "waited", ms: first - tried },
    { is: "answered", ms: whole - first },
  ];
  return all.filter(({ ms }) => ms > 0);
}
