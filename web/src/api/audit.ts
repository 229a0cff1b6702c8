// The audit trail.

import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { client, type Schemas, taken } from "./client";
import type { operations } from "./schema";

export type Entry = Schemas["AuditEntry"];
type Query = NonNullable<operations["list_audit"]["parameters"]["query"]>;
/** Which entries are meant. */
export type AuditFilter = Omit<Query, "limit" | "cursor">;

const PAGE = 100;
const FRESH_MS = 15_000;

export function entries(filter: AuditFilter) {
  return infiniteQueryOptions({
    queryKey: ["audit", filter],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) => {
      const query = { ...filter, limit: PAGE, ...(pageParam ? { cursor: pageParam } : {}) };
      return taken(client.GET("/api/v1/audit", { params: { query }, signal }));
    },
    getNextPageParam: (last) => last.next ?? undefined,
    staleTime: FRESH_MS,
  });
}

/** The end of the chain. Only the installation's administrators are told. */
export function head() {
  return queryOptions({
    queryKey: ["audit-head"],
    queryFn: ({ signal }) => taken(client.GET("/api/v1/audit/head", { signal })),
    staleTime: FRESH_MS,
  });
}

/** Where the same entries are to be had as JSON lines, oldest first. */
export function exportOf(filter: AuditFilter): string {
  return `/api/v1/audit/export?${new URLSearchParams(filter as Record<string, string>)}`;
}
