// What calls may be led to: providers, routes, models.

import { queryOptions, useQuery } from "@tanstack/react-query";
import { client, type Schemas, taken } from "./client";
import { isPlatform, useMe } from "./me";
import { queries } from "./queries";

export type Provider = Schemas["Provider"];
export type DryRun = Schemas["DryRun"];
export type DryRunTarget = Schemas["DryRunTarget"];
export type DryRunCredential = Schemas["DryRunCredential"];

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

/** Adds a provider, or takes the place of what is known of it. */
export function putProvider(name: string, body: Schemas["ProviderInput"]): Promise<Provider> {
  return changing(client.PUT("/api/v1/providers/{name}", { params: { path: { name } }, body }));
}

export function deleteProvider(name: string): Promise<unknown> {
  return changing(client.DELETE("/api/v1/providers/{name}", { params: { path: { name } } }));
}

/** Makes the routes be these, but for the configuration file's. */
export function replaceRoutes(data: Schemas["Route"][]): Promise<unknown> {
  return changing(client.PUT("/api/v1/routes", { body: { data } }));
}

/** What would happen to a request. It changes nothing. */
export function dryRun(body: Schemas["DryRunInput"]): Promise<DryRun> {
  return taken(client.POST("/api/v1/routes/dry-run", { body }));
}

async function changing<T>(answer: Parameters<typeof taken<T>>[0]): Promise<T> {
  const done = await taken(answer);
  await Promise.all(
    ["providers", "routes", "models"].map((key) => queries.invalidateQueries({ queryKey: [key] })),
  );
  return done;
}
