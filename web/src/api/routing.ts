// What calls may be led to: providers, routes, models.

import { queryOptions, useQuery } from "@tanstack/react-query";
import { client, taken } from "./client";
import { isPlatform, useMe } from "./me";

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

/** The names of providers. Administrators of the installation see all; others those that models come from. */
export function useProviderNames(): { names: string[] | undefined; error: unknown } {
  const platform = isPlatform(useMe());
  const all = useQuery({ ...providers(), enabled: platform });
  const seen = useQuery({ ...models(), enabled: !platform });
  const names = platform
    ? all.data?.data.filter(({ auth }) => auth !== "none").map(({ name }) => name)
    : seen.data?.data.flatMap(({ targets }) => targets);
  const { error } = platform ? all : seen;
  return { names: names && [...new Set(names)].sort(), error: names ? undefined : error };
}
