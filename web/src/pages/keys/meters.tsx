// Budgets of one key, as far as they are used.

import { useQuery } from "@tanstack/react-query";
import { budgets, type Standing } from "../../api/budgets";
import type { Key } from "../../api/keys";
import { money } from "../../format";
import { Meter } from "../../ui/Meter";
import { WINDOWS } from "./draft";

const NAMES = new Map<string, string>(WINDOWS);

export function windowName(window: string): string {
  return NAMES.get(window) ?? window;
}

export function used({ spent_usd, usd }: Standing): number {
  return Number(usd) > 0 ? Number(spent_usd) / Number(usd) : 1;
}

/** How the budgets of a key stand, the most used up first. */
export function useStandings(): (key: string) => Standing[] {
  const all = useQuery(budgets()).data ?? [];
  return (key) =>
    all
      .filter(({ scope, id }) => scope === "key" && id === key)
      .sort((one, other) => used(other) - used(one));
}

export function StandingMeter({ standing }: { standing: Standing }) {
  return (
    <Meter
      label={`${money(standing.usd)} ${windowName(standing.window)}`}
      value={Number(standing.spent_usd)}
      most={Number(standing.usd)}
      text={`${money(standing.spent_usd)} spent`}
    />
  );
}

/** Rates in one line. */
export function limitsText({ rpm, tpm, concurrency }: Key["limits"]): string | undefined {
  const parts = [
    rpm && `${rpm.toLocaleString("en-US")} calls/min`,
    tpm && `${tpm.toLocaleString("en-US")} tokens/min`,
    concurrency && `${concurrency.toLocaleString("en-US")} at once`,
  ];
  return parts.filter(Boolean).join(" · ") || undefined;
}
