// The record: usage, calls, sessions.

import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { client, type Schemas, taken } from "./client";
import type { operations } from "./schema";

export type Call = Schemas["Call"];
export type Session = Schemas["Session"];
export type Totals = Schemas["Totals"];
export type UsageReport = Schemas["UsageReport"];

type QueryOf<T extends keyof operations> = NonNullable<operations[T]["parameters"]["query"]>;
/** Which calls are meant. */
export type RecordFilter = Omit<QueryOf<"list_calls">, "limit" | "cursor">;
export type UsageQuery = QueryOf<"report_usage">;

const PAGE = 100;
/** How long an answer about the record counts as new. */
const FRESH_MS = 15_000;

export function usage(query: UsageQuery) {
  return queryOptions({
    queryKey: ["usage", query],
    queryFn: ({ signal }) => taken(client.GET("/api/v1/usage", { params: { query }, signal })),
    staleTime: FRESH_MS,
    placeholderData: keepPreviousData,
  });
}

export function calls(filter: RecordFilter) {
  return infiniteQueryOptions({
    queryKey: ["calls", filter],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) => {
      const query = { ...filter, limit: PAGE, ...(pageParam ? { cursor: pageParam } : {}) };
      return taken(client.GET("/api/v1/calls", { params: { query }, signal }));
    },
    getNextPageParam: (last) => last.next ?? undefined,
    staleTime: FRESH_MS,
    placeholderData: keepPreviousData,
  });
}

/** Where the same calls are to be had as a file, newest first. */
export function exportOf(filter: RecordFilter, format: "csv" | "jsonl"): string {
  const query = new URLSearchParams({ ...(filter as Record<string, string>), format });
  return `/api/v1/calls/export?${query}`;
}

/** The newest calls, as they stand. */
export function recent(org: string | undefined) {
  return queryOptions({
    queryKey: ["recent", org],
    queryFn: ({ signal }) => {
      const query = { limit: PAGE, ...(org && { org }) };
      return taken(client.GET("/api/v1/calls", { params: { query }, signal }));
    },
    // What is on its way changes it all the time; whoever asks wants it as it is now.
    staleTime: 0,
    refetchOnWindowFocus: false,
  });
}

export function call(id: string) {
  return queryOptions({
    queryKey: ["call", id],
    queryFn: ({ signal }) =>
      taken(client.GET("/api/v1/calls/{id}", { params: { path: { id } }, signal })),
    // What ended does not change.
    staleTime: Number.POSITIVE_INFINITY,
  });
}

export function sessions(filter: RecordFilter) {
  return infiniteQueryOptions({
    queryKey: ["sessions", filter],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) => {
      const query = { ...filter, limit: PAGE, ...(pageParam ? { cursor: pageParam } : {}) };
      return taken(client.GET("/api/v1/sessions", { params: { query }, signal }));
    },
    getNextPageParam: (last) => last.next ?? undefined,
    staleTime: FRESH_MS,
    placeholderData: keepPreviousData,
  });
}

export function conversation(id: string) {
  return infiniteQueryOptions({
    queryKey: ["session", id],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) => {
      const query = { limit: 1000, ...(pageParam ? { cursor: pageParam } : {}) };
      const params = { path: { id }, query };
      return taken(client.GET("/api/v1/sessions/{id}", { params, signal }));
    },
    getNextPageParam: (last) => last.calls.next ?? undefined,
    staleTime: FRESH_MS,
  });
}
