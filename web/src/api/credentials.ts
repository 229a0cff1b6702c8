// Credentials: what may be known of them, and what is done to them. A secret goes in and never out.

import { queryOptions } from "@tanstack/react-query";
import { client, type Schemas, taken } from "./client";
import { queries } from "./queries";

export type Credential = Schemas["Credential"];
export type Trial = Schemas["Trial"];

/** Whose credentials are meant. */
export type Owner = { of: "me" } | { of: "org"; org: string } | { of: "platform" };

const MOST = 1000;
const FRESH_MS = 10_000;
/** One that rests comes back by itself. */
const AGAIN_MS = 20_000;

export function credentials(owner: Owner) {
  return queryOptions({
    queryKey: ["credentials", owner],
    queryFn: ({ signal }) => {
      const query = { limit: MOST };
      switch (owner.of) {
        case "me":
          return taken(client.GET("/api/v1/me/credentials", { params: { query }, signal }));
        case "platform":
          return taken(client.GET("/api/v1/platform/credentials", { params: { query }, signal }));
        case "org": {
          const params = { path: { org: owner.org }, query };
          return taken(client.GET("/api/v1/orgs/{org}/credentials", { params, signal }));
        }
      }
    },
    staleTime: FRESH_MS,
    refetchInterval: AGAIN_MS,
  });
}

export type Secret = { provider: string; name: string; api_key: string; base_url?: string };

/** Sets one, in place of what was there under this name. */
export function setCredential(owner: Owner, secret: Secret): Promise<Credential> {
  const { provider, name, ...body } = secret;
  const query = { name };
  switch (owner.of) {
    case "me": {
      const params = { path: { provider }, query };
      return changing(client.PUT("/api/v1/me/credentials/{provider}", { params, body }));
    }
    case "platform": {
      const params = { path: { provider }, query };
      return changing(client.PUT("/api/v1/platform/credentials/{provider}", { params, body }));
    }
    case "org": {
      const params = { path: { org: owner.org, provider }, query };
      return changing(client.PUT("/api/v1/orgs/{org}/credentials/{provider}", { params, body }));
    }
  }
}

export function enableCredential(id: string, enabled: boolean): Promise<Credential> {
  const params = { path: { id } };
  return changing(client.PATCH("/api/v1/credentials/{id}", { params, body: { enabled } }));
}

export function removeCredential(id: string): Promise<unknown> {
  return changing(client.DELETE("/api/v1/credentials/{id}", { params: { path: { id } } }));
}

/** Asks the provider whether it takes a credential. */
export function testCredential(id: string): Promise<Trial> {
  return changing(client.POST("/api/v1/credentials/{id}/test", { params: { path: { id } } }));
}

/** The answer to a change, after which states are asked again. */
async function changing<T>(answer: Parameters<typeof taken<T>>[0]): Promise<T> {
  const done = await taken(answer);
  void queries.invalidateQueries({ queryKey: ["credentials"] });
  void queries.invalidateQueries({ queryKey: ["providers"] });
  return done;
}
