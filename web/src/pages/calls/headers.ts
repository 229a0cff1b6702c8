// The headers that an answer carries about its call, as its row tells them.

import type { Call } from "../../api/record";

/** Answers of the gateway's own: they say which call they are about, and no more. */
const OURS = ["upstream_unreachable", "upstream_timeout"];

/** Names and values, in the order in which the documentation has them. */
export function headersOf(call: Call): [name: string, value: string][] {
  const answered =
    call.provider && call.status && call.outcome !== "refused" && !OURS.includes(call.error ?? "");
  const about: [string, string | null | undefined][] = answered
    ? [
        ["mode", call.mode],
        ["protocol", call.protocol_sent],
        ["provider", call.provider],
        ["model", call.model_sent],
        ["credential", call.credential_source],
        ["fallback", call.fallback],
        ["loss", call.losses?.join(",")],
      ]
    : [];
  const all: typeof about = [["call", call.id], ...about];
  return all.flatMap(([name, value]) =>
    value ? [[`x-tollhouse-${name}`, value] as [string, string]] : [],
  );
}
