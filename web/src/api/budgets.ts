// Budgets, how they stand, and what organizations and users may use.

import { queryOptions } from "@tanstack/react-query";
import { client, type Schemas, taken } from "./client";
import { whole } from "./parts";
import { queries } from "./queries";

export type Standing = Schemas["Standing"];
export type Allowance = Schemas["Allowance"];
export type AllowanceInput = Schemas["AllowanceInput"];

const FRESH_MS = 10_000;
const AGAIN_MS = 30_000;

/** Every budget that whoever asks may see, but for those of sessions. */
export function budgets() {
  return queryOptions({
    queryKey: ["budgets"],
    queryFn: async ({ signal }) => {
      const ask = (query: { limit: number; cursor?: string }) =>
        taken(client.GET("/api/v1/budgets", { params: { query }, signal }));
      return (await whole<Standing>(ask)).data;
    },
    staleTime: FRESH_MS,
    refetchInterval: AGAIN_MS,
  });
}

/** Whose keys share limits and budgets. */
export type Sharers = { scope: "org" | "user"; id: string };

/** What all their keys may use together. */
export function allowance(of: Sharers | undefined) {
  return queryOptions({
    queryKey: ["allowance", of?.id],
    queryFn: ({ signal }) => {
      const id = of?.id ?? "";
      return taken<Allowance>(
        of?.scope === "org"
          ? client.GET("/api/v1/orgs/{org}/limits", { params: { path: { org: id } }, signal })
          : client.GET("/api/v1/users/{id}/limits", { params: { path: { id } }, signal }),
      );
    },
    enabled: of !== undefined,
    // What is edited is what there is now, and does not change under whoever edits it.
    staleTime: 0,
    gcTime: 0,
    refetchOnWindowFocus: false,
  });
}

/** Sets what all their keys may use together, in place of everything that was set before. */
export async function setAllowance({ scope, id }: Sharers, body: AllowanceInput): Promise<void> {
  if (scope === "org") {
    await taken(client.PUT("/api/v1/orgs/{org}/limits", { params: { path: { org: id } }, body }));
  } else {
    await taken(client.PUT("/api/v1/users/{id}/limits", { params: { path: { id } }, body }));
  }
  void queries.invalidateQueries({ queryKey: ["budgets"] });
}
