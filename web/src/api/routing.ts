// What calls may be led to: providers, routes, models.

import { queryOptions, useQuery } from "@tanstack/react-query";
import { ApiFailure, client, type Schemas, taken } from "./client";
import { queries } from "./queries";

export type Provider = Schemas["Provider"];
export type Lack = NonNullable<Provider["why"]>;
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

/** All routes, and what tells them from what they are after somebody changed them. */
export function routes() {
  return queryOptions({
    queryKey: ["routes"],
    queryFn: async ({ signal }) => {
      const answer = await client.GET("/api/v1/routes", { signal });
      const { data } = await taken(Promise.resolve(answer));
      // Proxies that compress make it a weak one, which names the same routes: what is compared is not bytes.
      return { data, tag: answer.response.headers.get("etag")?.replace(/^W\//, "") };
    },
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

/** The names of providers that take any credential. */
export function useProviderNames(): { names: string[] | undefined; error: unknown } {
  const { data, error } = useQuery(providers());
  const names = data?.data.filter(({ credentials }) => credentials.length > 0);
  return { names: names?.map(({ name }) => name), error: names ? undefined : error };
}

/** A provider that takes accounts, and how one signs in there. */
export type Taker = { name: string; flows: string[]; import: boolean; missing?: string };

/** The providers that take accounts; undefined while that is not known. */
export function useTakers(): Taker[] | undefined {
  return useQuery(providers()).data?.data.flatMap(({ name, credentials }) => {
    const taken = credentials.find(({ kind }) => kind === "oauth_account");
    const { flows = [], import: brings = false, missing } = taken ?? {};
    return taken ? [{ name, flows, import: brings, ...(missing && { missing }) }] : [];
  });
}

/** Adds a provider, or takes the place of what is known of it. */
export function putProvider(name: string, body: Schemas["ProviderInput"]): Promise<Provider> {
  return changing(client.PUT("/api/v1/providers/{name}", { params: { path: { name } }, body }));
}

export function deleteProvider(name: string): Promise<unknown> {
  return changing(client.DELETE("/api/v1/providers/{name}", { params: { path: { name } } }));
}

/** What tells the routes from others, as they were read last. */
export function routesTag(): string | undefined {
  return queries.getQueryData(routes().queryKey)?.tag;
}

/** Whether something was not replaced because somebody changed it since it was read. */
export function isChanged(error: unknown): boolean {
  return error instanceof ApiFailure && error.status === 412;
}

/** Makes the routes be these, but for the configuration file's: in place of those of that `tag`, and of no others. */
export async function replaceRoutes(
  data: Schemas["Route"][],
  tag: string | undefined,
): Promise<void> {
  const params = { header: tag ? { "if-match": tag } : {} };
  try {
    await changing(client.PUT("/api/v1/routes", { params, body: { data } }));
  } catch (error) {
    if (!isChanged(error)) throw error;
    await queries.invalidateQueries({ queryKey: ["routes"], refetchType: "all" });
    const words =
      "Somebody changed the routes; they have been read again. Look at them, and repeat.";
    throw new ApiFailure(412, "changed", words, undefined);
  }
}

/** What would happen to a request. It changes nothing. */
export function dryRun(body: Schemas["DryRunInput"]): Promise<DryRun> {
  return taken(client.POST("/api/v1/routes/dry-run", { body }));
}

/** What would happen to a call of a model with a key, as things stand now. */
export function foreseen(key: string, model: string, protocol: string) {
  return queryOptions({
    queryKey: ["foreseen", key, model, protocol],
    queryFn: () => dryRun({ key, model, protocol }),
    staleTime: 0,
    // What is not theirs to ask of stays so.
    retry: false,
  });
}

async function changing<T>(answer: Parameters<typeof taken<T>>[0]): Promise<T> {
  const done = await taken(answer);
  await Promise.all(
    ["providers", "routes", "models"].map((key) => queries.invalidateQueries({ queryKey: [key] })),
  );
  return done;
}
