// What calls may be led to: providers, routes, models.

import { queryOptions } from "@tanstack/react-query";
import { client, taken } from "./client";

const MOST = 1000;
/** They change when somebody changes the configuration. */
const FRESH_MS = 60_000;

export function providers() {
  return queryOptions({
    queryKey: ["providers"],
    queryFn: ({ signal }) =>
      taken(client.GET("/api/v1/providers", { params: { query: { limit: MOST } }, signal })),
    staleTime: FRESH_MS,
  });
}

export function routes() {
  return queryOptions({
    queryKey: ["routes"],
    queryFn: ({ signal }) => taken(client.GET("/api/v1/routes", { signal })),
    staleTime: FRESH_MS,
  });
}

export function models() {
  return queryOptions({
    queryKey: ["models"],
    queryFn: ({ signal }) =>
      taken(client.GET("/api/v1/models", { params: { query: { limit: MOST } }, signal })),
    staleTime: FRESH_MS,
  });
}
